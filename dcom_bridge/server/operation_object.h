// The object that a client activates: one session of IIpamOperationWithProgress, [MS-IPAMM2] 3.19. Loop
// thread only.
//
// State x method; what is not listed is E_ILLEGAL_METHOD_CALL and changes nothing (discrepancies A.6):
//
//   SessionInitialized  InitializeOperationParameters, valid      S_OK Initialized
//                       the same, not valid                       E_INVALIDARG                      Closed
//   Initialized         StartOperationWithCallback, NULL          E_INVALIDARG Initialized
//                       the same                                  resolve the callback, commit,     Starting
//                                                                 StartProgressCallback
//   Starting            its answer is a success                   S_OK, the operation runs          Started
//                       refused, unreachable, or a failure        that HRESULT, nothing runs        Closed
//   Started             the operation ends                        -                                 Completed
//
// The operation outlives its session: releasing the object ends neither the operation nor its callbacks.
#pragma once

#include <memory>

#include "dcom_bridge/orpc/object.h"
#include "dcom_bridge/server/sessions.h"

namespace ipam::server {

class OperationObject final : public orpc::Object, public std::enable_shared_from_this<OperationObject> {
 public:
  // `sessions` outlives it.
  explicit OperationObject(Sessions& sessions) : sessions_(sessions) {}

  std::span<const orpc::InterfaceInfo> Interfaces() const override;
  void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override;

 private:
  enum class State { kSessionInitialized, kInitialized, kStarting, kStarted, kClosed };

  orpc::OrpcOutcome Initialize(const orpc::OrpcCall& call);
  void Start(const orpc::OrpcCall& call, orpc::OrpcResponder respond);

  Sessions& sessions_;
  State state_ = State::kSessionInitialized;
  engine::Prepared prepared_;
};

}  // namespace ipam::server
