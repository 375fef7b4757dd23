#include "dcom_bridge/server/sessions.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "dcom_bridge/model/exception.h"

namespace ipam::server {
namespace {

StartResult ToStartResult(const absl::Status& status) {
  const std::string message(status.message());
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied:
      return {base::kAccessDenied,
              model::IpamExceptionXml(v1::IPAM_EXCEPTION_ID_IPAM_API_ACCESS_DENIED, message)};
    case absl::StatusCode::kResourceExhausted:
      return {base::kOutOfMemory, model::IpamExceptionXml(v1::IPAM_EXCEPTION_ID_NONE, message)};
    default:
      return {base::kFail, model::IpamExceptionXml(v1::IPAM_EXCEPTION_ID_NONE, message)};
  }
}

}  // namespace

void Sessions::Start(engine::Prepared prepared, const auth::Principal& caller, const orpc::ObjRef& callback,
                     orpc::CausalityId causality, Started started) {
  const base::Guid operation = base::Guid::Random();
  auto sender = std::make_shared<CallbackSender>(
      loop_, *pool_, *engine_, operation, caller,
      [this](CallbackSender& stopped) { senders_.erase(stopped.operation()); });
  senders_.emplace(operation, sender);
  sender->Open(callback, causality,
               [this, sender, prepared = std::move(prepared),
                engine_caller = engine::Caller{caller.user, caller.domain},
                started = std::move(started)](base::HResult opened) mutable {
                 if (!opened.ok()) return started({opened, {}});
                 Commit(sender, std::move(prepared), std::move(engine_caller), std::move(started));
               });
}

void Sessions::Commit(std::shared_ptr<CallbackSender> sender, engine::Prepared prepared,
                      engine::Caller caller, Started started) {
  spdlog::info("operation {}: {} for {}", sender->operation().ToString(), prepared.kind, caller.user);
  engine_->Start(
      sender->operation(), std::move(prepared), std::move(caller),
      [this, sender, started = std::move(started)](absl::Status status) mutable {
        loop_->Post([this, sender, status = std::move(status), started = std::move(started)]() mutable {
          OnCommitted(sender, status, std::move(started));
        });
      });
}

void Sessions::OnCommitted(const std::shared_ptr<CallbackSender>& sender, const absl::Status& status,
                           Started started) {
  if (!status.ok()) {
    spdlog::warn("operation {} is refused: {}", sender->operation().ToString(),
                 std::string(status.message()));
    sender->Stop();
    return started(ToStartResult(status));
  }
  sender->SendFirst(
      [this, operation = sender->operation(), started = std::move(started)](base::HResult result) mutable {
        if (result.ok()) {
          engine_->Proceed(operation);
        } else {
          engine_->Abandon(operation, "StartProgressCallback failed: " + base::ToString(result));
        }
        started({result, {}});
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
