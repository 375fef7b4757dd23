// What is known of one operation: the fold of its events. A state that was shared is never changed again:
// readers hold it without a lock, the journal's thread makes the next one from a copy that shares the
// subtasks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "gateway/hub/frame.h"

namespace ipam::hub {

// What never changes.
struct OperationInfo {
  std::uint64_t number = 0;  // 1, 2, 3 ... in the order of acceptance
  std::string id;
  std::string name;  // "operations/{id}"
  std::string source;
  std::string kind;
  std::string initiator;
  std::string request_id;
  std::string content_hash;  // of what StartOperation was asked for
  absl::Time create_time;
};

// Append and replace; copies share all chunks but the one that is written.
class SubtaskList {
 public:
  using Item = std::shared_ptr<const v1::Subtask>;
  std::size_t size() const { return size_; }
  const v1::Subtask& at(std::size_t position) const {
    return *(*chunks_[position / kChunk])[position % kChunk];
  }
  void Append(Item item);
  void Replace(std::size_t position, Item item);

 private:
  static constexpr std::size_t kChunk = 64;
  using Chunk = std::vector<Item>;
  std::vector<std::shared_ptr<const Chunk>> chunks_;
  std::size_t size_ = 0;
};

struct OperationState {
  std::shared_ptr<const OperationInfo> info;
  v1::Operation summary;  // without subtasks and completion status
  SubtaskList subtasks;
  bool subtasks_stored = false;  // ended: `subtasks` is empty, they are in the journal
  bool has_completion_status = false;
  bool started = false;  // StartProgressCallback came
  bool lost = false;     // source_lost and not yet resumed
  bool resumed = false;  // callbacks are taken again after OUTCOME_UNKNOWN
  std::string server_operation_id;
  std::uint64_t last_source_sequence = 0;
  std::uint64_t last_offset = 0;
  std::uint64_t bytes = 0;  // of its events and texts in the journal
  // The offset of the first event that left the operation in this state; 0: never was in it.
  std::array<std::uint64_t, v1::OperationState_ARRAYSIZE> state_since{};

  bool ended() const;
};
using StatePtr = std::shared_ptr<const OperationState>;

bool IsFinal(v1::OperationState state);
bool IsFinal(v1::SubtaskStatus status);

// Position of each subtask by its instance id.
using SubtaskIndex = absl::flat_hash_map<std::int32_t, std::size_t>;

// The one transition of state: `event` was journaled at `offset`.
void Apply(const v1::Event& event, std::uint64_t offset, OperationState& state, SubtaskIndex& index);

}  // namespace ipam::hub
