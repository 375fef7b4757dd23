// Carries the events of one operation to one callback: one call outstanding, in order, after their commit. By
// IIpamOperationWithProgressCallback2 where the callback has it (many events in a call), else one callback an
// event.
//
// State x event:
//
// clang-format off
//   Idle       SendFirst                          read event 1 (StartProgressCallback), send it    First
//              SendAfter(n)                       read the events after n                          Sending
//   First      S_OK                               answered(S_OK)                                   Sending
//              failed; no answer after all        answered(result), give back                      Stopped
//              TakeOver                           answered(S_OK), give back                        Stopped
//   Sending    events are there                   send them                                        Sending
//              S_OK of the last SetOverallStatus  give back                                        Stopped
//              failed; no answer after all        give back: it waits to be resumed                Stopped
//              TakeOver                           give back                                        Stopped
// clang-format on
//
// A call without an answer is sent again whole, a few times, to a batched callback, whose events have numbers;
// by the base interface a callback whose outcome is not known is not repeated. The operation runs to its end
// whatever becomes of its callbacks. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/event/progress_event.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/server/callback.h"
#include "dcom_bridge/server/metrics.h"

namespace ipam::server {

class CallbackSender : public std::enable_shared_from_this<CallbackSender> {
 public:
  using Answered = absl::AnyInvocable<void(base::HResult)>;
  // Pauses before a call is sent again; none: it is not.
  using Pauses = std::vector<absl::Duration>;

  // `on_stopped` is told once, last, but not of Stop() and TakeOver(). The engine and the counters outlive it.
  CallbackSender(std::shared_ptr<net::Loop> loop, engine::Engine& engine, base::Guid operation,
                 std::unique_ptr<Callback> callback, Pauses pauses, CallbackCounters& counters,
                 std::function<void(CallbackSender&)> on_stopped);

  // Sends event 1, on behalf of the call that `causality` names, and tells what it returned; what follows is sent
  // by itself then.
  void SendFirst(orpc::CausalityId causality, Answered answered);
  void SendAfter(std::uint64_t sequence);
  // There may be new events.
  void OnEventsAvailable();
  // Another callback takes its place: who waits for event 1 learns that the operation is wanted.
  void TakeOver();
  // Gives the callback back; nothing is sent any more.
  void Stop();

  const base::Guid& operation() const { return operation_; }

 private:
  enum class State { kIdle, kFirst, kSending, kStopped };

  void Read();
  void OnRead(absl::StatusOr<std::vector<event::ProgressEvent>> events);
  void SendNext();
  void Send();
  void OnAnswered(net::InvokeOutcome outcome);
  void OnNoAnswer(const absl::Status& why);
  void GiveUp(const std::string& why);

  const std::shared_ptr<net::Loop> loop_;
  engine::Engine& engine_;
  const base::Guid operation_;
  std::unique_ptr<Callback> callback_;
  const Pauses pauses_;
  CallbackCounters& counters_;
  std::function<void(CallbackSender&)> on_stopped_;
  State state_ = State::kIdle;
  orpc::CausalityId causality_;              // of event 1
  std::vector<event::ProgressEvent> queue_;  // read and not yet answered, oldest first
  std::uint64_t read_ = 0;                   // the last sequence that was read
  bool reading_ = false;
  bool more_ = false;        // said while reading
  std::size_t sending_ = 0;  // events at the head of the queue that are under way; 0: none
  std::size_t repeats_ = 0;  // of the call under way
  net::Timer pause_;
  Answered answered_;  // of SendFirst()
};

}  // namespace ipam::server
