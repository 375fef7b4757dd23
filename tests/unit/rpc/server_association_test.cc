#include "dcom_bridge/rpc/server_association.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"
#include "tests/unit/rpc/support/pdus.h"

namespace ipam::rpc_test {
namespace {

using State = rpc::ServerAssociation::State;
using test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kProto[] = "fault nca_s_proto_error (0x1C01000B)";
constexpr char kProtoDne[] = "fault nca_s_proto_error (0x1C01000B) did-not-execute";
constexpr std::uint8_t kMpx = 3 | pdu::kConcurrentMultiplexing;

std::vector<std::string> Sent(Server& server) {
  std::vector<std::string> sent;
  for (const base::Bytes& pdu : std::exchange(server.out, {})) sent.push_back(Describe(pdu));
  if (server.closed) sent.push_back("Close");
  return sent;
}

// --- every state and every event ---

enum class Event {
  kBind,
  kAlterContext,
  kAuth3,
  kFirstFragment,
  kLastFragment,
  kWholeRequest,
  kCoCancel,
  kOrphaned,
  kServerPdu,
  kUnknownPdu,
  kBrokenFraming,
  kComplete,
  kShutdown,
};

void BringTo(Server& server, State state) {
  if (state == State::kAwaitBind) return;
  server.Feed(BindPdu(BindTo(kEcho), 3, state == State::kNegotiating ? "leg 1 right" : ""));
  if (state == State::kReceiving) server.Feed(RequestPdu(5, 1, pdu::kFirstFrag));
  if (state == State::kClosed) server.Feed(BindPdu(BindTo(kEcho)));
  server.out.clear();
  server.closed.reset();
  ASSERT_EQ(server.association->state(), state);
}

void Fire(Server& server, Event event) {
  switch (event) {
    case Event::kBind:
      return server.Feed(BindPdu(BindTo(kEcho)));
    case Event::kAlterContext:
      return server.Feed(AlterPdu(BindTo(kOther, 1)));
    case Event::kAuth3:
      return server.Feed(Auth3Pdu("leg 3 right"));
    case Event::kFirstFragment:
      return server.Feed(RequestPdu(5, 1, pdu::kFirstFrag));
    case Event::kLastFragment:
      return server.Feed(RequestPdu(5, 1, pdu::kLastFrag));
    case Event::kWholeRequest:
      return server.Feed(RequestPdu(5, 0));
    case Event::kCoCancel:
      return server.Feed(EmptyPdu(pdu::PduType::kCoCancel, 5));
    case Event::kOrphaned:
      return server.Feed(EmptyPdu(pdu::PduType::kOrphaned, 5));
    case Event::kServerPdu:
      return server.Feed(ResponsePdu(5, {}));
    case Event::kUnknownPdu:
      return server.Feed(EmptyPdu(static_cast<pdu::PduType>(99), 5));
    case Event::kBrokenFraming:
      return server.Feed(base::Bytes(16));
    case Event::kComplete:
      return server.Do(server.association->Complete(rpc::CallId{999}, rpc::CallReply{}));
    case Event::kShutdown:
      return server.Do(server.association->Shutdown());
  }
}

struct Transition {
  State from;
  Event event;
  std::vector<std::string> sent;
  State to;
};

TEST(ServerStates, EveryEventInEveryState) {
  const State wait = State::kAwaitBind, nego = State::kNegotiating, ready = State::kReady,
              recv = State::kReceiving, closed = State::kClosed;
  std::vector<Transition> table = {
      {wait, Event::kBind, {"bind_ack"}, ready},
      {wait, Event::kAlterContext, {kProtoDne, "Close"}, closed},
      {wait, Event::kAuth3, {kProtoDne, "Close"}, closed},
      {wait, Event::kFirstFragment, {kProtoDne, "Close"}, closed},
      {wait, Event::kLastFragment, {kProtoDne, "Close"}, closed},
      {wait, Event::kWholeRequest, {kProtoDne, "Close"}, closed},
      {wait, Event::kCoCancel, {"Close"}, closed},
      {wait, Event::kOrphaned, {"Close"}, closed},
      {wait, Event::kServerPdu, {"Close"}, closed},
      {wait, Event::kUnknownPdu, {"Close"}, closed},
      {wait, Event::kBrokenFraming, {"Close"}, closed},
      {wait, Event::kComplete, {}, wait},
      {wait, Event::kShutdown, {}, wait},
      {nego, Event::kBind, {"bind_nak 0", "Close"}, closed},
      {nego, Event::kAlterContext, {"alter_context_resp"}, nego},
      {nego, Event::kAuth3, {}, ready},
      {nego, Event::kFirstFragment, {kProtoDne, "Close"}, closed},
      {nego, Event::kLastFragment, {kProtoDne, "Close"}, closed},
      {nego, Event::kWholeRequest, {kProtoDne, "Close"}, closed},
      {nego, Event::kCoCancel, {}, nego},
      {nego, Event::kOrphaned, {}, nego},
      {nego, Event::kServerPdu, {kProtoDne, "Close"}, closed},
      {nego, Event::kUnknownPdu, {kProtoDne, "Close"}, closed},
      {nego, Event::kBrokenFraming, {"Close"}, closed},
      {nego, Event::kComplete, {}, nego},
      {nego, Event::kShutdown, {"shutdown"}, nego},
      {ready, Event::kBind, {"bind_nak 0", "Close"}, closed},
      {ready, Event::kAlterContext, {"alter_context_resp"}, ready},
      {ready, Event::kAuth3, {kProtoDne, "Close"}, closed},
      {ready, Event::kFirstFragment, {}, recv},
      {ready, Event::kLastFragment, {kProto, "Close"}, closed},
      {ready, Event::kWholeRequest, {"response"}, ready},
      {ready, Event::kCoCancel, {}, ready},
      {ready, Event::kOrphaned, {}, ready},
      {ready, Event::kServerPdu, {kProtoDne, "Close"}, closed},
      {ready, Event::kUnknownPdu, {kProtoDne, "Close"}, closed},
      {ready, Event::kBrokenFraming, {"Close"}, closed},
      {ready, Event::kComplete, {}, ready},
      {ready, Event::kShutdown, {"shutdown"}, ready},
      {recv, Event::kBind, {"bind_nak 0", "Close"}, closed},
      {recv, Event::kAlterContext, {kProtoDne, "Close"}, closed},
      {recv, Event::kAuth3, {kProtoDne, "Close"}, closed},
      {recv, Event::kFirstFragment, {kProto, "Close"}, closed},
      {recv, Event::kLastFragment, {}, ready},
      {recv, Event::kWholeRequest, {kProto, "Close"}, closed},
      {recv, Event::kCoCancel, {}, recv},
      {recv, Event::kOrphaned, {}, recv},
      {recv, Event::kServerPdu, {kProtoDne, "Close"}, closed},
      {recv, Event::kUnknownPdu, {kProtoDne, "Close"}, closed},
      {recv, Event::kBrokenFraming, {"Close"}, closed},
      {recv, Event::kComplete, {}, recv},
      {recv, Event::kShutdown, {"shutdown"}, recv},
  };
  for (int event = 0; event <= static_cast<int>(Event::kShutdown); ++event) {
    table.push_back({closed, static_cast<Event>(event), {}, closed});
  }
  ASSERT_THAT(table, SizeIs(5 * 13));
  for (const Transition& step : table) {
    SCOPED_TRACE(static_cast<int>(step.from) * 100 + static_cast<int>(step.event));
    Server server;
    BringTo(server, step.from);
    Fire(server, step.event);
    EXPECT_EQ(Sent(server), step.sent);
    EXPECT_EQ(server.association->state(), step.to);
  }
}

// --- binds ---

TEST(ServerBind, AnswersEachContextInItsPlace) {
  Server server;
  const pdu::SyntaxId unknown{{9, 9, 9, {}}, 1, 0};
  server.Feed(BindPdu({9000,
                       9000,
                       0,
                       {{0, kEcho, {pdu::kNdr64}},
                        {1, kEcho, {pdu::kNdr64, pdu::kNdr}},
                        {2, kEcho, {pdu::kNdr}},
                        {3, unknown, {pdu::kNdr}},
                        {4, kOther, {pdu::kNdr}},
                        {5, kOther, {pdu::FeatureSyntax(0xFFFF)}}}},
                      kMpx | pdu::kSupportHeaderSign));
  ASSERT_THAT(server.out, SizeIs(1));
  const auto segments = pdu::Split(server.out.front());
  ASSERT_OK(segments);
  EXPECT_EQ(segments->header.flags, kMpx | pdu::kSupportHeaderSign);
  const auto ack = pdu::DecodeBindAck(segments->body, base::Endian::kLittle);
  ASSERT_OK(ack);
  EXPECT_EQ(ack->max_recv_frag, 5840);
  EXPECT_EQ(ack->secondary_address, "135");
  EXPECT_NE(ack->assoc_group_id, 0u);
  std::vector<std::pair<int, int>> results;
  for (const auto& result : ack->results)
    results.emplace_back(static_cast<int>(result.result), result.reason);
  EXPECT_THAT(results, ElementsAre(std::pair(2, 2), std::pair(0, 0), std::pair(2, 2), std::pair(2, 1),
                                   std::pair(0, 0), std::pair(3, 3)));
}

TEST(ServerBind, RefusesWithTheReason) {
  pdu::Bind nothing{5840, 5840, 0, {{0, kEcho, {}}}};
  pdu::Bind group = BindTo(kEcho);
  group.assoc_group_id = 4711;
  struct Case {
    const char* name;
    base::Bytes pdu;
    const char* answer;
  };
  base::Bytes version = BindPdu(BindTo(kEcho));
  version[1] = 1;
  base::Bytes truncated = BindPdu(BindTo(kEcho));
  truncated[24] = 9;  // more contexts than there are
  base::Bytes no_type = BindPdu(BindTo(kEcho), 3, "leg 1 right");
  no_type[no_type.size() - 11 - 8] = 68;
  base::Bytes no_level = BindPdu(BindTo(kEcho), 3, "leg 1 right");
  no_level[no_level.size() - 11 - 7] = 1;
  const Case cases[] = {
      {"no transfer syntax", BindPdu(nothing), "bind_nak 0"},
      {"unknown association group", BindPdu(group), "bind_nak 0"},
      {"another version", version, "bind_nak 4"},
      {"malformed", truncated, "bind_nak 4"},
      {"unknown provider", no_type, "bind_nak 8"},
      {"level none", no_level, "bind_nak 0"},
      {"bad token", BindPdu(BindTo(kEcho), 3, "leg 9 right"), "bind_nak 9"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Server server;
    server.Feed(c.pdu);
    EXPECT_THAT(Sent(server), ElementsAre(c.answer, "Close"));
    EXPECT_EQ(server.groups.size(), 0u);
  }
}

TEST(ServerBind, NegotiatesFragmentSizes) {
  const std::pair<std::uint16_t, std::uint16_t> cases[] = {
      {0, 2048}, {3199, 3192}, {5840, 5840}, {65535, 5840}};
  for (const auto& [asked, given] : cases) {
    Server server;
    pdu::Bind bind = BindTo(kEcho);
    bind.max_recv_frag = asked;
    server.Feed(BindPdu(bind));
    const auto ack = pdu::DecodeBindAck(pdu::Split(server.out.front())->body, base::Endian::kLittle);
    EXPECT_EQ(ack->max_xmit_frag, given) << asked;
    EXPECT_EQ(ack->max_recv_frag, given) << asked;
  }
}

TEST(ServerBind, BoundsPresentationContexts) {
  rpc::ServerOptions options;
  options.limits.max_presentation_contexts = 2;
  Server server(options);
  server.Feed(BindPdu(BindTo(kEcho, 0)));
  server.Feed(AlterPdu(BindTo(kOther, 1)));
  server.Feed(AlterPdu(BindTo(kEcho, 1000)));
  EXPECT_THAT(Sent(server), ElementsAre("bind_ack", "alter_context_resp", "bind_nak 2", "Close"));
}

TEST(ServerBind, BoundsSecurityContexts) {
  rpc::ServerOptions options;
  options.limits.max_security_contexts = 1;
  Server server(options);
  server.Feed(BindPdu(BindTo(kEcho), 3, "leg 1 right"));
  server.Feed(Auth3Pdu("leg 3 right"));
  base::Bytes other = AlterPdu(BindTo(kEcho), "leg 1 right");
  other[other.size() - 11 - 4] = 8;  // auth_context_id
  server.Feed(other);
  EXPECT_THAT(Sent(server), ElementsAre("bind_ack", kProtoDne, "Close"));
}

// --- requests ---

void Bind(Server& server, std::uint8_t flags = 3) {
  server.Feed(BindPdu(BindTo(kEcho), flags));
  server.out.clear();
}

TEST(ServerRequest, JoinsFragments) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 1, pdu::kFirstFrag, {1, 2}));
  server.Feed(RequestPdu(5, 1, 0, {3}));
  server.Feed(RequestPdu(5, 1, pdu::kLastFrag, {4, 5}));
  ASSERT_THAT(server.service.calls, SizeIs(1));
  EXPECT_THAT(server.service.calls[0].stub, ElementsAre(1, 2, 3, 4, 5));
}

TEST(ServerRequest, FragmentOfACallThatIsOverIsDropped) {
  for (const std::uint8_t flags : {std::uint8_t{3}, kMpx}) {
    Server server;
    Bind(server, flags);
    server.Feed(RequestPdu(200, 0));
    server.out.clear();
    server.Feed(RequestPdu(199, 0, pdu::kLastFrag));
    server.Feed(RequestPdu(51, 0, 0));
    EXPECT_THAT(Sent(server), IsEmpty());
    EXPECT_EQ(server.association->state(), State::kReady);
    server.Feed(RequestPdu(50, 0, pdu::kLastFrag));  // 150 behind
    EXPECT_THAT(Sent(server), ElementsAre(kProto, "Close"));
  }
}

TEST(ServerRequest, LateFragmentIsVerifiedForTheContextCountsIt) {
  Server server;
  rpc::ClientOptions options;
  options.level = auth::AuthLevel::kPrivacy;
  options.security = FakeInitiator(auth::AuthType::kNtlm);
  Client client(std::move(options));
  client.Do(client.association.Open({kEcho}));
  Exchange(client, server);
  client.Call({kEcho, 0, {}, {}});
  base::Bytes late = client.out.front();
  Exchange(client, server);
  late[3] = pdu::kLastFrag;
  late[12] = 1;  // call_id, one behind
  server.Feed(late);
  EXPECT_THAT(*server.closed, StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(ServerRequest, TellsWhatTheClientHasBegun) {
  Server server;
  Bind(server);
  EXPECT_EQ(server.association->pdus_in(), 1u);
  EXPECT_FALSE(server.association->expects_more());
  const base::Bytes request = RequestPdu(5, 1, pdu::kFirstFrag);
  server.Feed(base::ByteView(request).first(3));
  EXPECT_TRUE(server.association->expects_more());
  EXPECT_EQ(server.association->pdus_in(), 1u);
  server.Feed(base::ByteView(request).subspan(3));
  EXPECT_TRUE(server.association->expects_more());  // its other fragments
  EXPECT_EQ(server.association->pdus_in(), 2u);
  server.Feed(RequestPdu(5, 1, pdu::kLastFrag));
  EXPECT_FALSE(server.association->expects_more());
}

TEST(ServerRequest, UnknownContextIsAFaultAndTheConnectionLives) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 1, pdu::kFirstFrag, {1}, 9));
  server.Feed(RequestPdu(5, 1, pdu::kLastFrag, {2}, 9));
  server.Feed(RequestPdu(6, 0));
  EXPECT_THAT(Sent(server), ElementsAre("fault nca_s_unk_if (0x1C010003) did-not-execute", "response"));
}

TEST(ServerRequest, BelowTheMinimumLevelIsDenied) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 9));
  EXPECT_THAT(Sent(server), ElementsAre("fault ERROR_ACCESS_DENIED (0x00000005) did-not-execute"));
  EXPECT_THAT(server.service.calls, IsEmpty());
}

TEST(ServerRequest, TooLongAStubIsDeniedAsItComes) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 8, pdu::kFirstFrag, base::Bytes(600)));
  server.Feed(RequestPdu(5, 8, 0, base::Bytes(400)));
  EXPECT_THAT(Sent(server), IsEmpty());
  server.Feed(RequestPdu(5, 8, 0, base::Bytes(1)));
  EXPECT_THAT(Sent(server), ElementsAre("fault ERROR_ACCESS_DENIED (0x00000005)", "Close"));
}

TEST(ServerRequest, TooLongAnAllocHintIsDeniedAtOnce) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 8, pdu::kFirstFrag, {}, 0, 1001));
  EXPECT_THAT(Sent(server), ElementsAre("fault ERROR_ACCESS_DENIED (0x00000005)", "Close"));
}

TEST(ServerRequest, AllocHintOfAWholeRequestMeansNothing) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 0, 3, {1}, 0, 0xFFFFFFFF));
  EXPECT_THAT(Sent(server), ElementsAre("response"));
}

TEST(ServerRequest, FragmentLongerThanOfferedIsAProtocolError) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 0, 3, base::Bytes(5817)));
  EXPECT_THAT(Sent(server), ElementsAre(kProto, "Close"));
}

TEST(ServerRequest, SecondCallWaitsForTheFirstWithoutMultiplexing) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 1));
  server.Feed(RequestPdu(6, 1));
  EXPECT_THAT(Sent(server), ElementsAre(kProto, "Close"));
}

TEST(ServerRequest, SecondCallIsTakenWithMultiplexing) {
  Server server;
  Bind(server, kMpx);
  server.Feed(RequestPdu(5, 1));
  server.Feed(RequestPdu(6, 1));
  EXPECT_THAT(Sent(server), IsEmpty());
  EXPECT_EQ(server.association->outstanding_calls(), 2u);
}

TEST(ServerRequest, CallIdOfACallUnderWayIsAProtocolError) {
  Server server;
  Bind(server, kMpx);
  server.Feed(RequestPdu(5, 1));
  server.Feed(RequestPdu(5, 1));
  EXPECT_THAT(Sent(server), ElementsAre(kProto, "Close"));
}

TEST(ServerRequest, CallIdsNeedNotRise) {
  Server server;
  server.Feed(BindPdu(BindTo(kEcho)));
  for (const std::uint32_t call_id : {7u, 3u, 7u, 0u, 0x7FFFFFFFu, 1u}) {
    server.out.clear();
    server.Feed(RequestPdu(call_id, 0, 3, {1, 2}));
    ASSERT_EQ(server.out.size(), 1u) << call_id;
    EXPECT_EQ(Describe(server.out.front()), "response") << call_id;
    EXPECT_EQ(pdu::Split(server.out.front())->header.call_id, call_id);
  }
}

TEST(ServerRequest, BoundsOutstandingCalls) {
  rpc::ServerOptions options;
  options.limits.max_outstanding_calls = 1;
  Server server(options);
  Bind(server, kMpx);
  server.Feed(RequestPdu(5, 1));
  server.Feed(RequestPdu(6, 1));
  EXPECT_THAT(Sent(server), ElementsAre("fault nca_s_server_too_busy (0x1C010014) did-not-execute"));
  server.Do(server.association->Complete(server.last_call, rpc::CallReply{}));
  server.Feed(RequestPdu(7, 0));
  EXPECT_THAT(Sent(server), ElementsAre("response", "response"));
}

TEST(ServerRequest, BoundsBufferedBytes) {
  rpc::ServerOptions options;
  options.limits.max_buffered_bytes = 1000;
  Server server(options);
  Bind(server, kMpx);
  server.Feed(RequestPdu(5, 1, 3, base::Bytes(600)));
  server.Feed(RequestPdu(6, 1, pdu::kFirstFrag, base::Bytes(300)));
  server.Feed(RequestPdu(6, 1, pdu::kLastFrag, base::Bytes(101)));
  EXPECT_THAT(Sent(server), ElementsAre("fault nca_s_server_too_busy (0x1C010014) did-not-execute"));
  server.Do(server.association->Complete(server.last_call, rpc::CallReply{}));
  server.Feed(RequestPdu(7, 0, 3, base::Bytes(1000)));
  EXPECT_THAT(Sent(server), ElementsAre("response", "response"));
}

TEST(ServerRequest, MaybeCallHasNoAnswer) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 0, 3 | pdu::kMaybe));
  EXPECT_THAT(server.service.calls, SizeIs(1));
  EXPECT_THAT(Sent(server), IsEmpty());
  EXPECT_EQ(server.association->outstanding_calls(), 0u);
}

TEST(ServerRequest, ForbiddenFaultBecomesUnspecified) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 1));
  server.Do(server.association->Complete(server.last_call, rpc::CallFault{pdu::NcaStatus{0xC0000005}}));
  EXPECT_THAT(Sent(server), ElementsAre("fault nca_s_fault_unspec (0x1C000012)"));
}

TEST(ServerCancel, TellsWhomItConcernsAndStillAnswers) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 1));
  server.Feed(EmptyPdu(pdu::PduType::kCoCancel, 5));
  ASSERT_THAT(server.cancels, SizeIs(1));
  EXPECT_EQ(server.cancels[0].call, server.last_call);
  EXPECT_FALSE(server.cancels[0].orphaned);
  server.Do(server.association->Complete(server.last_call, rpc::CallFault{pdu::kCallCancelled}));
  EXPECT_THAT(Sent(server), ElementsAre("fault nca_s_fault_cancel (0x1C00000D)"));
}

TEST(ServerCancel, OrphanedCallIsNotAnsweredAndMakesRoomForTheNext) {
  Server server;
  Bind(server);
  server.Feed(RequestPdu(5, 1));
  const rpc::CallId orphan = server.last_call;
  server.Feed(EmptyPdu(pdu::PduType::kOrphaned, 5));
  ASSERT_THAT(server.cancels, SizeIs(1));
  EXPECT_TRUE(server.cancels[0].orphaned);
  server.Feed(RequestPdu(5, 0));
  EXPECT_THAT(Sent(server), ElementsAre("response"));
  server.Do(server.association->Complete(orphan, rpc::CallReply{}));
  EXPECT_THAT(Sent(server), IsEmpty());
}

TEST(ServerRequest, BigEndianClientIsUnderstood) {
  Server server;
  Bind(server);
  server.Feed(test_support::FromHex("05000003 00000000 001c 0000 00000007 00000004 0000 0001 aabbccdd"));
  ASSERT_THAT(server.service.calls, SizeIs(1));
  EXPECT_EQ(server.service.calls[0].opnum, 1);
  EXPECT_EQ(server.service.calls[0].endian, base::Endian::kBig);
}

TEST(ServerAssociation, CompletionAfterCloseDoesNothing) {
  Server server;
  Bind(server, kMpx);
  server.Feed(RequestPdu(5, 1));
  const rpc::CallId call = server.last_call;
  server.Feed(base::Bytes(16));
  EXPECT_THAT(*server.closed, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(server.association->Complete(call, rpc::CallReply{}), IsEmpty());
  EXPECT_EQ(server.groups.size(), 0u);
}

}  // namespace
}  // namespace ipam::rpc_test
