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
  // False: it ended.
  bool Step() {
    EXPECT_OK(db_->Begin());
    const auto progress = operation_->Step(store_, log_, clock_);
    EXPECT_OK(progress);
    EXPECT_OK(db_->Commit());
    if (!progress.ok() || *progress == Operation::Progress::kEnded) return false;
    operation_->Committed();
    return true;
  }
  // Until there is one more event. False: it ended.
  bool StepToAnEvent() {
    const std::uint64_t before = last_sequence();
    for (int i = 0; i < 9 && last_sequence() == before; ++i) {
      if (!Step()) return false;
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
  SetUpCase();
  EXPECT_EQ(
      RunWithRestarts(ParametersOf(GetParam().operation, GetParam().parameters), options_.database, clock_),
      GetParam().events);
}

TEST_P(DnsCases, EndsTheSameThoughTheServerStartsAgainBehindEachEvent) {
  SetUpCase();
  EXPECT_EQ(
      RunWithRestarts(ParametersOf(GetParam().operation, GetParam().parameters), options_.database, clock_),
      GetParam().events);
}

// 1,200 records with their access scopes, and as many addresses that are registered in the zone.
void FillZone(const std::string& store) {
  auto db = OpenDatabase(store);
  ASSERT_OK(db);
  ASSERT_OK((*db)->Begin());
  Statement record(
      **db,
      "INSERT INTO dns_resource_records (record_id, forward_zone_id, name, record_type, record_data,"
      " details) VALUES (?, 305, ?, 6, '', '{}')");
  Statement access(**db,
                   "INSERT INTO access_scope_associations (object_type, object_id, access_scope_id,"
                   " is_inheriting) VALUES (29, ?, 1, 0)");
  Statement address(
      **db,
      "INSERT INTO ip_addresses (record_id, af, address_space_id, address, is_duplicate, details)"
      " VALUES (?, 6, 1, ?, 0, '{\"address\":\"::\"}')");
  Statement lookup(**db,
                   "INSERT INTO address_dns_forward_lookups (af, address_id, zone_id, sync_status)"
                   " VALUES (6, ?, 305, 0)");
  for (int id = 10'001; id <= 11'200; ++id) {
    const std::string name = absl::StrFormat("h%d", id);
    ASSERT_OK(record.Run(id, name));
    ASSERT_OK(access.Run(id));
    ASSERT_OK(address.Run(id, base::Bytes(name.begin(), name.end())));
    ASSERT_OK(lookup.Run(id));
  }
  ASSERT_OK((*db)->Commit());
}

constexpr char kZoneIsGone[] =
    "start; +1 Zone plant.ad.example.org on dns2.ad.example.org; +2 Zone plant.ad.example.org; >1; =1 ok; "
    "50%; "
    ">2; =2 ok; 100%; success";

TEST_F(DelegateTest, DeleteDnsZonesTakesALargeZoneInPartsThatARestartLeavesDone) {
  FillZone(options_.database);
  const auto parameters = ParametersOf(
      "DeleteDnsZones", "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE server_zone_ids: 315");
  const base::Guid id = base::Guid::Random();
  std::optional<Process> process(std::in_place, options_.database, clock_);
  process->Start(id, parameters);
  std::vector<std::string>
      left;  // of the records and the registrations behind each transaction that took some
  for (bool more = true; more && !HasFailure();) {
    process.emplace(options_.database, clock_);
    process->Resume();
    more = process->Step() && process->Step();  // the list of its entities again, then what is next
    std::string rows = Rows(
        "SELECT (SELECT count(*) FROM dns_resource_records WHERE forward_zone_id = 305),"
        " (SELECT count(*) FROM access_scope_associations), (SELECT count(*) FROM address_dns_forward_lookups"
        " WHERE zone_id = 305), (SELECT count(*) FROM dns_zones WHERE record_id = 305)");
    if (left.empty() || left.back() != rows) left.push_back(std::move(rows));
  }
  EXPECT_THAT(left, ::testing::ElementsAre("1200|1200|1200|1", "700|700|1200|1", "200|200|1200|1",
                                           "200|200|700|1", "200|200|200|1", "0|0|0|0"));
  EXPECT_EQ(Tell(process->Events(id)), kZoneIsGone);
}

TEST_F(DelegateTest, DeleteDnsZonesLeavesTheSameOfALargeZoneAsOfASmallOne) {
  FillZone(options_.database);
  EXPECT_EQ(RunWithRestarts(ParametersOf("DeleteDnsZones",
                                         "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE"
                                         " server_zone_ids: 315"),
                            options_.database, clock_),
            kZoneIsGone);
}

// A server that took the zone meanwhile keeps it, with all of its records.
TEST_F(DelegateTest, DeleteDnsZonesKeepsAZoneThatIsHostedAgain) {
  FillZone(options_.database);
  const base::Guid id = base::Guid::Random();
  Process process(options_.database, clock_);
  process.Start(id, ParametersOf("DeleteDnsZones",
                                 "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE server_zone_ids: 315"));
  const auto hosts = [this] { return Rows("SELECT count(*) FROM dns_server_zones WHERE zone_id = 305"); };
  while (hosts() == "1") process.StepToAnEvent();
  Execute("INSERT INTO dns_server_zones (server_id, zone_id, details) VALUES (31, 305, '{}')");
  while (process.Step()) {
  }
  EXPECT_THAT(
      Tell(process.Events(id)),
      ::testing::EndsWith(">2; =2 IpamApiDnsZoneFailedToDelete; 100%; failure IpamApiDnsZoneFailedToDelete"));
  EXPECT_EQ(Rows("SELECT count(*) FROM dns_resource_records WHERE forward_zone_id = 305"), "1200");
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
                         ::testing::Values("CreateDhcpScope", "CreateDhcpReservation", "CreateDhcpFailover"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace ipam::engine
