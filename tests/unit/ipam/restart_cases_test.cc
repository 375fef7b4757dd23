// Operations whose server starts again behind each of their events: they raise the same events and leave the same rows
// as without, all of them.
#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/operation.h"
#include "dcom_bridge/ipam/operation_log.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/model/operations.h"
#include "delegate_harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

// What one process has of an operation. A step is a transaction.
class Process {
 public:
  Process(const std::string& store, base::Clock& clock)
      : clock_(clock), db_(OpenDatabase(store).value()), store_(*db_), log_(*db_) {}

  void Start(const base::Guid& id, const v1::OperationParameters& parameters) {
    const std::string kind(model::FindOperation(static_cast<int>(parameters.operation_id()))->name);
    EXPECT_OK(db_->Begin());
    Make(log_.Insert(id, kind, "PLANT\\admin", std::nullopt, parameters, clock_.Now()).value(), id, kind,
         parameters);
    EXPECT_OK(operation_->Begin(log_, clock_));
    EXPECT_OK(operation_->Proceed(log_));
    EXPECT_OK(db_->Commit());
    operation_->Committed();
  }
  // The only one that did not end.
  void Resume() {
    const std::vector<SavedOperation> saved = log_.states().List().value();
    ASSERT_EQ(saved.size(), 1u);
    Make(saved[0].number, base::Guid::Parse(saved[0].guid).value(), saved[0].kind,
         log_.states().GetParameters(saved[0]).value());
    operation_->Resume(saved[0]);
  }
  // Until there is one more event. False: it ended.
  bool StepToAnEvent() {
    const std::uint64_t before = last_sequence();
    for (int i = 0; i < 5 && last_sequence() == before; ++i) {
      EXPECT_OK(db_->Begin());
      const auto progress = operation_->Step(store_, log_, clock_);
      EXPECT_OK(progress);
      EXPECT_OK(db_->Commit());
      if (!progress.ok() || *progress == Operation::Progress::kEnded) return false;
      operation_->Committed();
    }
    EXPECT_GT(last_sequence(), before);
    return last_sequence() > before;
  }
  std::vector<event::ProgressEvent> Events(const base::Guid& id) { return log_.Read(id, 0, 100'000).value(); }

 private:
  std::uint64_t last_sequence() { return log_.Find(operation_->id()).value()->last_sequence; }
  void Make(std::int64_t number, const base::Guid& id, const std::string& kind,
            const v1::OperationParameters& parameters) {
    parameters_ = parameters;
    operation_.emplace(number, id, kind, MakeDelegate(parameters_, clock_));
  }

  base::Clock& clock_;
  std::unique_ptr<Database> db_;
  Store store_;
  OperationLog log_;
  v1::OperationParameters parameters_;
  std::optional<Operation> operation_;
};

// What events it raised.
std::string RunInSteps(const std::string& store, const base::Guid& id,
                       const v1::OperationParameters& parameters, base::Clock& clock, bool restarts) {
  std::optional<Process> process(std::in_place, store, clock);
  process->Start(id, parameters);
  for (bool more = true; more && !::testing::Test::HasFailure();) {
    if (restarts) {
      process.reset();
      process.emplace(store, clock);
      process->Resume();
    }
    more = process->StepToAnEvent();
  }
  return Tell(process->Events(id));
}

// Which events it raised, from two copies of the store.
std::string RunWithRestarts(const v1::OperationParameters& parameters, const std::string& store,
                            base::Clock& clock) {
  TempDir dir;
  const std::string restarted = dir.CopyOf(store, "restarted.db");
  const base::Guid id = base::Guid::Random();
  const std::string told = RunInSteps(store, id, parameters, clock, false);
  EXPECT_EQ(RunInSteps(restarted, id, parameters, clock, true), told);
  auto rows = Dump(store);
  EXPECT_EQ(Dump(restarted), rows);
  EXPECT_EQ(rows["operation_states"] + rows["operation_changes"], "");
  return told;
}

TEST_P(DelegateCases, EndsTheSameThoughTheServerStartsAgainBehindEachEvent) {
  EXPECT_EQ(
      RunWithRestarts(ParametersOf(GetParam().operation, GetParam().parameters), options_.database, clock_),
      GetParam().events);
}

TEST_P(DnsCases, EndsTheSameThoughTheServerStartsAgainBehindEachEvent) {
  EXPECT_EQ(
      RunWithRestarts(ParametersOf(GetParam().operation, GetParam().parameters), options_.database, clock_),
      GetParam().events);
}

// Operations that have no such cases; each sample twice, of which the second fails.
class RestartedSamples : public EngineTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(RestartedSamples, EndTheSame) {
  Open();
  Close();
  EXPECT_THAT(RunWithRestarts(Sample(GetParam()), options_.database, clock_), ::testing::EndsWith("success"));
  EXPECT_THAT(RunWithRestarts(Sample(GetParam()), options_.database, clock_),
              ::testing::HasSubstr("failure"));
}

INSTANTIATE_TEST_SUITE_P(Samples, RestartedSamples,
                         ::testing::Values("CreateDnsZone", "CreateDnsResourceRecords", "CreateDhcpScope",
                                           "CreateDhcpReservation", "CreateIpamIPAddress",
                                           "CreateDhcpFailover"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace ipam::engine
