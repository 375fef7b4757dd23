// For the thread sanitizer: publishers, watchers that come and go, starts and cancels at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hub/fakes.h"
#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

TEST(Stress, PublishersAndWatchersThatComeAndGo) {
  TempDir dir;
  Hub hub(dir.File("j"), [](Options& options) {
    options.outbox_bytes = 4000;
    options.recent_bytes = 20'000;
    options.retention.max_operations = 40;
  });
  constexpr int kOperations = 12;
  constexpr int kEvents = 60;
  std::atomic<int> running{3};
  std::vector<std::thread> publishers;
  for (int p = 0; p < 3; ++p) {
    publishers.emplace_back([&] {
      for (int i = 0; i < kOperations; ++i) {
        const std::string id = hub.Run();
        for (int e = 0; e < kEvents; ++e) {
          hub.service->Publish(
              id, event::ProgressEvent{0, std::nullopt, Changed(e % 9, event::SubtaskStatus::kInProgress, e)},
              [](absl::Status stored) { EXPECT_TRUE(stored.ok()) << stored; });
        }
        v1::CancelOperationRequest cancel;
        cancel.set_name("operations/" + id);
        Waiter<absl::StatusOr<v1::Operation>> cancelled;
        hub.service->CancelOperation(cancel, Caller{}, cancelled.Callback());
        EXPECT_TRUE(cancelled.Get().ok());
        hub.Succeed(id);
      }
      --running;
    });
  }
  // Each goes away in the midst of it, and goes on with its token: no operation may have a hole.
  std::vector<std::thread> watchers;
  for (int w = 0; w < 4; ++w) {
    watchers.emplace_back([&, w] {
      std::map<std::string, std::uint64_t> last;
      std::string token;
      while (running > 0) {
        v1::WatchOperationsRequest request;
        request.set_resume_token(token);
        request.mutable_heartbeat()->set_seconds(1);  // so that it sees the end of the publishers
        if (w == 3) request.set_delivery(v1::DELIVERY_LATEST);
        auto client = hub.Watch(request);
        client->ReadUntil([&](const auto& responses) {
          return running == 0 || responses.size() >= static_cast<std::size_t>(20 + 30 * w);
        });
        client->outbox().Detach();
        for (const auto& response : client->responses()) {
          if (response.has_reset()) last.clear();
          if (response.has_snapshot()) last[response.snapshot().name()] = response.snapshot().last_sequence();
          for (const auto& event : response.events().events()) {
            std::uint64_t& seen = last[event.operation()];
            if (w != 3 && event.sequence() > seen) {
              EXPECT_EQ(event.sequence(), seen + 1) << event.operation();
            }
            seen = std::max(seen, event.sequence());
          }
          token = response.resume_token();
        }
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  for (std::thread& watcher : watchers) watcher.join();
  EXPECT_GE(hub.service->counters().events, static_cast<std::uint64_t>(3 * kOperations * (kEvents + 4)));
}

}  // namespace
}  // namespace ipam::hub
