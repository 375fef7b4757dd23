// The worked example of [MS-NLMP] 4.2.4.
#include "dcom_bridge/auth/ntlm_keys.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dcom_bridge/auth/av_pairs.h"
#include "dcom_bridge/auth/names.h"
#include "tests/support/hex.h"

namespace ipam::auth {
namespace {

using test_support::FromHex;
using test_support::ToHex;

constexpr Challenge kServerChallenge = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
constexpr Challenge kClientChallenge = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};

Key RandomSessionKey() {
  Key key;
  key.value.fill(0x55);
  return key;
}
Key ResponseKey() { return NtOwfV2(NtHash::OfPassword("Password"), u"User", u"Domain"); }
base::Bytes Blob() {
  AvPairs pairs;
  pairs.Set(AvId::kNetbiosDomainName, ToLittleEndian(u"Domain"));
  pairs.Set(AvId::kNetbiosComputerName, ToLittleEndian(u"Server"));
  return ClientChallengeBlob(0, kClientChallenge, pairs.Encode());
}

TEST(NtlmKeys, GiveTheNtHashOfTheSpecification) {
  EXPECT_EQ(NtHash::OfPassword("Password").ToHex(), "a4f49c406510bdcab6824ee7c30fd852");  // 4.2.2.1.2
}

TEST(NtlmKeys, GiveTheResponseKeyOfTheSpecification) {
  EXPECT_EQ(ToHex(ResponseKey().view()), "0c868a403bfd7a93a3001ef22ef02e3f");  // 4.2.4.1.1
}

TEST(NtlmKeys, GiveTheResponsesOfTheSpecification) {
  EXPECT_EQ(Blob(),
            FromHex("0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000"
                    "02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000 00000000"));
  const Key proof = NtProof(ResponseKey(), kServerChallenge, Blob());
  EXPECT_EQ(ToHex(proof.view()), "68cd0ab851e51c96aabc927bebef6a1c");  // 4.2.4.2.2
  EXPECT_EQ(ToHex(SessionBaseKey(ResponseKey(), proof).view()),
            "8de40ccadbc14a82f15cb0ad0de95ca3");  // 4.2.4.1.2
  EXPECT_EQ(ToHex(LmV2Response(ResponseKey(), kServerChallenge, kClientChallenge)),
            "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");  // 4.2.4.2.1
}

TEST(NtlmKeys, EncryptTheSessionKeyOfTheSpecificationBothWays) {
  Key base_key;
  std::ranges::copy(FromHex("8de40ccadbc14a82f15cb0ad0de95ca3"), base_key.value.begin());
  const Key encrypted = EncryptSessionKey(base_key, RandomSessionKey());
  EXPECT_EQ(ToHex(encrypted.view()), "c5dad2544fc9799094ce1ce90bc9d03e");  // 4.2.4.2.3
  EXPECT_EQ(EncryptSessionKey(base_key, encrypted).value, RandomSessionKey().value);
}

TEST(NtlmKeys, DeriveTheSessionKeysOfTheSpecification) {
  EXPECT_EQ(ToHex(SealKey(RandomSessionKey(), NtlmSender::kClient).view()),
            "59f600973cc4960a25480a7c196e4c58");
  EXPECT_EQ(ToHex(SignKey(RandomSessionKey(), NtlmSender::kClient).view()),
            "4788dc861b4782f35d43fd98fe1a2d39");
  EXPECT_NE(SealKey(RandomSessionKey(), NtlmSender::kServer).value,
            SealKey(RandomSessionKey(), NtlmSender::kClient).value);
  EXPECT_NE(SignKey(RandomSessionKey(), NtlmSender::kServer).value,
            SignKey(RandomSessionKey(), NtlmSender::kClient).value);
}

}  // namespace
}  // namespace ipam::auth
