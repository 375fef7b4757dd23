#include "dcom_bridge/net/rpc_client.h"

#include <gtest/gtest.h>

#include <string>

#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_peer.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

constexpr pdu::SyntaxId kResolver{orpc::kIidIObjectExporter, 0, 0};

TEST(RpcClient, SharesOneConnectionAndTellsWhenItIsGone) {
  DcomPeer peer;
  int answers = 0;
  std::string gone;
  peer.rpc.set_on_closed([&](const Endpoint& endpoint, const absl::Status&) {
    gone = endpoint.ToString();
    peer.loop.Stop();
  });
  for (int i = 0; i < 20; ++i) {
    peer.rpc.Call(peer.at, {.interface = kResolver, .opnum = orpc::kServerAlive2Opnum}, absl::Seconds(5),
                  [&](const RpcResult& result) {
                    EXPECT_TRUE(std::holds_alternative<rpc::CallReply>(result.outcome));
                    if (++answers == 20) peer.listener.reset();
                  });
  }
  EXPECT_EQ(answers, 0);  // never from inside the call
  peer.Run();
  EXPECT_EQ(answers, 20);
  EXPECT_EQ(gone, peer.at.ToString());
  EXPECT_EQ(peer.rpc.connections(), 0u);
}

TEST(RpcClient, SaysThatNothingListens) {
  DcomPeer peer;
  peer.listener.reset();
  peer.rpc.Call(peer.at, {.interface = kResolver, .opnum = orpc::kServerAlive2Opnum}, absl::Seconds(5),
                [&](const RpcResult& result) {
                  EXPECT_FALSE(result.sent);
                  EXPECT_THAT(std::get<absl::Status>(result.outcome),
                              test_support::StatusIs(absl::StatusCode::kUnavailable,
                                                     ::testing::HasSubstr(peer.at.ToString())));
                  peer.loop.Stop();
                });
  peer.Run();
}

TEST(RpcClient, WritesEndpointsOfEveryFamily) {
  EXPECT_EQ((Endpoint{"host", 1}).ToString(), "host:1");
  EXPECT_EQ((Endpoint{"::1", 1}).ToString(), "[::1]:1");
}

}  // namespace
}  // namespace ipam::net
