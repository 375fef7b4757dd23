#include "dcom_bridge/auth/spnego_context.h"

#include <gtest/gtest.h>

#include "dcom_bridge/auth/ntlm_context.h"
#include "peers.h"
#include "tests/support/hex.h"

namespace ipam::auth {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

void ExpectProtection(SecurityContext& initiator, SecurityContext& acceptor, std::uint8_t first_sequence) {
  for (const AuthLevel level : {AuthLevel::kIntegrity, AuthLevel::kPrivacy}) {
    for (const bool up : {true, false}) {
      Pdu pdu("some stub data");
      ASSERT_OK(pdu.Protect(up ? initiator : acceptor, level));
      if (level == AuthLevel::kIntegrity) {
        EXPECT_EQ(pdu.auth_value[12], first_sequence);
      }
      EXPECT_OK(pdu.Unprotect(up ? acceptor : initiator, level));
      EXPECT_EQ(pdu.body(), "some stub data");
    }
  }
}

// A client by hand around our NTLM: it may offer other mechanisms and leave out the MIC.
struct Client {
  explicit Client(World& world)
      : ntlm(std::make_unique<NtlmInitiator>(Alice(), "", world.clock, world.random)) {}

  base::Bytes Last(base::ByteView challenge, bool with_mic) {
    NegTokenResp out;
    out.response_token = ntlm->Step(challenge)->bytes;
    if (with_mic) out.mech_list_mic = *ntlm->MakeMechListMic(EncodeMechTypes(offered));
    return out.Encode();
  }

  std::vector<Oid> offered = {kNtlmOid};
  std::unique_ptr<Mechanism> ntlm;
};

TEST(Spnego, TellsTheClockOfTheAcceptor) {
  World world;
  World server;
  server.clock.Advance(absl::Minutes(7));
  const auto initiator = world.Initiator(AuthType::kSpnego);
  const auto acceptor = server.Acceptor(AuthType::kSpnego);
  EXPECT_EQ(initiator->peer_time(), std::nullopt);
  ASSERT_OK(Handshake(*initiator, *acceptor));
  EXPECT_EQ(initiator->peer_time(), server.clock.Now());
  EXPECT_EQ(acceptor->peer_time(), std::nullopt);
}

TEST(Spnego, LogsOnAndProtectsFromSequenceOneOn) {
  World world;
  const auto initiator = world.Initiator(AuthType::kSpnego);
  const auto acceptor = world.Acceptor(AuthType::kSpnego);
  ASSERT_OK(Handshake(*initiator, *acceptor));
  ASSERT_TRUE(acceptor->peer().has_value());
  EXPECT_EQ(acceptor->peer()->Name(), "Contoso\\alice");
  EXPECT_EQ(acceptor->type(), AuthType::kSpnego);
  ExpectProtection(*initiator, *acceptor, 1);
  EXPECT_THAT(initiator->Step({}), StatusIs(kPrecondition));
}

TEST(Spnego, TakesFourTokens) {
  World world;
  const auto initiator = world.Initiator(AuthType::kSpnego);
  const auto acceptor = world.Acceptor(AuthType::kSpnego);
  const absl::StatusOr<Token> first = initiator->Step({});
  ASSERT_OK(first);
  const absl::StatusOr<Token> second = acceptor->Step(first->bytes);
  ASSERT_OK(second);
  const absl::StatusOr<Token> third = initiator->Step(second->bytes);
  ASSERT_OK(third);
  EXPECT_FALSE(third->complete);
  EXPECT_THAT(Pdu("x").Protect(*initiator, AuthLevel::kPrivacy), StatusIs(kPrecondition));
  const absl::StatusOr<Token> fourth = acceptor->Step(third->bytes);
  ASSERT_OK(fourth);
  EXPECT_TRUE(fourth->complete);
  const absl::StatusOr<Token> end = initiator->Step(fourth->bytes);
  ASSERT_OK(end);
  EXPECT_TRUE(end->complete);
  EXPECT_TRUE(end->bytes.empty());
}

// With the clock that stands and the random octets that count up, every octet of a logon is known. What it
// must be is held by the strangers in tests/interop/auth; this notices when it changes.
TEST(Spnego, SendsTheSameOctetsAsEver) {
  World world;
  const auto initiator = world.Initiator(AuthType::kSpnego);
  const auto acceptor = world.Acceptor(AuthType::kSpnego);
  base::Bytes token;
  SecurityContext* turn = initiator.get();
  for (const char* name : {"negotiate", "challenge", "authenticate", "accept_completed"}) {
    const absl::StatusOr<Token> next = turn->Step(token);
    ASSERT_OK(next);
    token = next->bytes;
    EXPECT_EQ(test_support::ToHex(token),
              test_support::ToHex(test_support::GoldenBytes("auth/logon." + std::string(name) + ".hex")));
    turn = turn == initiator.get() ? acceptor.get() : initiator.get();
  }
}

TEST(Spnego, RefusesAWrongPassword) {
  World world;
  const auto initiator = world.Initiator(AuthType::kSpnego, Alice("wrong"));
  const auto acceptor = world.Acceptor(AuthType::kSpnego);
  EXPECT_THAT(Handshake(*initiator, *acceptor), StatusIs(kUnauthenticated, HasSubstr("wrong password")));
  EXPECT_EQ(acceptor->peer(), std::nullopt);
  EXPECT_THAT(acceptor->Step({}), StatusIs(kPrecondition));
}

TEST(SpnegoAcceptor, TakesBareNtlm) {
  World world;
  const auto initiator = world.Initiator(AuthType::kNtlm);
  const auto acceptor = world.Acceptor(AuthType::kSpnego);
  ASSERT_OK(Handshake(*initiator, *acceptor));
  EXPECT_EQ(acceptor->peer()->Name(), "Contoso\\alice");
  ExpectProtection(*initiator, *acceptor, 0);
}

TEST(SpnegoAcceptor, GivesNoMicWhereNoneWasSentAndNoneIsDue) {
  World world;
  Client client(world);
  const auto acceptor = world.Acceptor(AuthType::kSpnego);
  NegTokenInit init{client.offered, {}, client.ntlm->Step({})->bytes};
  const NegTokenResp challenge = *NegTokenResp::Decode(acceptor->Step(init.Encode())->bytes);
  EXPECT_EQ(challenge.state, NegState::kAcceptIncomplete);
  EXPECT_EQ(challenge.supported_mech, kNtlmOid);
  const absl::StatusOr<Token> last = acceptor->Step(client.Last(*challenge.response_token, false));
  ASSERT_OK(last);
  const NegTokenResp end = *NegTokenResp::Decode(last->bytes);
  EXPECT_EQ(end.state, NegState::kAcceptCompleted);
  EXPECT_FALSE(end.mech_list_mic.has_value());
  ExpectProtection(*client.ntlm, *acceptor, 0);
}

class SecondChoice : public ::testing::TestWithParam<bool> {};

// NTLM behind Kerberos, with a Kerberos token on the chance that we speak it.
TEST_P(SecondChoice, NeedsTheMic) {
  const bool with_mic = GetParam();
  World world;
  Client client(world);
  client.offered = {kKerberosOid, kNtlmOid};
  const auto acceptor = world.Acceptor(AuthType::kSpnego);
  NegTokenInit init{client.offered, {}, base::Bytes{0x60, 0x00}};
  NegTokenResp answer = *NegTokenResp::Decode(acceptor->Step(init.Encode())->bytes);
  EXPECT_EQ(answer.state, NegState::kRequestMic);
  EXPECT_EQ(answer.supported_mech, kNtlmOid);
  EXPECT_FALSE(answer.response_token.has_value());

  NegTokenResp negotiate;
  negotiate.response_token = client.ntlm->Step({})->bytes;
  answer = *NegTokenResp::Decode(acceptor->Step(negotiate.Encode())->bytes);
  EXPECT_EQ(answer.state, NegState::kAcceptIncomplete);
  ASSERT_TRUE(answer.response_token.has_value());
  const absl::StatusOr<Token> last = acceptor->Step(client.Last(*answer.response_token, with_mic));
  if (!with_mic) {
    EXPECT_THAT(last, StatusIs(kUnauthenticated, HasSubstr("mechListMIC is missing")));
    EXPECT_EQ(acceptor->peer(), std::nullopt);
    return;
  }
  ASSERT_OK(last);
  const NegTokenResp end = *NegTokenResp::Decode(last->bytes);
  ASSERT_TRUE(end.mech_list_mic.has_value());
  EXPECT_OK(client.ntlm->CheckMechListMic(EncodeMechTypes(client.offered), *end.mech_list_mic));
  ExpectProtection(*client.ntlm, *acceptor, 1);
}
INSTANTIATE_TEST_SUITE_P(Mic, SecondChoice, ::testing::Bool());

TEST(SpnegoAcceptor, FindsAMechanismThatWasTakenOutOnTheWay) {
  World world;
  Client client(world);
  const auto acceptor = world.Acceptor(AuthType::kSpnego);
  NegTokenInit init{{kNtlmOid}, {}, client.ntlm->Step({})->bytes};
  const NegTokenResp challenge = *NegTokenResp::Decode(acceptor->Step(init.Encode())->bytes);
  client.offered = {kKerberosOid, kNtlmOid};  // what the client in truth offered
  EXPECT_THAT(acceptor->Step(client.Last(*challenge.response_token, true)),
              StatusIs(kUnauthenticated, HasSubstr("mechListMIC is wrong")));
  EXPECT_EQ(acceptor->peer(), std::nullopt);
}

TEST(SpnegoAcceptor, RefusesClientsWithoutNtlm) {
  World world;
  NegTokenInit init{{kKerberosOid}, {}, base::Bytes{1}};
  EXPECT_THAT(
      world.Acceptor(AuthType::kSpnego)->Step(init.Encode()),
      StatusIs(kUnauthenticated, HasSubstr("of the 1 mechanisms that the client offers none is served")));
}

TEST(SpnegoAcceptor, RefusesWhatAClientMayNotSend) {
  World world;
  EXPECT_THAT(world.Acceptor(AuthType::kSpnego)->Step({}), StatusIs(kInvalid));
  NegTokenResp reject, empty;
  reject.state = NegState::kReject;
  for (const auto& [message, code] : {std::pair{reject, kUnauthenticated}, {empty, kInvalid}}) {
    const auto acceptor = world.Acceptor(AuthType::kSpnego);
    ASSERT_OK(acceptor->Step(world.Initiator(AuthType::kSpnego)->Step({})->bytes));
    EXPECT_THAT(acceptor->Step(message.Encode()), StatusIs(code));
  }
}

TEST(SpnegoAcceptor, RefusesEveryTruncationAndChangeOfEitherToken) {
  constexpr std::size_t kMicElement = 20;  // [3] OCTET STRING of 16
  World world;
  const base::Bytes first = world.Initiator(AuthType::kSpnego)->Step({})->bytes;
  for (std::size_t size = 0; size < first.size(); ++size) {
    EXPECT_FALSE(world.Acceptor(AuthType::kSpnego)->Step(base::ByteView(first).first(size)).ok()) << size;
  }
  for (std::size_t i = 0, size = 1; i < size; ++i) {
    for (const bool cut : {true, false}) {
      const auto initiator = world.Initiator(AuthType::kSpnego);
      const auto acceptor = world.Acceptor(AuthType::kSpnego);
      base::Bytes last = initiator->Step(acceptor->Step(initiator->Step({})->bytes)->bytes)->bytes;
      size = last.size();
      if (cut) {
        last.resize(i);
      } else {
        last[i] ^= 0x04;
      }
      const absl::StatusOr<Token> end = acceptor->Step(last);
      if (!cut && i == size - kMicElement) {
        // Its tag: the MIC, which may be left out here, is taken for an unknown field. The initiator wants
        // the answer.
        ASSERT_OK(end);
        EXPECT_THAT(initiator->Step(end->bytes),
                    StatusIs(kUnauthenticated, HasSubstr("mechListMIC is missing")));
        continue;
      }
      EXPECT_FALSE(end.ok()) << i;
    }
  }
}

TEST(SpnegoInitiator, RefusesEveryChangeOfTheLastToken) {
  World world;
  for (std::size_t i = 0, size = 1; i < size; ++i) {
    const auto initiator = world.Initiator(AuthType::kSpnego);
    const auto acceptor = world.Acceptor(AuthType::kSpnego);
    base::Bytes last =
        acceptor->Step(initiator->Step(acceptor->Step(initiator->Step({})->bytes)->bytes)->bytes)->bytes;
    size = last.size();
    last[i] ^= 0x10;
    EXPECT_FALSE(initiator->Step(last).ok()) << i;
    EXPECT_THAT(Pdu("x").Protect(*initiator, AuthLevel::kPrivacy), StatusIs(kPrecondition));
  }
}

TEST(SpnegoInitiator, RefusesAServerThatDoesNotProveItself) {
  NegTokenResp rejected, no_mic, incomplete, chatter;
  rejected.state = NegState::kReject;
  no_mic.state = NegState::kAcceptCompleted;
  incomplete.state = NegState::kAcceptIncomplete;
  chatter.response_token = base::Bytes{1};
  for (const NegTokenResp& last : {rejected, no_mic, incomplete, chatter}) {
    World world;
    const auto initiator = world.Initiator(AuthType::kSpnego);
    const auto acceptor = world.Acceptor(AuthType::kSpnego);
    ASSERT_OK(initiator->Step(acceptor->Step(initiator->Step({})->bytes)->bytes));
    EXPECT_FALSE(initiator->Step(last.Encode()).ok());
  }
}

TEST(SpnegoInitiator, RefusesAServerThatSkipsTheLogon) {
  NegTokenResp completed, other, silent;
  completed.state = NegState::kAcceptCompleted;
  other.state = NegState::kAcceptIncomplete;
  other.supported_mech = kKerberosOid;
  silent.state = NegState::kRequestMic;
  silent.supported_mech = kNtlmOid;
  for (const NegTokenResp& first : {completed, other, silent}) {
    World world;
    const auto initiator = world.Initiator(AuthType::kSpnego);
    ASSERT_OK(initiator->Step({}));
    EXPECT_FALSE(initiator->Step(first.Encode()).ok());
  }
}

TEST(Spnego, RefusesItsOwnTokensSentBack) {
  World world;
  const auto initiator = world.Initiator(AuthType::kSpnego);
  const auto acceptor = world.Acceptor(AuthType::kSpnego);
  const base::Bytes first = initiator->Step({})->bytes;
  const base::Bytes second = acceptor->Step(first)->bytes;
  EXPECT_FALSE(acceptor->Step(second).ok());
  EXPECT_FALSE(initiator->Step(first).ok());
}

}  // namespace
}  // namespace ipam::auth
