#include "dcom_bridge/server/sessions.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/model/exception.h"

namespace ipam::server {
namespace {

engine::Caller ToCaller(const auth::Principal& principal) { return {principal.user, principal.domain}; }

// Of the engine.
Answer ToAnswer(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return {base::kOk, {}};
    case absl::StatusCode::kPermissionDenied:
      return Refusal(base::kAccessDenied, status);
    case absl::StatusCode::kNotFound:
      return Refusal(base::kNotFound, status);
    case absl::StatusCode::kOutOfRange:
      return Refusal(base::kInvalidArgument, status);
    case absl::StatusCode::kResourceExhausted:
      return Refusal(base::kOutOfMemory, status);
    default:
      return Refusal(base::kFail, status);
  }
}

v1::IpamExceptionId ExceptionOf(base::HResult result) {
  if (result == base::kAccessDenied) return v1::IPAM_EXCEPTION_ID_IPAM_API_ACCESS_DENIED;
  if (result == base::kInvalidArgument) return v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER;
  return v1::IPAM_EXCEPTION_ID_NONE;
}

}  // namespace

Answer Refusal(base::HResult result, const absl::Status& why) {
  return {result, model::IpamExceptionXml(ExceptionOf(result), std::string(why.message()))};
}

std::shared_ptr<const Initialized> Sessions::Initialize(const auth::Principal& owner) {
  auto initialized = std::make_shared<Initialized>(Initialized{base::Guid::Random(), owner});
  initialized_.emplace(initialized->operation, initialized);
  return initialized;
}

bool Sessions::MayNameInitiator(const auth::Principal& caller) const {
  return engine::IsListed(ToCaller(caller), options_.trusted_initiators);
}

void Sessions::Start(const Initialized& initialized, engine::Prepared prepared, engine::Starter starter,
                     std::unique_ptr<Callback> callback, orpc::CausalityId causality, Answered answered) {
  if (initialized.revoked) {
    return answered(Refusal(base::kIllegalMethodCall,
                            absl::FailedPreconditionError("it was resumed or cancelled before it started")));
  }
  const base::Guid operation = initialized.operation;
  initialized_.erase(operation);
  spdlog::info("operation {}: {} for {}{}", operation.ToString(), prepared.kind, starter.account.Name(),
               starter.initiator ? " on behalf of " + starter.initiator->Name() : "");
  engine_->Start(operation, std::move(prepared), std::move(starter),
                 [this, operation, callback = std::move(callback), causality,
                  answered = std::move(answered)](absl::Status status) mutable {
                   loop_->Post([this, operation, status = std::move(status), callback = std::move(callback),
                                causality, answered = std::move(answered)]() mutable {
                     OnCommitted(operation, status, std::move(callback), causality, std::move(answered));
                   });
                 });
}

std::shared_ptr<CallbackSender> Sessions::NewSender(const base::Guid& operation,
                                                    std::unique_ptr<Callback> callback) {
  auto sender = std::make_shared<CallbackSender>(
      loop_, *engine_, operation, std::move(callback),
      options_.progress2 ? options_.pauses : CallbackSender::Pauses(), counters_,
      [this](CallbackSender& stopped) { senders_.erase(stopped.operation()); });
  senders_[operation] = sender;
  return sender;
}

void Sessions::OnCommitted(const base::Guid& operation, const absl::Status& status,
                           std::unique_ptr<Callback> callback, orpc::CausalityId causality,
                           Answered answered) {
  if (!status.ok()) {
    spdlog::warn("operation {} is refused: {}", operation.ToString(), std::string(status.message()));
    return answered(ToAnswer(status));
  }
  NewSender(operation, std::move(callback))
      ->SendFirst(causality, [this, operation, answered = std::move(answered)](base::HResult result) mutable {
        if (result.ok()) {
          engine_->Proceed(operation);
        } else {
          engine_->Abandon(operation, "StartProgressCallback failed: " + base::ToString(result));
        }
        answered({result, {}});
      });
}

void Sessions::RefuseInitialized(const base::Guid& operation, const auth::Principal& caller,
                                 Answered answered, absl::AnyInvocable<void(Answered)> go_on) {
  const auto found = initialized_.find(operation);
  if (found == initialized_.end()) return go_on(std::move(answered));
  engine_->CheckOwner(found->second->owner.Name(), ToCaller(caller),
                      [this, operation, answered = std::move(answered),
                       go_on = std::move(go_on)](absl::Status allowed) mutable {
                        loop_->Post([this, operation, allowed = std::move(allowed),
                                     answered = std::move(answered), go_on = std::move(go_on)]() mutable {
                          if (!allowed.ok()) return answered(ToAnswer(allowed));
                          Revoke(operation, std::move(answered), std::move(go_on));
                        });
                      });
}

void Sessions::Revoke(const base::Guid& operation, Answered answered,
                      absl::AnyInvocable<void(Answered)> go_on) {
  const auto found = initialized_.find(operation);
  if (found == initialized_.end()) return go_on(std::move(answered));  // it was started meanwhile
  found->second->revoked = true;
  answered(Refusal(base::kNotFound, absl::NotFoundError("the operation was not started")));
}

void Sessions::Resume(const base::Guid& operation, std::uint64_t last_sequence, const auth::Principal& caller,
                      Unmarshaled callback, Answered answered) {
  RefuseInitialized(
      operation, caller, std::move(answered),
      [this, operation, last_sequence, caller, callback = std::move(callback)](Answered to) mutable {
        Find(operation, last_sequence, caller, std::move(callback), std::move(to));
      });
}

void Sessions::Find(const base::Guid& operation, std::uint64_t last_sequence, const auth::Principal& caller,
                    Unmarshaled callback, Answered answered) {
  engine_->Find(operation, ToCaller(caller),
                [this, operation, last_sequence, callback = std::move(callback),
                 answered = std::move(answered)](absl::StatusOr<engine::Standing> found) mutable {
                  loop_->Post([this, operation, last_sequence, found = std::move(found),
                               callback = std::move(callback), answered = std::move(answered)]() mutable {
                    OnFound(operation, last_sequence, found, std::move(callback), std::move(answered));
                  });
                });
}

void Sessions::OnFound(const base::Guid& operation, std::uint64_t last_sequence,
                       const absl::StatusOr<engine::Standing>& found, Unmarshaled callback,
                       Answered answered) {
  if (!found.ok()) return answered(ToAnswer(found.status()));
  if (last_sequence > found->last_sequence) {
    return answered(ToAnswer(
        absl::OutOfRangeError(absl::StrCat("the last event of the operation is ", found->last_sequence))));
  }
  if (callback.callback == nullptr) return answered(std::move(callback.failure));
  answered({base::kOk, {}});
  if (const auto earlier = senders_.extract(operation)) earlier.mapped()->TakeOver();
  if (found->ended && last_sequence == found->last_sequence) return;  // nothing is left to send
  ++counters_.resumed;
  spdlog::info("operation {}: resumed after event {}", operation.ToString(), last_sequence);
  NewSender(operation, std::move(callback.callback))->SendAfter(last_sequence);
}

void Sessions::Cancel(const base::Guid& operation, const auth::Principal& caller, Answered answered) {
  RefuseInitialized(operation, caller, std::move(answered), [this, operation, caller](Answered to) {
    CancelStarted(operation, caller, std::move(to));
  });
}

void Sessions::CancelStarted(const base::Guid& operation, const auth::Principal& caller, Answered answered) {
  engine_->Cancel(operation, ToCaller(caller),
                  [this, operation, who = caller.Name(),
                   answered = std::move(answered)](absl::StatusOr<engine::CancelResult> result) mutable {
                    loop_->Post([operation, who = std::move(who), result = std::move(result),
                                 answered = std::move(answered)]() mutable {
                      if (!result.ok()) return answered(ToAnswer(result.status()));
                      if (*result == engine::CancelResult::kAlreadyEnded) return answered({base::kFalse, {}});
                      spdlog::info("operation {}: cancelled by {}", operation.ToString(), who);
                      answered({base::kOk, {}});
                    });
                  });
}

void Sessions::Stop() {
  for (const auto& [operation, sender] : std::exchange(senders_, {})) sender->Stop();
}

void Sessions::OnEventsAvailable(const base::Guid& operation) {
  loop_->Post([this, operation] {
    const auto it = senders_.find(operation);
    if (it != senders_.end()) it->second->OnEventsAvailable();
  });
}

}  // namespace ipam::server
