// A management server that runs operations and reports their progress: DCOM today, net.tcp to come.
#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dcom_bridge/event/diagnosis.h"

namespace ipam::event {

enum class SourceState { kConnecting, kConnected, kConnectedNoCallbacks, kDisconnected };

struct SourceStatus {
  std::string source;
  SourceState state = SourceState::kConnecting;
  std::string reason;  // why, in words for an operator; empty where nothing is wrong
  absl::Time since = absl::UnixEpoch();
  bool can_cancel = false;   // Cancel() is offered; false until that is known
  std::string address = {};  // of the server, "host:port"
  std::string account = {};  // that calls it, "DOMAIN\\user" or "user@REALM"
};

struct StartRequest {
  std::string operation;       // the gateway's id: events are published under it
  std::string parameters_xml;  // UTF-8, already checked against the schema
  std::string initiator;       // who called; empty: not known
  bool validate_only = false;  // InitializeOperationParameters on a session that is released, nothing else
};

// Called once, from any thread; must not block.
using Done = absl::AnyInvocable<void(absl::Status)>;

class OperationSource {
 public:
  virtual ~OperationSource() = default;

  // InitializeOperationParameters, GetOperationId where the server has it, Publish(Accepted) and its commit,
  // then StartOperationWithCallback, whose answer calls `done`. A failure before Accepted is a status and
  // publishes nothing; a refusal after it publishes StartRefused. A lost answer is never a failure: it publishes
  // SessionLost, `done` waits a while for resuming to settle it and is OK where that takes longer; or it
  // publishes OutcomeUnknown. The status is kUnavailable where the server cannot be reached.
  virtual void Start(StartRequest request, Done done) = 0;

  // Takes the callbacks of an operation over again, after `last_source_sequence`, from a process before this
  // one. `done` is OK at once: what comes of it is published, SessionResumed or OutcomeUnknown. kUnimplemented:
  // the source never can.
  virtual void Resume(std::string operation, std::string server_operation_id,
                      std::uint64_t last_source_sequence, Done done) = 0;

  // OK: the server took it; an end that it reports thereafter is published after `done` was called.
  // kFailedPrecondition: the operation had ended. kUnimplemented: the server cannot cancel.
  virtual void Cancel(std::string server_operation_id, Done done) = 0;

  // Any thread, never blocks.
  virtual SourceStatus State() const = 0;

  // Walks the way to the server over connections of its own; what runs is not touched. A report for each step
  // as it ends, up to the first that failed, then `done`: OK whatever was found, kResourceExhausted where too
  // many walk already.
  virtual void Diagnose(OnReport /*on_report*/, Done done) {
    done(absl::UnimplementedError("this source has no diagnosis"));
  }
};

}  // namespace ipam::event
