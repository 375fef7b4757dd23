// The queue between the hub and the transport of one watch: bounded in bytes, and the only place where their
// threads meet. The hub pushes, the transport's Writer takes all that is pending in one write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
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
  struct Entry {
    FramePtr frame;
    std::optional<Replaceable> replaceable;
  };
  using Queue = std::list<Entry>;
  using Subject = std::pair<std::uint64_t, std::int64_t>;

  void Append(FramePtr frame, std::optional<Replaceable> replaceable) IPAM_REQUIRES(mutex_);
  void Erase(Queue::iterator entry) IPAM_REQUIRES(mutex_);
  void Write() IPAM_REQUIRES(mutex_);
  void End(absl::Status status) IPAM_REQUIRES(mutex_);

  const std::size_t limit_bytes_;
  mutable base::Mutex mutex_;
  std::shared_ptr<Writer> writer_ IPAM_GUARDED_BY(mutex_);
  Queue queue_ IPAM_GUARDED_BY(mutex_);
  absl::flat_hash_map<Subject, Queue::iterator> last_of_ IPAM_GUARDED_BY(mutex_);
  std::size_t bytes_ IPAM_GUARDED_BY(mutex_) = 0;  // queued, and being written
  std::size_t writing_bytes_ IPAM_GUARDED_BY(mutex_) = 0;
  bool writing_ IPAM_GUARDED_BY(mutex_) = false;
  bool ended_ IPAM_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> finish_ IPAM_GUARDED_BY(mutex_);
  std::function<void()> on_room_ IPAM_GUARDED_BY(mutex_);
  absl::Time full_since_ IPAM_GUARDED_BY(mutex_) = absl::InfiniteFuture();
};

}  // namespace ipam::hub
