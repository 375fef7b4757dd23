#include "dcom_bridge/idl/file_time.h"

#include <gtest/gtest.h>

#include <limits>

namespace ipam::idl {
namespace {

TEST(FileTime, CountsFrom1601) {
  EXPECT_EQ(FromFileTime(116'444'736'000'000'000), absl::UnixEpoch());
  EXPECT_EQ(ToFileTime(absl::UnixEpoch()), 116'444'736'000'000'000u);
  EXPECT_EQ(FromFileTime(0), absl::FromCivil(absl::CivilSecond(1601, 1, 1), absl::UTCTimeZone()));
}

TEST(FileTime, KeepsHundredsOfNanoseconds) {
  EXPECT_EQ(ToFileTime(FromFileTime(133'500'000'010'000'007)), 133'500'000'010'000'007u);
  EXPECT_EQ(ToFileTime(absl::UnixEpoch() + absl::Nanoseconds(199)), 116'444'736'000'000'001u);
}

TEST(FileTime, TimesBefore1601AreZero) { EXPECT_EQ(ToFileTime(absl::InfinitePast()), 0u); }

TEST(FileTime, TakesAnyValue) {
  EXPECT_GT(FromFileTime(std::numeric_limits<std::uint64_t>::max()), absl::UnixEpoch());
}

}  // namespace
}  // namespace ipam::idl
