#include "dcom_bridge/server/callback.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/idl/operation_with_progress_callback.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"

namespace ipam::server {

// One Open() under way.
struct Callback::Opening {
  CallbackPool& pool;
  std::unique_ptr<Callback> callback;
  Opened opened;  // null: it was told already
  net::Timer limit;

  // What was found is held even when it comes too late, so that it is given back.
  void Keep(const net::RemoteInterface& found) {
    pool.Hold(callback->activator_, found);
    callback->held_.push_back(found);
  }
  void End(const absl::Status& status) {
    if (!opened) return;
    limit.Cancel();
    Opened tell = std::exchange(opened, nullptr);
    if (!status.ok()) return tell(status);
    tell(std::move(callback));
  }
};

Callback::Callback(CallbackPool& pool, auth::Principal activator)
    : pool_(pool.handle()), activator_(std::move(activator)) {}

Callback::~Callback() {
  const auto pool = pool_.lock();
  if (!pool) return;
  for (const net::RemoteInterface& interface : held_) (*pool)->Release(activator_, interface);
}

void Callback::Open(net::Loop& loop, CallbackPool& pool, const auth::Principal& activator,
                    const orpc::ObjRef& ref, orpc::CausalityId causality, Opened opened) {
  const absl::StatusOr<net::DcomClient*> dcom = pool.ClientFor(activator);
  if (!dcom.ok()) return opened(absl::PermissionDeniedError(std::string(dcom.status().message())));
  const auto opening = std::make_shared<Opening>(
      Opening{pool, std::unique_ptr<Callback>(new Callback(pool, activator)), std::move(opened), {}});
  opening->callback->dcom_ = *dcom;
  opening->limit = loop.After(pool.options().open_timeout, [weak = std::weak_ptr(opening)] {
    if (const auto late = weak.lock()) {
      late->End(absl::DeadlineExceededError("the callback was not reached in time"));
    }
  });
  pool.BeginOpen(activator);
  (*dcom)->Unmarshal(
      ref, idl::kIidOperationWithProgressCallback,
      [opening, causality](absl::StatusOr<net::RemoteInterface> found) {
        Callback& callback = *opening->callback;
        if (found.ok()) opening->Keep(*found);
        opening->pool.EndOpen(callback.activator_);
        if (!found.ok() || !opening->opened) return opening->End(found.status());
        callback.dcom_->QueryInterface(
            *found, idl::kIidOperationWithProgressCallback,
            [opening, causality](absl::StatusOr<net::RemoteInterface> base) {
              if (base.ok()) opening->Keep(*base);
              if (!base.ok() || !opening->opened) return opening->End(base.status());
              opening->callback->base_ = *base;
              opening->callback->dcom_->QueryInterface(
                  *base, idl::kIidOperationWithProgressCallback2,
                  [opening](absl::StatusOr<net::RemoteInterface> batched) {
                    if (batched.ok()) opening->Keep(*batched);
                    if (!opening->opened) return;
                    if (batched.ok()) opening->callback->batched_ = *std::move(batched);
                    opening->End(absl::IsUnimplemented(batched.status()) ? absl::OkStatus()
                                                                         : batched.status());
                  },
                  causality);
            },
            causality);
      },
      causality);
}

void Callback::Invoke(std::uint16_t opnum, base::Bytes body, orpc::CausalityId causality,
                      absl::AnyInvocable<void(net::InvokeOutcome)> done) {
  const auto pool = pool_.lock();
  if (!pool) return;
  dcom_->Invoke(batched_ ? *batched_ : *base_, opnum, std::move(body), (*pool)->options().call_timeout,
                std::move(done), causality);
}

base::HResult UnmarshalFailure(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return base::kAccessDenied;
    case absl::StatusCode::kUnimplemented:
      return base::kNoInterface;
    case absl::StatusCode::kNotFound:  // the resolver or the exporter does not know the object
      return base::kObjectNotRegistered;
    default:
      return base::kServerUnavailable;
  }
}

}  // namespace ipam::server
