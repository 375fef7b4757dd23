#include "dcom_bridge/net/rpc_listener.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "dcom_bridge/net/local_names.h"
#include "dcom_peer.h"
#include "raw_socket.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(RpcListener, SaysThatAPortIsInUse) {
  DcomPeer peer;
  EXPECT_THAT(
      RpcListener::Listen(peer.loop, {.port = peer.at.port}, peer.services, peer.acceptors, peer.groups),
      StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("is in use")));
  EXPECT_THAT(
      RpcListener::Listen(peer.loop, {.addresses = {"nowhere"}}, peer.services, peer.acceptors, peer.groups),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'nowhere' is no IP address")));
}

TEST(RpcListener, ServesSeveralAddressesOfBothFamiliesOnOnePort) {
  DcomPeer peer;
  auto listener = RpcListener::Listen(peer.loop, {.addresses = {"127.0.0.2", "::1", "127.0.0.1"}},
                                      peer.services, peer.acceptors, peer.groups);
  ASSERT_OK(listener);
  peer.listener = *std::move(listener);
  const std::uint16_t port = peer.listener->port();
  int served = 0;
  for (const char* host : {"127.0.0.1", "127.0.0.2", "::1"}) {
    peer.dcom.Probe({host, port}, absl::Seconds(5), [&](const absl::Status& status) {
      EXPECT_OK(status) << host;
      if (++served == 3) peer.loop.Stop();
    });
  }
  peer.Run();
  EXPECT_EQ(peer.listener->connections(), 3u);
  EXPECT_THAT(RpcListener::Listen(peer.loop, {.addresses = {"127.0.0.3", "::1"}, .port = port}, peer.services,
                                  peer.acceptors, peer.groups),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(absl::StrCat("[::1]:", port))));
}

TEST(RpcListener, AWildcardOfIpv6TakesIpv4OnlyWhereNothingElseDoes) {
  DcomPeer peer;
  peer.listener =
      *RpcListener::Listen(peer.loop, {.addresses = {"::"}}, peer.services, peer.acceptors, peer.groups);
  peer.dcom.Probe({"127.0.0.1", peer.listener->port()}, absl::Seconds(5), [&](const absl::Status& status) {
    EXPECT_OK(status);
    peer.loop.Stop();
  });
  peer.Run();
  EXPECT_OK(RpcListener::Listen(peer.loop, {.addresses = {"::", "0.0.0.0"}}, peer.services, peer.acceptors,
                                peer.groups));
}

TEST(LocalNames, AdvertisesTheAddressesOrWhereOneIsAWildcardTheName) {
  EXPECT_EQ(AdvertisedHosts({"10.0.0.1", "fd00::1"}), (std::vector<std::string>{"10.0.0.1", "fd00::1"}));
  EXPECT_EQ(AdvertisedHosts({"0.0.0.0"}), std::vector<std::string>{HostName()});
  EXPECT_EQ(AdvertisedHosts({"10.0.0.1", "::"}), std::vector<std::string>{HostName()});
}

TEST(RpcListener, ClosesOnGarbageAndGoesOnServing) {
  DcomPeer peer;
  // Garbage that looks like the beginning of a PDU ends with the time to bind.
  peer.listener = *RpcListener::Listen(peer.loop, {.limits = {.bind_timeout = absl::Milliseconds(200)}},
                                       peer.services, peer.acceptors, peer.groups);
  peer.at.port = peer.listener->port();
  std::thread clients([&] {
    std::mt19937 random(7);
    for (int i = 0; i < 30; ++i) {
      RawSocket socket(peer.at.port);
      base::Bytes garbage(1 + random() % 3000);
      for (auto& byte : garbage) byte = static_cast<std::uint8_t>(random());
      socket.Send(garbage);
      EXPECT_TRUE(socket.ClosedWithin(5000)) << "garbage " << i;
    }
    peer.loop.Post([&] {
      peer.dcom.Probe(peer.at, absl::Seconds(5), [&](const absl::Status& status) {
        EXPECT_OK(status);
        peer.loop.Stop();
      });
    });
  });
  peer.Run();
  clients.join();
}

TEST(RpcListener, ClosesConnectionsThatDoNotBind) {
  DcomPeer peer;
  peer.listener = *RpcListener::Listen(peer.loop, {.limits = {.bind_timeout = absl::Milliseconds(50)}},
                                       peer.services, peer.acceptors, peer.groups);
  std::thread client([&] {
    RawSocket silent(peer.listener->port());
    EXPECT_TRUE(silent.ClosedWithin(5000));
    peer.loop.Post([&] { peer.loop.Stop(); });
  });
  peer.Run();
  client.join();
}

TEST(RpcListener, RefusesMoreConnectionsThanItMayHave) {
  DcomPeer peer;
  peer.listener = *RpcListener::Listen(peer.loop, {.limits = {.max_connections_per_peer = 2}}, peer.services,
                                       peer.acceptors, peer.groups);
  std::thread client([&] {
    RawSocket first(peer.listener->port());
    RawSocket second(peer.listener->port());
    EXPECT_FALSE(second.ClosedWithin(50));
    RawSocket third(peer.listener->port());
    EXPECT_TRUE(third.ClosedWithin(5000));
    EXPECT_FALSE(first.ClosedWithin(50));
    peer.loop.Post([&] { peer.loop.Stop(); });
  });
  peer.Run();
  client.join();
}

TEST(RpcListener, TellsWhichConnectionIsGone) {
  DcomPeer peer;
  std::uint64_t gone = 0;
  peer.listener->set_on_closed([&](std::uint64_t association) {
    gone = association;
    peer.loop.Stop();
  });
  std::thread client([&] { RawSocket brief(peer.at.port); });
  peer.Run();
  client.join();
  EXPECT_EQ(gone, 1u);
  EXPECT_EQ(peer.listener->connections(), 0u);
}

}  // namespace
}  // namespace ipam::net
