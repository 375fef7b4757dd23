// How a session is lost and had back: design.md section 4, "Lost sessions".
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/bridge/server_answer.h"
#include "dcom_bridge/bridge/session.h"
#include "dcom_bridge/idl/operation_with_progress.h"
#include "dcom_bridge/idl/operation_with_progress2.h"

namespace ipam::bridge {
namespace {

// The server keeps events for so long behind the end of an operation (ResumeCallback, ipam_progress.idl).
constexpr absl::Duration kKeptByServer = absl::Hours(24 * 7);

}  // namespace

Session::Session(SessionContext& context, std::string operation, base::Guid server_operation_id,
                 std::uint64_t last_sequence)
    : context_(context),
      request_{.operation = std::move(operation)},
      state_(State::kLost),
      server_operation_id_(server_operation_id),
      last_sequence_(last_sequence),
      stored_sequence_(last_sequence),
      reason_("the gateway was restarted") {}

void Session::Resume() {
  AwaitResume(context_.resume_timeout);
  Retry();
}

void Session::Lose(const std::string& reason) {
  if (state_ == State::kEnded || resuming()) return;
  if (!resumable()) return EndUnknown(reason);
  spdlog::warn("{}: lost {}: {}", context_.server.ToString(), request_.operation, reason);
  Publish({.change = event::SessionLost{reason}}, Tell::kFailure, nullptr);
  timed_out_ = false;
  AwaitResume(context_.resume_timeout);
  if (done_) {
    // What was accepted goes on, or ends, where everybody sees it: the caller need not wait for that.
    settle_ = context_.loop->After(context_.call_timeout, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Finish(absl::OkStatus());
    });
  }
  RetryLater(reason);
}

void Session::AwaitResume(absl::Duration patience) {
  resume_timeout_ = context_.loop->After(patience, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnResumeTimeout();
  });
}

void Session::RetryLater(const std::string& reason) {
  LetGo();
  state_ = State::kLost;
  reason_ = reason;
  retry_due_ = false;
  retry_ = context_.loop->After(context_.retry_after(failures_++), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Retry();
  });
}

void Session::OnServerConnected() {
  if (state_ != State::kLost) return;
  failures_ = 0;
  Retry();
}

void Session::Retry() {
  if (state_ != State::kLost) return;
  retry_.Cancel();
  // Events that the journal has not answered yet may be stored or not.
  retry_due_ = unanswered_ > 0;
  // Not connected: OnServerConnected() comes.
  if (retry_due_ || !context_.connected() || !TakeTurn()) return;
  last_sequence_ = stored_sequence_;
  state_ = State::kReactivating;
  context_.dcom.CreateInstance(context_.server, idl::kClsidIpamOperationWithProgress,
                               {idl::kIidOperationWithProgress, idl::kIidOperationWithProgress2},
                               [self = shared_from_this(), attempt = ++attempt_](auto activated) {
                                 self->OnReactivated(attempt, std::move(activated));
                               });
}

bool Session::TakeTurn() {
  if (waits_for_turn_) return false;
  has_turn_ = context_.turns.Take([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->waits_for_turn_ = false;
    self->Retry();
  });
  waits_for_turn_ = !has_turn_;
  return has_turn_;
}

void Session::EndTurn() {
  if (std::exchange(has_turn_, false)) context_.turns.Done();
}

void Session::OnReactivated(int attempt, absl::StatusOr<std::vector<net::Activated>> activated) {
  if (attempt != attempt_) {  // ended meanwhile
    if (!activated.ok()) return;
    for (const net::Activated& one : *activated) {
      if (one.result.ok()) context_.dcom.Release(one.interface);
    }
    return;
  }
  if (!activated.ok()) return RetryLater(std::string(activated.status().message()));
  const base::HResult result = TakeInterfaces(*std::move(activated));
  if (!progress_) {
    return RetryLater(
        std::string(base::ToStatus(result, "activation of IpamOperationWithProgress").message()));
  }
  if (!progress2_) return EndUnknown(reason_ + "; the server does not offer to resume any more");
  absl::StatusOr<orpc::MInterfacePointer> callback = ExportCallback();
  if (!callback.ok()) return RetryLater(std::string(callback.status().message()));
  state_ = State::kResuming;
  const idl::ResumeCallback request{server_operation_id_, last_sequence_, *std::move(callback)};
  context_.dcom.Invoke(*progress2_, idl::ResumeCallback::kOpnum, ndr::Encode(request), context_.call_timeout,
                       [self = shared_from_this(), attempt](const auto& outcome) {
                         self->OnResumeAnswered(attempt, outcome);
                       });
}

void Session::OnResumeAnswered(int attempt, const net::InvokeOutcome& outcome) {
  // Not kResuming: a callback was here first and proved it, whatever became of the answer.
  if (attempt != attempt_ || state_ != State::kResuming) return;
  const auto answer = ReadAnswer<idl::ResultResponse>(outcome);
  if (!answer.transport.ok()) return RetryLater(std::string(answer.transport.message()));
  const base::HResult result = answer.response.result;
  if (result.ok()) return OnResumed();
  if (result == base::kNotFound) return EndUnknown("the server does not know the operation");
  if (result == base::kInvalidArgument) {
    return EndUnknown(absl::StrCat("the server lost the end of its record: it has no event ", last_sequence_,
                                   ", which it had sent"));
  }
  RetryLater(std::string(Explain(result, "ResumeCallback", answer.exception_xml).message()));
}

void Session::OnResumed() {
  state_ = last_sequence_ == 0 ? State::kStarting : State::kRunning;
  proved_ = true;
  timed_out_ = false;
  resume_timeout_.Cancel();
  EndTurn();
  spdlog::info("{}: resumed {} behind event {}", context_.server.ToString(), request_.operation,
               last_sequence_);
  Publish({.change = event::SessionResumed{}}, Tell::kFailure, [](Session& self, const absl::Status& status) {
    // The operation was removed, or ended otherwise: nobody waits for it.
    if (status.code() == absl::StatusCode::kFailedPrecondition) return self.End();
    self.Lose(absl::StrCat("its resumption could not be journaled: ", std::string(status.message())));
  });
  Finish(absl::OkStatus());
}

void Session::OnResumeTimeout() {
  if (!resuming()) return;
  if (timed_out_) return End();
  timed_out_ = true;
  const std::string reason =
      absl::StrCat("not resumed within ", absl::FormatDuration(context_.resume_timeout), ": ", reason_);
  Publish({.change = event::OutcomeUnknown{reason, /*may_return=*/true}}, Tell::kFailure, nullptr);
  Finish(absl::UnavailableError("the outcome is not known: " + reason));
  AwaitResume(std::max(kKeptByServer - context_.resume_timeout, absl::ZeroDuration()));
}

void Session::EndUnknown(const std::string& reason) {
  Publish({.change = event::OutcomeUnknown{reason}}, Tell::kFailure, nullptr);
  Fail(absl::UnavailableError("the outcome is not known: " + reason));
}

}  // namespace ipam::bridge
