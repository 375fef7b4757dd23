// The operations engine: runs the operations of [MS-IPAMM2] 3.19.4.4.1 against the IPAM data store and keeps
// the events that they raise.
//
// Call protocol of one operation: Prepare (InitializeOperationParameters), Start (StartOperationWithCallback
// up to its commit), event 1 is StartProgressCallback; then Proceed when the client answered it, or Abandon
// when it did not. Events are pulled: OnEventsAvailable says that there are some, ReadEvents fetches them
// after a cursor.
//
// Threads: every method may be called from any thread and none but Prepare takes its time. One thread of the engine owns the
// store and runs all operations, one entity of one operation at a time, in turn; the listener and the
// callbacks are called on it and must not block. A refusal for want of room (kResourceExhausted) comes from
// the calling thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/event/progress_event.h"
#include "dcom_bridge/ipam/caller.h"
#include "dcom_bridge/ipam/operation_counts.h"

namespace google::protobuf {
class Message;
}

namespace ipam::engine {

class Actuators;

struct Options {
  std::string database;  // a file of SQLite, or postgresql://...
  // Accounts that stand for the group IPAM Administrators: "user" or "DOMAIN\user", compared without case.
  std::vector<std::string> administrators;
  absl::Duration step_delay = absl::ZeroDuration();  // before each entity, for demonstrations
  std::size_t max_running = 32;                      // operations that take turns
  std::size_t max_queued = 256;  // started ones that wait for a turn; more: kResourceExhausted
  absl::Duration keep_events = absl::Hours(7 * 24);  // after the end of the operation
};

// Parameters that passed InitializeOperationParameters. A value: cheap to copy, immutable.
struct Prepared {
  std::string kind;  // IpamAdminOperationId, such as "CreateDhcpScope"
  std::shared_ptr<const google::protobuf::Message> parameters;  // ipam.v1 message of the parameter type
};

class EventListener {
 public:
  virtual ~EventListener() = default;
  // Events of the operation were committed since the last call. The engine's thread.
  virtual void OnEventsAvailable(const base::Guid& operation) = 0;
};

using StartDone = absl::AnyInvocable<void(absl::Status)>;
// Where an operation stands, for who may resume it.
struct Standing {
  std::uint64_t last_sequence = 0;
  bool ended = false;
};
enum class CancelResult { kWillEnd, kAlreadyEnded };

using CheckDone = absl::AnyInvocable<void(absl::Status)>;
using FindDone = absl::AnyInvocable<void(absl::StatusOr<Standing>)>;
using CancelDone = absl::AnyInvocable<void(absl::StatusOr<CancelResult>)>;
using ReadDone = absl::AnyInvocable<void(absl::StatusOr<std::vector<event::ProgressEvent>>)>;

class Engine {
 public:
  // Opens or makes the store. Operations that an earlier process left unfinished go on at their first entity that
  // did not end, without Proceed; a cancelled one stays so. Those end CompletedWithFailure, what was left of their
  // subtasks NotRun, that did not Proceed, whose parameters cannot be read, or whose entities are no longer those
  // that were announced. `clock` and `listener` outlive the engine; the listener may be called before it returns.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(Options options, base::Clock& clock,
                                                      EventListener& listener);
  // With servers that do what the store says; null: none does, all live in the store only. kInvalidArgument: the store
  // does not have one of them.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(Options options, base::Clock& clock,
                                                      EventListener& listener,
                                                      std::unique_ptr<Actuators> actuators);
  // Waits for the entity at work, and some seconds for those that servers are at work on. Operations that did not
  // end go on by the next Open.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  OperationFigures figures() const;

  // 3.19.4.3, in the calling thread, seconds for many MiB: kInvalidArgument (the message names line or field) for XML that is not well formed or not
  // valid, an OperationId that is absent or unknown, or parameters of another operation's type.
  absl::StatusOr<Prepared> Prepare(std::string_view parameters_xml) const;

  // `done` is called when the operation and its event 1 are committed: kPermissionDenied by 3.19.6.1,
  // kResourceExhausted when too many operations wait, kAlreadyExists for an id that is in the store,
  // kUnavailable when the store cannot be written.
  void Start(const base::Guid& operation, Prepared prepared, Starter starter, StartDone done);
  // StartProgressCallback was answered: the operation runs. Unknown ids and repetitions are passed over.
  void Proceed(const base::Guid& operation);
  // StartProgressCallback failed: the operation ends CompletedWithFailure and no entity is touched.
  void Abandon(const base::Guid& operation, std::string reason);

  // Whether `caller` may do what follows to operations of the account `owner` ("DOMAIN\user"); kPermissionDenied: it is
  // neither that nor an administrator.
  void CheckOwner(std::string owner, Caller caller, CheckDone done);
  // After every Start() that came before. kNotFound: unknown, or removed; kPermissionDenied: `caller` is
  // neither its starter nor an administrator.
  void Find(const base::Guid& operation, Caller caller, FindDone done);
  // It stops before its next subtask, those not reached end as NotRun, and it ends CompletedWithFailure; one that
  // waits for its turn ends at once. Errors as of Find.
  void Cancel(const base::Guid& operation, Caller caller, CancelDone done);

  // The committed events after sequence `after`, oldest first, at most `max`; none: nothing new yet. The last
  // event of an operation is the OverallStatusSet that completes it. kNotFound: unknown, or its events were
  // removed.
  void ReadEvents(const base::Guid& operation, std::uint64_t after, std::size_t max, ReadDone done);

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipam::engine
