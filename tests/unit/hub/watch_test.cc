// What a watcher is shown, in which order, and how a watch ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hub/fakes.h"
#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

using test_support::IsOk;
using test_support::StatusIs;
using ::testing::HasSubstr;

using Responses = std::vector<v1::WatchOperationsResponse>;
bool SnapshotEnded(const Responses& responses) {
  return !responses.empty() && responses.back().has_snapshot_end();
}

TEST(Watch, ALargeOperationComesInSeveralFrames) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  constexpr int kSubtasks = 3000;
  for (int i = 0; i < kSubtasks; ++i) {
    hub.service->Publish(
        id,
        event::ProgressEvent{0, std::nullopt,
                             event::SubtaskAdded{MakeSubtask(i, "subtask " + std::string(40, 'n'))}},
        [](absl::Status) {});
  }
  ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{1}));
  for (const bool ended : {false, true}) {
    if (ended) hub.Succeed(id);  // then they are read from the journal
    auto client = hub.Watch();
    ASSERT_TRUE(client->ReadUntil(SnapshotEnded));
    const Responses& responses = client->responses();
    ASSERT_GT(responses.size(), 3u);
    int next = 0;
    for (std::size_t i = 0; i + 1 < responses.size(); ++i) {
      EXPECT_LE(responses[i].ByteSizeLong(), std::size_t{64} << 10);
      EXPECT_EQ(responses[i].snapshot().more_subtasks(), i + 2 < responses.size());
      EXPECT_EQ(responses[i].snapshot().name(), "operations/" + id);
      for (const v1::Subtask& subtask : responses[i].snapshot().subtasks())
        EXPECT_EQ(subtask.instance_id(), next++);
    }
    EXPECT_EQ(next, kSubtasks);
    EXPECT_EQ(responses.back().snapshot_end().operations(), 1);
    client->outbox().Detach();
  }
  v1::ListSubtasksRequest list;
  list.set_parent("operations/" + id);
  list.set_page_size(700);
  int next = 0;
  do {
    const auto page = hub.service->ListSubtasks(list);
    ASSERT_OK(page);
    for (const v1::Subtask& subtask : page->subtasks()) EXPECT_EQ(subtask.instance_id(), next++);
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(next, kSubtasks);
  EXPECT_EQ(hub.Get(id).subtasks_size(), 1000);
  EXPECT_TRUE(hub.Get(id).more_subtasks());
}

TEST(Watch, LiveBeginsWithAHeartbeatAndShowsOnlyWhatFollows) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  v1::WatchOperationsRequest request;
  request.set_start(v1::START_MODE_LIVE);
  auto client = hub.Watch(request);
  ASSERT_TRUE(client->ReadUntil([](const Responses& r) { return !r.empty(); }));
  EXPECT_TRUE(client->responses()[0].has_heartbeat());
  ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{1}));
  ASSERT_TRUE(client->ReadEvents(1));
  EXPECT_EQ(client->events()[0].sequence(), 3u);
}

TEST(Watch, ByNameShowsNothingElse) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string wanted = hub.Run();
  const std::string other = hub.Run();
  v1::WatchOperationsRequest request;
  request.add_names("operations/" + wanted);
  request.set_until_done(true);
  auto client = hub.Watch(request);
  ASSERT_OK(Send(*hub.service, other, event::PercentageChanged{1}));
  hub.Succeed(wanted);
  ASSERT_TRUE(client->ReadUntilFinished());
  EXPECT_OK(*client->finish());
  for (const auto& event : client->events()) EXPECT_EQ(event.operation(), "operations/" + wanted);
  EXPECT_EQ(client->events().size(), 1u);
  request.add_names("operations/none");
  EXPECT_THAT(hub.service->Watch(request, Caller{}, client), StatusIs(absl::StatusCode::kNotFound));
}

TEST(Watch, AFilteredOperationStaysAndOneThatBeginsToMatchComesAsSnapshot) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string running = hub.Run();
  const auto pending = hub.Start();
  ASSERT_OK(pending);
  v1::WatchOperationsRequest request;
  request.set_filter("state = RUNNING");
  auto client = hub.Watch(request);
  ASSERT_TRUE(client->ReadUntil(SnapshotEnded));
  EXPECT_EQ(client->responses().back().snapshot_end().operations(), 1);
  ASSERT_OK(Send(*hub.service, pending->name().substr(11), event::Started{}));
  ASSERT_OK(Send(*hub.service, pending->name().substr(11), event::PercentageChanged{5}));
  hub.Succeed(running);
  ASSERT_TRUE(client->ReadUntil([&](const Responses& responses) {
    return !responses.empty() && responses.back().has_events() &&
           responses.back().events().events(responses.back().events().events_size() - 1).has_finished();
  }));
  const Responses& responses = client->responses();
  EXPECT_EQ(responses[2].snapshot().name(), pending->name());
  std::uint64_t last = responses[2].snapshot().last_sequence();
  EXPECT_GE(last, 2u);
  for (const v1::Event& event : client->events()) {
    if (event.operation() != pending->name()) continue;
    EXPECT_EQ(event.sequence(), ++last) << "no hole and no repetition behind the snapshot";
  }
  EXPECT_EQ(last, 3u);
}

TEST(Watch, UntilDoneWithNoMatchEndsAfterTheSnapshot) {
  TempDir dir;
  Hub hub(dir.File("j"));
  hub.Run();
  v1::WatchOperationsRequest request;
  request.set_filter("kind = Nothing");
  request.set_until_done(true);
  auto client = hub.Watch(request);
  ASSERT_TRUE(client->ReadUntilFinished());
  EXPECT_OK(*client->finish());
  ASSERT_EQ(client->responses().size(), 1u);
  EXPECT_EQ(client->responses()[0].snapshot_end().operations(), 0);
}

TEST(Watch, AResumedUntilDoneWithNothingLeftEndsWithoutAFrame) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  hub.Succeed(id);
  v1::WatchOperationsRequest request;
  request.set_until_done(true);
  auto first = hub.Watch(request);
  ASSERT_TRUE(first->ReadUntilFinished());
  request.set_resume_token(first->responses().back().resume_token());
  auto again = hub.Watch(request);
  ASSERT_TRUE(again->ReadUntilFinished());
  EXPECT_OK(*again->finish());
  EXPECT_TRUE(again->responses().empty());
}

TEST(Watch, LatestSkipsPercentagesAndNeverAState) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  v1::WatchOperationsRequest request;
  request.set_delivery(v1::DELIVERY_LATEST);
  auto client = hub.Watch(request);  // it does not read yet
  ASSERT_OK(Send(*hub.service, id, event::SubtaskAdded{MakeSubtask(1)}));
  for (int i = 1; i <= 100; ++i) {
    ASSERT_OK(Send(*hub.service, id, Changed(1, event::SubtaskStatus::kInProgress, i)));
    ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{static_cast<double>(i)}));
  }
  ASSERT_OK(Send(*hub.service, id, Changed(1, event::SubtaskStatus::kCompletedWithSuccess, 100)));
  hub.Succeed(id);
  // The fan-out has given it all before it reads on.
  for (int waited = 0; hub.service->counters().frames < 205 && waited < 1000; ++waited) usleep(10'000);
  ASSERT_TRUE(client->ReadUntil([](const Responses& responses) {
    return responses.back().has_events() && responses.back().events().events(0).has_finished();
  }));
  const auto events = client->events();
  EXPECT_LT(events.size(), 20u);
  EXPECT_TRUE(events[0].has_subtask_added());
  EXPECT_EQ(events[events.size() - 2].subtask_changed().status(), v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS);
  EXPECT_EQ(events[events.size() - 3].percentage().percent(), 100);
  std::uint64_t last = 0;
  for (const auto& event : events) {
    EXPECT_GT(event.sequence(), last);
    last = event.sequence();
  }
}

TEST(Watch, ASlowWatcherLosesNothingWhenItReadsInTime) {
  TempDir dir;
  Hub hub(dir.File("j"), [](Options& options) {
    options.outbox_bytes = 2000;
    options.recent_bytes = 4000;  // most is read from the disk again
  });
  const std::string id = hub.Run();
  auto client = hub.Watch();
  for (int i = 0; i < 500; ++i) ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{i / 5.0}));
  ASSERT_TRUE(client->ReadEvents(500));
  std::uint64_t next = 3;
  for (const auto& event : client->events()) EXPECT_EQ(event.sequence(), next++);
}

TEST(Watch, AWatcherThatDoesNotReadIsCutOffAndTheOthersAreNot) {
  TempDir dir;
  Hub hub(dir.File("j"), [](Options& options) {
    options.outbox_bytes = 2000;
    options.slow_after = absl::Seconds(2);  // the reader below begins when all are sent
  });
  const std::string id = hub.Run();
  auto stuck = hub.Watch();
  auto reader = hub.Watch();
  for (int i = 0; i < 100; ++i) ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{i / 1.0}));
  ASSERT_TRUE(reader->ReadEvents(100));
  for (int waited = 0; !stuck->finish().has_value() && waited < 1000; ++waited) usleep(10'000);
  ASSERT_TRUE(stuck->finish().has_value());
  EXPECT_THAT(*stuck->finish(), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_FALSE(reader->finish().has_value());
  EXPECT_EQ(hub.service->counters().slow_watchers, 1u);
}

TEST(Watch, BeatsWithTheTokenOfItsPosition) {
  TempDir dir;
  Hub hub(dir.File("j"));
  hub.Run();
  v1::WatchOperationsRequest request;
  request.set_filter("kind = Nothing");
  request.mutable_heartbeat()->set_seconds(1);
  auto client = hub.Watch(request);
  ASSERT_TRUE(client->ReadUntil(SnapshotEnded));
  const std::string id = hub.Run();  // does not match, but moves the position
  ASSERT_TRUE(client->ReadUntil([](const Responses& r) { return r.back().has_heartbeat(); }));
  EXPECT_NE(client->responses().back().resume_token(), client->responses()[0].resume_token());
  for (const int seconds : {0, 61}) {
    request.mutable_heartbeat()->set_seconds(seconds);
    EXPECT_THAT(hub.service->Watch(request, Caller{}, client), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(Watch, ShowsThatASourceWentAndCame) {
  TempDir dir;
  Hub hub(dir.File("j"));
  auto client = hub.Watch();
  ASSERT_TRUE(client->ReadUntil(SnapshotEnded));
  // The first state is not news: it is known once it was asked for.
  std::size_t shown = 0;
  for (const auto state : {event::SourceState::kDisconnected, event::SourceState::kConnected}) {
    shown = client->responses().size();
    usleep(300'000);
    hub.source->SetState(state, state == event::SourceState::kConnected ? "" : "refused");
    ASSERT_TRUE(
        client->ReadUntil([&](const Responses& r) { return r.size() > shown && r.back().has_source(); }));
  }
  const Responses& responses = client->responses();
  EXPECT_EQ(responses[responses.size() - 2].source().state(), v1::SOURCE_STATE_DISCONNECTED);
  EXPECT_EQ(responses[responses.size() - 2].source().reason(), "refused");
  EXPECT_EQ(responses.back().source().state(), v1::SOURCE_STATE_CONNECTED);
  EXPECT_EQ(hub.service->ListSources({})->sources(0).source(), "server");
}

TEST(Watch, DrainTellsAndEnds) {
  TempDir dir;
  Hub hub(dir.File("j"));
  auto client = hub.Watch();
  ASSERT_TRUE(client->ReadUntil(SnapshotEnded));
  hub.service->Drain(absl::Milliseconds(2500), "restart");
  ASSERT_TRUE(client->ReadUntilFinished());
  EXPECT_THAT(*client->finish(), StatusIs(absl::StatusCode::kUnavailable, "restart"));
  EXPECT_EQ(client->responses().back().drain().retry_after().nanos(), 500'000'000);
  EXPECT_THAT(hub.service->Watch({}, Caller{}, client), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(Watch, StopEndsWhatIsLeft) {
  TempDir dir;
  Hub hub(dir.File("j"));
  auto client = hub.Watch();
  ASSERT_TRUE(client->ReadUntil(SnapshotEnded));
  hub.service->Stop();
  ASSERT_TRUE(client->ReadUntilFinished());
  EXPECT_THAT(*client->finish(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Send(*hub.service, "x", event::Started{}), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace ipam::hub
