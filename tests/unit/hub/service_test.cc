#include "gateway/hub/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/hub/errors.h"
#include "gateway/hub/names.h"
#include "tests/support/hub/fakes.h"
#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

using test_support::IsOk;
using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(ServiceStart, AnswersTheAcceptedOperation) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const auto operation = hub.Start("<Scope/>", "", "alice");
  ASSERT_OK(operation);
  EXPECT_EQ(operation->kind(), "CreateDhcpScope");
  EXPECT_EQ(operation->source(), "server");
  EXPECT_EQ(operation->initiator(), "alice");
  EXPECT_EQ(operation->state(), v1::OPERATION_STATE_PENDING);
  EXPECT_EQ(operation->last_sequence(), 1u);
  EXPECT_EQ(operation->name(), "operations/" + hub.source->last_operation());
}

TEST(ServiceStart, RunsToItsEndAndKeepsTheCompletionStatus) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  EXPECT_EQ(hub.Get(id).state(), v1::OPERATION_STATE_RUNNING);
  ASSERT_OK(Send(*hub.service, id, event::SubtaskAdded{MakeSubtask(1, "a")}));
  ASSERT_OK(Send(*hub.service, id, Changed(1, event::SubtaskStatus::kCompletedWithSuccess, 100)));
  ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{100}));
  ASSERT_OK(Send(*hub.service, id,
                 event::OverallStatusSet{event::OverallStatus::kCompletedWithSuccess, "<done/>"}));
  const v1::Operation operation = hub.Get(id);
  EXPECT_EQ(operation.state(), v1::OPERATION_STATE_SUCCEEDED);
  EXPECT_EQ(operation.counts().succeeded(), 1);
  ASSERT_EQ(operation.subtasks_size(), 1);
  EXPECT_TRUE(operation.subtasks(0).has_end_time());
  EXPECT_EQ(operation.completion_status_xml(), "<done/>");
  EXPECT_EQ(operation.last_sequence(), 6u);
  EXPECT_EQ(*hub.service->CompletionStatusXml(operation.name()), "<done/>");
}

TEST(ServiceWatch, ShowsSnapshotThenLiveWithoutAHole) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  auto client = hub.Watch();
  ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{50}));
  hub.Succeed(id);
  ASSERT_TRUE(client->ReadEvents(2));
  const auto& responses = client->responses();
  ASSERT_GE(responses.size(), 4u);
  EXPECT_EQ(responses[0].snapshot().last_sequence(), 2u);
  EXPECT_EQ(responses[1].snapshot_end().operations(), 1);
  EXPECT_EQ(client->events()[0].sequence(), 3u);
  EXPECT_EQ(client->events()[1].finished().state(), v1::OPERATION_STATE_SUCCEEDED);
  EXPECT_TRUE(client->events()[1].finished().subtasks().empty());
}

TEST(ServiceWatch, EndsWhenEverythingIsDone) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  v1::WatchOperationsRequest request;
  request.set_until_done(true);
  auto client = hub.Watch(request);
  hub.Succeed(id);
  ASSERT_TRUE(client->ReadUntilFinished());
  EXPECT_OK(*client->finish());
  EXPECT_EQ(client->events().back().finished().state(), v1::OPERATION_STATE_SUCCEEDED);
  auto late = hub.Watch(request);
  ASSERT_TRUE(late->ReadUntilFinished());
  EXPECT_OK(*late->finish());
  EXPECT_TRUE(late->responses().back().has_snapshot_end());
}

TEST(ServiceWatch, AFailureIsReadableAsJson) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  auto client = hub.Watch();
  ASSERT_OK(Send(*hub.service, id,
                 event::OverallStatusSet{event::OverallStatus::kCompletedWithFailure, "<IpamException/>"}));
  ASSERT_TRUE(client->ReadEvents(1));
  const std::string json = client->frames().back()->json();
  EXPECT_THAT(json, HasSubstr("\"state\":\"OPERATION_STATE_FAILED\""));
  EXPECT_THAT(json, HasSubstr("\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\""));
  EXPECT_THAT(json, HasSubstr("\"reason\":\"IpamObjectAlreadyExists\""));
}

// One operation of each kind that a restart may find.
class Restart : public ::testing::Test {
 protected:
  void SetUp() override {
    Hub hub(dir_.File("j"));
    running_ = hub.Run("<Scope/>", 1);
    ASSERT_OK(Send(*hub.service, running_, event::SubtaskAdded{MakeSubtask(4, "kept")}, 2));
    pending_ = *ParseOperationName(hub.Start()->name(), "name");
    unnumbered_ = hub.Run("<Scope/>", 0);
    hub.source->server_operation_id = "";
    base_only_ = hub.Run();
    hub.source->server_operation_id = kServerId;
    ended_ = hub.Run();
    hub.Succeed(ended_);
    timed_out_ = hub.Run("<Scope/>", 1);
    ASSERT_OK(Send(*hub.service, timed_out_, event::OutcomeUnknown{"too long", /*may_return=*/true}));
    refused_ = hub.Run("<Scope/>", 1);
    ASSERT_OK(Send(*hub.service, refused_, event::OutcomeUnknown{"not known there"}));
  }
  static constexpr char kServerId[] = "8b0cb5ad-0000-4000-8000-000000000002";
  TempDir dir_;
  std::string running_, pending_, unnumbered_, base_only_, ended_, timed_out_, refused_;
};

TEST_F(Restart, AsksTheSourceToResumeWhatMayGoOn) {
  Hub hub(dir_.File("j"));
  EXPECT_EQ(hub.Get(running_).state(), v1::OPERATION_STATE_RUNNING);
  EXPECT_THAT(hub.Get(running_).lost_reason(), HasSubstr("gateway stopped"));
  EXPECT_EQ(hub.Get(pending_).state(), v1::OPERATION_STATE_PENDING);
  hub.service->ResumeOperations();
  std::map<std::string, std::uint64_t> asked;
  for (const auto& resumed : hub.source->resumed()) {
    EXPECT_FALSE(resumed.server_operation_id.empty());
    asked[resumed.operation] = resumed.last_source_sequence;
  }
  EXPECT_EQ(asked, (std::map<std::string, std::uint64_t>{{running_, 2}, {pending_, 0}, {timed_out_, 1}}));
  // The session comes back and the operation ends, after all.
  for (const std::string& id : {running_, timed_out_}) {
    ASSERT_OK(Send(*hub.service, id, event::SessionResumed{}));
    ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{7}, asked[id] + 1));
    ASSERT_OK(Send(*hub.service, id, event::OverallStatusSet{event::OverallStatus::kCompletedWithSuccess},
                   asked[id] + 2));
    EXPECT_EQ(hub.Get(id).state(), v1::OPERATION_STATE_SUCCEEDED);
    EXPECT_EQ(hub.Get(id).lost_reason(), "");
    EXPECT_FALSE(hub.Get(id).has_error());
  }
}

TEST_F(Restart, ForgetsWhatTheServerKeepsNoEventsOfAnyMore) {
  Hub hub(dir_.File("j"));
  hub.clock_.Advance(absl::Hours(24 * 8));
  hub.service->ResumeOperations();
  for (const auto& resumed : hub.source->resumed()) EXPECT_NE(resumed.operation, timed_out_);
}

TEST_F(Restart, EndsAsUnknownWhatNoSourceCanResume) {
  Hub hub(dir_.File("j"));
  for (const std::string& id : {unnumbered_, base_only_}) {
    EXPECT_EQ(hub.Get(id).state(), v1::OPERATION_STATE_OUTCOME_UNKNOWN);
    EXPECT_EQ(ReasonOf(hub.Get(id).error()), kOutcomeUnknown);
  }
  hub.source->resume_status = absl::UnimplementedError("never can");
  hub.service->ResumeOperations();
  PublishAndWait(*hub.service, "none", {}).IgnoreError();  // behind it in the queue
  EXPECT_EQ(hub.Get(running_).state(), v1::OPERATION_STATE_OUTCOME_UNKNOWN);
  EXPECT_EQ(hub.Get(running_).error().message(), "never can");
  EXPECT_EQ(hub.Get(refused_).error().message(), "not known there");
}

TEST_F(Restart, EndsAsUnknownWhatHasNoSourceAnyMoreAndTakesItUpWhenItIsBack) {
  {
    Hub hub(dir_.File("j"), nullptr, "other");
    hub.service->ResumeOperations();
    PublishAndWait(*hub.service, "none", {}).IgnoreError();
    EXPECT_EQ(hub.Get(running_).state(), v1::OPERATION_STATE_OUTCOME_UNKNOWN);
    EXPECT_THAT(hub.Get(running_).error().message(), HasSubstr("no source server"));
  }
  Hub hub(dir_.File("j"));
  hub.service->ResumeOperations();
  EXPECT_EQ(hub.source->resumed().size(), 3u);
}

TEST(ServiceRestart, EndsWhatRanAsUnknownWithItsReason) {
  TempDir dir;
  std::string id;
  {
    Hub hub(dir.File("j"));
    hub.source->server_operation_id = "";
    id = hub.Run();
    ASSERT_OK(Send(*hub.service, id, event::SubtaskAdded{MakeSubtask(4, "kept")}));
  }
  Hub hub(dir.File("j"));
  const v1::Operation operation = hub.Get(id);
  EXPECT_EQ(operation.state(), v1::OPERATION_STATE_OUTCOME_UNKNOWN);
  EXPECT_THAT(operation.error().message(), HasSubstr("gateway stopped"));
  EXPECT_TRUE(operation.has_end_time());
  ASSERT_EQ(operation.subtasks_size(), 1);
  EXPECT_EQ(operation.subtasks(0).name(), "kept");
}

}  // namespace
}  // namespace ipam::hub
