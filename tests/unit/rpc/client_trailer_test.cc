// The verification trailer of our client, [MS-RPCE] 2.2.2.13: what it tells, in which request.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dcom_bridge/pdu/verification_trailer.h"
#include "tests/support/matchers.h"
#include "tests/unit/rpc/support/pdus.h"

namespace ipam::rpc_test {
namespace {

using ::testing::SizeIs;

rpc::ClientOptions At(auth::AuthLevel level) {
  rpc::ClientOptions options;
  options.level = level;
  options.security = FakeInitiator(auth::AuthType::kNtlm);
  return options;
}

// Of the request that the client has just sent; it is lost on its way to the server.
std::optional<pdu::VerificationTrailer> TrailerOfTheLast(Client& client) {
  const base::Bytes pdu = client.out.back();
  client.out.clear();
  const auto segments = pdu::Split(pdu);
  EXPECT_OK(segments);
  const auto request = pdu::DecodeRequest(segments->body, base::Endian::kLittle, false,
                                          segments->trailer ? segments->trailer->pad_length : 0);
  EXPECT_OK(request);
  EXPECT_EQ(request->alloc_hint, request->stub.size());
  const auto trailer = pdu::FindVerificationTrailer(request->stub);
  EXPECT_OK(trailer);
  return *trailer;
}

void Open(Client& client, Server& server, bool server_signs_headers = true) {
  client.Do(client.association.Open({kEcho}));
  server.Feed(client.out.front());
  client.out.clear();
  if (!server_signs_headers) server.out.front()[3] &= static_cast<std::uint8_t>(~pdu::kSupportHeaderSign);
  Exchange(client, server);
  ASSERT_EQ(client.opened, 1);
}

TEST(ClientTrailer, RepeatsTheBindOnceAndEachContextOnce) {
  Server server;
  Client client(At(auth::AuthLevel::kIntegrity));
  Open(client, server);
  client.Call({kEcho, 1, {}, Pattern(5)});
  const auto first = TrailerOfTheLast(client);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->offset, 8u);  // on a boundary of four
  EXPECT_EQ(first->bitmask, pdu::VerificationTrailer::kClientSupportsHeaderSigning);
  ASSERT_TRUE(first->pcontext.has_value());
  EXPECT_EQ(first->pcontext->interface, kEcho);
  EXPECT_EQ(first->pcontext->transfer, pdu::kNdr);
  EXPECT_FALSE(first->header2.has_value());  // the signature covers the header
  client.Call({kEcho, 1, {}, Pattern(5)});
  EXPECT_FALSE(TrailerOfTheLast(client).has_value());
}

TEST(ClientTrailer, TellsOfAContextThatCameLater) {
  Server server;
  Client client(At(auth::AuthLevel::kIntegrity));
  Open(client, server);
  const rpc::CallId first = client.Call({kEcho, 0, {}, {}});
  Exchange(client, server);
  ASSERT_TRUE(client.Reply(first).has_value());
  client.Call({kOther, 0, {}, {}});
  server.Feed(client.out.front());  // alter_context
  client.out.clear();
  client.Feed(server.out.front());
  const auto trailer = TrailerOfTheLast(client);
  ASSERT_TRUE(trailer.has_value());
  EXPECT_FALSE(trailer->bitmask.has_value());
  EXPECT_EQ(trailer->pcontext->interface, kOther);
}

TEST(ClientTrailer, RepeatsTheHeaderOfEveryRequestWhereHeadersAreNotSigned) {
  Server server;
  Client client(At(auth::AuthLevel::kPacket));
  Open(client, server, /*server_signs_headers=*/false);
  for (std::uint32_t call_id : {2u, 3u}) {
    client.Call({kEcho, 7, {}, {}});
    const auto trailer = TrailerOfTheLast(client);
    ASSERT_TRUE(trailer.has_value());
    EXPECT_EQ(trailer->bitmask.has_value(), call_id == 2);
    ASSERT_TRUE(trailer->header2.has_value());
    EXPECT_EQ(trailer->header2->type, 0);
    EXPECT_EQ(trailer->header2->drep[0], 0x10);
    EXPECT_EQ(trailer->header2->call_id, call_id);
    EXPECT_EQ(trailer->header2->context_id, 0);
    EXPECT_EQ(trailer->header2->opnum, 7);
  }
}

TEST(ClientTrailer, IsNotThereWhereNothingIsSigned) {
  Server server;
  Client client(At(auth::AuthLevel::kConnect));
  Open(client, server);
  client.Call({kEcho, 1, {}, Pattern(5)});
  EXPECT_FALSE(TrailerOfTheLast(client).has_value());
  Client anonymous;
  Server other;
  Open(anonymous, other);
  anonymous.Call({kEcho, 1, {}, Pattern(5)});
  EXPECT_FALSE(TrailerOfTheLast(anonymous).has_value());
}

// Whoever takes the flag out of our bind is found by the first request.
TEST(ClientTrailer, ShowsTheServerThatHeaderSigningWasTakenAway) {
  Server server;
  Client client(At(auth::AuthLevel::kIntegrity));
  client.Do(client.association.Open({kEcho}));
  client.out.front()[3] &= static_cast<std::uint8_t>(~pdu::kSupportHeaderSign);
  const rpc::CallId call = client.Call({kEcho, 0, {}, {}});
  Exchange(client, server);
  EXPECT_EQ(client.Fault(call), pdu::kAccessDenied);
  EXPECT_THAT(server.service.calls, SizeIs(0));
}

}  // namespace
}  // namespace ipam::rpc_test
