#include "dcom_bridge/auth/av_pairs.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::auth {
namespace {

using test_support::FromHex;
using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(AvPairs, KeepOrderAndUnknownIds) {
  const base::Bytes bytes =
      FromHex("0200 0200 4100  7700 0100 ff  0600 0400 02000000  0700 0800 0102030405060708 00000000");
  const absl::StatusOr<AvPairs> pairs = AvPairs::Decode(bytes);
  ASSERT_OK(pairs);
  EXPECT_EQ(pairs->flags(), kAvFlagMicPresent);
  EXPECT_EQ(pairs->timestamp(), 0x0807060504030201u);
  EXPECT_EQ(pairs->Encode(), bytes);
}

TEST(AvPairs, StopAtTheEndOfTheList) {
  const absl::StatusOr<AvPairs> pairs = AvPairs::Decode(FromHex("00000000 0200ffff"));
  ASSERT_OK(pairs);
  EXPECT_FALSE(pairs->Has(AvId::kNetbiosDomainName));
  EXPECT_EQ(pairs->flags(), 0u);
  EXPECT_EQ(pairs->timestamp(), std::nullopt);
}

TEST(AvPairs, SetReplacesEveryRepetition) {
  absl::StatusOr<AvPairs> pairs =
      AvPairs::Decode(FromHex("0600 0400 01000000 0100 0000 0600 0400 04000000 00000000"));
  ASSERT_OK(pairs);
  pairs->SetFlags(pairs->flags() | kAvFlagMicPresent);
  EXPECT_EQ(pairs->Encode(), FromHex("0600 0400 03000000 0100 0000 00000000"));
}

TEST(AvPairs, RefuseWhatIsMalformed) {
  for (const char* hex : {"", "0200", "0200 0400 4100", "0200 0200 4100", "0000 0100 00",
                          "0600 0200 0200 00000000", "0700 0400 00000000 00000000"}) {
    EXPECT_THAT(AvPairs::Decode(FromHex(hex)), StatusIs(absl::StatusCode::kInvalidArgument)) << hex;
  }
  base::Bytes many;
  for (int i = 0; i < 65; ++i) many.insert(many.end(), {0x77, 0x00, 0x00, 0x00});
  many.insert(many.end(), 4, 0);
  EXPECT_THAT(AvPairs::Decode(many), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than 64")));
}

}  // namespace
}  // namespace ipam::auth
