// One operation at one management server: the client's half of [MS-IPAMM2] 3.19, the state machine of its
// callbacks, 3.21.1.1, and how a lost session is had back by IIpamOperationWithProgress2::ResumeCallback. Loop
// thread only.
//
// State x event; an event that is not listed is passed over, a callback that is not listed is
// E_ILLEGAL_METHOD_CALL.
//
//   state         event                         action                                              next
//   ------------  ----------------------------  --------------------------------------------------  ------------
//   Activating    object made                   InitializeOperationParameters                       Initializing
//   Initializing  S_OK, validate_only           done(OK), release                                   Ended
//                 S_OK                          GetOperationId, where it has extension              Identifying
//   Identifying   S_OK, or no extension         SetInitiator, where extension and initiator         Naming
//   Naming        S_OK, or nothing to name      publish Accepted                                    Accepting
//   Accepting     stored                        export a callback, StartOperationWithCallback       Starting
//   these five    any failure                   done(status), release                               Ended
//   Starting      StartProgressCallback         publish, answer when stored                         Running
//                 S_OK                          done(OK)                                            same
//                 failed HRESULT, or fault      publish StartRefused, done(status), release         Ended
//                 no answer, lost               publish SessionLost, let go                         Lost
//                 callback released             the answer decides: a server that refuses a start   same
//                                               lets go of it first; S_OK counts as lost
//   Running       S_OK of the start             done(OK)                                            same
//                 no answer of the start        done(OK): the callback proved it                    same
//                 a callback                    publish, answer when stored                         same
//                 the last SetOverallStatus     the same                                            Completed
//                 lost                          publish SessionLost, let go                         Lost
//   Completed     callback released, time-out   release                                             Ended
//                 the end was not stored        publish SessionLost, let go                         Lost
//   Lost          connected, or retry due       activate an object                                  Reactivating
//   Reactivating  object made                   export a callback, ResumeCallback                   Resuming
//                 no extension                  publish OutcomeUnknown                              Ended
//                 failed                        retry later                                         Lost
//   Resuming      S_OK                          publish SessionResumed, done(OK)                    Starting or
//                                                                                                   Running
//                 a callback                    the same, then as there                             the same
//                 unknown, beyond the last      publish OutcomeUnknown                              Ended
//                 failed otherwise, lost        let go, retry later                                 Lost
//   Lost,         resume_timeout                publish OutcomeUnknown that may return, done        same
//   Reactivating, kept no longer                release                                             Ended
//   Resuming      S_OK of the start             done(OK)                                            same
//                 failed HRESULT of the start   publish StartRefused, done(status), release         Ended
//   any           abandon                       done(kUnavailable), release                         Ended
//
// Lost is: the callback's last reference went, its pings expired, a connection broke, that of the callbacks or
// ours, or a callback could not be journaled. Where nothing can be resumed (no extension, or events without a
// number) `lost` publishes OutcomeUnknown and ends. Extension: IIpamOperationWithProgress2. A retry waits until
// every event that was published is answered: only then it is known behind which one to resume.
//
// While a CancelOperation of the operation is under way, its end waits for the answer, so that a cancel that
// was taken is recorded before it.
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
#include "dcom_bridge/bridge/resume_turns.h"
#include "dcom_bridge/event/event_sink.h"
#include "dcom_bridge/event/operation_source.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/minterface_pointer.h"

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
  absl::Duration resume_timeout;
  std::function<bool()> connected;                          // to the server
  std::function<absl::Duration(int failures)> retry_after;  // the n-th attempt to resume failed
  std::function<void(bool offered)> on_extension;           // an activation showed whether there is one
  std::function<void(Session&)> on_end;
  ResumeTurns turns = ResumeTurns();
};

using Respond = absl::AnyInvocable<void(base::HResult)>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  enum class State {
    kActivating,
    kInitializing,
    kIdentifying,
    kNaming,
    kAccepting,
    kStarting,
    kRunning,
    kCompleted,
    kLost,
    kReactivating,
    kResuming,
    kEnded
  };

  // A new operation: Begin() follows.
  Session(SessionContext& context, event::StartRequest request, event::Done done);
  // One of an earlier process, whose events up to `last_sequence` are stored: Resume() follows.
  Session(SessionContext& context, std::string operation, base::Guid server_operation_id,
          std::uint64_t last_sequence);

  void Begin();
  void Resume();
  // Of the callback object. `respond` is called when the events are stored; all of them or, where the state
  // machine or a sequence forbids one, none.
  // `association` is the connection by which they came.
  void OnCallbacks(std::vector<event::ProgressEvent> events, std::uint64_t association, Respond respond);
  void OnCallbackReleased(const std::string& reason);
  // The server keeps the connection of its callbacks open while it holds the callback (ipam_progress.idl).
  void OnCallbackConnectionClosed(std::uint64_t association);
  // The server cannot be reached any more, or again.
  void OnServerLost(const std::string& reason);
  void OnServerConnected();
  // Around a CancelOperation of this operation.
  void OnCancelAsked();
  void OnCancelAnswered();
  // Releases what is held, publishes nothing.
  void Abandon();

  State state() const { return state_; }
  // At the server; nil before it is known, and where there is none.
  const base::Guid& server_operation_id() const { return server_operation_id_; }

 private:
  enum class Tell { kAlways, kFailure };
  struct HeldEnd {
    std::vector<event::ProgressEvent> events;
    std::uint64_t association = 0;
    Respond respond;
  };

  // --- starting
  void OnActivated(absl::StatusOr<std::vector<net::Activated>> activated);
  void OnInitialized(const net::InvokeOutcome& outcome);
  void OnIdentified(const net::InvokeOutcome& outcome);
  void NameInitiator();
  void OnNamed(const net::InvokeOutcome& outcome);
  void Accept();
  void OnAccepted(absl::Status status);
  void OnStartAnswered(const net::InvokeOutcome& outcome);
  void Refuse(absl::Status status, std::string exception_xml);  // publishes, then Fail()
  // The status of a failed HRESULT, with the words of the server where it has some.
  absl::Status Explain(base::HResult result, const std::string& method,
                       const std::string& exception_xml) const;

  // The result of the base interface.
  base::Bytes TakeParameters();
  base::HResult TakeInterfaces(std::vector<net::Activated> activated);
  absl::StatusOr<orpc::MInterfacePointer> ExportCallback();

  // --- callbacks
  void TakeCallbacks(std::vector<event::ProgressEvent> events, std::uint64_t association, Respond respond);
  void TakeHeldEnd();
  bool Allowed(const std::vector<event::ProgressEvent>& events) const;
  void PublishAll(std::vector<event::ProgressEvent> events, Respond respond);
  void OnStored(std::uint64_t sequence, bool completed);
  void OnNotStored(std::uint64_t sequence, bool completed, const absl::Status& status);
  void OnCompleted();
  void EndIfStored();

  // --- lost and resumed (session_resume.cc)
  bool resumable() const { return !server_operation_id_.is_nil() && !unnumbered_; }
  bool in_session() const { return state_ == State::kStarting || state_ == State::kRunning; }
  bool resuming() const {
    return state_ == State::kLost || state_ == State::kReactivating || state_ == State::kResuming;
  }
  void Lose(const std::string& reason);
  void AwaitResume(absl::Duration patience);
  void RetryLater(const std::string& reason);  // lets go
  void Retry();
  bool TakeTurn();
  void EndTurn();
  void OnReactivated(int attempt, absl::StatusOr<std::vector<net::Activated>> activated);
  void OnResumeAnswered(int attempt, const net::InvokeOutcome& outcome);
  void OnResumed();
  void OnResumeTimeout();
  void EndUnknown(const std::string& reason);

  // `stored`, which may be null, is called on the loop: always, or where the event was not stored.
  void Publish(event::ProgressEvent event, Tell tell, std::function<void(Session&, absl::Status)> stored);
  void Fail(absl::Status status);    // Finish(), then End()
  void Finish(absl::Status status);  // answers the caller of Start, once
  void End();
  void LetGo();  // of callback and interfaces; answers to what was asked for them are passed over
  void ReleaseInterfaces();

  SessionContext& context_;
  event::StartRequest request_;
  event::Done done_;
  State state_ = State::kActivating;
  base::Guid server_operation_id_;
  std::optional<net::RemoteInterface> progress_;   // IIpamOperationWithProgress
  std::optional<net::RemoteInterface> progress2_;  // IIpamOperationWithProgress2
  std::optional<orpc::Oid> callback_;
  std::uint64_t association_ = 0;  // of the last callback
  bool proved_ = false;  // a callback that was stored, or ResumeCallback, showed that it was started
  bool start_unanswered_ = false;  // and will not be
  std::string released_early_;     // why, where the callback went before the start was answered
  bool unnumbered_ = false;        // a callback came by the base interface
  // Of ReportProgress: the last event taken, and the last one known to be stored.
  std::uint64_t last_sequence_ = 0;
  std::uint64_t stored_sequence_ = 0;
  int unanswered_ = 0;  // calls whose events were published and not answered

  int cancels_ = 0;  // under way
  std::optional<HeldEnd> held_end_;
  net::Timer hold_;

  int attempt_ = 0;         // to resume; an answer to an earlier one is passed over
  int failures_ = 0;        // of them since an event was stored
  bool retry_due_ = false;  // once everything is answered
  bool waits_for_turn_ = false;
  bool has_turn_ = false;
  bool timed_out_ = false;  // OutcomeUnknown that may return was published
  std::string reason_;      // of the loss, or of the last failure to resume
  net::Timer retry_;
  net::Timer resume_timeout_;
  net::Timer settle_;  // how long the caller of Start waits for a lost answer
  net::Timer linger_;  // of Completed
};

}  // namespace ipam::bridge
