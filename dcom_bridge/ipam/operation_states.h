// What an operation needs, beside its events, to go on when the server starts again: rows that go with its end.
// The engine's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/event/progress_event.h"
#include "dcom_bridge/ipam/database.h"
#include "ipam/v1/parameters.pb.h"

namespace ipam::engine {

// An operation that did not end, as its rows tell it.
struct SavedOperation {
  std::int64_t number = 0;
  std::string guid;
  std::string kind;
  bool answered = false;                 // StartProgressCallback was
  std::optional<std::string> cancelled;  // why
  std::uint64_t last_sequence = 0;
  int percent = 0;
  std::size_t announced = 0;             // subtasks
  std::size_t ended = 0;                 // of them
  bool at_work = false;                  // one that did not end was InProgress
  std::optional<std::string> actuation;  // what PutActuation kept of that one
};

// An entity that ended.
struct SavedOutcome {
  event::SubtaskStatus status = event::SubtaskStatus::kNotRun;
  std::int64_t record_id = 0;
  std::optional<std::string> completion_status_xml;
};

class OperationStates {
 public:
  explicit OperationStates(Database& db);

  absl::Status Insert(std::int64_t number, const v1::OperationParameters& parameters);
  absl::Status Answer(std::int64_t number);
  absl::Status Cancel(std::int64_t number, const std::string& reason);
  // What an entity changed, where its delegate needs that.
  absl::Status PutChanges(std::int64_t number, std::size_t entity, const base::Bytes& changes);
  // What servers may have of the entity at work, until it ends.
  absl::Status PutActuation(std::int64_t number, const std::string& touched);
  absl::Status RemoveActuation(std::int64_t number);
  absl::Status Remove(std::int64_t number);

  // In the order of their starts.
  absl::StatusOr<std::vector<SavedOperation>> List();
  // kDataLoss: there are none, or none that can be read.
  absl::StatusOr<v1::OperationParameters> GetParameters(const SavedOperation& operation);
  // The subtasks that were announced, and what became of the first of them.
  absl::StatusOr<std::vector<event::SubtaskInstance>> ListAnnounced(std::int64_t number);
  absl::StatusOr<std::vector<SavedOutcome>> ListOutcomes(std::int64_t number);
  // Puts all rows back that the operation changed, the last change first; within a savepoint.
  absl::Status UndoAll(std::int64_t number);

 private:
  Database& db_;
  Statement insert_;
  Statement answer_;
  Statement cancel_;
  Statement put_changes_;
  Statement put_actuation_;
  Statement remove_actuation_;
  Statement remove_;
  Statement list_;
  Statement parameters_;
  Statement announced_;
  Statement outcomes_;
  Statement changes_;
};

}  // namespace ipam::engine
