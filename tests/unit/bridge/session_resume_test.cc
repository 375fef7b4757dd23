// Sessions that are lost and had back by ResumeCallback.
#include "dcom_bridge/bridge/canceller.h"
#include "session_fixture.h"

namespace ipam::bridge {
namespace {

using idl::EventKind;
using test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = Session::State;

class ResumeTest : public SessionTest {
 protected:
  ResumeTest() { server_.extended = true; }
  // An operation of an earlier process.
  void BeginResume(std::uint64_t last_sequence) {
    session_ = std::make_shared<Session>(context_, "op-1", server_.operation_id, last_sequence);
    session_->Resume();
  }
  void RunUntilResumed(int times = 1) {
    RunUntil([&] { return sink_.Count<event::SessionResumed>() == times; });
  }
  std::vector<std::uint64_t> Sequences() const {
    std::vector<std::uint64_t> sequences;
    for (const auto& event : sink_.events) {
      if (event.source_sequence != 0) sequences.push_back(event.source_sequence);
    }
    return sequences;
  }
  void AnswerResumesWith(base::HResult result) {
    server_.on_step = [result](const std::string& step) {
      return step == "resume" ? Step{.result = result} : Step{};
    };
  }
};

TEST_F(ResumeTest, AnOperationIsKnownByItsServersId) {
  BeginAndRun();
  EXPECT_EQ(std::get<event::Accepted>(sink_.events[0].change).server_operation_id,
            server_.operation_id.ToString());
  EXPECT_EQ(session_->server_operation_id(), server_.operation_id);
  EXPECT_TRUE(*offered_);
}

TEST_F(ResumeTest, AReleasedCallbackIsAskedForAgainBehindTheLastEvent) {
  BeginAndRun();
  EXPECT_EQ(Call(Report(2, {EventKind::kAddSubTask, EventKind::kAddSubTask})), base::kOk);
  server_.ReleaseCallback();
  RunUntilResumed();
  ASSERT_EQ(server_.resumes.size(), 1u);
  EXPECT_EQ(server_.resumes[0].operation_id, server_.operation_id);
  EXPECT_EQ(server_.resumes[0].last_sequence, 3u);
  EXPECT_EQ(sink_.Count<event::SessionLost>(), 1);
  // What comes twice is passed over, and the operation ends as if nothing had been.
  EXPECT_EQ(Call(Report(3, {EventKind::kAddSubTask, EventKind::kAddSubTask})), base::kOk);
  EXPECT_EQ(Call(Report(5, {EventKind::kSetOverallStatus})), base::kOk);
  EXPECT_THAT(Sequences(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(sink_.Count<event::OutcomeUnknown>(), 0);
  server_.ReleaseCallback();
  RunUntil([&] { return ended_ && server_.released == server_.created; });
}

TEST_F(ResumeTest, AServerThatIsGoneIsWaitedForAndResumedAtOnceWhenItIsBack) {
  BeginAndRun();
  connected_ = false;
  session_->OnServerLost("the server is gone");
  EXPECT_EQ(session_->state(), State::kLost);
  EXPECT_EQ(std::get<event::SessionLost>(sink_.events.back().change).reason, "the server is gone");
  RunUntil([&] { return !failures_.empty(); });
  Settle();
  EXPECT_EQ(server_.created, 1) << "not while it is away";
  context_.retry_after = [](int) { return absl::InfiniteDuration(); };  // no timer helps
  connected_ = true;
  session_->OnServerConnected();
  RunUntilResumed();
}

TEST_F(ResumeTest, ACallbackThatComesBeforeTheAnswerProvesIt) {
  BeginAndRun();
  server_.callback.reset();
  HoldStep("resume");
  session_->OnServerLost("cut");
  RunUntil([&] { return !server_.held.empty(); });
  EXPECT_EQ(Call(Report(2, {EventKind::kAddSubTask})), base::kOk);
  EXPECT_EQ(session_->state(), State::kRunning);
  ASSERT_EQ(sink_.events.size(), 5u);
  EXPECT_TRUE(std::holds_alternative<event::SessionResumed>(sink_.events[3].change));
  client_.rpc.Drop(context_.server, absl::UnavailableError("the answer is lost"));
  Settle();
  EXPECT_EQ(session_->state(), State::kRunning);
}

TEST_F(ResumeTest, WhatOnlyRepeatsProvesItToo) {
  BeginAndRun();
  server_.callback.reset();
  HoldStep("resume");
  session_->OnServerLost("cut");
  RunUntil([&] { return !server_.held.empty(); });
  EXPECT_EQ(Call(Report(3, {EventKind::kAddSubTask})), base::kInvalidArgument);
  EXPECT_EQ(session_->state(), State::kResuming);
  EXPECT_EQ(Call(Report(1, {EventKind::kStartProgressCallback})), base::kOk);
  EXPECT_EQ(session_->state(), State::kRunning);
  EXPECT_EQ(sink_.Count<event::SessionResumed>(), 1);
  EXPECT_THAT(Sequences(), ElementsAre(1));
}

TEST_F(ResumeTest, RetriesForAsLongAsTheServerCannot) {
  BeginAndRun();
  int refusals = 4;
  server_.on_step = [&](const std::string& step) {
    if (step == "resume" && refusals > 0)
      return Step{.result = --refusals % 2 ? base::kFail : base::kAccessDenied};
    return Step{};
  };
  session_->OnCallbackReleased("cut");
  RunUntilResumed();
  EXPECT_EQ(server_.resumes.size(), 5u);
  EXPECT_THAT(failures_, ElementsAre(0, 1, 2, 3, 4)) << "each later than the one before";
  EXPECT_EQ(sink_.Count<event::SessionLost>(), 1);
  EXPECT_EQ(Call(Report(2, {EventKind::kAddSubTask})), base::kOk);
  session_->OnCallbackReleased("cut again");
  RunUntilResumed(2);
  EXPECT_EQ(failures_.back(), 0) << "a stored event is a new beginning";
  RunUntil([&] { return server_.released == server_.created - 1; });  // nothing of the attempts is left
}

TEST_F(ResumeTest, WhatTheServerDoesNotKnowIsOfUnknownOutcome) {
  BeginAndRun();
  AnswerResumesWith(base::kNotFound);
  session_->OnServerLost("cut");
  RunUntil([&] { return ended_; });
  ASSERT_TRUE(sink_.LastIs<event::OutcomeUnknown>());
  const auto& unknown = std::get<event::OutcomeUnknown>(sink_.events.back().change);
  EXPECT_THAT(unknown.reason, HasSubstr("does not know"));
  EXPECT_FALSE(unknown.may_return);
}

TEST_F(ResumeTest, AServerThatLostItsTailLeavesTheOutcomeUnknown) {
  BeginAndRun();
  AnswerResumesWith(base::kInvalidArgument);
  session_->OnServerLost("cut");
  RunUntil([&] { return ended_; });
  EXPECT_THAT(std::get<event::OutcomeUnknown>(sink_.events.back().change).reason,
              HasSubstr("it has no event 1"));
}

TEST_F(ResumeTest, AServerThatOffersItNoMoreLeavesTheOutcomeUnknown) {
  BeginAndRun();
  server_.extended = false;
  session_->OnServerLost("cut");
  RunUntil([&] { return ended_; });
  EXPECT_THAT(std::get<event::OutcomeUnknown>(sink_.events.back().change).reason,
              HasSubstr("does not offer"));
  EXPECT_FALSE(*offered_);
}

TEST_F(ResumeTest, EventsWithoutANumberCannotBeResumed) {
  Begin();
  RunUntil([&] { return done_.has_value(); });
  EXPECT_EQ(Call(idl::StartProgressCallback{}), base::kOk);  // by the base interface, all the same
  session_->OnServerLost("cut");
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(sink_.LastIs<event::OutcomeUnknown>());
}

TEST_F(ResumeTest, AfterItsTimeTheOutcomeIsUnknownUntilItIsResumedAllTheSame) {
  BeginAndRun();
  connected_ = false;
  context_.resume_timeout = absl::Milliseconds(1);
  session_->OnServerLost("cut");
  RunUntil([&] { return sink_.LastIs<event::OutcomeUnknown>(); });
  const auto& unknown = std::get<event::OutcomeUnknown>(sink_.events.back().change);
  EXPECT_THAT(unknown.reason, HasSubstr("cut"));
  EXPECT_TRUE(unknown.may_return);
  EXPECT_FALSE(ended_);
  connected_ = true;
  session_->OnServerConnected();
  RunUntilResumed();
  EXPECT_EQ(Call(Report(2, {EventKind::kSetOverallStatus})), base::kOk);
  EXPECT_TRUE(sink_.LastIs<event::OverallStatusSet>());
}

TEST_F(ResumeTest, ALostAnswerOfTheStartIsSettledByResuming) {
  HoldStep("start");
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  client_.rpc.Drop(context_.server, absl::UnavailableError("test"));
  RunUntilResumed();
  EXPECT_EQ(server_.resumes[0].last_sequence, 0u);
  ASSERT_TRUE(done_.has_value());
  EXPECT_OK(*done_);
  EXPECT_EQ(session_->state(), State::kStarting);
  EXPECT_EQ(Call(Report(1, {EventKind::kStartProgressCallback, EventKind::kSetOverallStatus})), base::kOk);
}

TEST_F(ResumeTest, AStartThatNeverCameToTheServerIsOfUnknownOutcome) {
  server_.on_step = [](const std::string& step) {
    return Step{.result = step == "resume" ? std::optional(base::kNotFound) : std::nullopt,
                .hold = step == "start"};
  };
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  client_.rpc.Drop(context_.server, absl::UnavailableError("test"));
  RunUntil([&] { return ended_; });
  EXPECT_THAT(*done_, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("outcome is not known")));
  EXPECT_EQ(sink_.Count<event::StartRefused>(), 0);
}

TEST_F(ResumeTest, TheCallerOfAStartIsNotKeptWaitingForAServerThatStaysAway) {
  HoldStep("start");
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  connected_ = false;
  context_.call_timeout = absl::Milliseconds(1);
  session_->OnServerLost("gone");
  RunUntil([&] { return done_.has_value(); });
  EXPECT_OK(*done_) << "it was accepted, and is lost for now";
  EXPECT_EQ(session_->state(), State::kLost);
}

TEST_F(ResumeTest, ARefusalThatComesAfterTheLossIsBelieved) {
  HoldStep("start");
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  connected_ = false;
  session_->OnServerLost("gone");
  EXPECT_EQ(session_->state(), State::kLost);
  server_.held[0](orpc::OrpcReply{ndr::Encode(idl::ResultResponse{base::kAccessDenied}), ""});
  RunUntil([&] { return ended_; });
  EXPECT_THAT(*done_, StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_TRUE(sink_.LastIs<event::StartRefused>());
}

TEST_F(ResumeTest, AStartWhoseFirstCallbackCannotBeJournaledFails) {
  HoldStep("start");
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  connected_ = false;
  sink_.answer = absl::InternalError("disk full");
  EXPECT_EQ(Call(Report(1, {EventKind::kStartProgressCallback})), base::kFail);
  sink_.answer = absl::OkStatus();
  // The failure of the callback is that of the start, and nothing runs (ipam_progress.idl).
  server_.held[0](orpc::OrpcReply{ndr::Encode(idl::ResultResponse{base::kFail}), ""});
  RunUntil([&] { return done_.has_value(); });
  EXPECT_FALSE(done_->ok());
  EXPECT_TRUE(sink_.LastIs<event::StartRefused>());
}

TEST_F(ResumeTest, AStartIsAnsweredOnceItsFirstCallbackIsStored) {
  HoldStep("start");
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  sink_.hold = true;
  std::optional<base::HResult> answered;
  server_.CallBack(Report(1, {EventKind::kStartProgressCallback}),
                   [&](base::HResult result) { answered = result; });
  RunUntil([&] { return !sink_.held.empty(); });
  client_.rpc.Drop(context_.server, absl::UnavailableError("the answer is lost"));
  Settle();
  EXPECT_FALSE(done_.has_value());
  sink_.LetGo();
  RunUntil([&] { return done_.has_value(); });
  EXPECT_OK(*done_);
  EXPECT_EQ(session_->state(), State::kRunning);
}

TEST_F(ResumeTest, ACallbackThatCannotBeJournaledFailsAndIsSentAgain) {
  BeginAndRun();
  sink_.answer = absl::InternalError("disk full");
  EXPECT_EQ(Call(Report(2, {EventKind::kAddSubTask, EventKind::kAddSubTask})), base::kFail);
  EXPECT_TRUE(session_->state() != State::kRunning);
  sink_.answer = absl::OkStatus();
  RunUntil([&] { return session_->state() == State::kRunning; });
  EXPECT_EQ(server_.resumes.back().last_sequence, 1u);
  EXPECT_EQ(Call(Report(2, {EventKind::kAddSubTask, EventKind::kAddSubTask})), base::kOk);
  EXPECT_THAT(Sequences(), ElementsAre(1, 2, 3));
}

TEST_F(ResumeTest, AnEndThatCannotBeJournaledComesAgain) {
  BeginAndRun();
  sink_.answer = absl::ResourceExhaustedError("disk full");
  EXPECT_EQ(Call(Report(2, {EventKind::kSetOverallStatus})), base::kOutOfMemory);
  sink_.answer = absl::OkStatus();
  RunUntil([&] { return session_->state() == State::kRunning; });
  EXPECT_EQ(Call(Report(2, {EventKind::kSetOverallStatus})), base::kOk);
  EXPECT_TRUE(sink_.LastIs<event::OverallStatusSet>());
}

TEST_F(ResumeTest, AResumptionThatCannotBeJournaledIsNone) {
  BeginAndRun();
  session_->OnServerLost("cut");
  sink_.answer = absl::InternalError("disk full");
  RunUntil([&] { return server_.resumes.size() >= 2; });
  sink_.answer = absl::OkStatus();
  RunUntilResumed();
  EXPECT_FALSE(ended_);
}

TEST_F(ResumeTest, ASessionOfAnOperationThatIsNoMoreEnds) {
  BeginAndRun();
  session_->OnServerLost("cut");
  sink_.answer = absl::FailedPreconditionError("the operation is not known");
  RunUntil([&] { return ended_; });
}

TEST_F(ResumeTest, ItIsNotResumedBeforeItIsKnownWhatIsStored) {
  BeginAndRun();
  sink_.hold = true;
  std::optional<base::HResult> answered;
  server_.CallBack(Report(2, {EventKind::kAddSubTask}), [&](base::HResult result) { answered = result; });
  RunUntil([&] { return !sink_.held.empty(); });
  session_->OnServerLost("cut");
  Settle();
  EXPECT_EQ(session_->state(), State::kLost);
  session_->OnServerConnected();
  EXPECT_EQ(session_->state(), State::kLost);
  sink_.LetGo();
  RunUntilResumed();
  EXPECT_EQ(server_.resumes[0].last_sequence, 2u);
}

TEST_F(ResumeTest, OneOfAnEarlierProcessGoesOnWhereThatStopped) {
  server_.on_step = [](const auto&) { return Step{}; };
  BeginResume(7);
  RunUntilResumed();
  EXPECT_EQ(server_.resumes[0].last_sequence, 7u);
  EXPECT_EQ(session_->state(), State::kRunning);
  EXPECT_EQ(Call(Report(7, {EventKind::kAddSubTask, EventKind::kAddSubTask, EventKind::kSetOverallStatus})),
            base::kOk);
  EXPECT_THAT(Sequences(), ElementsAre(8, 9));
}

TEST_F(ResumeTest, OneAfterTheOtherWhereThereIsOneTurn) {
  context_.turns = ResumeTurns(1);
  HoldStep("resume");
  BeginResume(7);
  const auto first = session_;
  BeginResume(7);
  const auto given_up = session_;
  BeginResume(7);
  given_up->Abandon();  // its turn is passed on
  RunUntil([&] { return !server_.held.empty(); });
  EXPECT_EQ(first->state(), State::kResuming);
  EXPECT_EQ(session_->state(), State::kLost);
  server_.on_step = [](const auto&) { return Step{}; };
  server_.held[0](orpc::OrpcReply{ndr::Encode(idl::ResultResponse{base::kFail}), ""});
  RunUntilResumed(2);
  EXPECT_EQ(first->state(), State::kRunning);
  EXPECT_EQ(session_->state(), State::kRunning);
}

TEST_F(ResumeTest, OneOfAnEarlierProcessThatHadNotBegunBegins) {
  BeginResume(0);
  RunUntilResumed();
  EXPECT_EQ(session_->state(), State::kStarting);
  EXPECT_EQ(Call(Report(1, {EventKind::kStartProgressCallback})), base::kOk);
}

TEST_F(ResumeTest, TheInitiatorIsNamedBeforeAnythingIsRecorded) {
  initiator_ = "CORP\\alice";
  HoldStep("name");
  Begin();
  RunUntil([&] { return !server_.held.empty(); });
  EXPECT_EQ(server_.initiator, "CORP\\alice");
  EXPECT_TRUE(sink_.events.empty());
}

TEST_F(ResumeTest, AnAccountThatMayNameNobodyIsToldWhatToSet) {
  initiator_ = "CORP\\alice";
  server_.on_step = [](const std::string& step) {
    return step == "name" ? Step{.result = base::kAccessDenied} : Step{};
  };
  Begin();
  RunUntil([&] { return done_.has_value() && server_.released == 1; });
  EXPECT_THAT(*done_, StatusIs(absl::StatusCode::kPermissionDenied,
                               ::testing::AllOf(HasSubstr("CORP\\alice"), HasSubstr("trusted-initiator"))));
  EXPECT_TRUE(sink_.events.empty());
}

TEST_F(ResumeTest, AnEndWaitsForTheAnswerToACancel) {
  BeginAndRun();
  session_->OnCancelAsked();
  EXPECT_EQ(Call(Report(2, {EventKind::kAddSubTask})), base::kOk) << "nothing else waits";
  std::optional<base::HResult> answered;
  server_.CallBack(Report(3, {EventKind::kSetOverallStatus}),
                   [&](base::HResult result) { answered = result; });
  bool probed = false;
  client_.dcom.Probe(context_.server, absl::Minutes(1), [&](auto) { probed = true; });
  RunUntil([&] { return probed; });
  EXPECT_FALSE(sink_.LastIs<event::OverallStatusSet>());
  session_->OnCancelAnswered();
  RunUntil([&] { return answered.has_value(); });
  EXPECT_EQ(*answered, base::kOk);
  EXPECT_TRUE(sink_.LastIs<event::OverallStatusSet>());
}

TEST_F(ResumeTest, CancelOperationIsAskedOnAnObjectOfItsOwn) {
  const struct {
    Step step;
    bool extended;
    absl::StatusCode code;
  } kCases[] = {
      {{}, true, absl::StatusCode::kOk},
      {{.result = base::kFalse}, true, absl::StatusCode::kFailedPrecondition},
      {{.result = base::kNotFound}, true, absl::StatusCode::kNotFound},
      {{.result = base::kAccessDenied}, true, absl::StatusCode::kPermissionDenied},
      {{}, false, absl::StatusCode::kUnimplemented},
  };
  for (const auto& c : kCases) {
    server_.extended = c.extended;
    server_.on_step = [&](const std::string& step) { return step == "cancel" ? c.step : Step{}; };
    std::optional<absl::Status> done;
    CancelOperation(context_, server_.operation_id, [&](absl::Status status) { done = std::move(status); });
    RunUntil([&] { return done.has_value() && server_.released == server_.created; });
    EXPECT_EQ(done->code(), c.code) << *done;
    EXPECT_EQ(*offered_, c.extended);
  }
  ASSERT_EQ(server_.cancels.size(), 4u);
  EXPECT_EQ(server_.cancels[0].operation_id, server_.operation_id);
  offered_.reset();
  FindExtension(context_);
  RunUntil([&] { return offered_.has_value() && server_.released == server_.created; });
  EXPECT_FALSE(*offered_);
}

}  // namespace
}  // namespace ipam::bridge
