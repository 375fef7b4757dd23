// What callers ask of the engine, and the queue by which it reaches the engine's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/ipam/actuators.h"
#include "dcom_bridge/ipam/engine.h"

namespace ipam::engine {

struct StartCommand {
  base::Guid id;
  Prepared prepared;
  Starter starter;
  StartDone done;
};
struct ProceedCommand {
  base::Guid id;
};
struct AbandonCommand {
  base::Guid id;
  std::string reason;
};
struct ReadCommand {
  base::Guid id;
  std::uint64_t after;
  std::size_t max;
  ReadDone done;
};
struct CheckOwnerCommand {
  std::string owner;
  Caller caller;
  CheckDone done;
};
// Their results are told when the transaction that found them is committed.
struct FindCommand {
  base::Guid id;
  Caller caller;
  FindDone done;
  absl::StatusOr<Standing> result = absl::InternalError("not looked for");
};
struct CancelCommand {
  base::Guid id;
  Caller caller;
  CancelDone done;
  absl::StatusOr<CancelResult> result = absl::InternalError("not looked for");
};
// Servers did what an entity of the operation asks of them, or did not.
struct ActuatedCommand {
  base::Guid id;
  ActuationResult result;
};
using Command = std::variant<StartCommand, ProceedCommand, AbandonCommand, ReadCommand, CheckOwnerCommand,
                             FindCommand, CancelCommand, ActuatedCommand>;

// What becomes of a command that is not carried out.
void Refuse(Command& command, const absl::Status& why);

// Any thread pushes, the engine's takes.
class CommandQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `max_open`: operations that are asked for and have not ended.
  explicit CommandQueue(std::size_t max_open) : max_open_(max_open) {}

  // Starts are bounded by ReserveStart, what follows them by the operations that are open.
  void Push(Command command) IPAM_EXCLUDES(mutex_);
  // Refused where too many wait.
  void PushBounded(Command command) IPAM_EXCLUDES(mutex_);
  bool ReserveStart() IPAM_EXCLUDES(mutex_);
  void ReleaseStart() IPAM_EXCLUDES(mutex_);
  // One that an earlier process started; also beyond the limit.
  void AddOpen() IPAM_EXCLUDES(mutex_);

  // Commands, or none because `due` is reached. False: Stop() was called.
  bool Wait(std::optional<Time> due, std::deque<Command>& commands) IPAM_EXCLUDES(mutex_);
  // The same behind Stop(). False: `due` is reached.
  bool WaitOn(Time due, std::deque<Command>& commands) IPAM_EXCLUDES(mutex_);
  // Something waits, or Stop() was called.
  bool HasCommands() IPAM_EXCLUDES(mutex_);
  void Stop() IPAM_EXCLUDES(mutex_);
  // What was pushed and not taken.
  std::deque<Command> TakeRest() IPAM_EXCLUDES(mutex_);

 private:
  const std::size_t max_open_;
  base::Mutex mutex_;
  base::CondVar wake_;
  std::deque<Command> commands_ IPAM_GUARDED_BY(mutex_);
  std::size_t open_ IPAM_GUARDED_BY(mutex_) = 0;
  bool stopping_ IPAM_GUARDED_BY(mutex_) = false;
};

}  // namespace ipam::engine
