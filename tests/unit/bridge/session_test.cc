#include "dcom_bridge/bridge/session.h"

#include <gtest/gtest.h>

#include "session_fixture.h"

namespace ipam::bridge {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

TEST_F(SessionTest, CarriesAnOperationFromActivationToItsEnd) {
  BeginAndRun();
  EXPECT_EQ(server_.parameters, "<p/>");
  EXPECT_EQ(Call(Subtask()), base::kOk);
  EXPECT_EQ(Call(End()), base::kOk);
  ASSERT_EQ(sink_.events.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<event::Accepted>(sink_.events[0].change));
  EXPECT_TRUE(std::holds_alternative<event::Started>(sink_.events[1].change));
  EXPECT_TRUE(std::holds_alternative<event::SubtaskAdded>(sink_.events[2].change));
  EXPECT_TRUE(std::holds_alternative<event::OverallStatusSet>(sink_.events[3].change));
  // The server gives the callback back; then nothing is left on either side.
  server_.ReleaseCallback();
  RunUntil([&] { return ended_ && server_.released == 1; });
  EXPECT_EQ(sink_.events.size(), 4u);
}

TEST_F(SessionTest, ValidateOnlyReleasesAndPublishesNothing) {
  Begin(/*validate_only=*/true);
  RunUntil([&] { return done_.has_value() && server_.released == 1; });
  EXPECT_OK(*done_);
  EXPECT_TRUE(sink_.events.empty());
}

TEST_F(SessionTest, ParametersThatTheServerRefusesAreRecordedNowhere) {
  server_.on_step = [](const std::string& step) {
    return step == "initialize" ? Step{.result = base::kInvalidArgument} : Step{};
  };
  server_.exception_xml = "<e/>";
  Begin();
  RunUntil([&] { return done_.has_value() && server_.released == 1; });
  EXPECT_THAT(*done_, StatusIs(absl::StatusCode::kInvalidArgument, "words of <e/>"));
  EXPECT_TRUE(sink_.events.empty());
}

TEST_F(SessionTest, ARefusedStartEndsFailed) {
  server_.on_step = [](const std::string& step) {
    return step == "start" ? Step{.result = base::kAccessDenied} : Step{};
  };
  Begin();
  RunUntil([&] { return done_.has_value() && ended_; });
  EXPECT_THAT(*done_, StatusIs(absl::StatusCode::kPermissionDenied));
  ASSERT_EQ(sink_.events.size(), 2u);
  EXPECT_EQ(std::get<event::StartRefused>(sink_.events[1].change).code, absl::StatusCode::kPermissionDenied);
}

TEST_F(SessionTest, ARefusedStartThatLetGoOfTheCallbackFirstEndsFailed) {
  HoldStep("start");
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  session_->OnCallbackReleased("test");
  EXPECT_FALSE(done_.has_value());
  server_.held.front()(orpc::OrpcReply{ndr::Encode(idl::ResultResponse{base::kInvalidArgument}), ""});
  RunUntil([&] { return ended_; });
  EXPECT_THAT(*done_, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(sink_.LastIs<event::StartRefused>());
}

TEST_F(SessionTest, AStartThatLetGoOfTheCallbackIsALostSession) {
  HoldStep("start");
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  session_->OnCallbackReleased("test");
  server_.held.front()(orpc::OrpcReply{ndr::Encode(idl::ResultResponse{}), ""});
  RunUntil([&] { return ended_; });
  EXPECT_OK(*done_);
  EXPECT_TRUE(sink_.LastIs<event::OutcomeUnknown>());
}

TEST_F(SessionTest, AnOperationThatCannotBeRecordedIsNotStarted) {
  sink_.answer = absl::ResourceExhaustedError("journal full");
  Begin();
  RunUntil([&] { return done_.has_value() && server_.released == 1; });
  EXPECT_THAT(*done_, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_FALSE(server_.callback.has_value());
}

TEST_F(SessionTest, RefusesWhatTheStateMachineDoesNotAllow) {
  Begin();
  RunUntil([&] { return done_.has_value(); });
  EXPECT_EQ(Call(Subtask()), base::kIllegalMethodCall);  // before StartProgressCallback
  EXPECT_EQ(Call(idl::StartProgressCallback{}), base::kOk);
  EXPECT_EQ(Call(idl::StartProgressCallback{}), base::kIllegalMethodCall);
  EXPECT_EQ(Call(End()), base::kOk);
  EXPECT_EQ(Call(Subtask()), base::kIllegalMethodCall);
  EXPECT_EQ(Call(End()), base::kIllegalMethodCall);
  EXPECT_EQ(sink_.events.size(), 3u);
}

TEST_F(SessionTest, ReportsPassOverWhatIsHeldAndRefuseHoles) {
  Begin();
  RunUntil([&] { return done_.has_value(); });
  using idl::EventKind;
  EXPECT_EQ(Call(Report(1, {EventKind::kStartProgressCallback, EventKind::kAddSubTask})), base::kOk);
  EXPECT_EQ(Call(Report(2, {EventKind::kAddSubTask, EventKind::kAddSubTask})), base::kOk);
  EXPECT_EQ(Call(Report(5, {EventKind::kAddSubTask})), base::kInvalidArgument);
  ASSERT_EQ(sink_.events.size(), 4u);
  EXPECT_EQ(sink_.events.back().source_sequence, 3u);
}

TEST_F(SessionTest, ACallbackThatCannotBeJournaledFailsAndTheOutcomeIsUnknown) {
  BeginAndRun();
  sink_.answer = absl::InternalError("disk full");
  EXPECT_EQ(Call(Subtask()), base::kFail);
  sink_.answer = absl::OkStatus();
  RunUntil([&] { return ended_; });
}

TEST_F(SessionTest, AnEventThatTheHubRefusesLeavesTheSessionAlone) {
  BeginAndRun();
  sink_.answer = absl::InvalidArgumentError("too large");
  EXPECT_EQ(Call(Subtask()), base::kInvalidArgument);
  sink_.answer = absl::OkStatus();
  EXPECT_EQ(Call(Subtask()), base::kOk);
  EXPECT_FALSE(ended_);
}

TEST_F(SessionTest, AnEndThatTheHubRefusesIsNone) {
  BeginAndRun();
  sink_.answer = absl::InvalidArgumentError("too large");
  EXPECT_EQ(Call(End()), base::kInvalidArgument);
  sink_.answer = absl::OkStatus();
  EXPECT_EQ(Call(Subtask()), base::kOk);
  EXPECT_EQ(Call(End()), base::kOk);
  EXPECT_EQ(Call(End()), base::kIllegalMethodCall);
}

TEST_F(SessionTest, AReportThatTheHubRefusesMayComeAgain) {
  Begin();
  RunUntil([&] { return done_.has_value(); });
  const idl::ReportProgress start{{{.sequence = 1, .kind = idl::EventKind::kStartProgressCallback}}};
  const idl::ReportProgress subtask{
      {{.sequence = 2, .kind = idl::EventKind::kAddSubTask, .sub_task_instance = idl::SubTaskInstance{}}}};
  EXPECT_EQ(Call(start), base::kOk);
  sink_.answer = absl::InvalidArgumentError("too large");
  EXPECT_EQ(Call(subtask), base::kInvalidArgument);
  sink_.answer = absl::OkStatus();
  const std::size_t before = sink_.events.size();
  EXPECT_EQ(Call(subtask), base::kOk);
  EXPECT_EQ(sink_.events.size(), before + 1);  // not passed over as one that is held
}

TEST_F(SessionTest, AReleasedCallbackIsALostSession) {
  BeginAndRun();
  server_.ReleaseCallback();
  RunUntil([&] { return ended_; });
  ASSERT_TRUE(sink_.LastIs<event::OutcomeUnknown>());
  EXPECT_THAT(std::get<event::OutcomeUnknown>(sink_.events.back().change).reason,
              HasSubstr("released the callback"));
}

TEST_F(SessionTest, AClosedCallbackConnectionIsALostSession) {
  BeginAndRun();
  client_.listener->set_on_closed(
      [this](std::uint64_t association) { session_->OnCallbackConnectionClosed(association); });
  server_.side.rpc.Drop(server_.callback->exporter, absl::CancelledError("test"));
  RunUntil([&] { return ended_; });
  EXPECT_TRUE(sink_.LastIs<event::OutcomeUnknown>());
}

TEST_F(SessionTest, ALostAnswerOfTheStartIsNeverAFailure) {
  HoldStep("start");
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  client_.rpc.Drop(context_.server, absl::UnavailableError("test"));
  RunUntil([&] { return ended_; });
  EXPECT_THAT(*done_, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("outcome is not known")));
  EXPECT_TRUE(sink_.LastIs<event::OutcomeUnknown>());
}

TEST_F(SessionTest, CallbacksBeforeTheAnswerProveTheStart) {
  HoldStep("start");
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  EXPECT_EQ(Call(idl::StartProgressCallback{}), base::kOk);
  client_.rpc.Drop(context_.server, absl::UnavailableError("test"));
  RunUntil([&] { return done_.has_value(); });
  EXPECT_OK(*done_);
  EXPECT_FALSE(ended_);  // callbacks still come by their own connection
  EXPECT_EQ(Call(End()), base::kOk);
}

TEST_F(SessionTest, AServerThatIsGoneLeavesTheOutcomeUnknown) {
  BeginAndRun();
  session_->OnServerLost("the server is gone");
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(sink_.LastIs<event::OutcomeUnknown>());
}

TEST_F(SessionTest, AnUnreachableServerIsUnavailable) {
  context_.server.port = 1;
  Begin();
  RunUntil([&] { return done_.has_value(); });
  EXPECT_THAT(*done_, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(sink_.events.empty());
}

}  // namespace
}  // namespace ipam::bridge
