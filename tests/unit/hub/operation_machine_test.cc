#include "gateway/hub/operation_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "gateway/hub/errors.h"
#include "tests/support/hub/fakes.h"
#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

using test_support::IsOk;
using test_support::StatusIs;
using ::testing::HasSubstr;

class Machine {
 public:
  Machine() : machine_(Reserved()) {}
  static OperationState Reserved() {
    auto info = std::make_shared<OperationInfo>();
    info->number = 1;
    info->id = "a";
    info->name = "operations/a";
    info->source = "server";
    info->kind = "CreateDhcpScope";
    OperationState state;
    state.info = std::move(info);
    return state;
  }
  absl::StatusOr<std::optional<OperationMachine::Taken>> Take(const Change& change) {
    auto taken =
        machine_.Take(change, offset_ + 1, absl::FromUnixSeconds(1000 + static_cast<int>(offset_)), reader_);
    if (taken.ok() && taken->has_value()) ++offset_;
    return taken;
  }
  template <typename T>
  absl::StatusOr<std::optional<OperationMachine::Taken>> Do(T change, std::uint64_t sequence = 0) {
    return Take(event::ProgressEvent{sequence, std::nullopt, std::move(change)});
  }
  const v1::Operation& summary() const { return machine_.state().summary; }
  OperationMachine& operator*() { return machine_; }

 private:
  ManualClock clock_;
  const ExceptionReader reader_ = TestDependencies(clock_).read_exception;
  std::uint64_t offset_ = 0;
  OperationMachine machine_;
};

event::OverallStatusSet Overall(event::OverallStatus status, std::optional<std::string> xml = std::nullopt) {
  return {status, std::move(xml)};
}

Change Reported(decltype(event::ProgressEvent::change) change) {
  return event::ProgressEvent{0, std::nullopt, std::move(change)};
}

const std::map<std::string, Change>& Events() {
  static const auto& events = *new std::map<std::string, Change>{
      {"accepted", Reported(event::Accepted{"guid"})},
      {"started", Reported(event::Started{true})},
      {"subtask_added", Reported(event::SubtaskAdded{MakeSubtask(1)})},
      {"subtask_changed", Reported(Changed(1, event::SubtaskStatus::kInProgress, 10))},
      {"percentage", Reported(event::PercentageChanged{5})},
      {"overall", Reported(Overall(event::OverallStatus::kInProgress))},
      {"final", Reported(Overall(event::OverallStatus::kCompletedWithSuccess))},
      {"refused", Reported(event::StartRefused{absl::StatusCode::kPermissionDenied, "no", ""})},
      {"lost", Reported(event::SessionLost{"gone"})},
      {"resumed", Reported(event::SessionResumed{})},
      {"unknown", Reported(event::OutcomeUnknown{"never came back"})},
      {"cancel", CancelTaken{}},
  };
  return events;
}

// The table at the top of operation_machine.h, cell by cell: "-" refused, "0" passed over, else the state
// after it.
TEST(OperationMachine, WalksEveryStateAndEvent) {
  const std::map<std::string, std::vector<std::string>> paths = {
      {"reserved", {}},
      {"initialized", {"accepted"}},
      {"initialized lost", {"accepted", "lost"}},
      {"started", {"accepted", "started"}},
      {"started lost", {"accepted", "started", "lost"}},
      {"ended", {"accepted", "started", "final"}},
      {"refused", {"accepted", "refused"}},
      {"unknown", {"accepted", "started", "unknown"}},
      {"unknown unstarted", {"accepted", "unknown"}},
      {"unknown resumed", {"accepted", "started", "unknown", "resumed"}},
  };
  const std::vector<std::string> order = {"accepted",   "started", "subtask_added", "subtask_changed",
                                          "percentage", "overall", "final",         "refused",
                                          "lost",       "resumed", "unknown",       "cancel"};
  const std::map<std::string, std::vector<std::string>> expected = {
      {"reserved", {"P", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"}},
      {"initialized", {"-", "R", "-", "-", "-", "-", "-", "F", "P", "0", "U", "P"}},
      {"initialized lost", {"-", "R", "-", "-", "-", "-", "-", "F", "0", "P", "U", "P"}},
      {"started", {"-", "-", "R", "R", "R", "R", "S", "-", "R", "0", "U", "R"}},
      {"started lost", {"-", "-", "R", "R", "R", "R", "S", "-", "0", "R", "U", "R"}},
      {"ended", {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "0"}},
      {"refused", {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "0"}},
      {"unknown", {"-", "-", "-", "-", "-", "-", "-", "-", "-", "U", "0", "0"}},
      {"unknown unstarted", {"-", "-", "-", "-", "-", "-", "-", "-", "-", "U", "0", "0"}},
      {"unknown resumed", {"-", "-", "U", "U", "U", "U", "S", "-", "U", "0", "0", "0"}},
  };
  const std::map<v1::OperationState, std::string> letters = {{v1::OPERATION_STATE_PENDING, "P"},
                                                             {v1::OPERATION_STATE_RUNNING, "R"},
                                                             {v1::OPERATION_STATE_SUCCEEDED, "S"},
                                                             {v1::OPERATION_STATE_FAILED, "F"},
                                                             {v1::OPERATION_STATE_OUTCOME_UNKNOWN, "U"}};
  for (const auto& [state, path] : paths) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      Machine machine;
      for (const std::string& step : path)
        ASSERT_OK(machine.Take(Events().at(step))) << state << " by " << step;
      const std::string before = machine.summary().SerializeAsString();
      const auto taken = machine.Take(Events().at(order[i]));
      std::string result = "-";
      if (taken.ok()) result = taken->has_value() ? letters.at(machine.summary().state()) : "0";
      EXPECT_EQ(result, expected.at(state)[i]) << state << " x " << order[i] << ": " << taken.status();
      if (!taken.ok()) {
        EXPECT_EQ(taken.status().code(), absl::StatusCode::kFailedPrecondition);
      }
      if (result == "-" || result == "0") {
        EXPECT_EQ(machine.summary().SerializeAsString(), before);
      }
    }
  }
}

TEST(OperationMachine, NumbersEventsAndPassesRepeatedOnesOver) {
  Machine machine;
  EXPECT_EQ((*machine.Do(event::Accepted{}))->event.sequence(), 1u);
  EXPECT_EQ((*machine.Do(event::Started{}, 1))->event.sequence(), 2u);
  EXPECT_FALSE((*machine.Do(event::Started{}, 1)).has_value());
  EXPECT_EQ((*machine.Do(event::PercentageChanged{1}, 2))->event.source_sequence(), 2u);
  EXPECT_FALSE((*machine.Do(event::PercentageChanged{1}, 1)).has_value());
  EXPECT_THAT(machine.Do(event::PercentageChanged{2}, 4), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ((*machine.Do(event::PercentageChanged{2}, 3))->event.sequence(), 4u);
}

TEST(OperationMachine, ARepeatedEndIsPassedOver) {
  Machine machine;
  ASSERT_OK(machine.Do(event::Accepted{}));
  ASSERT_OK(machine.Do(event::Started{}, 1));
  ASSERT_OK(machine.Do(Overall(event::OverallStatus::kCompletedWithSuccess), 2));
  EXPECT_FALSE((*machine.Do(Overall(event::OverallStatus::kCompletedWithSuccess), 2)).has_value());
}

TEST(OperationMachine, JudgesTheEndByItsSubtasks) {
  using S = event::SubtaskStatus;
  const struct {
    const char* name;
    event::OverallStatus end;
    std::vector<S> subtasks;
    bool cancelled;
    v1::OperationState state;
  } kCases[] = {
      {"success",
       event::OverallStatus::kCompletedWithSuccess,
       {S::kCompletedWithSuccess},
       false,
       v1::OPERATION_STATE_SUCCEEDED},
      {"no subtasks", event::OverallStatus::kCompletedWithSuccess, {}, false, v1::OPERATION_STATE_SUCCEEDED},
      {"warning",
       event::OverallStatus::kCompletedWithSuccess,
       {S::kCompletedWithSuccess, S::kCompletedWithWarning},
       false,
       v1::OPERATION_STATE_SUCCEEDED_WITH_WARNINGS},
      {"partly",
       event::OverallStatus::kCompletedWithFailure,
       {S::kCompletedWithSuccess, S::kCompletedWithError},
       false,
       v1::OPERATION_STATE_PARTIALLY_FAILED},
      {"failed",
       event::OverallStatus::kCompletedWithFailure,
       {S::kCompletedWithError, S::kNotRun},
       false,
       v1::OPERATION_STATE_FAILED},
      {"cancelled",
       event::OverallStatus::kCompletedWithFailure,
       {S::kCompletedWithSuccess, S::kNotRun},
       true,
       v1::OPERATION_STATE_CANCELLED},
      {"cancelled too late",
       event::OverallStatus::kCompletedWithSuccess,
       {S::kCompletedWithSuccess},
       true,
       v1::OPERATION_STATE_SUCCEEDED},
      {"cancelled, all ran",
       event::OverallStatus::kCompletedWithFailure,
       {S::kCompletedWithError},
       true,
       v1::OPERATION_STATE_FAILED},
  };
  for (const auto& c : kCases) {
    Machine machine;
    ASSERT_OK(machine.Do(event::Accepted{}));
    ASSERT_OK(machine.Do(event::Started{}));
    for (std::size_t i = 0; i < c.subtasks.size(); ++i) {
      ASSERT_OK(machine.Do(event::SubtaskAdded{MakeSubtask(static_cast<int>(i))}));
      ASSERT_OK(machine.Do(Changed(static_cast<int>(i), c.subtasks[i], 100)));
    }
    if (c.cancelled) {
      ASSERT_OK(machine.Take(CancelTaken{}));
    }
    const auto end = machine.Do(Overall(c.end));
    ASSERT_OK(end);
    EXPECT_EQ((*end)->event.finished().state(), c.state) << c.name;
    EXPECT_TRUE((*end)->durable);
    EXPECT_EQ(machine.summary().counts().total(), static_cast<int>(c.subtasks.size())) << c.name;
  }
}

TEST(OperationMachine, TakesTheReasonFromTheExceptionElseFromTheFirstFailedSubtask) {
  for (const bool in_status : {true, false}) {
    Machine machine;
    ASSERT_OK(machine.Do(event::Accepted{}));
    ASSERT_OK(machine.Do(event::Started{}));
    event::SubtaskChanged failed = Changed(1, event::SubtaskStatus::kCompletedWithError, 100);
    if (!in_status) failed.completion_status_xml = "<IpamException/>";
    ASSERT_OK(machine.Do(failed));
    ASSERT_OK(machine.Do(Overall(event::OverallStatus::kCompletedWithFailure,
                                 in_status ? std::optional<std::string>("<IpamException/>") : std::nullopt)));
    EXPECT_EQ(machine.summary().error().message(), "it is there");
    EXPECT_THAT(machine.summary().error().details(0).value(), HasSubstr("IpamObjectAlreadyExists"));
  }
}

TEST(OperationMachine, ALaterEndCorrectsAnUnknownOutcome) {
  Machine machine;
  ASSERT_OK(machine.Do(event::Accepted{}));
  ASSERT_OK(machine.Do(event::Started{}, 1));
  ASSERT_OK(machine.Do(event::OutcomeUnknown{"lost"}));
  ASSERT_OK(machine.Do(event::SessionResumed{}));
  ASSERT_OK(machine.Do(event::PercentageChanged{90}, 2));
  EXPECT_EQ(machine.summary().state(), v1::OPERATION_STATE_OUTCOME_UNKNOWN);
  ASSERT_OK(machine.Do(Overall(event::OverallStatus::kCompletedWithSuccess), 3));
  EXPECT_EQ(machine.summary().state(), v1::OPERATION_STATE_SUCCEEDED);
  EXPECT_FALSE(machine.summary().has_error());
}

TEST(OperationMachine, SaysWhyNoCallbacksComeUntilTheyDoOrItEnds) {
  for (const bool resumes : {true, false}) {
    Machine machine;
    ASSERT_OK(machine.Do(event::Accepted{}));
    ASSERT_OK(machine.Do(event::SessionLost{"cut"}));
    EXPECT_EQ(machine.summary().lost_reason(), "cut");
    ASSERT_OK(machine.Take(CancelTaken{}));
    EXPECT_EQ(machine.summary().lost_reason(), "cut");
    if (resumes) {
      ASSERT_OK(machine.Do(event::SessionResumed{}));
    } else {
      ASSERT_OK(machine.Do(event::OutcomeUnknown{"too long", true}));
      EXPECT_EQ(ReasonOf(machine.summary().error()), kResumeTimeout);
    }
    EXPECT_EQ(machine.summary().lost_reason(), "");
  }
}

TEST(OperationMachine, RefusesValuesOutsideTheirRange) {
  Machine machine;
  ASSERT_OK(machine.Do(event::Accepted{}));
  ASSERT_OK(machine.Do(event::Started{}));
  for (const double percent :
       {-0.001, 100.001, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(machine.Do(event::PercentageChanged{percent}), StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(machine.Do(Changed(1, event::SubtaskStatus::kInProgress, percent)),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(machine.Do(Overall(static_cast<event::OverallStatus>(4))),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(machine.Do(Changed(1, static_cast<event::SubtaskStatus>(7), 0)),
              StatusIs(absl::StatusCode::kInvalidArgument));
  event::SubtaskAdded huge{MakeSubtask(1)};
  huge.subtask.details_xml = std::string(std::size_t{8} << 20, 'x');
  EXPECT_THAT(machine.Do(huge), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too large")));
  EXPECT_EQ(machine.summary().last_sequence(), 2u);
}

TEST(OperationMachine, ASharedStateNeverChanges) {
  Machine machine;
  ASSERT_OK(machine.Do(event::Accepted{}));
  ASSERT_OK(machine.Do(event::Started{}));
  for (int i = 0; i < 200; ++i) ASSERT_OK(machine.Do(event::SubtaskAdded{MakeSubtask(i)}));
  const StatePtr shared = (*machine).Share();
  ASSERT_OK(machine.Do(Changed(3, event::SubtaskStatus::kInProgress, 40)));
  ASSERT_OK(machine.Do(event::SubtaskAdded{MakeSubtask(1000)}));
  EXPECT_EQ(shared->subtasks.size(), 200u);
  EXPECT_EQ(shared->subtasks.at(3).status(), v1::SUBTASK_STATUS_NOT_STARTED);
  EXPECT_EQ(shared->summary.last_sequence(), 202u);
  const StatePtr next = (*machine).Share();
  EXPECT_EQ(next->subtasks.at(3).status(), v1::SUBTASK_STATUS_IN_PROGRESS);
  EXPECT_TRUE(next->subtasks.at(3).has_start_time());
  EXPECT_EQ(next->subtasks.size(), 201u);
}

}  // namespace
}  // namespace ipam::hub
