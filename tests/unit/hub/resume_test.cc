// Tokens: where a stream goes on, and where it cannot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "gateway/hub/token.h"
#include "tests/support/hub/fakes.h"
#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

using test_support::IsOk;
using test_support::StatusIs;
using ::testing::HasSubstr;

// Operations with subtasks, some ended, in a mixed order.
void Publish(Hub& hub, int operations, int steps, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::string> ids;
  for (int i = 0; i < operations; ++i) ids.push_back(hub.Run());
  for (int i = 0; i < steps; ++i) {
    const std::string& id = ids[random() % ids.size()];
    // Some come after the end and are refused: they must leave no trace.
    switch (random() % 8) {
      case 0:
        Send(*hub.service, id, event::SubtaskAdded{MakeSubtask(static_cast<int>(random() % 5))})
            .IgnoreError();
        break;
      case 1:
        Send(*hub.service, id, event::SessionLost{"x"}).IgnoreError();
        break;
      case 2:
        if (random() % 10 == 0) {
          Send(*hub.service, id,
               event::OverallStatusSet{event::OverallStatus::kCompletedWithFailure, std::nullopt})
              .IgnoreError();
        }
        break;
      default:
        Send(*hub.service, id, event::PercentageChanged{static_cast<double>(random() % 100)}).IgnoreError();
    }
  }
}

std::vector<std::string> Keys(const std::vector<v1::Event>& events) {
  std::vector<std::string> keys;
  for (const v1::Event& event : events)
    keys.push_back(event.operation() + "#" + std::to_string(event.sequence()));
  return keys;
}

std::vector<std::string> EventsFrom(Hub& hub, const std::string& token, std::size_t count) {
  v1::WatchOperationsRequest request;
  request.set_resume_token(token);
  request.set_strict_resume(true);
  auto client = hub.Watch(request);
  EXPECT_TRUE(client->ReadEvents(count));
  client->outbox().Detach();
  return Keys(client->events());
}

class ResumeTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ResumeTest, AnyCutPointGivesTheSameEvents) {
  TempDir dir;
  Hub hub(dir.File("j"), [](Options& options) { options.recent_bytes = GetParam(); });
  Publish(hub, 4, 120, 11);
  v1::WatchOperationsRequest request;
  request.set_start(v1::START_MODE_EARLIEST);
  auto whole = hub.Watch(request);
  const std::size_t count = hub.service->counters().events;
  ASSERT_TRUE(whole->ReadEvents(count));
  EXPECT_TRUE(whole->responses()[0].has_heartbeat());
  const std::vector<std::string> all = Keys(whole->events());
  ASSERT_EQ(all.size(), count);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), count) << "nothing twice";
  std::size_t shown = 0;
  for (const auto& response : whole->responses()) {
    shown += static_cast<std::size_t>(response.events().events_size());
    if (shown == count || shown % 7 != 0) continue;
    const std::vector<std::string> rest(all.begin() + static_cast<std::ptrdiff_t>(shown), all.end());
    EXPECT_EQ(EventsFrom(hub, response.resume_token(), rest.size()), rest) << "from " << shown;
  }
}

INSTANTIATE_TEST_SUITE_P(FromMemoryAndFromDisk, ResumeTest, ::testing::Values(std::size_t{16} << 20, 1));

TEST(Resume, GoesOnAcrossARestart) {
  TempDir dir;
  std::string token;
  std::string id;
  {
    Hub hub(dir.File("j"));
    id = hub.Run();
    auto client = hub.Watch();
    ASSERT_TRUE(client->ReadUntil([](const auto& r) { return !r.empty() && r.back().has_snapshot_end(); }));
    token = client->responses().back().resume_token();
    ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{10}));
    client->outbox().Detach();
  }
  Hub hub(dir.File("j"));
  EXPECT_EQ(EventsFrom(hub, token, 2),
            (std::vector<std::string>{"operations/" + id + "#3", "operations/" + id + "#4"}));
}

std::string TokenAtHead(Hub& hub) {
  v1::WatchOperationsRequest request;
  request.set_start(v1::START_MODE_LIVE);
  auto client = hub.Watch(request);
  EXPECT_TRUE(client->ReadUntil([](const auto& r) { return !r.empty(); }));
  client->outbox().Detach();
  return client->responses()[0].resume_token();
}

void ExpectReset(Hub& hub, const std::string& token, const std::string& reason, std::uint64_t missed) {
  v1::WatchOperationsRequest request;
  request.set_resume_token(token);
  auto client = hub.Watch(request);
  ASSERT_TRUE(client->ReadUntil([](const auto& r) { return !r.empty() && r.back().has_snapshot_end(); }));
  ASSERT_TRUE(client->responses()[0].has_reset());
  EXPECT_THAT(client->responses()[0].reset().reason(), HasSubstr(reason));
  EXPECT_EQ(client->responses()[0].reset().missed_at_least(), missed);
  // A token from before the snapshot's end cannot be resumed from either.
  EXPECT_TRUE(DecodeToken(client->responses()[0].resume_token())->in_snapshot);
  EXPECT_FALSE(DecodeToken(client->responses().back().resume_token())->in_snapshot);
  client->outbox().Detach();
  request.set_strict_resume(true);
  EXPECT_THAT(hub.service->Watch(request, Caller{}, std::make_shared<Client>()),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr(reason)));
}

TEST(Resume, ResetsWhatIsNotATokenOfThisJournal) {
  TempDir dir;
  Hub hub(dir.File("j"));
  Hub other(dir.File("other"));
  hub.Run();
  other.Run();
  ExpectReset(hub, "nonsense", "not a token", 0);
  ExpectReset(hub, TokenAtHead(other), "another journal", 0);
  Position position = *DecodeToken(TokenAtHead(hub));
  position.offset += 1;
  ExpectReset(hub, EncodeToken(position), "lost its tail", 0);
  position.offset -= 1;
  position.epoch += 1;
  ExpectReset(hub, EncodeToken(position), "later state", 0);
  position.epoch -= 1;
  position.in_snapshot = true;
  ExpectReset(hub, EncodeToken(position), "snapshot was not finished", 0);
}

// Copies the journal as a power failure would leave it: what was not flushed is gone.
TEST(Resume, ResetsTokensBeyondATailThatThePowerTook) {
  TempDir dir;
  const auto with_boot = [](const std::string& boot) {
    return [boot](Options& options) { options.boot_id = boot; };
  };
  std::string kept;
  std::string beyond;
  {
    Hub hub(dir.File("j"), with_boot("boot 1"));
    const std::string id = hub.Run();
    kept = TokenAtHead(hub);
    for (const char* suffix : {"", "-wal", ".mark"}) {
      std::filesystem::copy_file(dir.File("j") + suffix, dir.File("k") + suffix);
    }
    ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{10}));
    ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{20}));
    beyond = TokenAtHead(hub);
  }
  Hub hub(dir.File("k"), with_boot("boot 2"));
  hub.Run();  // the offsets are given again
  ExpectReset(hub, beyond, "lost its tail", 0);
  EXPECT_EQ(EventsFrom(hub, kept, 3).size(), 3u) << "what was kept goes on";
}

TEST(Resume, ResetsTokensBeyondATailThatWasCutOnTheSameBoot) {
  TempDir dir;
  std::string beyond;
  {
    Hub hub(dir.File("j"));
    const std::string id = hub.Run();
    for (const char* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(dir.File("j") + suffix, dir.File("k") + suffix);
    }
    ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{10}));
    beyond = TokenAtHead(hub);
  }
  std::filesystem::copy_file(dir.File("j.mark"), dir.File("k.mark"));  // the mark is ahead of the database
  Hub hub(dir.File("k"));
  hub.Run();
  ExpectReset(hub, beyond, "lost its tail", 0);
}

TEST(Resume, AnUncleanStopOnTheSameBootLosesNothing) {
  TempDir dir;
  std::string token;
  {
    Hub hub(dir.File("j"));
    hub.Run();
    token = TokenAtHead(hub);
    for (const char* suffix : {"", "-wal", ".mark"}) {
      std::filesystem::copy_file(dir.File("j") + suffix, dir.File("k") + suffix);
    }
  }
  Hub hub(dir.File("k"));
  EXPECT_EQ(EventsFrom(hub, token, 1).size(), 1u);
}

TEST(Retention, RemovesWholeFinishedOperationsOldestFirst) {
  TempDir dir;
  std::string before;
  std::vector<std::string> ids;
  const auto limit = [](Options& options) { options.retention.max_operations = 3; };
  {
    Hub hub(dir.File("j"), limit);
    before = TokenAtHead(hub);
    ids.push_back(hub.Run());  // runs on: it is never removed
    for (int i = 0; i < 5; ++i) {
      ids.push_back(hub.Run());
      hub.Succeed(ids.back());
    }
    EXPECT_EQ(hub.Get(ids[0]).state(), v1::OPERATION_STATE_RUNNING);
    for (int waited = 0; hub.service->counters().operations > 3 && waited < 1000; ++waited) usleep(10'000);
    ASSERT_EQ(hub.service->counters().operations, 3u);
    v1::GetOperationRequest get;
    get.set_name("operations/" + ids[1]);
    EXPECT_THAT(hub.service->GetOperation(get), StatusIs(absl::StatusCode::kNotFound));
    EXPECT_EQ(hub.Get(ids[5]).state(), v1::OPERATION_STATE_SUCCEEDED);
    ExpectReset(hub, before, "no longer kept", 9);  // three operations of accepted, started, finished
  }
  Hub hub(dir.File("j"), limit);
  ExpectReset(hub, before, "no longer kept", 9);
  EXPECT_EQ(hub.service->counters().operations, 3u);
  v1::WatchOperationsRequest earliest;
  earliest.set_start(v1::START_MODE_EARLIEST);
  auto client = hub.Watch(earliest);
  EXPECT_TRUE(client->ReadEvents(9)) << "2 + the unknown end, and twice 3";
}

TEST(Retention, RefusesAStartWhereRunningOperationsFillTheLimit) {
  TempDir dir;
  Hub hub(dir.File("j"), [](Options& options) { options.retention.max_operations = 2; });
  hub.Run();
  const std::string second = hub.Run();
  EXPECT_THAT(hub.Start(), StatusIs(absl::StatusCode::kResourceExhausted));
  hub.Succeed(second);
  EXPECT_OK(hub.Start());
}

TEST(Retention, RemovesByAge) {
  TempDir dir;
  const auto age = [](Options& options) { options.retention.max_age = absl::Hours(1); };
  std::string id;
  {
    Hub hub(dir.File("j"), age);
    id = hub.Run();
    hub.Succeed(id);
  }
  Options options;
  options.journal_path = dir.File("j");
  age(options);
  ManualClock later;
  later.Advance(absl::Hours(2));
  auto service = Service::Open(options, TestDependencies(later));
  ASSERT_OK(service);
  for (int waited = 0; (*service)->counters().operations > 0 && waited < 1000; ++waited) usleep(10'000);
  EXPECT_EQ((*service)->counters().operations, 0u);
}

TEST(Journal, IsLockedAgainstASecondProcess) {
  TempDir dir;
  Hub hub(dir.File("j"));
  Options options;
  options.journal_path = dir.File("j");
  ManualClock clock;
  EXPECT_THAT(Service::Open(options, TestDependencies(clock)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("in use")));
  options.journal_path = dir.File("none/j");
  EXPECT_THAT(Service::Open(options, TestDependencies(clock)), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace ipam::hub
