// What readers see: the committed state of every operation and the latest event frames, all changed under one
// lock by one commit after another. A cut taken here is atomic: states and position belong together.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "dcom_bridge/base/mutex.h"
#include "gateway/hub/frame.h"
#include "gateway/hub/operation_state.h"
#include "gateway/hub/options.h"
#include "gateway/hub/outbox.h"
#include "gateway/hub/store.h"
#include "gateway/hub/token.h"

namespace ipam::hub {

// One committed event, ready for watchers.
struct Record {
  std::uint64_t offset = 0;
  std::shared_ptr<const OperationInfo> operation;
  std::uint64_t sequence = 0;
  v1::OperationState state = v1::OPERATION_STATE_UNSPECIFIED;  // after the event
  bool accepted = false;                                       // the first event of the operation
  bool finished = false;
  std::optional<Outbox::Replaceable> replaceable;  // by DELIVERY_LATEST
  FramePtr frame;
};
// `serialized` is `event` serialized.
Record MakeRecord(std::shared_ptr<const OperationInfo> operation, const v1::Event& event,
                  const std::string& serialized, v1::OperationState state, const Position& position,
                  absl::Time now);

class Catalog {
 public:
  explicit Catalog(std::size_t recent_bytes) : recent_limit_(recent_bytes) {}

  struct Batch {
    std::vector<Record> records;
    std::vector<StatePtr> changed;
    std::vector<std::uint64_t> removed;  // numbers
  };
  void Load(Identity identity, std::uint64_t last_offset, std::vector<StatePtr> states);
  void Commit(Batch batch, const Identity* identity);

  StatePtr Find(const std::string& id) const;
  StatePtr FindNumber(std::uint64_t number) const;
  StatePtr FindRequest(const std::string& initiator, const std::string& request_id) const;
  // Newest first, numbers below `below`; false stops.
  void ForEachNewest(std::uint64_t below, absl::FunctionRef<bool(const StatePtr&)> visit) const;

  struct Cut {
    Position position;
    std::vector<StatePtr> operations;  // oldest first, those that `wanted` says
    std::uint64_t removals = 0;
  };
  Cut TakeCut(absl::FunctionRef<bool(const OperationState&)> wanted) const;
  Position head() const;
  // Records behind `after`, or nothing where memory does not reach so far back. Empty: `after` is the head.
  std::optional<std::vector<Record>> Recent(std::uint64_t after, std::size_t max_bytes) const;

  struct Gap {
    std::string reason;
    std::uint64_t missed_at_least = 0;
  };
  // Why `position` cannot be continued; nothing where it can.
  std::optional<Gap> FindGap(const Position& position) const;
  // What retention took behind `offset` after the first `removals` removals: a reader in the midst of it
  // missed that.
  std::optional<Gap> FindRemoved(std::uint64_t offset, std::uint64_t removals) const;
  // Finished operations that are to go, oldest first, at most `limit`. The age counts where `now` is given.
  std::vector<StatePtr> FindRemovable(const Retention& retention, std::optional<absl::Time> now,
                                      std::size_t limit) const;

  struct Totals {
    std::uint64_t operations = 0;
    std::uint64_t running = 0;
    std::uint64_t running_bytes = 0;
    std::uint64_t bytes = 0;
  };
  Totals totals() const;
  int running_of(const std::string& source) const;

 private:
  std::optional<Gap> Missed(std::uint64_t offset, std::optional<std::uint64_t> removals) const
      IPAM_REQUIRES(mutex_);
  void Put(StatePtr state) IPAM_REQUIRES(mutex_);
  void Take(std::uint64_t number) IPAM_REQUIRES(mutex_);
  void Count(const OperationState& state, bool add) IPAM_REQUIRES(mutex_);

  const std::size_t recent_limit_;
  mutable base::Mutex mutex_;
  Identity identity_ IPAM_GUARDED_BY(mutex_);
  std::uint64_t head_ IPAM_GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, StatePtr> states_ IPAM_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::uint64_t> by_id_ IPAM_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::pair<std::string, std::string>, std::uint64_t> by_request_ IPAM_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, int> running_of_ IPAM_GUARDED_BY(mutex_);
  Totals totals_ IPAM_GUARDED_BY(mutex_);
  std::deque<Record> recent_ IPAM_GUARDED_BY(mutex_);
  std::size_t recent_bytes_ IPAM_GUARDED_BY(mutex_) = 0;
};

}  // namespace ipam::hub
