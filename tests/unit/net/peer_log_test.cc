#include "dcom_bridge/net/peer_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ipam::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kStart = absl::UnixEpoch();

TEST(PeerLog, WritesTheFirstLineAndSumsUpTheRest) {
  PeerLog log({.period = absl::Seconds(60)});
  EXPECT_EQ(log.Note("192.0.2.1", "one", kStart), "one");
  for (int i = 0; i < 9; ++i) EXPECT_EQ(log.Note("192.0.2.1", "again", kStart), std::nullopt);
  EXPECT_EQ(log.Note("192.0.2.1", "the end", kStart), std::nullopt);
  EXPECT_EQ(log.Note("192.0.2.2", "two", kStart + absl::Seconds(1)), "two");
  EXPECT_THAT(log.Summaries(kStart + absl::Seconds(59)), IsEmpty());
  EXPECT_THAT(log.Summaries(kStart + absl::Seconds(60)),
              ElementsAre("192.0.2.1: and 10 more, the last one: the end"));
}

TEST(PeerLog, WritesOneLineAPeriodForOneThatGoesOn) {
  PeerLog log({.period = absl::Seconds(60)});
  log.Note("192.0.2.1", "one", kStart);
  std::size_t lines = 1;
  for (int second = 1; second <= 600; ++second) {
    const absl::Time now = kStart + absl::Seconds(second);
    for (int i = 0; i < 100; ++i) lines += log.Note("192.0.2.1", "again", now) ? 1 : 0;
    lines += log.Summaries(now).size();
  }
  EXPECT_EQ(lines, 11u);
}

TEST(PeerLog, ForgetsWhoIsQuietForAPeriod) {
  PeerLog log({.period = absl::Seconds(60)});
  log.Note("192.0.2.1", "one", kStart);
  EXPECT_THAT(log.Summaries(kStart + absl::Seconds(60)), IsEmpty());
  EXPECT_EQ(log.addresses(), 0u);
  EXPECT_EQ(log.Note("192.0.2.1", "two", kStart + absl::Seconds(60)), "two");
}

TEST(PeerLog, BoundsTheAddressesItKeeps) {
  PeerLog log({.period = absl::Seconds(60), .max_addresses = 2});
  EXPECT_EQ(log.Note("a", "1", kStart), "1");
  EXPECT_EQ(log.Note("b", "2", kStart), "2");
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(log.Note("c" + std::to_string(i), "line " + std::to_string(i), kStart), std::nullopt);
  }
  EXPECT_EQ(log.addresses(), 3u);
  EXPECT_THAT(log.Summaries(kStart + absl::Seconds(60)),
              ElementsAre("other addresses: and 1000 more, the last one: line 999"));
}

}  // namespace
}  // namespace ipam::net
