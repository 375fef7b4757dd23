// A disk that is full, and what is on it before an answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hub/fakes.h"
#include "tests/support/hub/faulty_vfs.h"
#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

using test_support::StatusIs;

class Disk : public ::testing::Test {
 protected:
  // How often the log was flushed between the publishing of an event and its answer.
  int FlushesBeforeAnswer(Hub& hub, const std::string& id, std::uint64_t sequence,
                          decltype(event::ProgressEvent::change) change) {
    const int before = vfs_.syncs;
    Waiter<int> flushes;
    auto answer = flushes.Callback();
    event::ProgressEvent event{sequence, std::nullopt, std::move(change)};
    hub.service->Publish(id, std::move(event), [&, answer](absl::Status stored) mutable {
      EXPECT_OK(stored);
      answer(vfs_.syncs - before);
    });
    return flushes.Get();
  }

  FaultyVfs vfs_;  // goes last
  TempDir dir_;
};

TEST_F(Disk, WhatFindsNoRoomIsRefusedAndShownToNobodyUntilItIsThere) {
  Hub hub(dir_.File("j"));
  const std::string id = hub.Run("<Scope/>", 1);
  auto client = hub.Watch();
  vfs_.full = true;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Send(*hub.service, id, event::PercentageChanged{50}, 2),
                StatusIs(absl::StatusCode::kResourceExhausted));
  }
  EXPECT_THAT(Send(*hub.service, id, event::SessionLost{"not journaled"}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(hub.Get(id).last_sequence(), 2u);
  EXPECT_FALSE(hub.Get(id).has_percent());
  EXPECT_EQ(hub.Get(id).lost_reason(), "");
  vfs_.full = false;
  EXPECT_OK(Send(*hub.service, id, event::SessionResumed{})) << "of a loss that is not journaled: nothing";
  EXPECT_OK(Send(*hub.service, id, event::PercentageChanged{60}, 2)) << "sent again";
  EXPECT_OK(Send(*hub.service, id, event::PercentageChanged{70}, 3));
  ASSERT_TRUE(client->ReadEvents(2));
  const std::vector<v1::Event> shown = client->events();
  ASSERT_EQ(shown.size(), 2u);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    EXPECT_EQ(shown[i].sequence(), i + 3);
    EXPECT_EQ(shown[i].source_sequence(), i + 2);
  }
  EXPECT_EQ(shown[0].percentage().percent(), 60);
}

TEST_F(Disk, AStartThatFindsNoRoomIsRefused) {
  Hub hub(dir_.File("j"));
  vfs_.full = true;
  EXPECT_THAT(hub.Start(), StatusIs(absl::StatusCode::kResourceExhausted));
  vfs_.full = false;
  EXPECT_OK(hub.Start());
  EXPECT_EQ(hub.service->counters().operations, 1u);
}

TEST_F(Disk, FlushesBeforeAnEndIsAnsweredButNotBeforeEachEvent) {
  Hub hub(dir_.File("j"), [](Options& options) { options.flush_every = absl::Hours(1); });
  const std::string id = hub.Run("<Scope/>", 1);
  EXPECT_EQ(FlushesBeforeAnswer(hub, id, 2, event::PercentageChanged{1}), 0);
  EXPECT_GE(FlushesBeforeAnswer(hub, id, 3,
                                event::OverallStatusSet{event::OverallStatus::kCompletedWithSuccess, {}}),
            1);
}

TEST_F(Disk, WithDurabilityPowerFlushesBeforeEachAnswer) {
  Hub hub(dir_.File("j"), [](Options& options) {
    options.flush_every = absl::Hours(1);
    options.durability = Durability::kPower;
  });
  const std::string id = hub.Run("<Scope/>", 1);
  for (std::uint64_t sequence = 2; sequence < 6; ++sequence) {
    EXPECT_GE(FlushesBeforeAnswer(hub, id, sequence, event::PercentageChanged{1}), 1);
  }
}

TEST_F(Disk, ARepetitionIsAnsweredWhenWhatItRepeatsIsFlushed) {
  Hub hub(dir_.File("j"), [](Options& options) {
    options.flush_every = absl::Hours(1);
    options.durability = Durability::kPower;
  });
  const std::string id = hub.Run("<Scope/>", 1);
  vfs_.sync_fails = true;
  EXPECT_FALSE(Send(*hub.service, id, event::PercentageChanged{1}, 2).ok());
  EXPECT_FALSE(Send(*hub.service, id, event::PercentageChanged{1}, 2).ok());
  vfs_.sync_fails = false;
  EXPECT_GE(FlushesBeforeAnswer(hub, id, 2, event::PercentageChanged{1}), 1);
  EXPECT_EQ(hub.Get(id).last_sequence(), 3u);
}

}  // namespace
}  // namespace ipam::hub
