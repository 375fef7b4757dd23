#include "dcom_bridge/server/operation_object.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/idl/operation_with_progress2.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/ndr/fault.h"

namespace ipam::server {
namespace {

constexpr orpc::InterfaceInfo kInterfaces[] = {
    {.iid = idl::kIidOperationWithProgress, .methods = 5},
    {.iid = idl::kIidOperationWithProgress2, .base = idl::kIidOperationWithProgress, .methods = 9},
};

// Calls that wait for the check of the parameters; a client that waits for its answers has one.
constexpr std::size_t kMaxWaiting = 16;
constexpr std::size_t kMaxInitiatorChars = 512;

orpc::OrpcReply Result(Answer answer) {
  return {ndr::Encode(idl::ResultResponse{answer.result}), std::move(answer.exception_xml)};
}
orpc::OrpcReply Result(base::HResult result) { return Result(Answer{result, {}}); }

Answer Invalid(const std::string& why) {
  return Refusal(base::kInvalidArgument, absl::InvalidArgumentError(why));
}

orpc::OrpcOutcome Fault(const absl::Status& status) {
  return rpc::CallFault{pdu::NcaStatus{ndr::FaultStatus(status)}};
}

// "DOMAIN\user", "user@domain" or "user".
std::optional<engine::Caller> ParseInitiator(const std::u16string& name) {
  bool well_formed = false;
  const std::string text = base::ToUtf8(name, &well_formed);
  if (!well_formed || name.size() > kMaxInitiatorChars) return std::nullopt;
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return std::nullopt;
  }
  engine::Caller caller{text, ""};
  if (const std::size_t slash = text.find('\\'); slash != std::string::npos) {
    caller = {text.substr(slash + 1), text.substr(0, slash)};
  } else if (const std::size_t at = text.rfind('@'); at != std::string::npos) {
    caller = {text.substr(0, at), text.substr(at + 1)};
  }
  if (caller.user.empty() || caller.user.find('\\') != std::string::npos) return std::nullopt;
  return caller;
}

}  // namespace

std::span<const orpc::InterfaceInfo> OperationObject::Interfaces() const {
  return std::span(kInterfaces).first(sessions_.options().progress2 ? 2 : 1);
}

void OperationObject::Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) {
  if (const auto waiting = waiting_.lock(); waiting && state_ == State::kChecking) {
    if (waiting->size() == kMaxWaiting) {
      return respond(rpc::CallFault{.status = pdu::kServerTooBusy, .did_not_execute = true});
    }
    waiting->push_back({std::move(call), std::move(respond)});
    return;
  }
  switch (call.opnum) {
    case idl::InitializeOperationParameters::kOpnum:
      return Initialize(call, std::move(respond));
    case idl::StartOperationWithCallback::kOpnum:
      return Start(call, std::move(respond));
    case idl::GetOperationId::kOpnum:
      return respond(GetOperationId());
    case idl::ResumeCallback::kOpnum:
      return Resume(call, std::move(respond));
    case idl::CancelOperation::kOpnum:
      return Cancel(call, std::move(respond));
    case idl::SetInitiator::kOpnum:
      return respond(SetInitiator(call));
    default:
      return respond(rpc::CallFault{pdu::kOperationRange});
  }
}

void OperationObject::OnReleased(orpc::ReleaseReason) {
  if (initialized_) sessions_.Forget(*initialized_);
}

void OperationObject::Initialize(const orpc::OrpcCall& call, orpc::OrpcResponder respond) {
  auto request = ndr::Decode<idl::InitializeOperationParameters>(call.body, call.endian);
  if (!request.ok()) return respond(Fault(request.status()));
  if (state_ != State::kSessionInitialized) return respond(Result(base::kIllegalMethodCall));
  if (!request->parameters) {
    state_ = State::kClosed;
    return respond(Result(Invalid("parameters is NULL")));
  }
  state_ = State::kChecking;
  auto waiting = std::make_shared<std::deque<Waiting>>();
  waiting_ = waiting;
  sessions_.Check(*std::move(request->parameters),
                  [self = shared_from_this(), waiting = std::move(waiting), caller = *call.caller,
                   respond = std::move(respond)](absl::StatusOr<engine::Prepared> prepared) mutable {
                    respond(Result(self->OnChecked(caller, std::move(prepared))));
                    for (Waiting& next : *waiting)
                      self->Invoke(std::move(next.call), std::move(next.respond));
                  });
}

Answer OperationObject::OnChecked(const auth::Principal& caller, absl::StatusOr<engine::Prepared> prepared) {
  // 3.19.1.1: a failed validation closes the session.
  state_ = State::kClosed;
  if (absl::IsResourceExhausted(prepared.status())) return Refusal(base::kOutOfMemory, prepared.status());
  if (!prepared.ok()) return Refusal(base::kInvalidArgument, prepared.status());
  prepared_ = *std::move(prepared);
  initialized_ = sessions_.Initialize(caller);
  state_ = State::kInitialized;
  return {base::kOk, {}};
}

void OperationObject::Unmarshal(const orpc::MInterfacePointer& pointer, const orpc::OrpcCall& call,
                                absl::AnyInvocable<void(Unmarshaled)> run) {
  const absl::StatusOr<orpc::ObjRef> ref = pointer.Parse();
  if (!ref.ok()) return run({nullptr, Refusal(base::kInvalidArgument, ref.status())});
  if (!ref->std_ref()) return run({nullptr, Invalid("the callback is not a standard object reference")});
  sessions_.OpenCallback(
      *call.caller, *ref, call.causality,
      [&counters = sessions_.counters(), run = std::move(run),
       name = call.caller->Name()](absl::StatusOr<std::unique_ptr<Callback>> callback) mutable {
        if (callback.ok()) return run({*std::move(callback), {}});
        ++counters.unreachable;
        const std::string why = absl::StrCat(
            "the callback of ", name, " cannot be reached: ", std::string(callback.status().message()));
        spdlog::warn("{}", why);
        run({nullptr, Refusal(UnmarshalFailure(callback.status()), absl::UnavailableError(why))});
      });
}

void OperationObject::Start(const orpc::OrpcCall& call, orpc::OrpcResponder respond) {
  const auto request = ndr::Decode<idl::StartOperationWithCallback>(call.body, call.endian);
  if (!request.ok()) return respond(Fault(request.status()));
  if (!request->progress_callback) {
    return respond(Result(state_ == State::kInitialized ? base::kInvalidArgument : base::kIllegalMethodCall));
  }
  Unmarshal(*request->progress_callback, call,
            [self = shared_from_this(), caller = *call.caller, causality = call.causality,
             respond = std::move(respond)](Unmarshaled callback) mutable {
              self->StartWith(std::move(callback), caller, causality, std::move(respond));
            });
}

void OperationObject::StartWith(Unmarshaled callback, const auth::Principal& caller,
                                orpc::CausalityId causality, orpc::OrpcResponder respond) {
  if (state_ != State::kInitialized) {
    return respond(Result(Answer{base::kIllegalMethodCall, std::move(callback.failure.exception_xml)}));
  }
  if (callback.callback == nullptr) return respond(Result(std::move(callback.failure)));
  state_ = State::kStarting;
  sessions_.Start(*initialized_, std::move(prepared_),
                  {.account = {caller.user, caller.domain}, .initiator = std::move(initiator_)},
                  std::move(callback.callback), causality,
                  [self = shared_from_this(), respond = std::move(respond)](Answer answer) mutable {
                    self->state_ = answer.result.ok() ? State::kStarted : State::kFailed;
                    respond(Result(std::move(answer)));
                  });
}

orpc::OrpcOutcome OperationObject::GetOperationId() const {
  idl::GetOperationIdResponse response{.result = base::kIllegalMethodCall};
  if (initialized_) response = {.operation_id = initialized_->operation, .result = base::kOk};
  return orpc::OrpcReply{ndr::Encode(response), {}};
}

void OperationObject::Resume(const orpc::OrpcCall& call, orpc::OrpcResponder respond) {
  const auto request = ndr::Decode<idl::ResumeCallback>(call.body, call.endian);
  if (!request.ok()) return respond(Fault(request.status()));
  if (!request->progress_callback) {
    return respond(Result(state_ == State::kClosed ? base::kIllegalMethodCall : base::kInvalidArgument));
  }
  Unmarshal(
      *request->progress_callback, call,
      [self = shared_from_this(), caller = *call.caller, operation = request->operation_id,
       last_sequence = request->last_sequence, respond = std::move(respond)](Unmarshaled callback) mutable {
        if (self->state_ == State::kClosed) return respond(Result(base::kIllegalMethodCall));
        self->sessions_.Resume(
            operation, last_sequence, caller, std::move(callback),
            [respond = std::move(respond)](Answer answer) mutable { respond(Result(std::move(answer))); });
      });
}

void OperationObject::Cancel(const orpc::OrpcCall& call, orpc::OrpcResponder respond) {
  const auto request = ndr::Decode<idl::CancelOperation>(call.body, call.endian);
  if (!request.ok()) return respond(Fault(request.status()));
  if (state_ == State::kClosed) return respond(Result(base::kIllegalMethodCall));
  sessions_.Cancel(
      request->operation_id, *call.caller,
      [respond = std::move(respond)](Answer answer) mutable { respond(Result(std::move(answer))); });
}

orpc::OrpcOutcome OperationObject::SetInitiator(const orpc::OrpcCall& call) {
  const auto request = ndr::Decode<idl::SetInitiator>(call.body, call.endian);
  if (!request.ok()) return Fault(request.status());
  if (state_ != State::kInitialized) return Result(base::kIllegalMethodCall);
  if (!sessions_.MayNameInitiator(*call.caller)) {
    return Result(
        Refusal(base::kAccessDenied,
                absl::PermissionDeniedError(call.caller->Name() + " is not trusted to name an initiator")));
  }
  std::optional<engine::Caller> initiator =
      request->initiator ? ParseInitiator(*request->initiator) : std::nullopt;
  if (!initiator) return Result(Invalid("initiator is not the name of an account"));
  initiator_ = std::move(initiator);
  return Result(base::kOk);
}

}  // namespace ipam::server
