// All watches and the two threads that serve them. The fan-out gives each committed event to the live watches
// and looks after time: heartbeats, slow readers, the sources. The feeder does what takes longer: snapshots,
// and what a watch missed. A watch is handed from one to the other at an exact offset, so nothing is missed
// or repeated.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/mutex.h"
#include "gateway/hub/catalog.h"
#include "gateway/hub/options.h"
#include "gateway/hub/reader.h"
#include "gateway/hub/watch.h"

namespace ipam::hub {

class Watchers {
 public:
  // `poll_sources` is called by the fan-out some times a second and gives what changed since.
  Watchers(const Options& options, Catalog& catalog, Reader& reader, base::Clock& clock,
           std::function<std::vector<v1::SourceStatus>()> poll_sources);
  ~Watchers();

  void Start();  // begins behind the catalog's head
  absl::StatusOr<std::shared_ptr<Outbox>> Add(Watch::Plan plan, std::shared_ptr<Writer> writer);
  // There is something new in the catalog. Never blocks.
  void Notify();
  void Drain(absl::Duration retry_after, const std::string& reason);
  void Stop();

  void AddTo(Counters& counters) const;

 private:
  using WatchPtr = std::shared_ptr<Watch>;
  void RunFanOut();
  void RunFeeder();
  void FanOut();
  void Tick();
  void Broadcast(const v1::SourceStatus& status);
  void Feed(WatchPtr watch);
  void QueueFeed(WatchPtr watch);
  // Puts it back when its outbox has room. It must not be touched after this.
  void Park(WatchPtr watch);
  bool GoLive(const WatchPtr& watch);
  void PushToAll(v1::WatchOperationsResponse response, const absl::Status* finish);

  const Options& options_;
  Catalog& catalog_;
  Reader& reader_;
  base::Clock& clock_;
  const std::function<std::vector<v1::SourceStatus>()> poll_sources_;

  // Held while one piece of the log is given to the live watches, so that a handover sees either all or
  // nothing of it. Before feed_mutex_.
  base::Mutex live_mutex_;
  absl::flat_hash_set<WatchPtr> live_ IPAM_GUARDED_BY(live_mutex_);
  std::uint64_t live_offset_ IPAM_GUARDED_BY(live_mutex_) = 0;  // given to all of them

  base::Mutex all_mutex_;
  absl::flat_hash_set<WatchPtr> all_ IPAM_GUARDED_BY(all_mutex_);
  bool draining_ IPAM_GUARDED_BY(all_mutex_) = false;

  base::Mutex feed_mutex_;
  base::CondVar feed_wake_;
  std::deque<WatchPtr> feed_ IPAM_GUARDED_BY(feed_mutex_);
  bool feed_stop_ IPAM_GUARDED_BY(feed_mutex_) = false;

  base::Mutex wake_mutex_;
  base::CondVar wake_;
  bool news_ IPAM_GUARDED_BY(wake_mutex_) = false;
  bool stop_ IPAM_GUARDED_BY(wake_mutex_) = false;

  std::atomic<std::uint64_t> frames_{0}, resets_{0}, slow_{0};
  std::thread fan_out_thread_;
  std::thread feeder_thread_;
};

}  // namespace ipam::hub
