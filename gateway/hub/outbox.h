// The queue between the hub and the transport of one watch: bounded in bytes, and the only place where their
// threads meet. The hub pushes, the transport's Writer takes all that is pending in one write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/mutex.h"
#include "gateway/hub/frame.h"

namespace ipam::hub {

// The transport's end of a watch. Both methods are called under the outbox's lock: they must not block, nor
// call the outbox back from inside.
class Writer {
 public:
  virtual ~Writer() = default;
  // At most one is outstanding, until Outbox::WriteDone. All that is pending, up to 64 KiB (a larger frame
  // goes alone).
  virtual void StartWrite(std::vector<FramePtr> frames) = 0;
  // The last call. OK: until_done is done. kUnavailable: drained. kResourceExhausted: the peer does not read,
  // a write may be outstanding: reset the connection. Else: the watch broke. Except for kResourceExhausted no
  // write is outstanding.
  virtual void Finish(absl::Status status) = 0;
};

class Outbox {
 public:
  static constexpr std::size_t kWriteBytes = std::size_t{64} << 10;

  Outbox(std::shared_ptr<Writer> writer, std::size_t limit_bytes);
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // For the transport, any thread.
  // The last StartWrite is on its way. The next StartWrite, or Finish, comes from inside this call or later.
  void WriteDone();
  // The transport is gone: no call to the Writer is made after this returns.
  void Detach();

  // For the hub, any thread.
  // What a newer frame may replace while it is queued (DELIVERY_LATEST): the last frame of the same subject,
  // if its status is the same too.
  struct Replaceable {
    std::uint64_t operation = 0;
    std::int64_t subject = 0;
    std::int32_t status = 0;
  };
  // False: full, nothing was taken. True also after an end, the frame is then dropped. An empty outbox takes
  // any frame.
  bool Push(FramePtr frame, std::optional<Replaceable> replaceable = std::nullopt);
  // While it lives nothing is written: what is pushed one after another leaves together.
  class Hold {
   public:
    explicit Hold(Outbox& outbox);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Outbox& outbox_;
  };
  // Takes a frame that must not wait (Drain, SourceStatus of a live watch), even where it is full.
  void PushAlways(FramePtr frame);
  // True: full, and `on_room` is called once when half of it is free again. False: there is room now.
  bool WaitForRoom(absl::Time now, std::function<void()> on_room);
  // Ends the watch once everything queued is written.
  void FinishWhenEmpty(absl::Status status);
  // Ends the watch now, what is queued is dropped. For kResourceExhausted only.
  void Abort(absl::Status status);
  // Since when it has been full and unread; InfiniteFuture when it is not.
  absl::Time full_since() const;
  bool idle() const;   // nothing queued, nothing being written
  bool ended() const;  // Finish was called, or the transport is gone

 private:
  using Subject = std::pair<std::uint64_t, std::int64_t>;
  struct Last {
    std::uint64_t number = 0;  // of a frame that is queued
    std::int32_t status = 0;
  };

  void Append(FramePtr frame, const std::optional<Replaceable>& replaceable) IPAM_REQUIRES(mutex_);
  void Replace(const Replaceable& by) IPAM_REQUIRES(mutex_);
  void Compact() IPAM_REQUIRES(mutex_);
  std::vector<FramePtr> Take() IPAM_REQUIRES(mutex_);
  void Write() IPAM_REQUIRES(mutex_);
  void End(absl::Status status) IPAM_REQUIRES(mutex_);
  bool empty() const IPAM_REQUIRES(mutex_) { return queue_.size() == replaced_; }

  const std::size_t limit_bytes_;
  mutable base::Mutex mutex_;
  std::shared_ptr<Writer> writer_ IPAM_GUARDED_BY(mutex_);
  // Frames are numbered as they come: queue_[0] is number first_. Null: replaced by a newer one. It goes to
  // the Writer as it is where it can, so that an event costs a watcher one reference and no allocation of its
  // own.
  std::vector<FramePtr> queue_ IPAM_GUARDED_BY(mutex_);
  std::uint64_t first_ IPAM_GUARDED_BY(mutex_) = 0;
  std::size_t replaced_ IPAM_GUARDED_BY(mutex_) = 0;  // nulls in queue_
  absl::flat_hash_map<Subject, Last> last_of_ IPAM_GUARDED_BY(mutex_);
  std::size_t bytes_ IPAM_GUARDED_BY(mutex_) = 0;  // queued, and being written
  std::size_t writing_bytes_ IPAM_GUARDED_BY(mutex_) = 0;
  bool writing_ IPAM_GUARDED_BY(mutex_) = false;
  int holds_ IPAM_GUARDED_BY(mutex_) = 0;
  bool ended_ IPAM_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> finish_ IPAM_GUARDED_BY(mutex_);
  std::function<void()> on_room_ IPAM_GUARDED_BY(mutex_);
  absl::Time full_since_ IPAM_GUARDED_BY(mutex_) = absl::InfiniteFuture();
};

}  // namespace ipam::hub
