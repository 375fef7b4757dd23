// The machine of an operation alone: each event in each state, transactions that are undone, rows that are taken up.
#include "dcom_bridge/ipam/operation.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/store.h"
#include "delegate_harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

// What the delegates of one operation do, those of several processes too.
struct Script {
  std::size_t size = 2;
  absl::Status prepared;
  std::vector<absl::Status> applied = {absl::OkStatus(), absl::OkStatus(), absl::OkStatus(),
                                       absl::OkStatus()};
  std::optional<std::size_t> second_needs;
  std::vector<std::string> calls;
};

class ScriptedDelegate final : public Delegate {
 public:
  explicit ScriptedDelegate(Script& script) : script_(script) {}
  absl::Status Prepare(Store&) override { return Call("prepare", script_.prepared); }
  std::size_t size() const override { return script_.size; }
  Entity Describe(std::size_t index) const override {
    Entity entity{.kind = SubtaskKind::kMapIpRange, .name = absl::StrCat("e", index + 1)};
    if (index == 1) entity.needs = script_.second_needs;
    return entity;
  }
  absl::StatusOr<std::int64_t> Apply(std::size_t index, Store&) override {
    IPAM_RETURN_IF_ERROR(Call(absl::StrCat("apply ", index + 1), script_.applied[index]));
    return 100 + static_cast<std::int64_t>(index);
  }
  void Restore(std::size_t index, std::int64_t record_id) override {
    (void)Call(absl::StrCat("restore ", index + 1, " as ", record_id), absl::OkStatus());
  }

 private:
  absl::Status Call(std::string what, absl::Status result) {
    script_.calls.push_back(std::move(what));
    return result;
  }
  Script& script_;
};

absl::Status Refused() { return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, "refused"); }

class Machine {
 public:
  Machine()
      : db_(OpenDatabase(OnPostgres() ? dir_.Store("store.db") : ":memory:").value()),
        store_(*db_),
        log_(*db_) {}

  void Begin() {
    v1::OperationParameters parameters;
    parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_CREATE_DNS_ZONE);
    number_ =
        log_.Insert(id_, "CreateDnsZone", "PLANT\\admin", std::nullopt, parameters, clock_.Now()).value();
    Make();
    EXPECT_OK(operation_->Begin(log_, clock_));
    operation_->Committed();
  }
  // Another process, from the rows.
  void Resume() {
    const auto saved = log_.states().List().value();
    ASSERT_EQ(saved.size(), 1u);
    Make();
    operation_->Resume(saved[0]);
  }
  void Proceed() { EXPECT_OK(operation_->Proceed(log_)); }
  void Abandon() { EXPECT_OK(operation_->Abandon("E_FAIL", log_, clock_)); }
  bool Cancel() { return operation_->Cancel("enough", log_).value(); }
  absl::StatusOr<Operation::Progress> TryStep() {
    EXPECT_OK(db_->Begin());
    auto progress = operation_->Step(store_, log_, clock_);
    if (progress.ok()) {
      EXPECT_OK(db_->Commit());
      operation_->Committed();
    } else {
      db_->Rollback();
      operation_->Rollback();
    }
    return progress;
  }
  Operation::Progress Step() { return TryStep().value(); }
  // Done, and undone again.
  void StepInVain() {
    EXPECT_OK(db_->Begin());
    EXPECT_OK(operation_->Step(store_, log_, clock_));
    db_->Rollback();
    operation_->Rollback();
  }
  void StepToTheEnd() {
    for (int i = 0; i < 100 && Step() != Operation::Progress::kEnded; ++i) {
    }
  }
  // Events since the last call.
  std::string News() {
    const auto events = log_.Read(id_, seen_, 1'000).value();
    seen_ += events.size();
    return Tell(events);
  }
  bool ended() { return log_.Find(id_).value()->ended; }
  std::int64_t saved_rows() {
    Statement count(
        *db_, "SELECT (SELECT count(*) FROM operation_states) + (SELECT count(*) FROM operation_changes)");
    return count.Lookup().value().value();
  }
  Operation& operation() { return *operation_; }

  Script script;
  bool has_delegate = true;

 private:
  void Make() {
    operation_.emplace(number_, id_, "CreateDnsZone",
                       has_delegate ? std::make_unique<ScriptedDelegate>(script) : nullptr);
  }

  const base::Guid id_ = base::Guid::Random();
  StillClock clock_;
  TempDir dir_;
  std::unique_ptr<Database> db_;
  Store store_;
  OperationLog log_;
  std::int64_t number_ = 0;
  std::uint64_t seen_ = 0;
  std::optional<Operation> operation_;
};

constexpr char kCancelled[] = "failure IpamApiGenericErrorOccurred";

// Every state of the header: how many steps lead to it, what is left of an undisturbed run, and what each event does.
struct StateCase {
  const char* name;
  bool proceeds;
  int steps;
  const char* rest;
  const char* on_step;
  bool can_cancel;
  std::string after_cancel;  // to the end
};

const StateCase kStates[] = {
    {"Accepted", false, 0, "", "", true, ""},
    {"Preparing", true, 0, "+1 e1; +2 e2; >1; =1 ok; 50%; >2; =2 ok; 100%; success", "", true, kCancelled},
    {"Prepared", true, 1, "+1 e1; +2 e2; >1; =1 ok; 50%; >2; =2 ok; 100%; success", "+1 e1", true,
     absl::StrCat("+1 e1; +2 e2; =1 not run; =2 not run; ", kCancelled)},
    {"Announcing", true, 2, "+2 e2; >1; =1 ok; 50%; >2; =2 ok; 100%; success", "+2 e2", true,
     absl::StrCat("+2 e2; =1 not run; =2 not run; ", kCancelled)},
    {"Ready", true, 3, ">1; =1 ok; 50%; >2; =2 ok; 100%; success", ">1", true,
     absl::StrCat("=1 not run; =2 not run; ", kCancelled)},
    {"Applying", true, 4, "=1 ok; 50%; >2; =2 ok; 100%; success", "=1 ok; 50%", true,
     absl::StrCat("=1 ok; 50%; =2 not run; ", kCancelled)},
    {"ReadyForTheLast", true, 5, ">2; =2 ok; 100%; success", ">2", true,
     absl::StrCat("=2 not run; ", kCancelled)},
    {"ApplyingTheLast", true, 6, "=2 ok; 100%; success", "=2 ok; 100%", false, "=2 ok; 100%; success"},
    {"Finishing", true, 7, "success", "success", false, "success"},
    {"Ended", true, 8, "", "", false, ""},
};

class EachState : public ::testing::TestWithParam<StateCase> {
 protected:
  void Enter() {
    machine_.Begin();
    if (GetParam().proceeds) machine_.Proceed();
    for (int i = 0; i < GetParam().steps; ++i) machine_.Step();
    machine_.News();
  }
  void ExpectRest(const std::string& rest) {
    machine_.StepToTheEnd();
    EXPECT_EQ(machine_.News(), rest);
    EXPECT_EQ(machine_.ended(), GetParam().proceeds);
    if (machine_.ended()) EXPECT_EQ(machine_.saved_rows(), 0);
  }
  // Behind a restart what had not announced anything prepares once more, and has nothing that could end as NotRun.
  static std::string CancelledAndRestarted() {
    return std::string(GetParam().name) == "Prepared" ? kCancelled : GetParam().after_cancel;
  }
  Machine machine_;
};

TEST_P(EachState, Step) {
  Enter();
  machine_.Step();
  EXPECT_EQ(machine_.News(), GetParam().on_step);
}

TEST_P(EachState, StepsToTheEnd) {
  Enter();
  ExpectRest(GetParam().rest);
}

TEST_P(EachState, Proceed) {
  Enter();
  machine_.Proceed();
  EXPECT_EQ(machine_.News(), "");
  if (GetParam().proceeds) return ExpectRest(GetParam().rest);
  EXPECT_TRUE(machine_.operation().runnable());
  machine_.StepToTheEnd();
  EXPECT_EQ(machine_.News(), "+1 e1; +2 e2; >1; =1 ok; 50%; >2; =2 ok; 100%; success");
}

TEST_P(EachState, Abandon) {
  Enter();
  machine_.Abandon();
  if (GetParam().proceeds) return ExpectRest(GetParam().rest);
  EXPECT_EQ(machine_.News(), "failure IpamClientCommunicationFailure");
  EXPECT_TRUE(machine_.ended());
  EXPECT_FALSE(machine_.operation().succeeded());
  EXPECT_EQ(machine_.saved_rows(), 0);
}

TEST_P(EachState, Cancel) {
  Enter();
  EXPECT_EQ(machine_.Cancel(), GetParam().can_cancel);
  EXPECT_EQ(machine_.Cancel(), GetParam().can_cancel);
  EXPECT_EQ(machine_.operation().ends_at_once(), std::string(GetParam().name) == "Preparing");
  ExpectRest(GetParam().after_cancel);
}

TEST_P(EachState, RollbackOfEachStep) {
  Enter();
  for (int i = 0; i < 20 && !machine_.ended(); ++i) {
    machine_.StepInVain();
    if (machine_.Step() == Operation::Progress::kEnded) break;
  }
  ExpectRest(GetParam().rest);
}

TEST_P(EachState, Resume) {
  if (!GetParam().proceeds || GetParam().rest[0] == '\0') return;  // the engine ends it, or it has ended
  Enter();
  machine_.Resume();
  EXPECT_TRUE(machine_.operation().runnable());
  ExpectRest(GetParam().rest);
  EXPECT_EQ(std::count(machine_.script.calls.begin(), machine_.script.calls.end(), "apply 1"), 1);
  EXPECT_EQ(std::count(machine_.script.calls.begin(), machine_.script.calls.end(), "apply 2"), 1);
}

TEST_P(EachState, ResumeThatIsUndone) {
  if (!GetParam().proceeds || GetParam().rest[0] == '\0') return;
  Enter();
  machine_.Resume();
  machine_.StepInVain();
  machine_.StepInVain();
  ExpectRest(GetParam().rest);
}

TEST_P(EachState, CancelAfterResume) {
  if (!GetParam().proceeds || GetParam().rest[0] == '\0') return;
  Enter();
  machine_.Resume();
  EXPECT_EQ(machine_.Cancel(), GetParam().can_cancel);
  ExpectRest(CancelledAndRestarted());
}

TEST_P(EachState, ResumeAfterCancel) {
  if (!GetParam().proceeds || GetParam().rest[0] == '\0') return;
  Enter();
  EXPECT_EQ(machine_.Cancel(), GetParam().can_cancel);
  machine_.Resume();
  ExpectRest(CancelledAndRestarted());
}

INSTANTIATE_TEST_SUITE_P(All, EachState, ::testing::ValuesIn(kStates),
                         [](const auto& info) { return std::string(info.param.name); });

class OperationTest : public ::testing::Test {
 protected:
  std::string RunToTheEnd() {
    machine_.Begin();
    machine_.Proceed();
    machine_.StepToTheEnd();
    return machine_.News();
  }
  Machine machine_;
};

TEST_F(OperationTest, SaysWhenAnEntityStarts) {
  machine_.Begin();
  machine_.Proceed();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(machine_.Step(), Operation::Progress::kMore);
  EXPECT_EQ(machine_.Step(), Operation::Progress::kEntityStarted);
  EXPECT_EQ(machine_.Step(), Operation::Progress::kMore);
}

TEST_F(OperationTest, AFaultOfPreparationEndsIt) {
  machine_.script.prepared = Refused();
  EXPECT_EQ(RunToTheEnd(), "start; failure IpamApiInvalidParameter");
}

TEST_F(OperationTest, WithoutADelegateItSaysSo) {
  machine_.has_delegate = false;
  EXPECT_EQ(RunToTheEnd(), "start; failure IpamApiMethodNotImplemented");
}

TEST_F(OperationTest, WithoutEntitiesItSucceeds) {
  machine_.script.size = 0;
  EXPECT_EQ(RunToTheEnd(), "start; 100%; success");
  EXPECT_TRUE(machine_.operation().succeeded());
}

TEST_F(OperationTest, AFaultOfAnEntityFailsItAndWhatNeedsIt) {
  machine_.script.size = 3;
  machine_.script.applied[0] = Refused();
  machine_.script.second_needs = 0;
  EXPECT_EQ(
      RunToTheEnd(),
      "start; +1 e1; +2 e2; +3 e3; >1; =1 IpamApiInvalidParameter; 33%; =2 not run; 66%; >3; =3 ok; 100%; "
      "failure IpamApiInvalidParameter");
  EXPECT_FALSE(machine_.operation().succeeded());
}

TEST_F(OperationTest, AfterARestartTooAnEntityFailsThatNeedsOneThatFailed) {
  machine_.script.applied[0] = Refused();
  machine_.script.second_needs = 0;
  machine_.Begin();
  machine_.Proceed();
  for (int i = 0; i < 5; ++i) machine_.Step();
  machine_.Resume();
  machine_.StepToTheEnd();
  EXPECT_EQ(machine_.News(),
            "start; +1 e1; +2 e2; >1; =1 IpamApiInvalidParameter; 50%; =2 not run; 100%; failure "
            "IpamApiInvalidParameter");
  EXPECT_THAT(machine_.script.calls, ElementsAre("prepare", "apply 1", "prepare"));
}

TEST_F(OperationTest, AStoreThatFailsLeavesItWhereItStood) {
  machine_.Begin();
  machine_.Proceed();
  machine_.script.prepared = absl::UnavailableError("full");
  EXPECT_FALSE(machine_.TryStep().ok());
  machine_.script.prepared = absl::OkStatus();
  for (int i = 0; i < 4; ++i) machine_.Step();
  machine_.script.applied[0] = absl::UnavailableError("full");
  EXPECT_FALSE(machine_.TryStep().ok());
  machine_.script.applied[0] = absl::OkStatus();
  machine_.script.prepared = absl::UnavailableError("full");
  machine_.Resume();
  EXPECT_FALSE(machine_.TryStep().ok());
  machine_.script.prepared = absl::OkStatus();
  machine_.StepToTheEnd();
  EXPECT_EQ(machine_.News(), "start; +1 e1; +2 e2; >1; =1 ok; 50%; >2; =2 ok; 100%; success");
}

TEST_F(OperationTest, ResumedItRestoresWhatWasAppliedAndOnlyThat) {
  machine_.script.size = 3;
  machine_.script.applied[1] = Refused();
  machine_.Begin();
  machine_.Proceed();
  for (int i = 0; i < 9; ++i) machine_.Step();  // the third is in progress
  machine_.News();
  machine_.script.calls.clear();
  machine_.Resume();
  machine_.StepToTheEnd();
  EXPECT_EQ(machine_.News(), "=3 ok; 100%; failure IpamApiInvalidParameter");
  EXPECT_THAT(machine_.script.calls, ElementsAre("prepare", "restore 1 as 100", "apply 3"));
}

TEST_F(OperationTest, ResumedWithAnotherListItEnds) {
  const std::function<void(Machine&)> others[] = {
      [](Machine& m) { m.script.size = 3; }, [](Machine& m) { m.script.size = 1; },
      [](Machine& m) { m.script.prepared = Refused(); }, [](Machine& m) { m.has_delegate = false; }};
  for (const auto& other : others) {
    Machine machine;
    machine.Begin();
    machine.Proceed();
    for (int i = 0; i < 5; ++i) machine.Step();
    machine.News();
    other(machine);
    machine.Resume();
    machine.StepInVain();
    EXPECT_EQ(machine.Step(), Operation::Progress::kEnded);
    EXPECT_EQ(machine.News(), "=2 not run; failure IpamApiGenericErrorOccurred");
    EXPECT_TRUE(machine.ended());
    EXPECT_FALSE(machine.operation().succeeded());
    EXPECT_EQ(machine.saved_rows(), 0);
  }
}

TEST_F(OperationTest, ResumedWhileItAnnouncesItTakesALongerList) {
  machine_.Begin();
  machine_.Proceed();
  for (int i = 0; i < 2; ++i) machine_.Step();
  machine_.script.size = 3;
  machine_.Resume();
  machine_.StepToTheEnd();
  EXPECT_THAT(machine_.News(), StartsWith("start; +1 e1; +2 e2; +3 e3; >1; =1 ok; 33%"));
}

}  // namespace
}  // namespace ipam::engine
