// StartOperationRequest.retry_failed_of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "gateway/hub/sqlite.h"
#include "tests/support/hub/fakes.h"
#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;
constexpr auto kRefused = absl::StatusCode::kFailedPrecondition;

v1::StartOperationRequest RetryOf(const std::string& id, const std::string& request_id = "") {
  v1::StartOperationRequest request;
  request.set_retry_failed_of("operations/" + id);
  request.set_request_id(request_id);
  return request;
}

// Ends with the subtask 1 done and the subtask 2 failed.
void FailInPart(Hub& hub, const std::string& id, std::optional<std::string> completion = std::nullopt) {
  using event::SubtaskStatus;
  for (int subtask : {1, 2}) {
    EXPECT_OK(Send(*hub.service, id, event::SubtaskAdded{MakeSubtask(subtask)}));
    EXPECT_OK(
        Send(*hub.service, id,
             Changed(subtask,
                     subtask == 1 ? SubtaskStatus::kCompletedWithSuccess : SubtaskStatus::kCompletedWithError,
                     100)));
  }
  EXPECT_OK(
      Send(*hub.service, id,
           event::OverallStatusSet{event::OverallStatus::kCompletedWithFailure, std::move(completion)}));
}

TEST(Retry, KnowsWhatTheOperationMade) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run("<Scope/>");
  FailInPart(hub, id, "<Made/>");
  ASSERT_OK(hub.Start(RetryOf(id)));
  EXPECT_EQ(hub.source->last_parameters(), "<Scope/> again: " + *MakeSubtask(2).name + " of <Made/>");
}

TEST(Retry, StartsWhatFailedAgainAlsoAfterARestart) {
  TempDir dir;
  std::string id;
  {
    Hub hub(dir.File("j"));
    id = hub.Run("<Scope/>");
    FailInPart(hub, id);
    const auto again = hub.Start(RetryOf(id));
    ASSERT_OK(again);
    EXPECT_EQ(again->kind(), "CreateDhcpScope");
    EXPECT_NE(again->name(), "operations/" + id);
    EXPECT_EQ(hub.source->last_parameters(), "<Scope/> again: " + *MakeSubtask(2).name);
  }
  Hub hub(dir.File("j"));
  v1::StartOperationRequest only_checked = RetryOf(id);
  only_checked.set_validate_only(true);
  EXPECT_EQ(hub.Start(only_checked)->kind(), "CreateDhcpScope");
  const auto again = hub.Start(RetryOf(id, "key"));
  ASSERT_OK(again);
  EXPECT_EQ(hub.Start(RetryOf(id, "key"))->name(), again->name()) << "the same key and content";
  EXPECT_EQ(hub.source->last_parameters(), "<Scope/> again: " + *MakeSubtask(2).name);
  // What a retry leaves undone can be retried as well: its parameters are kept too.
  const std::string second = again->name().substr(11);
  EXPECT_OK(Send(*hub.service, second, event::Started{false}));
  FailInPart(hub, second);
  ASSERT_OK(hub.Start(RetryOf(second)));
  EXPECT_EQ(hub.source->last_parameters(),
            "<Scope/> again: " + *MakeSubtask(2).name + " again: " + *MakeSubtask(2).name);
}

TEST(Retry, IsRefusedWhereNothingIsToBeDoneAgain) {
  TempDir dir;
  Hub hub(dir.File("j"));
  EXPECT_THAT(hub.Start(RetryOf("nosuch")), StatusIs(absl::StatusCode::kNotFound));
  v1::StartOperationRequest bad;
  bad.set_retry_failed_of("nonsense");
  EXPECT_THAT(hub.Start(bad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("retry_failed_of")));
  const std::string id = hub.Run();
  EXPECT_THAT(hub.Start(RetryOf(id)), StatusIs(kRefused, HasSubstr("has not ended")));
  hub.Succeed(id);
  EXPECT_THAT(hub.Start(RetryOf(id)), StatusIs(kRefused, HasSubstr("nothing of it failed")));
  EXPECT_EQ(hub.source->starts_, 1);
}

TEST(Retry, IsOfTheSourceOfTheOperation) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  FailInPart(hub, id);
  FakeSource second(*hub.service);
  hub.service->AddSource("second", second);
  v1::StartOperationRequest elsewhere = RetryOf(id);
  elsewhere.set_source("second");
  EXPECT_THAT(hub.Start(elsewhere), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ran on server")));
  EXPECT_OK(hub.Start(RetryOf(id))) << "of several sources that one";
  EXPECT_EQ(second.starts_, 0);
  hub.service->Stop();
}

TEST(Retry, ParametersAreKeptUpToALimitAndNeverWithASecret) {
  TempDir dir;
  Hub hub(dir.File("j"), [](Options& options) { options.parameters_bytes = 20; });
  for (const char* xml : {"<Scope> larger than the limit </Scope>", "<Scope>secret"}) {
    const std::string id = hub.Run(xml);
    FailInPart(hub, id);
    EXPECT_THAT(hub.Start(RetryOf(id)), StatusIs(kRefused, HasSubstr("were not kept"))) << xml;
  }
  const std::string id = hub.Run("<Scope>small");
  FailInPart(hub, id);
  EXPECT_OK(hub.Start(RetryOf(id)));
}

TEST(Retry, AJournalOfTheFirstVersionIsTakenOver) {
  TempDir dir;
  std::string id;
  {
    Hub hub(dir.File("j"));
    id = hub.Run();
    FailInPart(hub, id);
  }
  {
    auto db = Database::Open(dir.File("j"), /*read_only=*/false);
    ASSERT_OK(db);
    ASSERT_OK(db->Execute("ALTER TABLE operations DROP COLUMN parameters; PRAGMA user_version = 1"));
  }
  Hub hub(dir.File("j"));
  EXPECT_EQ(hub.Get(id).state(), v1::OPERATION_STATE_PARTIALLY_FAILED);
  EXPECT_THAT(hub.Start(RetryOf(id)), StatusIs(kRefused, HasSubstr("were not kept")));
  const std::string other = hub.Run();
  FailInPart(hub, other);
  EXPECT_OK(hub.Start(RetryOf(other)));
}

}  // namespace
}  // namespace ipam::hub
