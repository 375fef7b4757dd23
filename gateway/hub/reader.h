// Reads the journal beside its writer: a connection of its own, so that no publisher waits for a reader.
// Every call is one short transaction; a long read is done in chunks. Any thread, one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/mutex.h"
#include "gateway/hub/operation_state.h"
#include "gateway/hub/sqlite.h"

namespace ipam::hub {

struct JournalRow {
  std::uint64_t offset = 0;
  std::uint64_t operation = 0;                                 // its number
  v1::OperationState state = v1::OPERATION_STATE_UNSPECIFIED;  // after the event
  std::string body;                                            // serialized Event
};

class Reader {
 public:
  // The journal must have been made.
  static absl::StatusOr<std::unique_ptr<Reader>> Open(const std::string& path);
  ~Reader();

  // Events of all operations behind `after`, up to and with `last`: at least one, then as many as fit into
  // `max_bytes`.
  absl::StatusOr<std::vector<JournalRow>> Read(std::uint64_t after, std::uint64_t last,
                                               std::size_t max_bytes);
  // Events of one operation behind the sequence `after`.
  absl::StatusOr<std::vector<JournalRow>> ReadOperation(std::uint64_t number, std::uint64_t after,
                                                        std::size_t limit, std::size_t max_bytes);
  absl::StatusOr<SubtaskList> ReadSubtasks(std::uint64_t number);
  absl::StatusOr<std::optional<std::string>> ReadCompletionStatus(std::uint64_t number);
  // What StartOperation was asked for; nothing where it was not kept.
  absl::StatusOr<std::optional<std::string>> ReadParameters(std::uint64_t number);

 private:
  struct Statements;
  explicit Reader(Database db);
  absl::StatusOr<std::vector<JournalRow>> Collect(Statement& statement, std::size_t max_bytes)
      IPAM_REQUIRES(mutex_);
  absl::StatusOr<std::optional<std::string>> ReadOne(Statement& statement, std::uint64_t number)
      IPAM_REQUIRES(mutex_);

  base::Mutex mutex_;
  Database db_ IPAM_GUARDED_BY(mutex_);
  std::unique_ptr<Statements> statements_ IPAM_GUARDED_BY(mutex_);
};

}  // namespace ipam::hub
