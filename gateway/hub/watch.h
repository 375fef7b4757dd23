// One watcher: what it has been shown, and what comes next. At any time one thread owns it: the feeder while
// it reads a snapshot or the journal, the fan-out while it is live (Watchers hands it over). Only position()
// may be asked by others.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"
#include "gateway/hub/catalog.h"
#include "gateway/hub/outbox.h"
#include "gateway/hub/reader.h"
#include "gateway/hub/selector.h"

namespace ipam::hub {

// The frames of one operation's snapshot, made one by one.
class OperationFrames {
 public:
  explicit OperationFrames(StatePtr state) : state_(std::move(state)), subtasks_(state_->subtasks) {}
  // The subtasks are in the journal, and Load() comes before Next().
  bool needs_subtasks() const { return needs_subtasks_; }
  void Load(SubtaskList subtasks) {
    subtasks_ = std::move(subtasks);
    needs_subtasks_ = false;
  }
  // Fills `snapshot`; true: it was the last.
  bool Next(v1::Operation& snapshot);
  const OperationState& state() const { return *state_; }

 private:
  StatePtr state_;
  SubtaskList subtasks_;
  bool needs_subtasks_ = state_->subtasks_stored && state_->summary.counts().total() > 0;
  std::size_t next_ = 0;
  bool first_ = true;
};

class Watch {
 public:
  // What a request asks for, once it was checked.
  struct Plan {
    std::optional<absl::flat_hash_set<std::uint64_t>> names;
    Filter filter;
    std::optional<Position> resume;   // a position that can be continued
    std::optional<Catalog::Gap> gap;  // ... or why it cannot: Reset, then a snapshot
    v1::StartMode start = v1::START_MODE_SNAPSHOT;
    bool strict_resume = false;
    bool until_done = false;
    bool latest = false;
    absl::Duration heartbeat = absl::Seconds(15);
  };
  struct Environment {
    Catalog& catalog;
    Reader& reader;
    base::Clock& clock;
    std::atomic<std::uint64_t>& frames;
    std::atomic<std::uint64_t>& resets;
  };
  // Takes the cut.
  Watch(Plan plan, Environment environment, std::shared_ptr<Outbox> outbox);

  enum class Progress {
    kMore,
    kFull,      // the outbox is: go on when there is room
    kCaughtUp,  // nothing left behind position()
    kEnded,
  };
  // A bounded piece of work, which may read the disk.
  Progress Feed();
  // The live event behind position(). kMore: taken. kFull: not, or there is work for Feed().
  Progress Offer(const Record& record, absl::Time now);
  // A heartbeat, where nothing was sent for long enough.
  void Beat(absl::Time now);

  // Any thread. Never ahead of what the outbox was given.
  Position position() const;
  Outbox& outbox() { return *outbox_; }

 private:
  struct Pending {
    FramePtr frame;
    std::optional<Outbox::Replaceable> replaceable;
    std::optional<std::uint64_t> cursor;  // position behind it
    bool ends_snapshot = false;
  };
  void Begin();
  bool Refill();
  void RefillFromOperation();
  bool FillBuffer();
  void Handle(const Record& record, Selector::Verdict verdict);
  bool PushPending();
  bool EndIfDone();
  void Add(v1::WatchOperationsResponse response, std::optional<std::uint64_t> cursor,
           bool ends_snapshot = false);
  void StartOver(Catalog::Gap gap);
  void Break(absl::Status status);

  Plan plan_;
  Environment env_;
  const std::shared_ptr<Outbox> outbox_;
  std::optional<Selector> selector_;
  Position base_;          // journal and epoch of all its tokens
  std::uint64_t cut_ = 0;  // until_done counts from here
  std::uint64_t removals_ = 0;
  std::vector<StatePtr> snapshot_;  // still to be shown, from next_
  std::size_t next_ = 0;
  std::optional<OperationFrames> frames_;
  std::optional<std::uint64_t>
      frames_cursor_;            // position behind frames_, where they stand in the live stream
  std::deque<Record> buffer_;    // read, not yet judged
  std::deque<Pending> pending_;  // judged, not yet taken by the outbox
  bool ended_ = false;
  absl::Time last_push_;
  std::atomic<std::uint64_t> cursor_{0};
  std::atomic<bool> in_snapshot_{false};
};

}  // namespace ipam::hub
