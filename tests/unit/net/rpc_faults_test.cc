// Peers that vanish, on either side of a call, between any two PDUs and within any.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_peer.h"
#include "fault_proxy.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

using test_support::StatusIs;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr pdu::SyntaxId kResolver{orpc::kIidIObjectExporter, 0, 0};
constexpr pdu::SyntaxId kStuck{{0x51, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}}, 1, 0};

// Answers opnum 0, and never opnum 1.
class StuckService final : public rpc::Service {
 public:
  bool Serves(const pdu::SyntaxId& abstract) const override { return abstract == kStuck; }
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId&, std::uint16_t) const override {
    return auth::AuthLevel::kNone;
  }
  void Handle(rpc::IncomingCall call, rpc::Responder respond) override {
    if (call.opnum == 0) respond(rpc::CallReply{});
  }
};

// A client of its own, with deadlines that let a test end.
struct Caller {
  explicit Caller(DcomPeer& peer_in, absl::Duration deadline = absl::Seconds(5),
                  absl::Duration cancel_timeout = absl::Seconds(5))
      : peer(peer_in),
        rpc(peer.loop,
            {.level = auth::AuthLevel::kPrivacy,
             .connect_timeout = deadline,
             .cancel_timeout = cancel_timeout},
            [this](const Endpoint& endpoint, const std::string&) {
              return auth::NewInitiator(auth::AuthType::kSpnego,
                                        {"DOM", "user", auth::NtHash::OfPassword("secret")},
                                        "RPCSS/" + endpoint.host, peer.clock, peer.random);
            }) {}

  // Runs the loop until the call has its one answer.
  RpcResult Call(std::uint16_t port, absl::Duration timeout, const pdu::SyntaxId& interface = kResolver,
                 std::uint16_t opnum = orpc::kServerAlive2Opnum) {
    std::optional<RpcResult> answer;
    rpc.Call({"127.0.0.1", port}, {.interface = interface, .opnum = opnum}, timeout, [&](RpcResult result) {
      EXPECT_FALSE(answer.has_value());
      answer = std::move(result);
      peer.loop.Stop();
    });
    peer.Run();
    peer.loop.Restart();
    return answer ? *std::move(answer) : RpcResult{absl::InternalError("no answer at all"), false};
  }

  DcomPeer& peer;
  RpcClient rpc;
};

// Until the server has noticed that its connection is gone.
void RunUntilServerIsEmpty(DcomPeer& peer) {
  Timer poll;
  std::function<void()> look = [&] {
    if (peer.listener->connections() == 0) return peer.loop.Stop();
    poll = peer.loop.After(absl::Milliseconds(2), [&] { look(); });
  };
  look();
  peer.Run();
  peer.loop.Restart();
  EXPECT_EQ(peer.groups.size(), 0u);
}

// bind, bind_ack, alter_context, alter_context_resp, request, response
constexpr int kPdusOfACall = 6;
constexpr int kPdusBeforeTheRequest = 4;

class PeerVanishes : public ::testing::TestWithParam<Fault> {};
INSTANTIATE_TEST_SUITE_P(Faults, PeerVanishes,
                         ::testing::Values(Fault::kClose, Fault::kReset, Fault::kHalfPdu));

TEST_P(PeerVanishes, AtEveryBoundaryEndsTheCallOnceAndTheNextClientWorks) {
  DcomPeer peer;
  for (int passed = 0; passed < kPdusOfACall; ++passed) {
    SCOPED_TRACE(passed);
    {
      FaultProxy proxy(peer.at.port, passed, GetParam());
      Caller caller(peer);
      const RpcResult result = caller.Call(proxy.port(), absl::Seconds(9));
      ASSERT_TRUE(std::holds_alternative<absl::Status>(result.outcome));
      EXPECT_THAT(std::get<absl::Status>(result.outcome), StatusIs(absl::StatusCode::kUnavailable));
      EXPECT_EQ(result.sent, passed >= kPdusBeforeTheRequest);
      EXPECT_EQ(caller.rpc.connections(), 0u);
    }
    RunUntilServerIsEmpty(peer);
    Caller next(peer);
    EXPECT_TRUE(std::holds_alternative<rpc::CallReply>(next.Call(peer.at.port, absl::Seconds(9)).outcome));
  }
}

TEST(PeerGoesSilent, AtEveryBoundaryEndsTheCallByItsDeadline) {
  DcomPeer peer;
  for (int passed = 0; passed < kPdusOfACall; ++passed) {
    SCOPED_TRACE(passed);
    {
      FaultProxy proxy(peer.at.port, passed, Fault::kGoSilent);
      // Before it is bound the deadline of the bind is the one that counts, behind it the call's.
      const bool bound = passed >= kPdusBeforeTheRequest;
      Caller caller(peer, bound ? absl::Seconds(9) : absl::Milliseconds(150));
      const RpcResult result = caller.Call(proxy.port(), bound ? absl::Milliseconds(600) : absl::Seconds(9));
      ASSERT_TRUE(std::holds_alternative<absl::Status>(result.outcome));
      EXPECT_THAT(std::get<absl::Status>(result.outcome),
                  StatusIs(absl::StatusCode::kDeadlineExceeded,
                           HasSubstr(bound ? "no answer in time" : "no bind in time")));
    }
    RunUntilServerIsEmpty(peer);
  }
}

TEST(PeerGoesSilent, BeforeTcpIsConnected) {
  DcomPeer peer;
  // A queue that is full drops what else asks for a connection.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  socklen_t size = sizeof at;
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size), 0);
  const int waiting = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(connect(waiting, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  Caller caller(peer, absl::Milliseconds(150));
  const RpcResult result = caller.Call(ntohs(at.sin_port), absl::Seconds(9));
  EXPECT_THAT(std::get<absl::Status>(result.outcome),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("no connection in time")));
  EXPECT_FALSE(result.sent);
  close(waiting);
  close(listener);
}

TEST(CallOutOfTime, IsOrphanedAndLeavesItsConnectionToOthers) {
  DcomPeer peer;
  StuckService stuck;
  peer.services.Add(stuck);
  FaultProxy proxy(peer.at.port, FaultProxy::kNever, Fault::kClose);
  Caller caller(peer);
  const RpcResult late = caller.Call(proxy.port(), absl::Milliseconds(300), kStuck, 1);
  EXPECT_THAT(std::get<absl::Status>(late.outcome), StatusIs(absl::StatusCode::kDeadlineExceeded));
  const RpcResult next = caller.Call(proxy.port(), absl::Seconds(9), kStuck, 0);
  EXPECT_TRUE(std::holds_alternative<rpc::CallReply>(next.outcome));
  EXPECT_EQ(proxy.accepted(), 1);
}

// What a server without bind time features answers: [MS-RPCE] 2.2.2.15 without its bits.
void TakeFeaturesAway(base::Bytes& pdu) {
  if (pdu[2] != static_cast<std::uint8_t>(pdu::PduType::kBindAck)) return;
  const std::uint8_t agreed[] = {3, 0, 3, 0};
  const auto found = std::search(pdu.begin(), pdu.end(), std::begin(agreed), std::end(agreed));
  ASSERT_NE(found, pdu.end());
  found[2] = 0;
}

TEST(CallOutOfTime, CostsTheConnectionOfAServerThatKnowsNoOrphans) {
  DcomPeer peer;
  StuckService stuck;
  peer.services.Add(stuck);
  FaultProxy proxy(peer.at.port, FaultProxy::kNever, Fault::kClose, TakeFeaturesAway);
  Caller caller(peer, absl::Seconds(5), absl::Milliseconds(20));
  const RpcResult late = caller.Call(proxy.port(), absl::Milliseconds(300), kStuck, 1);
  EXPECT_THAT(std::get<absl::Status>(late.outcome), StatusIs(absl::StatusCode::kDeadlineExceeded));
  RunUntilServerIsEmpty(peer);
  const RpcResult next = caller.Call(proxy.port(), absl::Seconds(9), kStuck, 0);
  EXPECT_TRUE(std::holds_alternative<rpc::CallReply>(next.outcome));
}

}  // namespace
}  // namespace ipam::net
