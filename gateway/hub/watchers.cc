#include "gateway/hub/watchers.h"

#include <chrono>
#include <utility>

#include "gateway/hub/errors.h"
#include "gateway/hub/names.h"

namespace ipam::hub {
namespace {

constexpr std::chrono::milliseconds kTick{100};
constexpr std::size_t kFanOutBytes = std::size_t{256} << 10;

}  // namespace

Watchers::Watchers(const Options& options, Catalog& catalog, Reader& reader, base::Clock& clock,
                   std::function<std::vector<v1::SourceStatus>()> poll_sources)
    : options_(options),
      catalog_(catalog),
      reader_(reader),
      clock_(clock),
      poll_sources_(std::move(poll_sources)) {}

Watchers::~Watchers() { Stop(); }

void Watchers::Start() {
  {
    base::MutexLock lock(live_mutex_);
    live_offset_ = catalog_.head().offset;
  }
  fan_out_thread_ = std::thread([this] { RunFanOut(); });
  feeder_thread_ = std::thread([this] { RunFeeder(); });
}

absl::StatusOr<std::shared_ptr<Outbox>> Watchers::Add(Watch::Plan plan, std::shared_ptr<Writer> writer) {
  auto outbox = std::make_shared<Outbox>(std::move(writer), options_.outbox_bytes);
  auto watch = std::make_shared<Watch>(
      std::move(plan), Watch::Environment{catalog_, reader_, clock_, frames_, resets_}, outbox);
  {
    base::MutexLock lock(all_mutex_);
    if (draining_) return absl::UnavailableError("the gateway is stopping");
    if (all_.size() >= options_.max_watches) return absl::ResourceExhaustedError("too many watches");
    all_.insert(watch);
  }
  QueueFeed(std::move(watch));
  return outbox;
}

void Watchers::Notify() {
  base::MutexLock lock(wake_mutex_);
  news_ = true;
  wake_.notify_one();
}

void Watchers::RunFanOut() {
  auto next_tick = std::chrono::steady_clock::now();
  for (;;) {
    {
      base::MutexLock lock(wake_mutex_);
      wake_.wait_until(wake_mutex_, next_tick,
                       [this]() IPAM_REQUIRES(wake_mutex_) { return news_ || stop_; });
      news_ = false;
      if (stop_) return;
    }
    FanOut();
    if (std::chrono::steady_clock::now() >= next_tick) {
      next_tick = std::chrono::steady_clock::now() + kTick;
      Tick();
    }
  }
}

void Watchers::FanOut() {
  for (;;) {
    std::vector<std::pair<WatchPtr, Watch::Progress>> leaving;
    {
      base::MutexLock lock(live_mutex_);
      const auto records = catalog_.Recent(live_offset_, kFanOutBytes);
      if (records.has_value() && records->empty()) return;
      if (!records.has_value()) {
        // Memory does not reach back so far: each goes on by the disk.
        for (const WatchPtr& watch : live_) leaving.emplace_back(watch, Watch::Progress::kMore);
        live_offset_ = catalog_.head().offset;
      } else {
        const absl::Time now = MonotonicNow();
        for (const WatchPtr& watch : live_) {
          const Outbox::Hold one_write(watch->outbox());
          for (const Record& record : *records) {
            const Watch::Progress progress = watch->Offer(record, now);
            if (progress == Watch::Progress::kMore) continue;
            leaving.emplace_back(watch, progress);
            break;
          }
        }
        live_offset_ = records->back().offset;
      }
      for (const auto& [watch, progress] : leaving) live_.erase(watch);
    }
    for (auto& [watch, progress] : leaving) {
      if (progress == Watch::Progress::kFull) {
        Park(std::move(watch));
      } else if (progress == Watch::Progress::kMore) {
        QueueFeed(std::move(watch));
      }
    }
  }
}

void Watchers::QueueFeed(WatchPtr watch) {
  base::MutexLock lock(feed_mutex_);
  if (feed_stop_) return;
  feed_.push_back(std::move(watch));
  feed_wake_.notify_one();
}

void Watchers::Park(WatchPtr watch) {
  Outbox& outbox = watch->outbox();
  // Weak: the outbox must not keep its own watch, which keeps the outbox.
  const bool waits = outbox.WaitForRoom(MonotonicNow(), [this, weak = std::weak_ptr<Watch>(watch)] {
    if (WatchPtr again = weak.lock()) QueueFeed(std::move(again));
  });
  if (!waits) QueueFeed(std::move(watch));
}

void Watchers::RunFeeder() {
  for (;;) {
    WatchPtr watch;
    {
      base::MutexLock lock(feed_mutex_);
      feed_wake_.wait(feed_mutex_,
                      [this]() IPAM_REQUIRES(feed_mutex_) { return !feed_.empty() || feed_stop_; });
      if (feed_stop_) return;
      watch = std::move(feed_.front());
      feed_.pop_front();
    }
    Feed(std::move(watch));
  }
}

void Watchers::Feed(WatchPtr watch) {
  switch (watch->Feed()) {
    case Watch::Progress::kMore:
      QueueFeed(std::move(watch));
      return;
    case Watch::Progress::kFull:
      Park(std::move(watch));
      return;
    case Watch::Progress::kCaughtUp:
      if (!GoLive(watch)) QueueFeed(std::move(watch));
      return;
    case Watch::Progress::kEnded:
      return;
  }
}

bool Watchers::GoLive(const WatchPtr& watch) {
  base::MutexLock lock(live_mutex_);
  // Behind the fan-out: there is more to read. Ahead of it: what comes again is passed over.
  if (watch->position().offset < live_offset_) return false;
  live_.insert(watch);
  return true;
}

void Watchers::Tick() {
  const absl::Time now = MonotonicNow();
  std::vector<WatchPtr> gone;
  {
    base::MutexLock lock(live_mutex_);
    for (const WatchPtr& watch : live_) {
      watch->Beat(now);
      if (watch->outbox().ended()) gone.push_back(watch);
    }
    for (const WatchPtr& watch : gone) live_.erase(watch);
  }
  std::vector<WatchPtr> slow;
  {
    base::MutexLock lock(all_mutex_);
    for (auto it = all_.begin(); it != all_.end();) {
      Outbox& outbox = (*it)->outbox();
      if (now - outbox.full_since() >= options_.slow_after) slow.push_back(*it);
      if (outbox.ended()) {
        gone.push_back(*it);
        all_.erase(it++);
      } else {
        ++it;
      }
    }
  }
  for (const WatchPtr& watch : slow) {
    ++slow_;
    watch->outbox().Abort(
        WithErrorInfo(absl::ResourceExhaustedError("the watcher does not read"), "SLOW_CONSUMER"));
  }
  for (const v1::SourceStatus& status : poll_sources_()) Broadcast(status);
}

void Watchers::Broadcast(const v1::SourceStatus& status) {
  v1::WatchOperationsResponse response;
  *response.mutable_source() = status;
  PushToAll(std::move(response), nullptr);
}

void Watchers::PushToAll(v1::WatchOperationsResponse response, const absl::Status* finish) {
  *response.mutable_server_time() = ToProto(clock_.Now());
  std::vector<WatchPtr> all;
  {
    base::MutexLock lock(all_mutex_);
    all.assign(all_.begin(), all_.end());
  }
  for (const WatchPtr& watch : all) {
    response.set_resume_token(EncodeToken(watch->position()));
    watch->outbox().PushAlways(std::make_shared<const Frame>(response));
    if (finish != nullptr) watch->outbox().FinishWhenEmpty(*finish);
  }
}

void Watchers::Drain(absl::Duration retry_after, const std::string& reason) {
  {
    base::MutexLock lock(all_mutex_);
    draining_ = true;
  }
  v1::WatchOperationsResponse response;
  *response.mutable_drain()->mutable_retry_after() = ToProto(retry_after);
  response.mutable_drain()->set_reason(reason);
  const absl::Status finish = absl::UnavailableError(reason);
  PushToAll(std::move(response), &finish);
}

void Watchers::Stop() {
  {
    base::MutexLock lock(wake_mutex_);
    stop_ = true;
    wake_.notify_one();
  }
  {
    base::MutexLock lock(feed_mutex_);
    feed_stop_ = true;
    feed_wake_.notify_one();
  }
  if (fan_out_thread_.joinable()) fan_out_thread_.join();
  if (feeder_thread_.joinable()) feeder_thread_.join();
  base::MutexLock lock(all_mutex_);
  draining_ = true;
  for (const WatchPtr& watch : all_)
    watch->outbox().FinishWhenEmpty(absl::UnavailableError("the gateway is stopping"));
}

void Watchers::AddTo(Counters& counters) const {
  counters.frames += frames_;
  counters.resets += resets_;
  counters.slow_watchers += slow_;
}

}  // namespace ipam::hub
