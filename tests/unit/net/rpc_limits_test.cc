// The limits of a listener, one for one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>
#include <thread>

#include "absl/cleanup/cleanup.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/pdu/bind.h"
#include "dcom_bridge/pdu/call_pdus.h"
#include "dcom_bridge/pdu/sec_trailer.h"
#include "dcom_peer.h"
#include "raw_socket.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

constexpr int kLong = 10'000;  // milliseconds

base::Bytes BindPdu(base::ByteView token = {}) {
  pdu::Header header;
  header.type = pdu::PduType::kBind;
  const base::Bytes body =
      pdu::EncodeBind({5840, 5840, 0, {{0, {orpc::kIidIObjectExporter, 0, 0}, {pdu::kNdr}}}});
  const pdu::AuthPart auth{{10, 6, 0, 0, 1}, token};
  return pdu::Assemble(header, body, token.empty() ? nullptr : &auth);
}

// ServerAlive, or the first fragment of it.
base::Bytes RequestPdu(std::uint32_t call_id, std::uint8_t flags = pdu::kFirstFrag | pdu::kLastFrag) {
  pdu::Header header;
  header.call_id = call_id;
  header.flags = flags;
  base::ByteWriter out;
  pdu::EncodeRequest(out, {0, 0, 3, {}, {}});
  return pdu::Assemble(header, out.view());
}

// A peer whose listener has `limits`; the script is a client in a thread of its own.
struct Limited {
  explicit Limited(const rpc::ServerLimits& limits) {
    peer.listener =
        *RpcListener::Listen(peer.loop, {.limits = limits}, peer.services, peer.acceptors, peer.groups);
    peer.at.port = peer.listener->port();
  }
  void Run(absl::AnyInvocable<void()> script) {
    std::thread client([&] {
      script();
      peer.loop.Post([&] { peer.loop.Stop(); });
    });
    peer.Run();
    client.join();
  }
  std::uint16_t port() const { return peer.at.port; }

  DcomPeer peer;
};

TEST(ListenerLimits, BindMustComeInTime) {
  Limited server({.bind_timeout = absl::Milliseconds(50)});
  server.Run([&] {
    RawSocket silent(server.port());
    RawSocket begun(server.port());
    begun.Send(base::ByteView(BindPdu()).first(20));
    EXPECT_TRUE(silent.ClosedWithin(kLong));
    EXPECT_TRUE(begun.ClosedWithin(kLong));
  });
}

TEST(ListenerLimits, AuthenticationMustEndInTime) {
  Limited server({.auth_timeout = absl::Milliseconds(50)});
  server.Run([&] {
    auto initiator =
        auth::NewInitiator(auth::AuthType::kNtlm, {"DOM", "user", auth::NtHash::OfPassword("secret")},
                           "RPCSS/x", server.peer.clock, server.peer.random);
    RawSocket socket(server.port());
    socket.Send(BindPdu((*initiator)->Step({})->bytes));
    EXPECT_FALSE(socket.Receive().empty());  // bind_ack with the challenge
    EXPECT_TRUE(socket.ClosedWithin(kLong));
  });
}

TEST(ListenerLimits, RequestMustGoOnInTime) {
  Limited server({.fragment_timeout = absl::Milliseconds(50)});
  server.Run([&] {
    RawSocket fragment(server.port());
    fragment.Send(BindPdu());
    EXPECT_FALSE(fragment.Receive().empty());
    fragment.Send(RequestPdu(2, pdu::kFirstFrag));
    RawSocket octets(server.port());
    octets.Send(BindPdu());
    EXPECT_FALSE(octets.Receive().empty());
    octets.Send(base::ByteView(RequestPdu(2)).first(5));
    EXPECT_TRUE(fragment.ClosedWithin(kLong));
    EXPECT_TRUE(octets.ClosedWithin(kLong));
  });
}

TEST(ListenerLimits, UnauthenticatedMayNotBeIdle) {
  Limited server({.unauthenticated_idle = absl::Milliseconds(50)});
  server.Run([&] {
    RawSocket socket(server.port());
    socket.Send(BindPdu());
    EXPECT_FALSE(socket.Receive().empty());
    EXPECT_TRUE(socket.ClosedWithin(kLong));
  });
}

TEST(ListenerLimits, UnauthenticatedMayNotStayForEver) {
  Limited server({.unauthenticated_lifetime = absl::Milliseconds(200)});
  server.Run([&] {
    RawSocket socket(server.port());
    socket.Send(BindPdu());
    // Never idle, until it is closed.
    for (std::uint32_t call_id = 2; !socket.Receive().empty(); ++call_id) socket.Send(RequestPdu(call_id));
  });
}

TEST(ListenerLimits, AuthenticatedMayBeIdle) {
  Limited server({.unauthenticated_idle = absl::Seconds(1), .unauthenticated_lifetime = absl::Seconds(1)});
  Timer later;
  server.peer.dcom.Probe(server.peer.at, absl::Seconds(9), [&](const absl::Status& status) {
    EXPECT_OK(status);
    later = server.peer.loop.After(absl::Milliseconds(2500), [&] { server.peer.loop.Stop(); });
  });
  server.peer.Run();
  EXPECT_EQ(server.peer.listener->connections(), 1u);
}

TEST(ListenerLimits, ConnectionsInAll) {
  Limited server({.max_connections = 2});
  server.Run([&] {
    RawSocket first(server.port(), "127.0.0.2"), second(server.port(), "127.0.0.3");
    first.Send(BindPdu());
    second.Send(BindPdu());
    EXPECT_FALSE(first.Receive().empty());
    EXPECT_FALSE(second.Receive().empty());
    EXPECT_TRUE(RawSocket(server.port(), "127.0.0.4").ClosedWithin(kLong));
  });
}

TEST(ListenerLimits, ConnectionsOfOnePeer) {
  Limited server({.max_connections_per_peer = 1});
  server.Run([&] {
    RawSocket first(server.port(), "127.0.0.2");
    first.Send(BindPdu());
    EXPECT_FALSE(first.Receive().empty());
    EXPECT_TRUE(RawSocket(server.port(), "127.0.0.2").ClosedWithin(kLong));
    RawSocket other(server.port(), "127.0.0.3");
    other.Send(BindPdu());
    EXPECT_FALSE(other.Receive().empty());
  });
}

TEST(ListenerLimits, UnauthenticatedConnectionsOfOnePeer) {
  Limited server({.max_unauthenticated_per_peer = 1});
  server.Run([&] {
    RawSocket first(server.port(), "127.0.0.2");
    first.Send(BindPdu());
    EXPECT_FALSE(first.Receive().empty());
    EXPECT_TRUE(RawSocket(server.port(), "127.0.0.2").ClosedWithin(kLong));
    RawSocket other(server.port(), "127.0.0.3");
    other.Send(BindPdu());
    EXPECT_FALSE(other.Receive().empty());
  });
}

TEST(ListenerLimits, UnauthenticatedConnectionsInAllAndOneThatAuthenticatesMakesRoom) {
  Limited server({.max_unauthenticated = 1});
  server.peer.dcom.Probe(server.peer.at, absl::Seconds(9), [&](const absl::Status& status) {
    EXPECT_OK(status);
    server.peer.loop.Stop();
  });
  server.peer.Run();
  server.peer.loop.Restart();
  server.Run([&] {
    RawSocket first(server.port(), "127.0.0.2");
    first.Send(BindPdu());
    EXPECT_FALSE(first.Receive().empty());
    EXPECT_TRUE(RawSocket(server.port(), "127.0.0.3").ClosedWithin(kLong));
  });
}

TEST(ListenerLog, OnePeerDoesNotFillIt) {
  std::ostringstream out;
  const auto before = spdlog::default_logger();
  const absl::Cleanup restore = [&] { spdlog::set_default_logger(before); };
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_mt>(out)));
  Limited server({});
  server.Run([&] {
    for (int i = 0; i < 200; ++i) {
      RawSocket hostile(server.port());
      hostile.Send(base::Bytes(16));
      EXPECT_TRUE(hostile.ClosedWithin(kLong));
    }
  });
  const std::string lines = out.str();
  EXPECT_LE(std::count(lines.begin(), lines.end(), '\n'), 1) << lines;
  EXPECT_THAT(lines, ::testing::HasSubstr("127.0.0.1: byte"));
}

}  // namespace
}  // namespace ipam::net
