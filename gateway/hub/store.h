// The tables of the journal, as the journal's one writing thread sees them. Kept in SQLite's write-ahead log
// mode:
//
// * A commit is a write() to the log: the kernel has it, so a kill of this process at any instant loses
// nothing of it.
// * Flush() is an fsync of the log: it outlives the kernel and the power. SQLite checks the log by salts and
// checksums when
//   it opens it, so what is found after a power failure is all that was flushed and a whole number of commits
//   after it.
// * synchronous=NORMAL: SQLite itself syncs the log before a checkpoint and the database after it, so a
// checkpoint never
//   undoes a flush.
//
// Beside the database stands FILE.mark: the last offset that was committed, written before any watcher learns
// of it. It tells a tail that was cut off (a lost log, a restored copy) from one that never was; the epoch
// then rises.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/hub/operation_state.h"
#include "gateway/hub/sqlite.h"

namespace ipam::hub {

// Which positions can still be resumed from.
struct Epoch {
  std::uint32_t epoch = 0;
  std::uint64_t first_offset = 0;  // the last offset that was found when it began
};
struct Removed {  // by retention: one operation, or several joined
  std::uint64_t first_offset = 0;
  std::uint64_t last_offset = 0;
  std::uint64_t events = 0;
  std::uint64_t removal = 0;  // which removal since the start of the process; 0: before it
};
struct Identity {
  std::uint64_t journal = 0;
  std::vector<Epoch> epochs;     // rising, the last is the present one
  std::vector<Removed> removed;  // by last_offset
  std::uint64_t removals = 0;    // since the start of the process
};

class Store {
 public:
  // Makes the tables of a new journal; raises the epoch where the last stop may have lost a tail.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path, const std::string& boot_id);
  ~Store();

  const Identity& identity() const { return identity_; }
  std::uint64_t last_offset() const { return last_offset_; }
  // In the order of their numbers; those that did not end are folded from their events. False stops.
  absl::Status Load(absl::FunctionRef<void(OperationState)> take);

  absl::Status Begin();
  absl::Status Commit();
  void Rollback();
  // Inside a transaction.
  // Empty parameters are none.
  absl::Status Insert(const OperationState& accepted, const std::string& parameters_xml);
  absl::Status Append(const OperationInfo& operation, std::uint64_t offset, const v1::Event& event,
                      const std::string& serialized, v1::OperationState state_after);
  // The operation ended: its summary, subtasks and completion status go beside its events.
  absl::Status End(const OperationState& state, const std::optional<std::string>& completion_status_xml);
  // Callbacks come again after OUTCOME_UNKNOWN: until the next end it is folded from its events.
  absl::Status Reopen(const OperationInfo& operation);
  absl::Status Remove(const OperationState& state);

  // After Commit: notes the offset in the mark.
  absl::Status Mark(std::uint64_t last_offset);
  absl::Status Flush() { return db_.SyncLog(); }
  absl::StatusOr<SubtaskList> ReadSubtasks(std::uint64_t number);
  // A clean stop: nothing was lost, whatever happens to the kernel then.
  absl::Status Close();

 private:
  struct Statements;
  Store(Database db, std::string path);
  absl::Status CreateTables();
  absl::Status ReadIdentity(const std::string& boot_id);
  absl::StatusOr<std::uint64_t> ReadMark();

  Database db_;
  const std::string path_;
  int mark_ = -1;  // file descriptor
  Identity identity_;
  std::uint64_t last_offset_ = 0;
  std::unique_ptr<Statements> statements_;
};

// The one form in which subtasks and times of states are kept in a row.
std::string PackSubtasks(const SubtaskList& subtasks);
std::optional<SubtaskList> UnpackSubtasks(const std::string& bytes);

}  // namespace ipam::hub
