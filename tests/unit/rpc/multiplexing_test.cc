// Several security contexts and several presentation contexts of one connection, [MS-RPCE] 3.3.1.5.4; and peers
// that write big-endian.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "dcom_bridge/base/fields.h"
#include "dcom_bridge/rpc/protection.h"
#include "tests/support/matchers.h"
#include "tests/unit/rpc/support/pdus.h"

namespace ipam::rpc_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint8_t kMpx = 3 | pdu::kConcurrentMultiplexing;

// One security context of a client that has several on a connection.
struct Secured {
  std::uint32_t id;
  auth::AuthLevel level;
  std::unique_ptr<auth::SecurityContext> context = FakeInitiator(auth::AuthType::kNtlm);

  pdu::SecTrailer Trailer() const { return {10, static_cast<std::uint8_t>(level), 0, 0, id}; }
  rpc::Protection Protection() const { return {context.get(), level, id, true}; }
};

// alter_context, its answer, auth3.
void Establish(Server& server, Secured& secured) {
  const base::Bytes first = secured.context->Step({})->bytes;
  const pdu::AuthPart auth{secured.Trailer(), first};
  server.Feed(pdu::Assemble(HeaderOf(pdu::PduType::kAlterContext, secured.id, 3 | pdu::kSupportHeaderSign),
                            pdu::EncodeBind(BindTo(kEcho)), &auth));
  ASSERT_THAT(server.out, SizeIs(1));
  const base::Bytes answer = server.out.front();
  server.out.clear();
  const auto segments = pdu::Split(answer);
  ASSERT_OK(segments);
  const auto last = secured.context->Step(segments->auth_value);
  ASSERT_OK(last);
  const pdu::AuthPart third{secured.Trailer(), last->bytes};
  server.Feed(pdu::Assemble(HeaderOf(pdu::PduType::kAuth3, secured.id), base::Bytes(4), &third));
}

std::vector<base::Bytes> Request(const Secured& secured, std::uint32_t call_id, const base::Bytes& stub,
                                 std::uint16_t opnum = 0) {
  const auto call_header = [opnum](std::uint32_t alloc_hint) {
    base::ByteWriter out;
    pdu::EncodeRequest(out, {alloc_hint, 0, opnum, {}, {}});
    return out.Take();
  };
  return *rpc::Fragment(HeaderOf(pdu::PduType::kRequest, call_id), call_header, stub, 2048,
                        secured.Protection());
}

TEST(SecurityContexts, CallsOfAnyOrderAreEachVerifiedAndAnsweredUnderTheirOwn) {
  Server server;
  server.Feed(BindPdu(BindTo(kEcho), kMpx));
  server.out.clear();
  std::vector<Secured> all;
  for (std::uint32_t id = 1; id <= 5; ++id) {
    all.push_back({id, id % 2 == 0 ? auth::AuthLevel::kPrivacy : auth::AuthLevel::kIntegrity});
    Establish(server, all.back());
  }
  std::mt19937 random(1);
  for (std::uint32_t call_id = 10; call_id < 60; ++call_id) {
    Secured& secured = all[random() % all.size()];
    const base::Bytes stub = Pattern(random() % 5000);
    for (const base::Bytes& fragment : Request(secured, call_id, stub)) server.Feed(fragment);
    ASSERT_FALSE(server.closed.has_value()) << *server.closed;
    EXPECT_EQ(server.service.calls.back().level, secured.level);
    EXPECT_EQ(server.service.calls.back().stub, stub);
    for (; !server.out.empty(); server.out.pop_front()) {
      base::Bytes& pdu = server.out.front();
      const auto segments = pdu::Split(pdu);
      ASSERT_OK(segments);
      EXPECT_EQ(segments->trailer->context_id, secured.id);
      EXPECT_OK(rpc::OpenFragment(pdu, *segments, pdu::kResponseHeaderSize, secured.Protection()));
    }
  }
}

// All outstanding at one time, and answered in another order than they came.
TEST(SecurityContexts, CallsUnderWayTogetherAreEachAnsweredUnderTheirOwn) {
  rpc::ServerOptions options;
  options.limits.max_outstanding_calls = 100;
  Server server(options);
  server.Feed(BindPdu(BindTo(kEcho), kMpx));
  server.out.clear();
  std::vector<Secured> all;
  for (std::uint32_t id = 1; id <= 5; ++id) {
    all.push_back({id, id % 2 == 0 ? auth::AuthLevel::kPrivacy : auth::AuthLevel::kIntegrity});
    Establish(server, all.back());
  }
  std::mt19937 random(2);
  std::vector<Secured*> by_call;
  for (std::uint32_t call_id = 100; call_id < 150; ++call_id) {
    by_call.push_back(&all[random() % all.size()]);
    const base::Bytes stub = Pattern(1 + random() % 5000);
    for (const base::Bytes& fragment : Request(*by_call.back(), call_id, stub, 1)) server.Feed(fragment);
  }
  ASSERT_FALSE(server.closed.has_value()) << *server.closed;
  EXPECT_EQ(server.association->outstanding_calls(), 50u);
  ASSERT_THAT(server.out, IsEmpty());
  std::vector<std::size_t> order(server.service.calls.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  for (const std::size_t at : order) {
    const rpc::IncomingCall& call = server.service.calls[at];
    server.Do(server.association->Complete(call.id, rpc::CallReply{call.stub}));
    base::Bytes answer;
    for (; !server.out.empty(); server.out.pop_front()) {
      base::Bytes& pdu = server.out.front();
      const auto segments = pdu::Split(pdu);
      ASSERT_OK(segments);
      EXPECT_EQ(segments->header.call_id, 100 + at);
      EXPECT_EQ(segments->trailer->context_id, by_call[at]->id);
      ASSERT_OK(rpc::OpenFragment(pdu, *segments, pdu::kResponseHeaderSize, by_call[at]->Protection()));
      const auto opened = pdu::Split(pdu);
      const auto response =
          pdu::DecodeResponse(opened->body, base::Endian::kLittle, opened->trailer->pad_length);
      ASSERT_OK(response);
      answer.insert(answer.end(), response->stub.begin(), response->stub.end());
    }
    EXPECT_EQ(answer, call.stub);
  }
  EXPECT_EQ(server.association->outstanding_calls(), 0u);
}

TEST(SecurityContexts, WithSeveralARequestWithoutTrailerIsAnonymous) {
  Server server;
  server.Feed(BindPdu(BindTo(kEcho), kMpx));
  Secured first{1, auth::AuthLevel::kConnect}, second{2, auth::AuthLevel::kConnect};
  server.out.clear();
  Establish(server, first);
  server.Feed(RequestPdu(10, 0));  // of the only one
  server.out.clear();
  Establish(server, second);
  server.Feed(RequestPdu(11, 0));
  ASSERT_THAT(server.service.calls, SizeIs(2));
  EXPECT_TRUE(server.service.calls[0].caller.has_value());
  EXPECT_FALSE(server.service.calls[1].caller.has_value());
}

// --- big-endian peers ---

// The PDU of a peer whose integers are big-endian.
base::Bytes Big(pdu::Header header, base::Bytes body) {
  header.drep = {0, 0, 0, 0};
  return pdu::Assemble(header, body);
}

base::Bytes BigBind(const pdu::Bind& bind) {
  base::ByteWriter out(base::Endian::kBig);
  out.U16(bind.max_xmit_frag);
  out.U16(bind.max_recv_frag);
  out.U32(bind.assoc_group_id);
  out.U8(static_cast<std::uint8_t>(bind.contexts.size()));
  out.Fill(3);
  for (const pdu::PresentationContext& context : bind.contexts) {
    out.U16(context.id);
    out.U8(static_cast<std::uint8_t>(context.transfer_syntaxes.size()));
    out.Fill(1);
    base::WriteFields(out, context.abstract_syntax);
    for (const pdu::SyntaxId& syntax : context.transfer_syntaxes) base::WriteFields(out, syntax);
  }
  return out.Take();
}

base::Bytes BigRequest(std::uint32_t call_id, std::uint8_t flags, std::uint16_t opnum, std::uint16_t context,
                       const base::Bytes& stub) {
  base::ByteWriter out(base::Endian::kBig);
  pdu::EncodeRequest(out, {0, context, opnum, {}, stub});
  return Big(HeaderOf(pdu::PduType::kRequest, call_id, flags), out.Take());
}

TEST(BigEndianClient, BindsAltersCallsAndCancels) {
  Server server;
  server.Feed(Big(HeaderOf(pdu::PduType::kBind, 1, kMpx), BigBind(BindTo(kEcho, 0x0102))));
  server.Feed(Big(HeaderOf(pdu::PduType::kAlterContext, 2), BigBind(BindTo(kOther, 0x0304))));
  server.Feed(BigRequest(3, pdu::kFirstFrag, 0, 0x0102, Pattern(5)));
  server.Feed(BigRequest(3, pdu::kLastFrag, 0, 0x0102, Pattern(3)));
  server.Feed(BigRequest(0x01020304, 3, 1, 0x0304, {}));
  server.Feed(Big(HeaderOf(pdu::PduType::kOrphaned, 0x01020304), {}));
  std::vector<std::string> sent;
  for (const base::Bytes& pdu : server.out) sent.push_back(Describe(pdu));
  EXPECT_THAT(sent, ElementsAre("bind_ack", "alter_context_resp", "response"));
  ASSERT_THAT(server.service.calls, SizeIs(2));
  EXPECT_EQ(server.service.calls[0].endian, base::Endian::kBig);
  EXPECT_EQ(server.service.calls[0].interface, kEcho);
  EXPECT_THAT(server.service.calls[0].stub, SizeIs(8));
  EXPECT_EQ(server.service.calls[1].interface, kOther);
  ASSERT_THAT(server.cancels, SizeIs(1));
  EXPECT_TRUE(server.cancels[0].orphaned);
}

TEST(BigEndianServer, IsUnderstoodInEveryPdu) {
  Client client;
  client.Do(client.association.Open({kEcho}));
  base::ByteWriter ack(base::Endian::kBig);
  ack.U16(5840);
  ack.U16(5840);
  ack.U32(77);
  ack.U16(4);
  ack.Append(base::Bytes{'1', '3', '5', 0});
  ack.AlignTo(4);
  ack.U8(1);
  ack.Fill(3);
  base::WriteFields(ack, kYes);
  client.Feed(Big(HeaderOf(pdu::PduType::kBindAck, 1, kMpx), ack.Take()));
  EXPECT_EQ(client.opened, 1);
  EXPECT_EQ(client.association.association_group(), 77u);
  const rpc::CallId answered = client.Call({kEcho, 1, {}, {}});
  const rpc::CallId faulted = client.Call({kEcho, 1, {}, {}});
  base::ByteWriter response(base::Endian::kBig);
  pdu::EncodeResponse(response, {2, 0, 0, base::Bytes{7, 8}});
  client.Feed(Big(HeaderOf(pdu::PduType::kResponse, 2), response.Take()));
  base::ByteWriter fault(base::Endian::kBig);
  fault.U32(32);
  fault.U32(0);
  fault.U32(pdu::kOperationRange.value);
  fault.U32(0);
  client.Feed(Big(HeaderOf(pdu::PduType::kFault, 3), fault.Take()));
  EXPECT_EQ(client.Reply(answered), (base::Bytes{7, 8}));
  EXPECT_EQ(std::get<rpc::CallReply>(client.results.at(answered)).endian, base::Endian::kBig);
  EXPECT_EQ(client.Fault(faulted), pdu::kOperationRange);
}

}  // namespace
}  // namespace ipam::rpc_test
