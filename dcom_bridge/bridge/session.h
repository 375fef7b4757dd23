// One operation at one management server: the client's half of [MS-IPAMM2] 3.19 and the state machine of its
// callbacks, 3.21.1.1. Loop thread only.
//
// State x event; an event that is not listed is passed over, a callback that is not listed is
// E_ILLEGAL_METHOD_CALL.
//
//   state          event                         action                                            next
//   -------------  ----------------------------  ------------------------------------------------ -----------
//   Activating     object made                   InitializeOperationParameters Initializing Initializing
//   S_OK, validate_only           done(OK), release                                 Ended
//                  S_OK                          GetOperationId where there is it Identifying
//   Identifying    S_OK, or no such interface    publish Accepted                                  Accepting
//   Accepting      stored                        export the callback, StartOperationWithCallback   Starting
//   these four     any failure                   done(status), release                             Ended
//   Starting       StartProgressCallback         publish, answer when stored                       Running
//                  S_OK                          done(OK)                                          same
//                  failed HRESULT, or fault      publish StartRefused, done(status), release       Ended
//                  no answer, lost               publish OutcomeUnknown, done(kUnavailable)        Ended
//   Running        S_OK of the start             done(OK)                                          same
//                  no answer of the start        done(OK): the callback proved it                  same
//                  a callback                    publish, answer when stored                       same
//                  the last SetOverallStatus     the same                                          Completed
//                  lost                          publish OutcomeUnknown, release                   Ended
//   Completed      callback released, time-out   release                                           Ended
//
// Lost is: the callback's last reference went, its pings expired, or a connection broke, that of the
// callbacks or ours.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/bridge/bridge.h"
#include "dcom_bridge/event/event_sink.h"
#include "dcom_bridge/event/operation_source.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/orpc/exporter.h"

namespace ipam::bridge {

class Session;

// What a session stands on; outlives it.
struct SessionContext {
  std::shared_ptr<net::Loop> loop;
  net::DcomClient& dcom;
  orpc::Exporter& exporter;
  event::EventSink& sink;
  const Texts& texts;
  net::Endpoint server;
  auth::Principal callback_account;  // only it may call the callback object
  absl::Duration call_timeout;
  std::function<void(Session&)> on_end;
};

using Respond = absl::AnyInvocable<void(base::HResult)>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  enum class State {
    kActivating,
    kInitializing,
    kIdentifying,
    kAccepting,
    kStarting,
    kRunning,
    kCompleted,
    kEnded
  };

  Session(SessionContext& context, event::StartRequest request, event::Done done);

  void Begin();
  // Of the callback object. `respond` is called when the events are stored; all of them or, where the state
  // machine or a sequence forbids one, none.
  // `association` is the connection by which they came.
  void OnCallbacks(std::vector<event::ProgressEvent> events, std::uint64_t association, Respond respond);
  void OnCallbackReleased(const std::string& reason);
  // The server keeps the connection of its callbacks open while it holds the callback (ipam_progress.idl).
  void OnCallbackConnectionClosed(std::uint64_t association);
  // The server cannot be reached any more.
  void OnServerLost(const std::string& reason);
  // Releases what is held, publishes nothing.
  void Abandon();

  State state() const { return state_; }
  bool running() const { return state_ == State::kStarting || state_ == State::kRunning; }

 private:
  void OnActivated(absl::StatusOr<std::vector<net::Activated>> activated);
  void OnInitialized(net::InvokeOutcome outcome);
  void OnIdentified(net::InvokeOutcome outcome);
  void Accept(std::string server_operation_id);
  void OnAccepted(absl::Status status);
  void OnStartAnswered(net::InvokeOutcome outcome);
  void OnCompleted();
  bool Allowed(const std::vector<event::ProgressEvent>& events) const;
  // The status of a failed HRESULT, with the words of the server where it has some.
  absl::Status Explain(base::HResult result, const std::string& method,
                       const std::string& exception_xml) const;
  enum class Tell { kAlways, kFailure };
  // `stored`, which may be null, is called on the loop: always, or where the event was not stored.
  void Publish(event::ProgressEvent event, Tell tell, std::function<void(Session&, absl::Status)> stored);
  void Refuse(absl::Status status, std::string exception_xml);  // publishes, then Fail()
  void Lose(const std::string& reason);                         // publishes, then Fail()
  void Fail(absl::Status status);                               // Finish(), then End()
  void Finish(absl::Status status);                             // answers the caller of Start, once
  void End();
  void ReleaseInterfaces();

  SessionContext& context_;
  const event::StartRequest request_;
  event::Done done_;
  State state_ = State::kActivating;
  std::optional<net::RemoteInterface> progress_;   // IIpamOperationWithProgress
  std::optional<net::RemoteInterface> progress2_;  // IIpamOperationWithProgress2
  std::optional<orpc::Oid> callback_;
  std::uint64_t association_ = 0;    // of the last callback
  std::uint64_t last_sequence_ = 0;  // of ReportProgress
  net::Timer linger_;                // of Completed
};

}  // namespace ipam::bridge
