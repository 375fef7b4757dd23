#include "gateway/ctl/watch_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frames.h"

namespace ipam::ctl {
namespace {

using testing::ElementsAre;

TEST(WatchState, JoinsASnapshotOfSeveralFrames) {
  WatchState state;
  v1::Operation first = MakeOperation("a", v1::OPERATION_STATE_RUNNING, 7);
  *first.add_subtasks() = MakeSubtask(1, "one", v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS);
  first.mutable_counts()->set_total(2);
  first.mutable_counts()->set_succeeded(1);
  first.set_more_subtasks(true);
  state.Apply(SnapshotFrame(first));
  v1::Operation second;
  second.set_name("operations/a");
  *second.add_subtasks() = MakeSubtask(2, "two", v1::SUBTASK_STATUS_IN_PROGRESS);
  state.Apply(SnapshotFrame(second));

  const v1::Operation& operation = state.operation("operations/a");
  EXPECT_EQ(operation.state(), v1::OPERATION_STATE_RUNNING);
  EXPECT_EQ(operation.last_sequence(), 7u);
  EXPECT_FALSE(operation.more_subtasks());
  ASSERT_EQ(operation.subtasks_size(), 2);
  EXPECT_EQ(operation.subtasks(1).name(), "two");

  // A subtask of either frame is found again, not added.
  state.Apply(EventFrame(Changed("a", 8, MakeSubtask(1, "one", v1::SUBTASK_STATUS_COMPLETED_WITH_WARNING))));
  state.Apply(EventFrame(Changed("a", 9, MakeSubtask(2, "two", v1::SUBTASK_STATUS_COMPLETED_WITH_ERROR))));
  ASSERT_EQ(operation.subtasks_size(), 2);
  EXPECT_EQ(operation.counts().total(), 2);
  EXPECT_EQ(operation.counts().succeeded(), 0);
  EXPECT_EQ(operation.counts().warned(), 1);
  EXPECT_EQ(operation.counts().failed(), 1);
}

TEST(WatchState, ReplacesAnOperationThatComesAsASnapshotAgain) {
  WatchState state;
  v1::Operation operation = MakeOperation("a", v1::OPERATION_STATE_RUNNING, 7);
  *operation.add_subtasks() = MakeSubtask(1, "one", v1::SUBTASK_STATUS_IN_PROGRESS);
  state.Apply(SnapshotFrame(operation));
  state.Apply(SnapshotFrame(operation));
  EXPECT_EQ(state.operation("operations/a").subtasks_size(), 1);
  EXPECT_THAT(state.names(), ElementsAre("operations/a"));
}

TEST(WatchState, FollowsAnOperationFromItsEvents) {
  WatchState state;
  state.Apply(EventFrame(Accepted("a", 1)));
  EXPECT_EQ(state.operation("operations/a").state(), v1::OPERATION_STATE_PENDING);
  EXPECT_EQ(state.operation("operations/a").kind(), "CreateDhcpScope");
  state.Apply(EventFrame(Started("a", 2)));
  EXPECT_EQ(state.operation("operations/a").state(), v1::OPERATION_STATE_RUNNING);
  state.Apply(EventFrame(Added("a", 3, MakeSubtask(1, "one", v1::SUBTASK_STATUS_NOT_STARTED))));
  EXPECT_EQ(state.operation("operations/a").counts().total(), 1);
  state.Apply(EventFrame(Changed("a", 4, MakeSubtask(1, "one", v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS))));
  EXPECT_EQ(state.operation("operations/a").counts().succeeded(), 1);
  state.Apply(EventFrame(AtPercent("a", 5, 60)));
  EXPECT_EQ(state.operation("operations/a").percent(), 60);
  EXPECT_EQ(state.resume_token(), "t5");
}

TEST(WatchState, PassesOverEventsThatItHadBefore) {
  WatchState state;
  state.Apply(EventFrame(AtPercent("a", 5, 60)));
  state.Apply(EventFrame(AtPercent("a", 4, 50)));
  state.Apply(EventFrame(AtPercent("a", 5, 55)));
  EXPECT_EQ(state.operation("operations/a").percent(), 60);
  EXPECT_EQ(state.operation("operations/a").last_sequence(), 5u);
}

TEST(WatchState, KeepsTheSubtasksWhenTheOperationEnds) {
  WatchState state;
  state.Apply(EventFrame(Added("a", 1, MakeSubtask(1, "one", v1::SUBTASK_STATUS_COMPLETED_WITH_ERROR))));
  v1::Event finished = Finished("a", 2, v1::OPERATION_STATE_FAILED);
  finished.mutable_finished()->mutable_counts()->set_failed(1);
  state.Apply(EventFrame(finished));
  const v1::Operation& operation = state.operation("operations/a");
  EXPECT_EQ(operation.state(), v1::OPERATION_STATE_FAILED);
  EXPECT_EQ(operation.counts().failed(), 1);
  ASSERT_EQ(operation.subtasks_size(), 1);
  EXPECT_EQ(operation.subtasks(0).name(), "one");
}

TEST(WatchState, TakesTheTrueEndAfterAnUnknownOne) {
  WatchState state;
  state.Apply(EventFrame(Finished("a", 2, v1::OPERATION_STATE_OUTCOME_UNKNOWN)));
  state.Apply(EventFrame(Finished("a", 3, v1::OPERATION_STATE_SUCCEEDED)));
  EXPECT_EQ(state.operation("operations/a").state(), v1::OPERATION_STATE_SUCCEEDED);
}

TEST(WatchState, ForgetsOperationsWithAReset) {
  WatchState state;
  v1::Operation partial = MakeOperation("a", v1::OPERATION_STATE_RUNNING, 7);
  *partial.add_subtasks() = MakeSubtask(1, "one", v1::SUBTASK_STATUS_IN_PROGRESS);
  partial.set_more_subtasks(true);
  state.Apply(SnapshotFrame(partial));
  Frame reset;
  reset.set_resume_token("r");
  reset.mutable_reset()->set_reason("token too old");
  state.Apply(reset);
  EXPECT_TRUE(state.names().empty());
  EXPECT_TRUE(state.operations().empty());

  partial.set_more_subtasks(false);
  state.Apply(SnapshotFrame(partial));
  EXPECT_EQ(state.operation("operations/a").subtasks_size(), 1) << "is no continuation of what was dropped";
}

TEST(WatchState, KeepsTheLastWordOfASource) {
  WatchState state;
  Frame frame;
  frame.mutable_source()->set_source("dc1");
  frame.mutable_source()->set_state(v1::SOURCE_STATE_DISCONNECTED);
  state.Apply(frame);
  frame.mutable_source()->set_state(v1::SOURCE_STATE_CONNECTED);
  state.Apply(frame);
  ASSERT_EQ(state.sources().size(), 1u);
  EXPECT_EQ(state.sources().at("dc1").state(), v1::SOURCE_STATE_CONNECTED);
}

}  // namespace
}  // namespace ipam::ctl
