// A callback that came as a parameter: unmarshaled, reached, and held until this dies. The pool may die first.
// Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/orpc/obj_ref.h"
#include "dcom_bridge/server/callback_pool.h"

namespace ipam::server {

class Callback {
 public:
  using Opened = absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<Callback>>)>;

  // Unmarshals as a DCOM stub does before the method itself runs, [MS-DCOM] 3.1.1.5.4 and 3.2.4.1.2:
  // ResolveOxid2, then RemQueryInterface for IIpamOperationWithProgressCallback, which proves that the object
  // can be called. Looks for its batched form too. All of it within CallbackOptions::open_timeout. `causality`
  // is that of the call which brought the callback. `opened` is not called when the pool dies first.
  static void Open(net::Loop& loop, CallbackPool& pool, const auth::Principal& activator,
                   const orpc::ObjRef& ref, orpc::CausalityId causality, Opened opened);
  // Gives the references back; a call under way is answered into the void.
  ~Callback();
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  // Has IIpamOperationWithProgressCallback2.
  bool batched() const { return batched_.has_value(); }
  // A method of the batched form where it is there, else of the base interface. `causality` as of DcomClient.
  void Invoke(std::uint16_t opnum, base::Bytes body, orpc::CausalityId causality,
              absl::AnyInvocable<void(net::InvokeOutcome)> done);

 private:
  struct Opening;
  Callback(CallbackPool& pool, auth::Principal activator);

  const std::weak_ptr<CallbackPool* const> pool_;
  const auth::Principal activator_;
  net::DcomClient* dcom_ = nullptr;
  std::vector<net::RemoteInterface> held_;
  std::optional<net::RemoteInterface> base_;
  std::optional<net::RemoteInterface> batched_;
};

// The HRESULT of a call whose callback could not be unmarshaled.
base::HResult UnmarshalFailure(const absl::Status& status);

}  // namespace ipam::server
