#include "dcom_bridge/bridge/session.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/bridge/callback_object.h"
#include "dcom_bridge/idl/operation_with_progress.h"
#include "dcom_bridge/idl/operation_with_progress2.h"
#include "dcom_bridge/idl/operation_with_progress_callback.h"
#include "dcom_bridge/ndr/codec.h"

namespace ipam::bridge {
namespace {

// How long an ended operation's callback object waits for its release by the server.
constexpr absl::Duration kLinger = absl::Seconds(30);

bool IsCompleted(const event::ProgressEvent& event) {
  const auto* overall = std::get_if<event::OverallStatusSet>(&event.change);
  return overall && overall->status >= event::OverallStatus::kCompletedWithSuccess;
}

// An answer of the server taken apart: what it returned, or why there is no return value.
template <typename Response>
struct Answer {
  absl::Status transport;  // not OK: no HRESULT
  bool executed_unknown = false;
  Response response;
  std::string exception_xml;
};

template <typename Response>
Answer<Response> Read(const net::InvokeOutcome& outcome) {
  Answer<Response> answer;
  if (const auto* failure = std::get_if<net::InvokeFailure>(&outcome)) {
    answer.transport = failure->status;
    answer.executed_unknown = failure->executed_unknown;
    return answer;
  }
  const auto& reply = std::get<net::InvokeReply>(outcome);
  absl::StatusOr<Response> response = ndr::Decode<Response>(reply.body, reply.endian);
  if (response.ok()) {
    answer.response = *std::move(response);
    answer.exception_xml = reply.error_description;
  } else {
    answer.transport = response.status();
    answer.executed_unknown = true;
  }
  return answer;
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
  net::Activated& base = activated->at(0);
  net::Activated& extended = activated->at(1);
  if (base.result.ok()) progress_ = std::move(base.interface);
  if (extended.result.ok()) progress2_ = std::move(extended.interface);
  if (state_ == State::kEnded) return ReleaseInterfaces();  // abandoned meanwhile
  if (!progress_) return Fail(base::ToStatus(base.result, "activation of IpamOperationWithProgress"));
  state_ = State::kInitializing;
  const idl::InitializeOperationParameters request{base::ToUtf16(request_.parameters_xml)};
  context_.dcom.Invoke(
      *progress_, idl::InitializeOperationParameters::kOpnum, ndr::Encode(request), context_.call_timeout,
      [self = shared_from_this()](auto outcome) { self->OnInitialized(std::move(outcome)); });
}

void Session::OnInitialized(net::InvokeOutcome outcome) {
  if (state_ != State::kInitializing) return;
  const auto answer = Read<idl::ResultResponse>(outcome);
  if (!answer.transport.ok()) return Fail(answer.transport);
  if (!answer.response.result.ok()) {
    return Fail(Explain(answer.response.result, "InitializeOperationParameters", answer.exception_xml));
  }
  if (request_.validate_only) return Fail(absl::OkStatus());
  if (!progress2_) return Accept("");
  state_ = State::kIdentifying;
  context_.dcom.Invoke(*progress2_, idl::GetOperationId::kOpnum, ndr::Encode(idl::GetOperationId{}),
                       context_.call_timeout,
                       [self = shared_from_this()](auto id) { self->OnIdentified(std::move(id)); });
}

void Session::OnIdentified(net::InvokeOutcome outcome) {
  if (state_ != State::kIdentifying) return;
  const auto answer = Read<idl::GetOperationIdResponse>(outcome);
  if (!answer.transport.ok()) return Fail(answer.transport);
  if (!answer.response.result.ok()) {
    return Fail(Explain(answer.response.result, "GetOperationId", answer.exception_xml));
  }
  Accept(answer.response.operation_id.ToString());
}

void Session::Accept(std::string server_operation_id) {
  state_ = State::kAccepting;
  Publish({.change = event::Accepted{std::move(server_operation_id)}}, Tell::kAlways,
          [](Session& self, absl::Status status) { self.OnAccepted(std::move(status)); });
}

void Session::OnAccepted(absl::Status status) {
  if (state_ != State::kAccepting) return;
  if (!status.ok()) return Fail(std::move(status));
  auto object = std::make_shared<CallbackObject>(weak_from_this(), context_.texts);
  absl::StatusOr<orpc::ObjRef> ref = context_.exporter.Export(object, idl::kIidOperationWithProgressCallback,
                                                              {.only_caller = context_.callback_account});
  if (!ref.ok()) return Refuse(ref.status(), "");
  callback_ = ref->std_ref()->oid;
  state_ = State::kStarting;
  const idl::StartOperationWithCallback request{orpc::MInterfacePointer::Of(*ref)};
  context_.dcom.Invoke(
      *progress_, idl::StartOperationWithCallback::kOpnum, ndr::Encode(request), context_.call_timeout,
      [self = shared_from_this()](auto outcome) { self->OnStartAnswered(std::move(outcome)); });
}

void Session::OnStartAnswered(net::InvokeOutcome outcome) {
  if (state_ == State::kEnded) return;
  const auto answer = Read<idl::ResultResponse>(outcome);
  if (answer.transport.ok() && answer.response.result.ok()) return Finish(absl::OkStatus());
  if (state_ != State::kStarting) {
    // A callback was taken: the operation runs, whatever became of the answer. A server that started it and
    // says that it did not is believed by its callbacks.
    spdlog::warn("{}: {} after callbacks: {}", context_.server.ToString(),
                 "StartOperationWithCallback failed", std::string(answer.transport.message()));
    return Finish(absl::OkStatus());
  }
  if (!answer.transport.ok() && answer.executed_unknown) {
    return Lose(
        absl::StrCat("no answer to StartOperationWithCallback: ", std::string(answer.transport.message())));
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
  if (!Allowed(events)) return respond(base::kIllegalMethodCall);
  association_ = association;
  if (events.front().source_sequence != 0) {
    // ReportProgress: what is held is passed over, a hole refuses the whole call.
    std::erase_if(events, [&](const auto& event) { return event.source_sequence <= last_sequence_; });
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i].source_sequence != last_sequence_ + 1 + i) return respond(base::kInvalidArgument);
    }
    if (events.empty()) return respond(base::kOk);
    last_sequence_ = events.back().source_sequence;
  }
  if (state_ == State::kStarting) state_ = State::kRunning;
  const bool completed = IsCompleted(events.back());
  if (completed) state_ = State::kCompleted;
  const auto shared = std::make_shared<Respond>(std::move(respond));
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool last = i + 1 == events.size();
    // The answer of the last event stands for those before it, unless one of them failed.
    const Tell tell = last ? Tell::kAlways : Tell::kFailure;
    const std::uint64_t sequence = events[i].source_sequence;
    Publish(std::move(events[i]), tell, [shared, completed, sequence](Session& self, const auto& status) {
      if (!*shared) return;  // an earlier event of the call failed
      std::exchange(*shared, nullptr)(ToHResult(status));
      if (status.code() == absl::StatusCode::kInvalidArgument ||
          status.code() == absl::StatusCode::kFailedPrecondition) {
        // The server's mistake: it has its answer, and the operation goes on without the event.
        if (sequence != 0) self.last_sequence_ = sequence - 1;
        if (completed && self.state_ == State::kCompleted) self.state_ = State::kRunning;
        return;
      }
      if (!status.ok()) {
        self.Lose(absl::StrCat("a callback could not be journaled: ", std::string(status.message())));
      } else if (completed) {
        self.OnCompleted();
      }
    });
  }
}

void Session::OnCompleted() {
  Finish(absl::OkStatus());
  linger_ = context_.loop->After(kLinger, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->End();
  });
}

// 3.21.1.1: StartProgressCallback first and once, nothing behind the last SetOverallStatus.
bool Session::Allowed(const std::vector<event::ProgressEvent>& events) const {
  bool started = state_ == State::kRunning;
  bool completed = false;
  if (state_ != State::kStarting && state_ != State::kRunning) return false;
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
  if (running()) return Lose(reason);
  if (state_ == State::kCompleted) End();
}

void Session::OnCallbackConnectionClosed(std::uint64_t association) {
  if (association == association_ && running()) Lose("the server closed the connection of its callbacks");
}

void Session::OnServerLost(const std::string& reason) {
  if (running()) return Lose(reason);
  if (state_ == State::kCompleted) End();
  // Before the start, the call under way fails by itself.
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

void Session::Lose(const std::string& reason) {
  // Without IIpamOperationWithProgress2::ResumeCallback nothing can be had back: the outcome stays unknown.
  Publish({.change = event::OutcomeUnknown{reason}}, Tell::kFailure, nullptr);
  Fail(absl::UnavailableError(absl::StrCat("the outcome is not known: ", reason)));
}

void Session::Finish(absl::Status status) {
  if (event::Done done = std::exchange(done_, nullptr)) done(std::move(status));
}

void Session::End() {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  linger_.Cancel();
  const auto self = shared_from_this();
  if (callback_) context_.exporter.Revoke(*std::exchange(callback_, std::nullopt));
  ReleaseInterfaces();
  context_.on_end(*this);
}

void Session::ReleaseInterfaces() {
  for (auto* interface : {&progress_, &progress2_}) {
    if (*interface) context_.dcom.Release(*std::exchange(*interface, std::nullopt));
  }
}

}  // namespace ipam::bridge
