#include "dcom_bridge/auth/ntlm_channel.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::auth {
namespace {

using test_support::FromHex;
using test_support::StatusIs;
using test_support::ToHex;

Key KeyOf(std::string_view hex) {
  Key key;
  std::ranges::copy(FromHex(hex), key.value.begin());
  return key;
}
// 4.2.4.4
NtlmChannel Example() {
  return NtlmChannel(KeyOf("4788dc861b4782f35d43fd98fe1a2d39"), KeyOf("59f600973cc4960a25480a7c196e4c58"),
                     true);
}
base::Bytes Plaintext() { return FromHex("50006c00610069006e007400650078007400"); }

TEST(NtlmChannel, SealsAsTheSpecificationShows) {
  NtlmChannel channel = Example();
  base::Bytes message = Plaintext();
  const absl::StatusOr<base::Bytes> signature = channel.Protect(message, message);
  ASSERT_OK(signature);
  EXPECT_EQ(ToHex(message), "54e50165bf1936dc996020c1811b0f06fb5f");
  EXPECT_EQ(ToHex(*signature), "010000007fb38ec5c55d497600000000");
}

TEST(NtlmChannel, UnsealsAsTheSpecificationShows) {
  NtlmChannel channel = Example();
  base::Bytes message = FromHex("54e50165bf1936dc996020c1811b0f06fb5f");
  EXPECT_OK(channel.Unprotect(message, message, FromHex("010000007fb38ec5c55d497600000000")));
  EXPECT_EQ(message, Plaintext());
}

TEST(NtlmChannel, LeavesTheChecksumPlainWithoutKeyExchange) {
  // The keys, data and signature of 4.2.3.4, where no key exchange was negotiated.
  NtlmChannel channel(KeyOf("60e799be5c72fc92922ae8ebe961fb8d"), KeyOf("04dd7f014d8504d265a25cc86a3a7c06"),
                      false);
  base::Bytes message = Plaintext();
  const absl::StatusOr<base::Bytes> signature = channel.Protect(message, message);
  ASSERT_OK(signature);
  EXPECT_EQ(ToHex(message), "a02372f6530273f3aa1eb90190ce5200c99d");
  EXPECT_EQ(ToHex(*signature), "01000000ff2aeb52f681793a00000000");
}

TEST(NtlmChannel, CarriesItsStateFromMessageToMessage) {
  NtlmChannel send = Example(), receive = Example();
  for (int i = 0; i < 5; ++i) {
    base::Bytes message = Plaintext();
    const absl::StatusOr<base::Bytes> signature =
        i % 2 == 0 ? send.Protect(message, message) : send.Protect(message, {});
    ASSERT_OK(signature);
    EXPECT_EQ((*signature)[12], i);
    EXPECT_OK(i % 2 == 0 ? receive.Unprotect(message, message, *signature)
                         : receive.Unprotect(message, {}, *signature));
    EXPECT_EQ(message, Plaintext());
  }
}

TEST(NtlmChannel, ResetsTheStreamButNotTheNumber) {
  NtlmChannel once = Example(), twice = Example();
  base::Bytes first = Plaintext(), second = Plaintext();
  ASSERT_OK(once.Protect(first, first));
  ASSERT_OK(twice.Protect(second, {}));
  twice.ResetRc4();
  const absl::StatusOr<base::Bytes> signature = twice.Protect(second, second);
  ASSERT_OK(signature);
  EXPECT_EQ(first, second);
  EXPECT_EQ((*signature)[12], 1);
}

TEST(NtlmChannel, RefusesEveryChangeOfAnOctet) {
  NtlmChannel send = Example();
  base::Bytes sealed = Plaintext();
  const absl::StatusOr<base::Bytes> signature = send.Protect(sealed, sealed);
  ASSERT_OK(signature);
  for (std::size_t i = 0; i < sealed.size() + signature->size(); ++i) {
    base::Bytes message = sealed, value = *signature;
    (i < sealed.size() ? message[i] : value[i - sealed.size()]) ^= 0x01;
    NtlmChannel receive = Example();
    EXPECT_THAT(receive.Unprotect(message, message, value), StatusIs(absl::StatusCode::kUnauthenticated))
        << i;
  }
}

TEST(NtlmChannel, RefusesSignaturesOfAnotherSize) {
  const base::Bytes value = FromHex("010000007fb38ec5c55d49760000000000");
  for (std::size_t size = 0; size <= value.size(); ++size) {
    if (size == kNtlmSignatureSize) continue;
    NtlmChannel receive = Example();
    base::Bytes message = FromHex("54e50165bf1936dc996020c1811b0f06fb5f");
    EXPECT_THAT(receive.Unprotect(message, message, base::ByteView(value).first(size)),
                StatusIs(absl::StatusCode::kUnauthenticated));
  }
}

}  // namespace
}  // namespace ipam::auth
