// What it costs to hand an event to 1,000 watchers and to take it for a write, without sockets; the reference
// keeps the same frames in a vector each.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "gateway/hub/outbox.h"

namespace ipam::hub {
namespace {

constexpr std::size_t kWatchers = 1000;

std::vector<FramePtr> Events(std::size_t count) {
  std::vector<FramePtr> events;
  for (std::size_t i = 0; i < count; ++i) {
    v1::WatchOperationsResponse response;
    response.set_resume_token("EAG92ikLZA5VAQAAAAAAAAAAAAAAF2pjtg");
    auto* event = response.mutable_events()->add_events();
    event->set_operation("operations/20261122-112804-db7bc275f105");
    event->set_sequence(i + 1'000'000);
    event->mutable_receive_time()->set_seconds(1'790'000'000);
    event->mutable_percentage()->set_percent(static_cast<double>(i % 100) + 0.5);
    events.push_back(std::make_shared<const Frame>(response));
  }
  return events;
}

// A transport whose socket takes everything at once; WriteDone is the benchmark's.
class Taker final : public Writer {
 public:
  void StartWrite(std::vector<FramePtr> frames) override {
    taken_ += frames.size();
    writing_ = true;
  }
  void Finish(absl::Status) override { std::abort(); }

  std::size_t taken_ = 0;
  bool writing_ = false;
};

// Bursts of events, each pushed to all watchers; then each of them writes until nothing waits.
void PublishToOutboxes(benchmark::State& state) {
  const std::vector<FramePtr> events = Events(static_cast<std::size_t>(state.range(0)));
  std::vector<std::shared_ptr<Taker>> takers;
  std::vector<std::unique_ptr<Outbox>> outboxes;
  for (std::size_t i = 0; i < kWatchers; ++i) {
    takers.push_back(std::make_shared<Taker>());
    outboxes.push_back(std::make_unique<Outbox>(takers.back(), std::size_t{4} << 20));
  }
  for (auto _ : state) {
    for (const FramePtr& event : events) {
      for (const auto& outbox : outboxes) {
        if (!outbox->Push(event)) std::abort();
      }
    }
    for (std::size_t i = 0; i < kWatchers; ++i) {
      while (std::exchange(takers[i]->writing_, false)) outboxes[i]->WriteDone();
    }
  }
  const auto deliveries = static_cast<std::size_t>(state.iterations()) * events.size();
  for (const auto& taker : takers) {
    if (taker->taken_ != deliveries) std::abort();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(deliveries * kWatchers));
}

void PublishToVectors(benchmark::State& state) {
  const std::vector<FramePtr> events = Events(static_cast<std::size_t>(state.range(0)));
  std::vector<std::vector<FramePtr>> queues(kWatchers);
  for (auto _ : state) {
    for (const FramePtr& event : events) {
      for (auto& queue : queues) queue.push_back(event);
    }
    for (auto& queue : queues) {
      benchmark::DoNotOptimize(queue.data());
      queue.clear();
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events.size() * kWatchers));
}

BENCHMARK(PublishToVectors)->Arg(1)->Arg(50)->Arg(500)->Unit(benchmark::kMicrosecond);
BENCHMARK(PublishToOutboxes)->Arg(1)->Arg(50)->Arg(500)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ipam::hub
