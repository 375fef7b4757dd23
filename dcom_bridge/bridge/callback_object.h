// The callback object that the gateway exports for one operation: IIpamOperationWithProgressCallback,
// [MS-IPAMM2] 3.21, and its batched form. Decodes and checks what the IDL asks of each method; order and
// meaning are the session's. Loop thread.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "dcom_bridge/bridge/bridge.h"
#include "dcom_bridge/bridge/session.h"
#include "dcom_bridge/event/progress_event.h"
#include "dcom_bridge/orpc/object.h"

namespace ipam::bridge {

class CallbackObject final : public orpc::Object {
 public:
  // The session goes first where the server holds on to the callback: calls are E_ILLEGAL_METHOD_CALL then.
  CallbackObject(std::weak_ptr<Session> session, const Texts& texts)
      : session_(std::move(session)), texts_(texts) {}

  std::span<const orpc::InterfaceInfo> Interfaces() const override;
  void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override;
  void OnReleased(orpc::ReleaseReason reason) override;

 private:
  std::weak_ptr<Session> session_;
  const Texts& texts_;
};

}  // namespace ipam::bridge
