#include "dcom_bridge/auth/ntlm_messages.h"

#include <gtest/gtest.h>

#include "dcom_bridge/auth/names.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::auth {
namespace {

using test_support::FromHex;
using test_support::GoldenBytes;
using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(NegotiateMessage, ComesBackFromItsOctets) {
  const NegotiateMessage message{.flags = ntlm_flag::kUnicode | ntlm_flag::kVersion, .version = kOurVersion};
  const base::Bytes bytes = message.Encode();
  EXPECT_EQ(bytes, FromHex("4e544c4d53535000 01000000 01000002 0000 0000 28000000 0000 0000 28000000"
                           "060100000000000f"));
  const absl::StatusOr<NegotiateMessage> decoded = NegotiateMessage::Decode(bytes);
  ASSERT_OK(decoded);
  EXPECT_EQ(decoded->flags, message.flags);
}

TEST(NegotiateMessage, ReadsWhatImpacketSends) {
  const auto message = NegotiateMessage::Decode(GoldenBytes("auth/negotiate.impacket.hex"));
  ASSERT_OK(message);
  EXPECT_EQ(message->flags, 0xe0888235u);
}

// The examples of NTLMv1: the messages are the same, only the responses are not taken.
TEST(NtlmMessages, ReadTheOtherExamplesOfTheSpecification) {
  for (const std::string name : {"v1", "v1_client_challenge"}) {
    const base::Bytes challenge_octets = GoldenBytes("auth/challenge." + name + ".spec.hex");
    const auto challenge = ChallengeMessage::Decode(challenge_octets);
    ASSERT_OK(challenge);
    EXPECT_EQ(challenge->server_challenge, (Challenge{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}));
    EXPECT_EQ(challenge->target_name, u"Server");
    EXPECT_TRUE(challenge->target_info.empty());
    const base::Bytes authenticate_octets = GoldenBytes("auth/authenticate." + name + ".spec.hex");
    const auto authenticate = AuthenticateMessage::Decode(authenticate_octets);
    ASSERT_OK(authenticate);
    EXPECT_EQ(authenticate->domain, u"Domain");
    EXPECT_EQ(authenticate->user, u"User");
    EXPECT_EQ(authenticate->workstation, u"COMPUTER");
    EXPECT_EQ(authenticate->lm_response.size(), 24u);
    EXPECT_EQ(authenticate->nt_response.size(), 24u);
    EXPECT_EQ(authenticate->encrypted_session_key.size(), name == "v1" ? 16u : 0u);
    EXPECT_EQ(authenticate->Encode().size(), authenticate_octets.size());
  }
}

TEST(NegotiateMessage, BearsTheShortForm) {
  EXPECT_OK(NegotiateMessage::Decode(FromHex("4e544c4d53535000 01000000 01000002")));
  EXPECT_THAT(NegotiateMessage::Decode(FromHex("4e544c4d53535000 01000000 010000")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(NegotiateMessage, RefusesForeignTokens) {
  EXPECT_THAT(NegotiateMessage::Decode({}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(NegotiateMessage::Decode(FromHex("4e544c4d53535001 01000000 01000002")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("signature")));
  EXPECT_THAT(NegotiateMessage::Decode(GoldenBytes("auth/challenge.spec.hex")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("another NTLM message")));
}

TEST(ChallengeMessage, ReadsAndWritesTheExampleOfTheSpecification) {
  const base::Bytes golden = GoldenBytes("auth/challenge.spec.hex");
  const absl::StatusOr<ChallengeMessage> message = ChallengeMessage::Decode(golden);
  ASSERT_OK(message);
  EXPECT_EQ(message->flags, 0xe28a8233u);
  EXPECT_EQ(message->server_challenge, (Challenge{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}));
  EXPECT_EQ(message->target_name, u"Server");
  EXPECT_EQ(message->target_info.size(), 36u);
  EXPECT_EQ(message->Encode(), golden);
}

TEST(AuthenticateMessage, ReadsAndWritesTheExampleOfTheSpecification) {
  const base::Bytes golden = GoldenBytes("auth/authenticate.spec.hex");
  const absl::StatusOr<AuthenticateMessage> message = AuthenticateMessage::Decode(golden);
  ASSERT_OK(message);
  EXPECT_EQ(message->domain, u"Domain");
  EXPECT_EQ(message->user, u"User");
  EXPECT_EQ(message->workstation, u"COMPUTER");
  EXPECT_EQ(message->lm_response.size(), 24u);
  EXPECT_EQ(message->nt_response.size(), 84u);
  EXPECT_EQ(message->encrypted_session_key, FromHex("c5dad2544fc9799094ce1ce90bc9d03e"));
  EXPECT_FALSE(message->has_mic_field);
  EXPECT_EQ(message->Encode(), golden);
}

TEST(AuthenticateMessage, SaysWhetherThereIsRoomForAMic) {
  AuthenticateMessage message;
  message.flags = ntlm_flag::kUnicode;
  message.user = u"u";
  for (const bool mic : {true, false}) {
    message.has_mic_field = mic;
    const absl::StatusOr<AuthenticateMessage> decoded = AuthenticateMessage::Decode(message.Encode());
    ASSERT_OK(decoded);
    EXPECT_EQ(decoded->has_mic_field, mic);
  }
}

TEST(AuthenticateMessage, RefusesEveryStrictPrefix) {
  const base::Bytes golden = GoldenBytes("auth/authenticate.spec.hex");
  for (std::size_t size = 0; size < golden.size(); ++size) {
    const base::Bytes prefix(golden.begin(), golden.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THAT(AuthenticateMessage::Decode(prefix), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
  }
}

TEST(ChallengeMessage, RefusesEveryStrictPrefix) {
  const base::Bytes golden = GoldenBytes("auth/challenge.spec.hex");
  for (std::size_t size = 0; size < golden.size(); ++size) {
    const base::Bytes prefix(golden.begin(), golden.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THAT(ChallengeMessage::Decode(prefix), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
  }
}

TEST(AuthenticateMessage, RefusesFieldsOutsideAndOddNames) {
  base::Bytes outside = GoldenBytes("auth/authenticate.spec.hex");
  outside[16 + 3] = 0xFF;  // LmChallengeResponseBufferOffset: the sum with the length passes 2^32
  EXPECT_THAT(AuthenticateMessage::Decode(outside),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("outside the message")));
  base::Bytes odd = GoldenBytes("auth/authenticate.spec.hex");
  odd[36] = 7;  // UserNameLen
  EXPECT_THAT(AuthenticateMessage::Decode(odd),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("odd length")));
}

TEST(NtlmMessages, AreBounded) {
  base::Bytes huge = GoldenBytes("auth/challenge.spec.hex");
  huge.resize(kMaxNtlmMessage + 1);
  EXPECT_THAT(ChallengeMessage::Decode(huge),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
}

}  // namespace
}  // namespace ipam::auth
