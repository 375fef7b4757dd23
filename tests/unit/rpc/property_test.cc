// What holds for every cut, every octet, every order: our client against our server, or either against PDUs made
// by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "dcom_bridge/rpc/protection.h"
#include "tests/support/matchers.h"
#include "tests/unit/rpc/support/pdus.h"

namespace ipam::rpc_test {
namespace {

using ::testing::SizeIs;

constexpr std::uint8_t kMpx = 3 | pdu::kConcurrentMultiplexing;

rpc::ClientOptions Private(auth::AuthType type = auth::AuthType::kNtlm) {
  rpc::ClientOptions options;
  options.level = auth::AuthLevel::kPrivacy;
  options.security = FakeInitiator(type);
  return options;
}

// --- fragmentation ---

// `stub` in the three pieces that two cuts make, an empty one included.
std::vector<base::Bytes> Pieces(const base::Bytes& stub, std::size_t first, std::size_t second) {
  const auto at = [&stub](std::size_t i) { return stub.begin() + static_cast<std::ptrdiff_t>(i); };
  return {{stub.begin(), at(first)}, {at(first), at(second)}, {at(second), stub.end()}};
}

std::uint8_t FlagsOf(std::size_t piece) {
  if (piece == 0) return pdu::kFirstFrag;
  return piece == 2 ? pdu::kLastFrag : std::uint8_t{0};
}

TEST(Fragmentation, RequestIsJoinedWhereverItWasCut) {
  const base::Bytes stub = Pattern(33);
  Server server;
  server.Feed(BindPdu(BindTo(kEcho), kMpx));
  std::uint32_t call_id = 2;
  for (std::size_t first = 0; first <= stub.size(); ++first) {
    for (std::size_t second = first; second <= stub.size(); ++second) {
      const auto pieces = Pieces(stub, first, second);
      for (std::size_t i = 0; i < 3; ++i) server.Feed(RequestPdu(call_id, 0, FlagsOf(i), pieces[i]));
      ASSERT_EQ(server.service.calls.back().stub, stub) << first << " " << second;
      ++call_id;
    }
  }
  EXPECT_FALSE(server.closed.has_value());
}

TEST(Fragmentation, ResponseIsJoinedWhereverItWasCut) {
  const base::Bytes stub = Pattern(33);
  Client client;
  client.Do(client.association.Open({kEcho}));
  client.Feed(AckPdu(1, {kYes}, kMpx));
  std::uint32_t call_id = 2;
  for (std::size_t first = 0; first <= stub.size(); ++first) {
    for (std::size_t second = first; second <= stub.size(); ++second) {
      const rpc::CallId call = client.Call({kEcho, 0, {}, {}});
      const auto pieces = Pieces(stub, first, second);
      for (std::size_t i = 0; i < 3; ++i) client.Feed(ResponsePdu(call_id, pieces[i], FlagsOf(i)));
      ASSERT_EQ(client.Reply(call), stub) << first << " " << second;
      ++call_id;
    }
  }
  EXPECT_FALSE(client.closed.has_value());
}

TEST(Fragmentation, EverySizeOfFragmentCarriesAPrivateCall) {
  for (std::uint16_t max_frag = 2048; max_frag < 2048 + 40; ++max_frag) {
    Server server;
    rpc::ClientOptions options = Private();
    options.max_frag = max_frag;
    Client client(std::move(options));
    client.Do(client.association.Open({kEcho}));
    const rpc::CallId first = client.Call({kEcho, 0, {}, {}});
    const rpc::CallId call = client.Call({kEcho, 0, base::Guid{1, 2, 3, {}}, Pattern(9001)});
    Exchange(client, server);
    EXPECT_TRUE(client.Reply(first).has_value());
    EXPECT_EQ(client.Reply(call), Pattern(9001)) << max_frag;
  }
}

// --- octets ---

// Every octet that a client sends in a connection with authentication, an alter_context and fragments.
base::Bytes Conversation() {
  Server server;
  Client client(Private(auth::AuthType::kSpnego));
  client.Do(client.association.Open({kEcho}));
  client.Call({kEcho, 0, {}, Pattern(30)});
  client.Call({kOther, 0, {}, Pattern(7000)});
  base::Bytes all;
  while (!client.out.empty() || !server.out.empty()) {
    for (; !client.out.empty(); client.out.pop_front()) {
      all.insert(all.end(), client.out.front().begin(), client.out.front().end());
      server.Feed(client.out.front());
    }
    for (; !server.out.empty(); server.out.pop_front()) client.Feed(server.out.front());
  }
  EXPECT_EQ(client.done_count, 2u);
  return all;
}

TEST(Octets, CutInTwoAtEveryPlaceMeanTheSame) {
  const base::Bytes all = Conversation();
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    Server server;
    server.Feed(base::ByteView(all).first(cut));
    server.Feed(base::ByteView(all).subspan(cut));
    ASSERT_FALSE(server.closed.has_value()) << cut;
    ASSERT_THAT(server.service.calls, SizeIs(2)) << cut;
    ASSERT_EQ(server.service.calls[1].stub, Pattern(7000)) << cut;
  }
}

TEST(Octets, NoChangeOfAPrivateRequestReachesAService) {
  for (std::size_t octet = 0;; ++octet) {
    Server server;
    Client client(Private());
    client.Do(client.association.Open({kEcho}));
    Exchange(client, server);
    const rpc::CallId call = client.Call({kEcho, 0, {}, Pattern(40)});
    base::Bytes& request = client.out.front();
    if (octet == request.size()) break;
    request[octet] ^= 0x40;
    Exchange(client, server);
    EXPECT_THAT(server.service.calls, SizeIs(0)) << octet;
    EXPECT_FALSE(client.Reply(call).has_value()) << octet;
  }
}

TEST(Octets, NoChangeOfAPrivateResponseReachesTheCaller) {
  for (std::size_t octet = 0;; ++octet) {
    Server server;
    Client client(Private());
    client.Do(client.association.Open({kEcho}));
    Exchange(client, server);
    const rpc::CallId call = client.Call({kEcho, 0, {}, Pattern(40)});
    server.Feed(client.out.front());
    client.out.clear();
    base::Bytes& response = server.out.front();
    if (octet == response.size()) break;
    response[octet] ^= 0x40;
    Exchange(client, server);
    EXPECT_FALSE(client.Reply(call).has_value()) << octet;
    client.Do(client.association.OnClosed(absl::UnavailableError("over")));
    EXPECT_EQ(client.done_count, 1u) << octet;
  }
}

// --- every step fails in turn ---

enum class Failure { kClosed, kGarbage, kWrongVersion, kNak, kFault, kTruncated };

TEST(Script, EachStepThatFailsEndsEveryCallOnce) {
  for (const Failure failure : {Failure::kClosed, Failure::kGarbage, Failure::kWrongVersion, Failure::kNak,
                                Failure::kFault, Failure::kTruncated}) {
    int steps = 1'000;
    for (int failing = 0; failing < steps; ++failing) {
      SCOPED_TRACE(::testing::Message() << "failure " << static_cast<int>(failure) << " step " << failing);
      Server server;
      Client client(Private(auth::AuthType::kSpnego));
      client.Do(client.association.Open({kEcho}));
      client.Call({kEcho, 0, {}, Pattern(10)});
      client.Call({kOther, 0, {}, Pattern(6000)});
      int step = 0;
      for (; (!client.out.empty() || !server.out.empty()) && !client.closed; ++step) {
        if (!client.out.empty()) {
          server.Feed(client.out.front());
          client.out.pop_front();
          --step;
          continue;
        }
        base::Bytes pdu = std::move(server.out.front());
        server.out.pop_front();
        const std::uint32_t call_id = pdu::DecodeHeader(pdu)->call_id;
        if (step != failing) {
          client.Feed(pdu);
          continue;
        }
        switch (failure) {
          case Failure::kClosed:
            client.Do(client.association.OnClosed(absl::UnavailableError("reset")));
            break;
          case Failure::kGarbage:
            client.Feed(base::Bytes(64, 0xFF));
            break;
          case Failure::kWrongVersion:
            pdu[0] = 4;
            client.Feed(pdu);
            break;
          case Failure::kNak:
            client.Feed(pdu::Assemble(HeaderOf(pdu::PduType::kBindNak, call_id),
                                      pdu::EncodeBindNak({pdu::RejectReason::kTemporaryCongestion})));
            break;
          case Failure::kFault:
            client.Feed(FaultPdu(call_id, pdu::kServerTooBusy));
            break;
          case Failure::kTruncated:
            client.Feed(base::ByteView(pdu).first(pdu.size() / 2));
            client.Do(client.association.OnClosed(absl::UnavailableError("reset")));
            break;
        }
        if (client.association.state() == rpc::ClientAssociation::State::kClosed) break;
      }
      if (step < failing) steps = failing;  // the script has no such step
      client.Do(client.association.OnClosed(absl::UnavailableError("the end")));
      EXPECT_EQ(client.done_count, 2u);
      EXPECT_EQ(client.association.outstanding_calls(), 0u);
      const rpc::CallId late = client.Call({kEcho, 0, {}, {}});
      EXPECT_TRUE(client.Failure(late).has_value());
    }
    EXPECT_GT(steps, 5);
    EXPECT_LT(steps, 20);
  }
}

// --- any order ---

// Calls of two interfaces, answered in any order, cancelled, cut anywhere: every one ends once, with its own
// answer.
TEST(AnyOrder, EveryCallEndsOnceWithItsOwnAnswer) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    rpc::ServerOptions server_options;
    server_options.limits.max_outstanding_calls = 1000;
    Server server(server_options);
    Client client(seed % 3 == 0   ? rpc::ClientOptions{}
                  : seed % 3 == 1 ? Private()
                                  : Private(auth::AuthType::kSpnego));
    client.Do(client.association.Open({kEcho}));
    std::map<rpc::CallId, base::Bytes> expected;
    std::set<rpc::CallId> cancelled;
    std::size_t answered = 0;
    for (int step = 0; step < 60; ++step) {
      switch (random() % 4) {
        case 0: {
          const base::Bytes stub = Pattern(4 * (random() % 3000));
          expected.emplace(client.Call({random() % 2 == 0 ? kEcho : kOther, 1, {}, stub}), stub);
          break;
        }
        case 1:
          if (answered < server.service.calls.size()) {
            const std::size_t pick = answered + random() % (server.service.calls.size() - answered);
            std::swap(server.service.calls[answered], server.service.calls[pick]);
            const rpc::IncomingCall& call = server.service.calls[answered++];
            server.Do(server.association->Complete(call.id, rpc::CallReply{call.stub}));
          }
          break;
        case 2:
          if (!expected.empty() && random() % 4 == 0) {
            auto call = expected.begin();
            std::advance(call, random() % expected.size());
            if (client.results.count(call->first) == 0) {
              cancelled.insert(call->first);
              client.Do(client.association.Cancel(call->first));
            }
          }
          break;
        default:
          Exchange(client, server, 1 + random() % 4000);
      }
      ASSERT_FALSE(client.closed || server.closed);
    }
    Exchange(client, server);
    for (; answered < server.service.calls.size(); ++answered) {
      const rpc::IncomingCall& call = server.service.calls[answered];
      server.Do(server.association->Complete(call.id, rpc::CallReply{call.stub}));
    }
    Exchange(client, server);
    EXPECT_EQ(client.done_count, expected.size());
    for (const auto& [call, stub] : expected) {
      if (cancelled.contains(call)) {
        EXPECT_EQ(client.Failure(call)->code(), absl::StatusCode::kCancelled);
      } else {
        EXPECT_EQ(client.Reply(call), stub);
      }
    }
    EXPECT_EQ(server.association->outstanding_calls(), 0u);
  }
}

}  // namespace
}  // namespace ipam::rpc_test
