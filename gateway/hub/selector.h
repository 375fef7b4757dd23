// Which operations a watch shows, and how each enters its stream. Owned by the watch.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "gateway/hub/catalog.h"
#include "gateway/hub/filter.h"
#include "gateway/hub/operation_state.h"

namespace ipam::hub {

// Filters over state, kind, source, initiator and create_time of an operation.
absl::StatusOr<Filter> ParseOperationFilter(const std::string& text);
bool Matches(const Filter& filter, const OperationInfo& info, v1::OperationState state);

class Selector {
 public:
  // `names`: the numbers of the operations asked for; nothing: all.
  Selector(std::optional<absl::flat_hash_set<std::uint64_t>> names, Filter filter)
      : names_(std::move(names)), filter_(std::move(filter)) {}

  // As it stands now, for a snapshot or a live start.
  bool Wants(const OperationState& state) const;
  // Whether it was in a stream with this filter when the stream stood at `offset`.
  bool WantedAt(const OperationState& state, std::uint64_t offset) const;
  // It is in the stream: its events follow.
  void Add(const OperationState& state);
  // all_done() waits for it, though its events have not come into the stream yet.
  void AwaitEnd(const OperationState& state);

  enum class Verdict {
    kSkip,
    kDeliver,
    kSnapshot,  // begins to match: a snapshot comes in place of this event, then Snapshotted()
  };
  Verdict Judge(const Record& record);
  // Its events up to the snapshot's last are passed over.
  void Snapshotted(const OperationState& state);

  // Every operation in the stream is done.
  bool all_done() const { return open_.empty(); }

 private:
  bool Named(std::uint64_t number) const { return !names_.has_value() || names_->contains(number); }

  std::optional<absl::flat_hash_set<std::uint64_t>> names_;
  Filter filter_;
  absl::flat_hash_set<std::uint64_t> matched_;                     // once; used where there is a filter
  absl::flat_hash_set<std::uint64_t> open_;                        // in the stream and not done
  absl::flat_hash_map<std::uint64_t, std::uint64_t> passed_over_;  // up to this sequence
};

}  // namespace ipam::hub
