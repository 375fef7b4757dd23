#include "dcom_bridge/bridge/session.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/bridge/callback_object.h"
#include "dcom_bridge/bridge/server_answer.h"
#include "dcom_bridge/idl/operation_with_progress.h"
#include "dcom_bridge/idl/operation_with_progress2.h"
#include "dcom_bridge/idl/operation_with_progress_callback.h"

namespace ipam::bridge {
namespace {

// How long an ended operation's callback object waits for its release by the server.
constexpr absl::Duration kLinger = absl::Seconds(30);
// How long an end waits for the answer to a cancel at most: a server may answer neither before the other.
constexpr absl::Duration kLongestHold = absl::Seconds(5);

bool IsCompleted(const event::ProgressEvent& event) {
  const auto* overall = std::get_if<event::OverallStatusSet>(&event.change);
  return overall && overall->status >= event::OverallStatus::kCompletedWithSuccess;
}

base::HResult ToHResult(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return base::kOk;
    case absl::StatusCode::kInvalidArgument:
      return base::kInvalidArgument;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
      return base::kIllegalMethodCall;
    case absl::StatusCode::kResourceExhausted:
      return base::kOutOfMemory;
    default:
      return base::kFail;
  }
}

}  // namespace

Session::Session(SessionContext& context, event::StartRequest request, event::Done done)
    : context_(context), request_(std::move(request)), done_(std::move(done)) {}

void Session::Begin() {
  context_.dcom.CreateInstance(
      context_.server, idl::kClsidIpamOperationWithProgress,
      {idl::kIidOperationWithProgress, idl::kIidOperationWithProgress2},
      [self = shared_from_this()](auto activated) { self->OnActivated(std::move(activated)); });
}

void Session::OnActivated(absl::StatusOr<std::vector<net::Activated>> activated) {
  if (!activated.ok()) return Fail(activated.status());
  const base::HResult result = TakeInterfaces(*std::move(activated));
  if (state_ == State::kEnded) return ReleaseInterfaces();  // abandoned meanwhile
  if (!progress_) return Fail(base::ToStatus(result, "activation of IpamOperationWithProgress"));
  state_ = State::kInitializing;
  context_.dcom.Invoke(*progress_, idl::InitializeOperationParameters::kOpnum, TakeParameters(),
                       context_.call_timeout,
                       [self = shared_from_this()](const auto& outcome) { self->OnInitialized(outcome); });
}

// Each form of them may be large, and none is needed again.
base::Bytes Session::TakeParameters() {
  idl::InitializeOperationParameters request;
  request.parameters = base::ToUtf16(request_.parameters_xml);
  request_.parameters_xml = std::string();
  return ndr::Encode(request);
}

base::HResult Session::TakeInterfaces(std::vector<net::Activated> activated) {
  net::Activated& base = activated.at(0);
  net::Activated& extended = activated.at(1);
  if (base.result.ok()) progress_ = std::move(base.interface);
  if (extended.result.ok()) progress2_ = std::move(extended.interface);
  if (progress_) context_.on_extension(progress2_.has_value());
  return base.result;
}

void Session::OnInitialized(const net::InvokeOutcome& outcome) {
  if (state_ != State::kInitializing) return;
  const auto answer = ReadAnswer<idl::ResultResponse>(outcome);
  if (!answer.transport.ok()) return Fail(answer.transport);
  if (!answer.response.result.ok()) {
    return Fail(Explain(answer.response.result, "InitializeOperationParameters", answer.exception_xml));
  }
  if (request_.validate_only) return Fail(absl::OkStatus());
  state_ = State::kIdentifying;
  if (!progress2_) return NameInitiator();
  context_.dcom.Invoke(*progress2_, idl::GetOperationId::kOpnum, ndr::Encode(idl::GetOperationId{}),
                       context_.call_timeout,
                       [self = shared_from_this()](const auto& id) { self->OnIdentified(id); });
}

void Session::OnIdentified(const net::InvokeOutcome& outcome) {
  if (state_ != State::kIdentifying) return;
  const auto answer = ReadAnswer<idl::GetOperationIdResponse>(outcome);
  if (!answer.transport.ok()) return Fail(answer.transport);
  if (!answer.response.result.ok()) {
    return Fail(Explain(answer.response.result, "GetOperationId", answer.exception_xml));
  }
  server_operation_id_ = answer.response.operation_id;
  NameInitiator();
}

void Session::NameInitiator() {
  state_ = State::kNaming;
  if (!progress2_ || request_.initiator.empty()) return Accept();
  const idl::SetInitiator request{base::ToUtf16(request_.initiator)};
  context_.dcom.Invoke(*progress2_, idl::SetInitiator::kOpnum, ndr::Encode(request), context_.call_timeout,
                       [self = shared_from_this()](const auto& named) { self->OnNamed(named); });
}

void Session::OnNamed(const net::InvokeOutcome& outcome) {
  if (state_ != State::kNaming) return;
  const auto answer = ReadAnswer<idl::ResultResponse>(outcome);
  if (!answer.transport.ok()) return Fail(answer.transport);
  const base::HResult result = answer.response.result;
  if (result == base::kAccessDenied) {
    return Fail(absl::PermissionDeniedError(
        absl::StrCat("the management server does not let ", context_.callback_account.Name(), " act for ",
                     request_.initiator, ": name the account in its option --auth-trusted-initiator")));
  }
  if (!result.ok()) return Fail(Explain(result, "SetInitiator", answer.exception_xml));
  Accept();
}

void Session::Accept() {
  state_ = State::kAccepting;
  Publish({.change = event::Accepted{server_operation_id_.is_nil() ? "" : server_operation_id_.ToString()}},
          Tell::kAlways, [](Session& self, absl::Status status) { self.OnAccepted(std::move(status)); });
}

void Session::OnAccepted(absl::Status status) {
  if (state_ != State::kAccepting) return;
  if (!status.ok()) return Fail(std::move(status));
  absl::StatusOr<orpc::MInterfacePointer> callback = ExportCallback();
  if (!callback.ok()) return Refuse(callback.status(), "");
  state_ = State::kStarting;
  const idl::StartOperationWithCallback request{*std::move(callback)};
  context_.dcom.Invoke(*progress_, idl::StartOperationWithCallback::kOpnum, ndr::Encode(request),
                       context_.call_timeout,
                       [self = shared_from_this()](const auto& outcome) { self->OnStartAnswered(outcome); });
}

absl::StatusOr<orpc::MInterfacePointer> Session::ExportCallback() {
  auto object = std::make_shared<CallbackObject>(weak_from_this(), context_.texts);
  absl::StatusOr<orpc::ObjRef> ref = context_.exporter.Export(object, idl::kIidOperationWithProgressCallback,
                                                              {.only_caller = context_.callback_account});
  if (!ref.ok()) return ref.status();
  callback_ = ref->std_ref()->oid;
  return orpc::MInterfacePointer::Of(*ref);
}

void Session::OnStartAnswered(const net::InvokeOutcome& outcome) {
  if (state_ == State::kEnded) return;
  const auto answer = ReadAnswer<idl::ResultResponse>(outcome);
  if (answer.transport.ok() && answer.response.result.ok()) {
    proved_ = true;
    Finish(absl::OkStatus());
    if (!released_early_.empty()) Lose(std::exchange(released_early_, ""));
    return;
  }
  if (proved_) {
    // The operation runs, whatever became of the answer. A server that started it and says that it did not is
    // believed by its callbacks.
    spdlog::warn("{}: {} after callbacks: {}", context_.server.ToString(),
                 "StartOperationWithCallback failed", std::string(answer.transport.message()));
    return Finish(absl::OkStatus());
  }
  if (!answer.transport.ok() && answer.executed_unknown) {
    // Elsewhere a callback that is being stored, or resuming, settles it.
    start_unanswered_ = true;
    if (state_ == State::kStarting) {
      Lose(
          absl::StrCat("no answer to StartOperationWithCallback: ", std::string(answer.transport.message())));
    }
    return;
  }
  if (!answer.transport.ok()) return Refuse(answer.transport, "");
  Refuse(Explain(answer.response.result, "StartOperationWithCallback", answer.exception_xml),
         answer.exception_xml);
}

absl::Status Session::Explain(base::HResult result, const std::string& method,
                              const std::string& exception_xml) const {
  const absl::Status status = base::ToStatus(result, method);
  const std::string text = exception_xml.empty() ? "" : context_.texts.error(exception_xml);
  return text.empty() ? status : absl::Status(status.code(), text);
}

void Session::OnCallbacks(std::vector<event::ProgressEvent> events, std::uint64_t association,
                          Respond respond) {
  if (cancels_ == 0 || !IsCompleted(events.back())) {
    return TakeCallbacks(std::move(events), association, std::move(respond));
  }
  if (held_end_) return respond(base::kIllegalMethodCall);
  held_end_ = HeldEnd{std::move(events), association, std::move(respond)};
  hold_ = context_.loop->After(kLongestHold, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->TakeHeldEnd();
  });
}

void Session::OnCancelAsked() { ++cancels_; }

void Session::OnCancelAnswered() {
  if (--cancels_ == 0) TakeHeldEnd();
}

void Session::TakeHeldEnd() {
  hold_.Cancel();
  if (!held_end_) return;
  HeldEnd held = *std::move(held_end_);
  held_end_.reset();
  TakeCallbacks(std::move(held.events), held.association, std::move(held.respond));
}

void Session::TakeCallbacks(std::vector<event::ProgressEvent> events, std::uint64_t association,
                            Respond respond) {
  if (!Allowed(events)) return respond(base::kIllegalMethodCall);
  const bool numbered = events.front().source_sequence != 0;
  if (numbered) {
    // ReportProgress: what is held is passed over, a hole refuses the whole call.
    std::erase_if(events, [&](const auto& event) { return event.source_sequence <= last_sequence_; });
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i].source_sequence != last_sequence_ + 1 + i) return respond(base::kInvalidArgument);
    }
  } else {
    unnumbered_ = true;
  }
  association_ = association;
  if (state_ == State::kResuming) OnResumed();
  if (events.empty()) return respond(base::kOk);
  if (numbered) last_sequence_ = events.back().source_sequence;
  state_ = IsCompleted(events.back()) ? State::kCompleted : State::kRunning;
  PublishAll(std::move(events), std::move(respond));
}

// One answer to the caller, and one of the two On...Stored() for all: the answer of the last event stands for
// those before it, unless one of them failed.
void Session::PublishAll(std::vector<event::ProgressEvent> events, Respond respond) {
  ++unanswered_;
  const auto shared = std::make_shared<Respond>(std::move(respond));
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool last = i + 1 == events.size();
    const bool completed = last && IsCompleted(events[i]);
    const std::uint64_t sequence = events[i].source_sequence;
    Publish(std::move(events[i]), last ? Tell::kAlways : Tell::kFailure,
            [shared, last, completed, sequence](Session& self, const absl::Status& status) {
              if (last) --self.unanswered_;
              if (*shared) {  // else an earlier event of the call failed
                std::exchange(*shared, nullptr)(ToHResult(status));
                if (status.ok()) {
                  self.OnStored(sequence, completed);
                } else {
                  self.OnNotStored(sequence, completed, status);
                }
              }
              if (last && self.retry_due_) self.Retry();
            });
  }
}

void Session::OnStored(std::uint64_t sequence, bool completed) {
  stored_sequence_ = std::max(stored_sequence_, sequence);
  failures_ = 0;
  proved_ = true;
  if (start_unanswered_) Finish(absl::OkStatus());
  if (completed) OnCompleted();
}

void Session::OnNotStored(std::uint64_t sequence, bool completed, const absl::Status& status) {
  if (sequence != 0) stored_sequence_ = std::max(stored_sequence_, sequence - 1);
  if (status.code() == absl::StatusCode::kInvalidArgument ||
      status.code() == absl::StatusCode::kFailedPrecondition) {
    // The server's mistake: it has its answer, and the operation goes on without the event.
    if (sequence != 0) last_sequence_ = sequence - 1;
    if (completed && state_ == State::kCompleted) state_ = State::kRunning;
    return;
  }
  Lose(absl::StrCat("a callback could not be journaled: ", std::string(status.message())));
}

void Session::OnCompleted() {
  Finish(absl::OkStatus());
  if (state_ != State::kCompleted || !callback_) return End();  // the server has let go of it meanwhile
  linger_ = context_.loop->After(kLinger, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->End();
  });
}

// 3.21.1.1: StartProgressCallback first and once, nothing behind the last SetOverallStatus.
bool Session::Allowed(const std::vector<event::ProgressEvent>& events) const {
  if (!in_session() && state_ != State::kResuming) return false;
  bool started = state_ == State::kRunning || (state_ == State::kResuming && last_sequence_ > 0);
  bool completed = false;
  for (const event::ProgressEvent& event : events) {
    if (event.source_sequence != 0 && event.source_sequence <= last_sequence_) continue;
    const bool start = std::holds_alternative<event::Started>(event.change);
    if (completed || start == started) return false;
    started = true;
    completed = IsCompleted(event);
  }
  return true;
}

void Session::OnCallbackReleased(const std::string& reason) {
  callback_.reset();
  if (state_ == State::kStarting && !proved_ && !start_unanswered_) {
    released_early_ = reason;
    return;
  }
  if (in_session()) return Lose(reason);
  if (state_ == State::kResuming) return RetryLater(reason);
  EndIfStored();
}

void Session::OnCallbackConnectionClosed(std::uint64_t association) {
  if (association == association_ && in_session()) Lose("the server closed the connection of its callbacks");
}

void Session::OnServerLost(const std::string& reason) {
  // Before the start, and while resuming, the call under way fails by itself.
  if (!in_session() && state_ != State::kCompleted) return;
  for (auto* interface : {&progress_, &progress2_}) {
    if (*interface) context_.dcom.Forget(*std::exchange(*interface, std::nullopt));
  }
  if (in_session()) return Lose(reason);
  EndIfStored();
}

// Until the end is stored it may have to be asked for again.
void Session::EndIfStored() {
  if (state_ == State::kCompleted && unanswered_ == 0) End();
}

void Session::Abandon() {
  if (state_ == State::kEnded) return;
  Finish(absl::UnavailableError("the gateway is stopping"));
  End();
}

void Session::Publish(event::ProgressEvent event, Tell tell,
                      std::function<void(Session&, absl::Status)> stored) {
  // The sink answers from a thread of its own.
  context_.sink.Publish(request_.operation, std::move(event),
                        [loop = context_.loop, self = shared_from_this(), tell,
                         stored = std::move(stored)](absl::Status status) {
                          if (tell == Tell::kFailure && status.ok()) return;
                          loop->Post([self, stored, status = std::move(status)] {
                            if (stored) stored(*self, status);
                          });
                        });
}

void Session::Fail(absl::Status status) {
  Finish(std::move(status));
  End();
}

void Session::Refuse(absl::Status status, std::string exception_xml) {
  Publish(
      {.change = event::StartRefused{status.code(), std::string(status.message()), std::move(exception_xml)}},
      Tell::kFailure, nullptr);
  Fail(std::move(status));
}

void Session::Finish(absl::Status status) {
  settle_.Cancel();
  if (event::Done done = std::exchange(done_, nullptr)) done(std::move(status));
}

void Session::End() {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  for (net::Timer* timer : {&hold_, &retry_, &resume_timeout_, &settle_, &linger_}) timer->Cancel();
  const auto self = shared_from_this();
  LetGo();
  context_.on_end(*this);
}

void Session::LetGo() {
  ++attempt_;
  hold_.Cancel();
  linger_.Cancel();
  held_end_.reset();
  association_ = 0;
  if (callback_) context_.exporter.Revoke(*std::exchange(callback_, std::nullopt));
  ReleaseInterfaces();
  EndTurn();
}

void Session::ReleaseInterfaces() {
  for (auto* interface : {&progress_, &progress2_}) {
    if (*interface) context_.dcom.Release(*std::exchange(*interface, std::nullopt));
  }
}

}  // namespace ipam::bridge
