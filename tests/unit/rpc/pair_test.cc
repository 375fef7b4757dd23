// Our client against our server: every type and level of authentication, every size, bytes split anywhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dcom_bridge/pdu/sec_trailer.h"
#include "dcom_bridge/rpc/protection.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"
#include "tests/unit/rpc/support/wire.h"

namespace ipam::rpc_test {
namespace {

using test_support::StatusIs;
using ::testing::SizeIs;

struct Security {
  const char* name;
  auth::AuthType type;
  auth::AuthLevel level;
};

rpc::ClientOptions ClientWith(const Security& security, std::string password = "right") {
  rpc::ClientOptions options;
  options.level = security.level;
  if (security.type != auth::AuthType::kNone)
    options.security = FakeInitiator(security.type, std::move(password));
  return options;
}

std::string NameOf(const ::testing::TestParamInfo<Security>& param) { return param.param.name; }

class PairTest : public ::testing::TestWithParam<Security> {};
INSTANTIATE_TEST_SUITE_P(
    Security, PairTest,
    ::testing::Values(Security{"None", auth::AuthType::kNone, auth::AuthLevel::kNone},
                      Security{"NtlmConnect", auth::AuthType::kNtlm, auth::AuthLevel::kConnect},
                      Security{"NtlmCall", auth::AuthType::kNtlm, auth::AuthLevel::kCall},
                      Security{"NtlmPacket", auth::AuthType::kNtlm, auth::AuthLevel::kPacket},
                      Security{"NtlmIntegrity", auth::AuthType::kNtlm, auth::AuthLevel::kIntegrity},
                      Security{"NtlmPrivacy", auth::AuthType::kNtlm, auth::AuthLevel::kPrivacy},
                      Security{"SpnegoConnect", auth::AuthType::kSpnego, auth::AuthLevel::kConnect},
                      Security{"SpnegoIntegrity", auth::AuthType::kSpnego, auth::AuthLevel::kIntegrity},
                      Security{"SpnegoPrivacy", auth::AuthType::kSpnego, auth::AuthLevel::kPrivacy}),
    NameOf);

class SignedPairTest : public ::testing::TestWithParam<Security> {};
INSTANTIATE_TEST_SUITE_P(
    Security, SignedPairTest,
    ::testing::Values(Security{"NtlmPacket", auth::AuthType::kNtlm, auth::AuthLevel::kPacket},
                      Security{"NtlmIntegrity", auth::AuthType::kNtlm, auth::AuthLevel::kIntegrity},
                      Security{"NtlmPrivacy", auth::AuthType::kNtlm, auth::AuthLevel::kPrivacy},
                      Security{"SpnegoPrivacy", auth::AuthType::kSpnego, auth::AuthLevel::kPrivacy}),
    NameOf);

TEST_P(PairTest, EchoesStubsOfEverySize) {
  for (const std::size_t size : {0, 1, 7, 8, 15, 16, 17, 5791, 5792, 5793, 5808, 5816, 5824, 20000, 300000}) {
    SCOPED_TRACE(size);
    Server server;
    Client client(ClientWith(GetParam()));
    client.Do(client.association.Open({kEcho}));
    const rpc::CallId plain = client.Call({kEcho, 0, {}, Pattern(size)});
    const rpc::CallId with_object = client.Call({kEcho, 0, base::Guid{1, 2, 3, {}}, Pattern(size)});
    Exchange(client, server);
    EXPECT_EQ(client.opened, 1);
    EXPECT_EQ(client.Reply(plain), Pattern(size));
    EXPECT_EQ(client.Reply(with_object), Pattern(size));
    ASSERT_THAT(server.service.calls, SizeIs(2));
    EXPECT_FALSE(server.service.calls[0].object.has_value());
    EXPECT_EQ(server.service.calls[1].object, (base::Guid{1, 2, 3, {}}));
    EXPECT_EQ(server.service.calls[0].level, rpc::EffectiveLevel(GetParam().level));
    EXPECT_EQ(server.service.calls[0].caller.has_value(), GetParam().type != auth::AuthType::kNone);
    EXPECT_FALSE(client.closed || server.closed);
  }
}

TEST_P(PairTest, TakesBytesSplitAtEveryPlace) {
  for (const std::size_t piece : {1, 2, 3, 5, 16, 17, 1000}) {
    SCOPED_TRACE(piece);
    Server server;
    Client client(ClientWith(GetParam()));
    client.Do(client.association.Open({kEcho}));
    const rpc::CallId call = client.Call({kEcho, 0, {}, Pattern(7000)});
    Exchange(client, server, piece);
    EXPECT_EQ(client.Reply(call), Pattern(7000));
  }
}

TEST_P(PairTest, AddsInterfacesOnTheWay) {
  Server server;
  Client client(ClientWith(GetParam()));
  client.Do(client.association.Open({kEcho}));
  const rpc::CallId first = client.Call({kEcho, 0, {}, Pattern(10)});
  const rpc::CallId other = client.Call({kOther, 0, {}, Pattern(20)});
  const rpc::CallId again = client.Call({kEcho, 0, {}, Pattern(30)});
  Exchange(client, server);
  EXPECT_EQ(client.Reply(first), Pattern(10));
  EXPECT_EQ(client.Reply(other), Pattern(20));
  EXPECT_EQ(client.Reply(again), Pattern(30));
  ASSERT_THAT(server.service.calls, SizeIs(3));
  EXPECT_EQ(server.service.calls[1].interface, kOther);
}

TEST_P(PairTest, AnswersInAnyOrderWhereMultiplexed) {
  Server server;
  Client client(ClientWith(GetParam()));
  client.Do(client.association.Open({kEcho}));
  const rpc::CallId one = client.Call({kEcho, 1, {}, {}});
  const rpc::CallId two = client.Call({kEcho, 2, {}, {}});
  Exchange(client, server);
  ASSERT_THAT(server.service.calls, SizeIs(2));
  server.Do(server.association->Complete(server.service.calls[1].id, rpc::CallReply{Pattern(9000)}));
  server.Do(server.association->Complete(server.service.calls[0].id, rpc::CallFault{pdu::kOperationRange}));
  Exchange(client, server);
  EXPECT_EQ(client.Reply(two), Pattern(9000));
  EXPECT_EQ(client.Fault(one), pdu::kOperationRange);
}

TEST_P(SignedPairTest, AlteredOctetEndsTheConnection) {
  Server server;
  Client client(ClientWith(GetParam()));
  client.Do(client.association.Open({kEcho}));
  Exchange(client, server);
  const rpc::CallId call = client.Call({kEcho, 0, {}, Pattern(40)});
  client.out.front()[30] ^= 1;
  Exchange(client, server);
  EXPECT_EQ(client.Fault(call), pdu::kSecurityPackageError);
  EXPECT_THAT(*server.closed, StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(server.service.calls, SizeIs(0));
}

TEST_P(SignedPairTest, AlteredAnswerEndsTheConnection) {
  Server server;
  Client client(ClientWith(GetParam()));
  client.Do(client.association.Open({kEcho}));
  Exchange(client, server);
  const rpc::CallId call = client.Call({kEcho, 0, {}, Pattern(40)});
  server.Feed(client.out.front());
  client.out.clear();
  server.out.front()[30] ^= 1;
  Exchange(client, server);
  EXPECT_THAT(*client.Failure(call), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(*client.closed, StatusIs(absl::StatusCode::kUnauthenticated));
}

// What [MS-RPCE] 2.2.2.13 puts behind a stub: here header2, which repeats call_id, context 0 and `opnum`.
base::Bytes WithVerificationTrailer(std::uint8_t opnum) {
  base::Bytes stub = Pattern(8);
  const base::Bytes trailer =
      test_support::FromHex("8ae3137102f43671 0340 1000 00 00 0000 10000000 03000000 0000");
  stub.insert(stub.end(), trailer.begin(), trailer.end());
  stub.push_back(opnum);
  stub.push_back(0);
  return stub;
}

TEST_P(SignedPairTest, VerificationTrailerMustRepeatTheHeader) {
  Server server;
  Client client(ClientWith(GetParam()));
  client.Do(client.association.Open({kEcho}));
  Exchange(client, server);
  const rpc::CallId probe = client.Call({kEcho, 0, {}, {}});
  const std::uint32_t call_id = pdu::Split(client.out.front())->header.call_id;
  Exchange(client, server);
  ASSERT_TRUE(client.Reply(probe).has_value());
  base::Bytes right = WithVerificationTrailer(0);
  right[8 + 8 + 4 + 8] = static_cast<std::uint8_t>(call_id + 1);
  const rpc::CallId holds = client.Call({kEcho, 0, {}, right});
  base::Bytes wrong = WithVerificationTrailer(1);
  wrong[8 + 8 + 4 + 8] = static_cast<std::uint8_t>(call_id + 2);
  const rpc::CallId fails = client.Call({kEcho, 0, {}, wrong});
  Exchange(client, server);
  EXPECT_EQ(client.Reply(holds), right);
  EXPECT_EQ(client.Fault(fails), pdu::kAccessDenied);
  EXPECT_FALSE(server.closed.has_value());
}

TEST(WrongPassword, ShowsAtTheFirstRequestWithNtlm) {
  Server server;
  Client client(ClientWith({"", auth::AuthType::kNtlm, auth::AuthLevel::kPrivacy}, "wrong"));
  client.Do(client.association.Open({kEcho}));
  const rpc::CallId call = client.Call({kEcho, 0, {}, {}});
  Exchange(client, server);
  EXPECT_EQ(client.opened, 1);  // auth3 has no answer
  EXPECT_EQ(client.Fault(call), pdu::kAccessDenied);
  EXPECT_TRUE(server.closed.has_value());
}

TEST(WrongPassword, EndsTheBindWithSpnego) {
  Server server;
  Client client(ClientWith({"", auth::AuthType::kSpnego, auth::AuthLevel::kPrivacy}, "wrong"));
  client.Do(client.association.Open({kEcho}));
  const rpc::CallId call = client.Call({kEcho, 0, {}, {}});
  Exchange(client, server);
  EXPECT_EQ(client.opened, 0);
  EXPECT_THAT(*client.Failure(call), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(*client.closed, StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(*server.closed, StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(PrivacyWithoutSealing, IsRefusedWithTheLastToken) {
  for (const auto type : {auth::AuthType::kNtlm, auth::AuthType::kSpnego}) {
    Server server;
    server.auth.may_seal = false;
    Client client(ClientWith({"", type, auth::AuthLevel::kPrivacy}));
    client.Do(client.association.Open({kEcho}));
    const rpc::CallId call = client.Call({kEcho, 0, {}, {}});
    Exchange(client, server);
    if (type == auth::AuthType::kNtlm) {  // auth3 has no answer
      EXPECT_EQ(client.Fault(call), pdu::kAccessDenied);
    } else {
      EXPECT_THAT(*client.Failure(call), StatusIs(absl::StatusCode::kUnauthenticated));
    }
    EXPECT_TRUE(server.closed.has_value());
    EXPECT_THAT(server.service.calls, SizeIs(0));
  }
}

TEST(AssociationGroup, IsJoinedByASecondConnection) {
  Server server;
  Client first;
  first.Do(first.association.Open({kEcho}));
  Exchange(first, server);
  const std::uint32_t group = first.association.association_group();
  EXPECT_NE(group, 0u);

  const auto kept = std::exchange(server.association, server.NewAssociation("192.0.2.1"));
  rpc::ClientOptions options;
  options.association_group = group;
  Client second(std::move(options));
  second.Do(second.association.Open({kEcho}));
  Exchange(second, server);
  EXPECT_EQ(second.opened, 1);
  EXPECT_EQ(second.association.association_group(), group);
  EXPECT_EQ(server.groups.size(), 1u);
}

TEST(LongStub, OfSixtyMebibytesPasses) {
  Server server;
  Client client;
  client.Do(client.association.Open({kEcho}));
  Exchange(client, server);
  const base::Bytes stub(std::size_t{60} << 20, 7);
  const rpc::CallId call = client.Call({kEcho, 0, {}, stub});
  Exchange(client, server);
  EXPECT_TRUE(client.Reply(call) == stub);
}

}  // namespace
}  // namespace ipam::rpc_test
