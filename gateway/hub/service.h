// The hub: takes the events of all sources, journals them, and answers and feeds both transports. Everything here may be
// called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/event/event_sink.h"
#include "dcom_bridge/event/operation_source.h"
#include "gateway/hub/caller.h"
#include "gateway/hub/frame.h"
#include "gateway/hub/outbox.h"
#include "ipam/progress/v1/progress.pb.h"

namespace ipam::hub {

enum class Durability {
  kProcess,  // survives a kill of the process at any instant; flushed before an end is answered and every 50 ms
  kPower,    // flushed before every answer
};

// Only whole finished operations are removed, oldest first.
struct Retention {
  absl::Duration max_age = absl::Hours(24 * 30);  // since the end
  std::uint64_t max_operations = 10'000;
  std::uint64_t max_bytes = std::uint64_t{2} << 30;  // of events and stored texts
};

struct Options {
  std::string journal_path;  // SQLite database; its folder is there. ":memory:" is not a journal
  Durability durability = Durability::kProcess;
  Retention retention;
  std::size_t outbox_bytes = std::size_t{256} << 10;
  absl::Duration slow_after = absl::Seconds(10);  // full and unread for so long: cut off
  std::size_t max_watches = 10'000;
  std::size_t recent_bytes = std::size_t{16} << 20;  // event frames kept in memory for watchers that fall behind
};

struct CheckedParameters {
  std::string kind;  // IpamAdminOperationId
};
// Checks the text of parameters_xml against the schema. kInvalidArgument with the line or the field.
using ParametersChecker = absl::AnyInvocable<absl::StatusOr<CheckedParameters>(const std::string& xml) const>;

struct ExceptionSummary {
  std::string reason;  // IpamExceptionId as the schema writes it
  std::string message;
};
// Reads an IpamException, also inside an IpamObject that carries one; nothing where there is none.
using ExceptionReader = absl::AnyInvocable<std::optional<ExceptionSummary>(const std::string& xml) const>;

struct Dependencies {
  ParametersChecker check_parameters;
  ExceptionReader read_exception;
  base::Clock* clock = nullptr;  // not owned
};

// Monotonic since the start, for metrics.
struct Counters {
  std::uint64_t events = 0;           // journaled
  std::uint64_t duplicates = 0;       // repeated callbacks passed over
  std::uint64_t refused = 0;          // events against the state machine or a limit
  std::uint64_t commits = 0;
  std::uint64_t flushes = 0;
  std::uint64_t frames = 0;           // handed to outboxes
  std::uint64_t slow_watchers = 0;    // cut off
  std::uint64_t resets = 0;           // tokens that could not be continued
  std::uint64_t operations = 0;       // gauge: kept
  std::uint64_t running_operations = 0;  // gauge
  std::uint64_t watches = 0;          // gauge
  std::uint64_t journal_bytes = 0;    // gauge
};

using OperationCallback = absl::AnyInvocable<void(absl::StatusOr<v1::Operation>)>;

class Service : public event::EventSink {
 public:
  // Opens the journal. Operations that had not ended when the last process stopped end as OUTCOME_UNKNOWN.
  static absl::StatusOr<std::unique_ptr<Service>> Open(Options options, Dependencies dependencies);

  // Once for each management server, before the first call that names it. Not owned; lives until Stop() returned.
  virtual void AddSource(std::string name, event::OperationSource& source) = 0;

  virtual void StartOperation(v1::StartOperationRequest request, Caller caller, OperationCallback done) = 0;
  virtual void CancelOperation(v1::CancelOperationRequest request, Caller caller, OperationCallback done) = 0;
  virtual absl::StatusOr<v1::Operation> GetOperation(const v1::GetOperationRequest& request) = 0;
  virtual absl::StatusOr<v1::ListOperationsResponse> ListOperations(const v1::ListOperationsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListSubtasksResponse> ListSubtasks(const v1::ListSubtasksRequest& request) = 0;
  virtual absl::StatusOr<v1::ListEventsResponse> ListEvents(const v1::ListEventsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListSourcesResponse> ListSources(const v1::ListSourcesRequest& request) = 0;
  // The whole text, whatever its size. kNotFound where the operation has none.
  virtual absl::StatusOr<std::string> CompletionStatusXml(const std::string& name) = 0;

  // Frames may reach the writer before this returns. After Detach() of the outbox the writer is not called.
  virtual absl::StatusOr<std::shared_ptr<Outbox>> Watch(const v1::WatchOperationsRequest& request,
                                                        const Caller& caller, std::shared_ptr<Writer> writer) = 0;

  // A Drain frame to each watch, then Finish(kUnavailable); new watches and starts are kUnavailable.
  virtual void Drain(absl::Duration retry_after, std::string reason) = 0;
  // Flushes and closes the journal and ends the threads; Publish answers kUnavailable from then on. Sources and
  // transports may go away after it. The destructor calls it.
  virtual void Stop() = 0;

  virtual Counters counters() const = 0;
};

}  // namespace ipam::hub
