// The object that a client activates: one session of IIpamOperationWithProgress, [MS-IPAMM2] 3.19, and of
// IIpamOperationWithProgress2 where that is switched on. Loop thread only.
//
// Methods by state; what changes the state says to which:
//
// clang-format off
//   method                         SessionInitialized   Initialized          Starting   Started    Failed     Closed
//   InitializeOperationParameters  -> Checking          ILLEGAL              ILLEGAL    ILLEGAL    ILLEGAL    ILLEGAL
//   StartOperationWithCallback     ILLEGAL              -> Starting          ILLEGAL    ILLEGAL    ILLEGAL    ILLEGAL
//   GetOperationId                 ILLEGAL              S_OK                 S_OK       S_OK       S_OK       ILLEGAL
//   SetInitiator                   ILLEGAL              S_OK, E_ACCESSDENIED ILLEGAL    ILLEGAL    ILLEGAL    ILLEGAL
//   ResumeCallback, CancelOperation   of any operation in all of these                                     ILLEGAL
//
//   Checking   the parameters are valid    S_OK                                            Initialized
//              they are not                E_INVALIDARG                                    Closed
//              any call                    waits for the end of the check
//   Starting   StartProgressCallback: S_OK S_OK, the operation runs                        Started
//              refused, or a failure       that HRESULT, nothing runs                      Failed
// clang-format on
//
// ILLEGAL is E_ILLEGAL_METHOD_CALL and changes nothing (discrepancies A.6). An interface pointer is unmarshaled before
// the method itself runs, in every state. What the method refuses by itself stands before a callback that cannot be
// reached; the error information says that of both. It changes no state. The operation outlives its session: releasing the object ends neither the operation nor its callbacks.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "dcom_bridge/orpc/minterface_pointer.h"
#include "dcom_bridge/orpc/object.h"
#include "dcom_bridge/server/sessions.h"

namespace ipam::server {

class OperationObject final : public orpc::Object, public std::enable_shared_from_this<OperationObject> {
 public:
  // `sessions` outlives it.
  explicit OperationObject(Sessions& sessions) : sessions_(sessions) {}

  std::span<const orpc::InterfaceInfo> Interfaces() const override;
  void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override;
  void OnReleased(orpc::ReleaseReason reason) override;

 private:
  enum class State { kSessionInitialized, kChecking, kInitialized, kStarting, kStarted, kFailed, kClosed };
  struct Waiting {
    orpc::OrpcCall call;
    orpc::OrpcResponder respond;
  };

  void Initialize(const orpc::OrpcCall& call, orpc::OrpcResponder respond);
  Answer OnChecked(const auth::Principal& caller, absl::StatusOr<engine::Prepared> prepared);
  void Start(const orpc::OrpcCall& call, orpc::OrpcResponder respond);
  void StartWith(Unmarshaled callback, const auth::Principal& caller, orpc::CausalityId causality,
                 orpc::OrpcResponder respond);
  orpc::OrpcOutcome GetOperationId() const;
  void Resume(const orpc::OrpcCall& call, orpc::OrpcResponder respond);
  void Cancel(const orpc::OrpcCall& call, orpc::OrpcResponder respond);
  orpc::OrpcOutcome SetInitiator(const orpc::OrpcCall& call);

  // `run` gets the callback that `pointer`, a parameter of `call`, names, or why there is none.
  void Unmarshal(const orpc::MInterfacePointer& pointer, const orpc::OrpcCall& call,
                 absl::AnyInvocable<void(Unmarshaled)> run);

  Sessions& sessions_;
  State state_ = State::kSessionInitialized;
  // In kChecking: the calls that wait. Owned by who waits for the check, so that they go when it is dropped.
  std::weak_ptr<std::deque<Waiting>> waiting_;
  engine::Prepared prepared_;
  std::shared_ptr<const Initialized> initialized_;
  std::optional<engine::Caller> initiator_;
};

}  // namespace ipam::server
