// Our client against our server: every type and level of authentication, every size, bytes split anywhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dcom_bridge/pdu/sec_trailer.h"
#include "dcom_bridge/pdu/verification_trailer.h"
#include "dcom_bridge/rpc/protection.h"
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

// The echo of a request: behind the stub stands what aligned its verification trailer, which the server took off.
std::optional<base::Bytes> Echoed(const Client& client, rpc::CallId call, std::size_t size) {
  std::optional<base::Bytes> reply = client.Reply(call);
  if (!reply || reply->size() == size || reply->size() != (size + 3) / 4 * 4) return reply;
  for (; reply->size() > size; reply->pop_back()) EXPECT_EQ(reply->back(), 0);
  return reply;
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
    EXPECT_EQ(Echoed(client, plain, size), Pattern(size));
    EXPECT_EQ(Echoed(client, with_object, size), Pattern(size));
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
    EXPECT_EQ(Echoed(client, call, 7000), Pattern(7000));
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
  EXPECT_EQ(Echoed(client, first, 10), Pattern(10));
  EXPECT_EQ(Echoed(client, other, 20), Pattern(20));
  EXPECT_EQ(Echoed(client, again, 30), Pattern(30));
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

// What stands in the verification trailer of a request as the server sees it, behind eight octets.
struct Repeated {
  const char* name;
  pdu::VerificationTrailer trailer;
  bool holds;
};

TEST_P(SignedPairTest, VerificationTrailerMustRepeatWhatTheServerSaw) {
  Server server;
  Client client(ClientWith(GetParam()));
  client.Do(client.association.Open({kEcho}));
  Exchange(client, server);
  client.Call({kEcho, 0, {}, {}});  // the client's own trailer goes with the first call
  const std::uint32_t call_id = pdu::Split(client.out.front())->header.call_id;
  Exchange(client, server);
  const pdu::Header drep;
  const std::uint32_t next = call_id + 1;
  const Repeated cases[] = {
      {"header", {.header2 = {{0, drep.drep, next, 0, 0}}}, true},
      {"call_id", {.header2 = {{0, drep.drep, next, 0, 0}}}, false},  // by now two behind
      {"type", {.header2 = {{11, drep.drep, next + 2, 0, 0}}}, false},
      {"drep", {.header2 = {{0, {}, next + 3, 0, 0}}}, false},
      {"context", {.header2 = {{0, drep.drep, next + 4, 1, 0}}}, false},
      {"opnum", {.header2 = {{0, drep.drep, next + 5, 0, 1}}}, false},
      {"interface", {.pcontext = {{kOther, pdu::kNdr}}}, false},
      {"transfer syntax", {.pcontext = {{kEcho, pdu::kNdr64}}}, false},
      {"context that holds", {.pcontext = {{kEcho, pdu::kNdr}}}, true},
      {"header signing", {.bitmask = 1}, true},
      {"bits that mean nothing", {.bitmask = 0xFFFFFFFF}, true},
  };
  for (const Repeated& c : cases) {
    SCOPED_TRACE(c.name);
    base::Bytes stub = Pattern(8);
    pdu::AppendVerificationTrailer(stub, c.trailer);
    const rpc::CallId call = client.Call({kEcho, 0, {}, stub});
    Exchange(client, server);
    if (c.holds) {
      EXPECT_EQ(client.Reply(call), Pattern(8));  // without the trailer
    } else {
      EXPECT_EQ(client.Fault(call), pdu::kAccessDenied);
    }
  }
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
