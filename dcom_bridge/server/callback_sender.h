// Carries the events of one operation to its callback: one call outstanding, in order, after their commit. By
// IIpamOperationWithProgressCallback2 where the callback has it (many events in a call), else one callback an
// event.
//
// State x event:
//
//   Opening    callback resolved                 StartProgressCallback (event 1)            First
//              failed                            opened(status)                             Stopped
//   First      S_OK                              opened(S_OK)                               Sending
//              failed, no answer                 opened(result), release                    Stopped
//   Sending    events are there                  send them                                  Sending
//              S_OK of the last SetOverallStatus release                                    Stopped
//              failed, no answer                 release: by the base interface a callback  Stopped
//                                                whose outcome is not known is not repeated
//
// The operation runs to its end whatever becomes of its callbacks. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/event/progress_event.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/server/callback_pool.h"

namespace ipam::server {

class CallbackSender : public std::enable_shared_from_this<CallbackSender> {
 public:
  using Opened = absl::AnyInvocable<void(base::HResult)>;

  // `on_stopped` is told once, last. The pool and the engine outlive it.
  CallbackSender(std::shared_ptr<net::Loop> loop, CallbackPool& pool, engine::Engine& engine,
                 base::Guid operation, auth::Principal activator,
                 std::function<void(CallbackSender&)> on_stopped);

  // Resolves the callback and looks for its batched form; `opened` is told whether it can be called.
  // `causality` is that of the call which brought the callback: what is called on its behalf carries it.
  void Open(const orpc::ObjRef& callback, orpc::CausalityId causality, Opened opened);
  // Sends event 1, StartProgressCallback, and tells what it returned; what follows is sent by itself then.
  void SendFirst(Opened answered);
  // There may be new events.
  void OnEventsAvailable();
  // Gives the callback back; nothing is sent any more.
  void Stop();

  const base::Guid& operation() const { return operation_; }

 private:
  enum class State { kOpening, kFirst, kSending, kStopped };

  void OnUnmarshaled(absl::StatusOr<net::RemoteInterface> callback, Opened opened);
  void Read();
  void OnRead(absl::StatusOr<std::vector<event::ProgressEvent>> events);
  void SendNext();
  void OnAnswered(std::size_t sent, net::InvokeOutcome outcome);
  void GiveUp(const std::string& why);

  const std::shared_ptr<net::Loop> loop_;
  CallbackPool& pool_;
  engine::Engine& engine_;
  const base::Guid operation_;
  const auth::Principal activator_;
  std::function<void(CallbackSender&)> on_stopped_;
  net::DcomClient* dcom_ = nullptr;
  orpc::CausalityId causality_;  // until the first callback is sent; nil then
  State state_ = State::kOpening;
  std::optional<net::RemoteInterface> callback_;
  std::optional<net::RemoteInterface> callback2_;
  std::vector<event::ProgressEvent> queue_;  // read and not yet answered, oldest first
  std::uint64_t read_ = 0;                   // the last sequence that was read
  bool reading_ = false;
  bool more_ = false;  // said while reading
  bool sending_ = false;
  Opened answered_;  // of SendFirst()
};

}  // namespace ipam::server
