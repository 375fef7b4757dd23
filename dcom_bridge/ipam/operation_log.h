// The operations and the events that they raised, as rows. The engine's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/event/progress_event.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/operation_states.h"

namespace ipam::engine {

class OperationLog {
 public:
  explicit OperationLog(Database& db);

  // The number of the new row; kAlreadyExists: the id is there.
  absl::StatusOr<std::int64_t> Insert(const base::Guid& operation, const std::string& kind,
                                      const std::string& account, const std::optional<std::string>& initiator,
                                      const v1::OperationParameters& parameters, absl::Time now);
  // `change` is one of the five callbacks; `record_id`: of the row that an entity which ended made or changed.
  absl::Status Append(std::int64_t number, const event::ProgressEvent& event,
                      std::optional<std::int64_t> record_id = std::nullopt);
  absl::Status End(std::int64_t number, absl::Time now);

  // kNotFound: no such operation.
  absl::StatusOr<std::vector<event::ProgressEvent>> Read(const base::Guid& operation, std::uint64_t after,
                                                         std::size_t max);

  struct Found {
    std::string account;  // that started it
    std::uint64_t last_sequence = 0;
    bool ended = false;
  };
  absl::StatusOr<std::optional<Found>> Find(const base::Guid& operation);

  // Subtasks that were announced and have not reached an end.
  absl::StatusOr<std::vector<event::SubtaskInstance>> ListOpenSubtasks(std::int64_t number);

  // Removes at most `max` operations that ended before `limit`, oldest first; how many.
  absl::StatusOr<std::int64_t> Purge(absl::Time limit, int max);

  OperationStates& states() { return states_; }  // of those that did not end

 private:
  Database& db_;
  OperationStates states_;
  Statement insert_;
  Statement append_;
  Statement end_;
  Statement find_;
  Statement number_;
  Statement read_;
  Statement open_subtasks_;
  Statement purge_;
};

}  // namespace ipam::engine
