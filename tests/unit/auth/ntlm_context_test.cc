#include "dcom_bridge/auth/ntlm_context.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dcom_bridge/auth/av_pairs.h"
#include "dcom_bridge/auth/filetime.h"
#include "dcom_bridge/auth/names.h"
#include "dcom_bridge/base/utf16.h"
#include "peers.h"

namespace ipam::auth {
namespace {

using test_support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

// Both contexts and the three messages that a clean logon would carry.
struct Logon {
  explicit Logon(World& world, const Credentials& credentials = Alice())
      : initiator(world.Initiator(AuthType::kNtlm, credentials)), acceptor(world.Acceptor(AuthType::kNtlm)) {
    negotiate = initiator->Step({})->bytes;
    challenge = acceptor->Step(negotiate)->bytes;
    const absl::StatusOr<Token> last = initiator->Step(challenge);
    EXPECT_OK(last);
    EXPECT_TRUE(last->complete);
    authenticate = last->bytes;
  }

  std::unique_ptr<SecurityContext> initiator, acceptor;
  base::Bytes negotiate, challenge, authenticate;
};

// A client made by hand, for what ours never sends.
struct HandMade {
  std::uint32_t flags =
      ntlm_flag::kUnicode | ntlm_flag::kExtendedSessionSecurity | ntlm_flag::k128 | ntlm_flag::kSign;
  std::u16string domain = u"CONTOSO", key_domain = u"CONTOSO", user = u"Alice";
  std::string password = "Pa55word";
  absl::Time time = test_support::FakeClock().Now();
  AvPairs pairs;

  AuthenticateMessage Answer(SecurityContext& acceptor) const {
    const absl::StatusOr<Token> token = acceptor.Step(NegotiateMessage{.flags = flags}.Encode());
    EXPECT_OK(token);
    const absl::StatusOr<ChallengeMessage> challenge = ChallengeMessage::Decode(token->bytes);
    EXPECT_OK(challenge);
    AuthenticateMessage out;
    out.flags = flags;
    out.domain = domain;
    out.user = user;
    const Key key = NtOwfV2(NtHash::OfPassword(password), user, key_domain);
    const base::Bytes blob = ClientChallengeBlob(ToFileTime(time), Challenge{}, pairs.Encode());
    const Key proof = NtProof(key, challenge->server_challenge, blob);
    out.nt_response.assign(proof.value.begin(), proof.value.end());
    out.nt_response.insert(out.nt_response.end(), blob.begin(), blob.end());
    return out;
  }
  absl::Status LogOn(World& world) const {
    const std::unique_ptr<SecurityContext> acceptor = world.Acceptor(AuthType::kNtlm);
    return acceptor->Step(Answer(*acceptor).Encode()).status();
  }
};

TEST(Ntlm, TellsTheAcceptorWhoCalls) {
  World world;
  Logon logon(world);
  EXPECT_EQ(logon.acceptor->peer(), std::nullopt);
  const absl::StatusOr<Token> last = logon.acceptor->Step(logon.authenticate);
  ASSERT_OK(last);
  EXPECT_TRUE(last->complete);
  EXPECT_TRUE(last->bytes.empty());
  ASSERT_TRUE(logon.acceptor->peer().has_value());
  EXPECT_EQ(logon.acceptor->peer()->Name(), "Contoso\\alice");
  EXPECT_EQ(logon.initiator->peer(), std::nullopt);
}

class NtlmLevels : public ::testing::TestWithParam<AuthLevel> {};

TEST_P(NtlmLevels, ProtectsPdusBothWays) {
  const AuthLevel level = GetParam();
  World world;
  Logon logon(world);
  ASSERT_OK(logon.acceptor->Step(logon.authenticate));
  for (const std::string body : {"first", "", "third and longer"}) {
    for (const bool up : {true, false, true}) {
      SecurityContext& from = up ? *logon.initiator : *logon.acceptor;
      SecurityContext& to = up ? *logon.acceptor : *logon.initiator;
      Pdu pdu(body);
      ASSERT_OK(pdu.Protect(from, level));
      EXPECT_EQ(pdu.auth_value.size(), from.SignatureSize(level));
      EXPECT_EQ(pdu.body() == body, level != AuthLevel::kPrivacy || body.empty());
      ASSERT_OK(pdu.Unprotect(to, level));
      EXPECT_EQ(pdu.bytes, Pdu(body).bytes);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, NtlmLevels,
                         ::testing::Values(AuthLevel::kConnect, AuthLevel::kCall, AuthLevel::kPacket,
                                           AuthLevel::kIntegrity, AuthLevel::kPrivacy));

TEST(Ntlm, CoversEveryOctetOfAPduAndDiesOfOneThatIsWrong) {
  const std::size_t size = Pdu("body").bytes.size();
  for (const AuthLevel level : {AuthLevel::kIntegrity, AuthLevel::kPrivacy}) {
    for (std::size_t i = 0; i < size; ++i) {
      World world;
      Logon logon(world);
      ASSERT_OK(logon.acceptor->Step(logon.authenticate));
      Pdu pdu("body");
      ASSERT_OK(pdu.Protect(*logon.initiator, level));
      pdu.bytes[i] ^= 0x80;
      EXPECT_THAT(pdu.Unprotect(*logon.acceptor, level), StatusIs(kUnauthenticated)) << i;
      EXPECT_EQ(logon.acceptor->peer(), std::nullopt);
      EXPECT_THAT(Pdu("x").Protect(*logon.acceptor, level), StatusIs(kPrecondition));
    }
  }
}

TEST(Ntlm, RefusesReplayedSwappedAndReflectedPdus) {
  for (const AuthLevel level : {AuthLevel::kIntegrity, AuthLevel::kPrivacy}) {
    World world;
    Logon replay(world), swap(world), reflect(world);
    for (Logon* logon : {&replay, &swap, &reflect}) ASSERT_OK(logon->acceptor->Step(logon->authenticate));

    Pdu first("same");
    ASSERT_OK(first.Protect(*replay.initiator, level));
    Pdu again = first;
    EXPECT_OK(first.Unprotect(*replay.acceptor, level));
    EXPECT_THAT(again.Unprotect(*replay.acceptor, level), StatusIs(kUnauthenticated));

    Pdu one("one"), two("two");
    ASSERT_OK(one.Protect(*swap.initiator, level));
    ASSERT_OK(two.Protect(*swap.initiator, level));
    EXPECT_THAT(two.Unprotect(*swap.acceptor, level), StatusIs(kUnauthenticated));

    Pdu mine("mine");
    ASSERT_OK(mine.Protect(*reflect.initiator, level));
    EXPECT_THAT(mine.Unprotect(*reflect.initiator, level), StatusIs(kUnauthenticated));
  }
}

TEST(Ntlm, RefusesABodyOutsideThePdu) {
  World world;
  Logon logon(world);
  base::Bytes pdu(40);
  for (const auto& [offset, size] : {std::pair<std::size_t, std::size_t>{41, 0}, {24, 17}, {1, SIZE_MAX}}) {
    EXPECT_THAT(logon.initiator->Protect(AuthLevel::kPrivacy, pdu, offset, size, true), StatusIs(kInvalid));
  }
}

TEST(Ntlm, ProtectsNothingBeforeItIsComplete) {
  World world;
  const auto acceptor = world.Acceptor(AuthType::kNtlm);
  EXPECT_THAT(Pdu("x").Protect(*acceptor, AuthLevel::kIntegrity), StatusIs(kPrecondition));
  EXPECT_THAT(Pdu("x").Unprotect(*acceptor, AuthLevel::kPrivacy), StatusIs(kPrecondition));
}

TEST(NtlmAcceptor, AnswersWrongPasswordAndUnknownAccountAlike) {
  Credentials stranger = Alice();
  stranger.user = "Mallory";
  for (const Credentials& credentials : {Alice("Pa55worD"), stranger}) {
    World world;
    Logon logon(world, credentials);
    EXPECT_THAT(logon.acceptor->Step(logon.authenticate),
                StatusIs(kUnauthenticated, HasSubstr("unknown account or wrong password for CONTOSO\\")));
    EXPECT_EQ(logon.acceptor->peer(), std::nullopt);
    EXPECT_THAT(logon.acceptor->Step(logon.authenticate), StatusIs(kPrecondition));
  }
}

TEST(NtlmAcceptor, RefusesAnUnknownAccountWithAnEmptyHash) {
  Credentials nobody = Alice();
  nobody.user = "Nobody";
  nobody.nt_hash = NtHash();
  World world;
  Logon logon(world, nobody);
  EXPECT_THAT(logon.acceptor->Step(logon.authenticate), StatusIs(kUnauthenticated));
}

TEST(NtlmAcceptor, FindsTheChangeOfAnyMessageByTheMic) {
  for (const int message : {0, 1, 2}) {
    World world;
    auto initiator = world.Initiator(AuthType::kNtlm);
    auto acceptor = world.Acceptor(AuthType::kNtlm);
    base::Bytes negotiate = initiator->Step({})->bytes;
    if (message == 0) negotiate[38] ^= 1;  // Version, which nothing else looks at
    base::Bytes challenge = acceptor->Step(negotiate)->bytes;
    if (message == 1) challenge[54] ^= 1;
    base::Bytes authenticate = initiator->Step(challenge)->bytes;
    if (message == 2) authenticate[70] ^= 1;
    EXPECT_THAT(acceptor->Step(authenticate), StatusIs(kUnauthenticated, HasSubstr("MIC is wrong")));
    EXPECT_EQ(acceptor->peer(), std::nullopt);
  }
}

TEST(NtlmAcceptor, RefusesEveryTruncationAndChangeOfTheLastMessage) {
  World world;
  const std::size_t size = Logon(world).authenticate.size();
  for (std::size_t i = 0; i < size; ++i) {
    Logon cut(world), changed(world);
    ASSERT_EQ(cut.authenticate.size(), size);
    cut.authenticate.resize(i);
    EXPECT_FALSE(cut.acceptor->Step(cut.authenticate).ok()) << i;
    changed.authenticate[i] ^= 0x04;
    EXPECT_FALSE(changed.acceptor->Step(changed.authenticate).ok()) << i;
  }
}

TEST(NtlmAcceptor, RefusesEveryTruncationOfTheFirstMessageBelowItsFlags) {
  World world;
  const base::Bytes negotiate = world.Initiator(AuthType::kNtlm)->Step({})->bytes;
  for (std::size_t size = 0; size < 16; ++size) {
    EXPECT_THAT(world.Acceptor(AuthType::kNtlm)->Step(base::ByteView(negotiate).first(size)),
                StatusIs(kInvalid));
  }
}

TEST(NtlmInitiator, RefusesEveryTruncationOfTheChallenge) {
  World world;
  const std::size_t size = Logon(world).challenge.size();
  for (std::size_t i = 0; i < size; ++i) {
    auto initiator = world.Initiator(AuthType::kNtlm);
    base::Bytes challenge = world.Acceptor(AuthType::kNtlm)->Step(initiator->Step({})->bytes)->bytes;
    challenge.resize(i);
    EXPECT_THAT(initiator->Step(challenge), StatusIs(kInvalid)) << i;
    EXPECT_THAT(initiator->Step(challenge), StatusIs(kPrecondition));
  }
}

TEST(Ntlm, RefusesItsOwnTokensSentBack) {
  World world;
  auto initiator = world.Initiator(AuthType::kNtlm);
  EXPECT_THAT(initiator->Step(initiator->Step({})->bytes),
              StatusIs(kInvalid, HasSubstr("another NTLM message")));
  Logon logon(world);
  EXPECT_THAT(logon.acceptor->Step(logon.challenge), StatusIs(kInvalid, HasSubstr("another NTLM message")));
}

TEST(NtlmAcceptor, RefusesAnAnswerToAnotherChallenge) {
  World world;
  Logon first(world), second(world);
  ASSERT_OK(first.acceptor->Step(first.authenticate));
  EXPECT_THAT(second.acceptor->Step(first.authenticate), StatusIs(kUnauthenticated));
  EXPECT_THAT(first.acceptor->Step(first.authenticate), StatusIs(kPrecondition));
}

TEST(NtlmAcceptor, BearsClientsWithoutMic) {
  World world;
  EXPECT_OK(HandMade{}.LogOn(world));
}

TEST(NtlmAcceptor, WantsTheMicThatIsPromised) {
  World world;
  HandMade client;
  client.pairs.SetFlags(kAvFlagMicPresent);
  EXPECT_THAT(client.LogOn(world), StatusIs(kInvalid, HasSubstr("MIC")));
  const auto acceptor = world.Acceptor(AuthType::kNtlm);
  AuthenticateMessage zero = client.Answer(*acceptor);
  zero.has_mic_field = true;
  EXPECT_THAT(acceptor->Step(zero.Encode()), StatusIs(kUnauthenticated, HasSubstr("MIC is wrong")));
}

TEST(NtlmAcceptor, BearsClientsThatLeaveTheDomainOutOfTheKey) {
  World world;
  HandMade client;
  client.key_domain = u"";
  EXPECT_OK(client.LogOn(world));
  client.domain = u"";
  EXPECT_OK(client.LogOn(world));
  client.key_domain = u"OTHER";
  EXPECT_THAT(client.LogOn(world), StatusIs(kUnauthenticated));
}

TEST(NtlmAcceptor, MeasuresTheTimeOfTheResponse) {
  World world;
  for (const int sign : {-1, 1}) {
    HandMade client;
    client.time = world.clock.Now() + sign * absl::Hours(36);
    EXPECT_OK(client.LogOn(world));
    client.time += sign * absl::Milliseconds(1);
    EXPECT_THAT(client.LogOn(world), StatusIs(kUnauthenticated, HasSubstr("too old")));
  }
}

TEST(NtlmAcceptor, RefusesNtlmV1LmAndAnonymousLogon) {
  for (const std::size_t size : {0u, 24u}) {
    World world;
    const auto acceptor = world.Acceptor(AuthType::kNtlm);
    AuthenticateMessage message = HandMade{}.Answer(*acceptor);
    message.nt_response.resize(size);
    message.lm_response = base::Bytes(24, 1);
    EXPECT_THAT(acceptor->Step(message.Encode()), StatusIs(kUnauthenticated, HasSubstr("NTLMv1")));
  }
  World world;
  const auto acceptor = world.Acceptor(AuthType::kNtlm);
  AuthenticateMessage nobody = HandMade{}.Answer(*acceptor);
  nobody.user.clear();
  nobody.nt_response.clear();
  nobody.lm_response = base::Bytes(1);
  EXPECT_THAT(acceptor->Step(nobody.Encode()), StatusIs(kUnauthenticated, HasSubstr("anonymous")));
}

TEST(NtlmAcceptor, RefusesAResponseWithoutItsParts) {
  for (const std::size_t size : {25u, 43u, 44u, 47u}) {
    World world;
    const auto acceptor = world.Acceptor(AuthType::kNtlm);
    AuthenticateMessage message = HandMade{}.Answer(*acceptor);
    message.nt_response.resize(size);
    EXPECT_THAT(acceptor->Step(message.Encode()), StatusIs(kInvalid)) << size;
  }
  for (const std::size_t octet : {16u, 17u}) {  // RespType, HiRespType
    World world;
    const auto acceptor = world.Acceptor(AuthType::kNtlm);
    AuthenticateMessage message = HandMade{}.Answer(*acceptor);
    message.nt_response[octet] = 2;
    EXPECT_THAT(acceptor->Step(message.Encode()), StatusIs(kInvalid, HasSubstr("RespType")));
  }
}

TEST(NtlmAcceptor, RefusesWeakFlags) {
  for (const std::uint32_t bit :
       {ntlm_flag::kUnicode, ntlm_flag::kExtendedSessionSecurity, ntlm_flag::k128}) {
    World world;
    NegotiateMessage weak{.flags = HandMade{}.flags & ~bit};
    EXPECT_THAT(world.Acceptor(AuthType::kNtlm)->Step(weak.Encode()), StatusIs(kUnauthenticated));
    const auto acceptor = world.Acceptor(AuthType::kNtlm);
    AuthenticateMessage weaker = HandMade{}.Answer(*acceptor);
    weaker.flags &= ~bit;
    EXPECT_THAT(acceptor->Step(weaker.Encode()), StatusIs(kUnauthenticated));
  }
}

TEST(NtlmAcceptor, ProtectsOnlyAsWasNegotiated) {
  World world;
  HandMade client;
  auto acceptor = world.Acceptor(AuthType::kNtlm);
  ASSERT_OK(acceptor->Step(client.Answer(*acceptor).Encode()));
  EXPECT_OK(Pdu("x").Protect(*acceptor, AuthLevel::kIntegrity));
  EXPECT_FALSE(acceptor->MaySeal());
  EXPECT_THAT(Pdu("x").Protect(*acceptor, AuthLevel::kPrivacy),
              StatusIs(kPrecondition, HasSubstr("sealing")));
  client.flags |= ntlm_flag::kSeal;
  acceptor = world.Acceptor(AuthType::kNtlm);
  EXPECT_FALSE(acceptor->MaySeal());  // not yet
  ASSERT_OK(acceptor->Step(client.Answer(*acceptor).Encode()));
  EXPECT_TRUE(acceptor->MaySeal());
  client.flags &= ~(ntlm_flag::kSign | ntlm_flag::kSeal);
  acceptor = world.Acceptor(AuthType::kNtlm);
  ASSERT_OK(acceptor->Step(client.Answer(*acceptor).Encode()));
  EXPECT_THAT(Pdu("x").Protect(*acceptor, AuthLevel::kIntegrity),
              StatusIs(kPrecondition, HasSubstr("signing")));
}

TEST(NtlmAcceptor, WantsAWholeKeyWhereOneIsExchanged) {
  World world;
  HandMade client;
  client.flags |= ntlm_flag::kKeyExchange;
  const auto acceptor = world.Acceptor(AuthType::kNtlm);
  AuthenticateMessage message = client.Answer(*acceptor);
  message.encrypted_session_key.resize(15);
  EXPECT_THAT(acceptor->Step(message.Encode()), StatusIs(kInvalid, HasSubstr("EncryptedRandomSessionKey")));
}

// What an old or a bad server says; `change` works on the challenge of ours.
absl::StatusOr<Token> AnswerTo(World& world, void (*change)(ChallengeMessage&, AvPairs&)) {
  auto initiator = world.Initiator(AuthType::kNtlm);
  const base::Bytes negotiate = initiator->Step({})->bytes;
  ChallengeMessage challenge =
      *ChallengeMessage::Decode(world.Acceptor(AuthType::kNtlm)->Step(negotiate)->bytes);
  AvPairs pairs = *AvPairs::Decode(challenge.target_info);
  change(challenge, pairs);
  challenge.target_info = pairs.Encode();
  return initiator->Step(challenge.Encode());
}

TEST(NtlmInitiator, SendsWhatTheSpecificationWants) {
  World world;
  const absl::StatusOr<Token> token = AnswerTo(world, [](ChallengeMessage&, AvPairs& pairs) {
    pairs.SetFlags(1);
    pairs.Set(AvId::kTargetName, base::Bytes{1, 2});
  });
  ASSERT_OK(token);
  const absl::StatusOr<AuthenticateMessage> message = AuthenticateMessage::Decode(token->bytes);
  ASSERT_OK(message);
  EXPECT_TRUE(message->has_mic_field);
  EXPECT_EQ(message->lm_response, base::Bytes(24));
  EXPECT_EQ(message->domain, u"CONTOSO");
  EXPECT_EQ(message->workstation, u"CLIENT1");
  EXPECT_EQ(message->encrypted_session_key.size(), 16u);
  const absl::StatusOr<AvPairs> pairs = AvPairs::Decode(base::ByteView(message->nt_response).subspan(44));
  ASSERT_OK(pairs);
  EXPECT_EQ(pairs->flags(), 3u);
  EXPECT_EQ(pairs->timestamp(), ToFileTime(world.clock.Now()));
  const base::ByteView name = *pairs->Find(AvId::kTargetName);
  EXPECT_EQ(base::FromLittleEndian(name), u"RPCSS/server1");
  EXPECT_EQ(pairs->Find(AvId::kChannelBindings)->size(), 16u);
  EXPECT_EQ(base::FromLittleEndian(*pairs->Find(AvId::kDnsComputerName)), u"server1.contoso.example");
}

TEST(NtlmInitiator, SendsLmV2AndNoMicToAServerWithoutTime) {
  World world;
  auto initiator = world.Initiator(AuthType::kNtlm);
  initiator->Step({}).IgnoreError();
  ChallengeMessage challenge;
  challenge.flags = 0xe28a8233;
  AvPairs pairs;
  pairs.Set(AvId::kNetbiosComputerName, ToLittleEndian(u"S"));
  pairs.Set(AvId::kNetbiosDomainName, ToLittleEndian(u"D"));
  challenge.target_info = pairs.Encode();
  const absl::StatusOr<Token> token = initiator->Step(challenge.Encode());
  ASSERT_OK(token);
  const absl::StatusOr<AuthenticateMessage> message = AuthenticateMessage::Decode(token->bytes);
  ASSERT_OK(message);
  EXPECT_FALSE(message->has_mic_field);
  EXPECT_NE(message->lm_response, base::Bytes(24));
}

TEST(NtlmInitiator, RefusesServersThatGrantTooLittle) {
  World world;
  EXPECT_OK(AnswerTo(world, [](ChallengeMessage&, AvPairs&) {}));
  EXPECT_OK(AnswerTo(world, [](ChallengeMessage& c, AvPairs&) { c.flags &= ~ntlm_flag::kKeyExchange; }));
  EXPECT_THAT(AnswerTo(world, [](ChallengeMessage& c, AvPairs&) { c.flags &= ~ntlm_flag::k128; }),
              StatusIs(kUnauthenticated, HasSubstr("128-bit")));
  EXPECT_THAT(AnswerTo(world, [](ChallengeMessage& c, AvPairs&) { c.flags &= ~ntlm_flag::kSign; }),
              StatusIs(kUnauthenticated));
  EXPECT_THAT(
      AnswerTo(world, [](ChallengeMessage& c, AvPairs&) { c.flags &= ~ntlm_flag::kExtendedSessionSecurity; }),
      StatusIs(kUnauthenticated));
  EXPECT_THAT(AnswerTo(world,
                       [](ChallengeMessage& c, AvPairs& p) {
                         p = AvPairs();
                         p.SetTimestamp(ToFileTime(absl::UnixEpoch()));
                         c.flags |= ntlm_flag::kTargetInfo;
                       }),
              StatusIs(kUnauthenticated, HasSubstr("does not name")));
}

TEST(NtlmInitiator, RefusesNamesThatDoNotFit) {
  Credentials credentials = Alice();
  credentials.user = std::string(33000, 'x');
  World world;
  auto initiator = world.Initiator(AuthType::kNtlm, credentials);
  const base::Bytes challenge = world.Acceptor(AuthType::kNtlm)->Step(initiator->Step({})->bytes)->bytes;
  EXPECT_THAT(initiator->Step(challenge), StatusIs(kInvalid, HasSubstr("too long")));
}

}  // namespace
}  // namespace ipam::auth
