#include "gateway/hub/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(ServiceRestart, EndsWhatRanAsUnknownWithItsReason) {
  TempDir dir;
  std::string id;
  {
    Hub hub(dir.File("j"));
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
