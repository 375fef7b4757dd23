#include "dcom_bridge/net/connection.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <boost/asio/connect.hpp>
#include <optional>

#include "dcom_bridge/net/loop.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

using boost::asio::ip::tcp;
using test_support::StatusIs;

struct Pair {
  explicit Pair(Loop& loop, const ConnectionLimits& limits) : peer(loop.io()) {
    tcp::acceptor acceptor(loop.io(), {boost::asio::ip::address_v4::loopback(), 0});
    peer.connect(acceptor.local_endpoint());
    tcp::socket ours = acceptor.accept();
    fd = ours.native_handle();
    connection = std::make_shared<Connection>(std::move(ours), limits);
    connection->Start({[](base::ByteView) {},
                       [this, &loop](absl::Status status) {
                         closed = std::move(status);
                         loop.Stop();
                       }});
  }
  ~Pair() { connection->Abort(); }

  int Option(int option) const {
    int value = 0;
    socklen_t size = sizeof value;
    EXPECT_EQ(getsockopt(fd, IPPROTO_TCP, option, &value, &size), 0);
    return value;
  }

  tcp::socket peer;  // never reads
  int fd = -1;
  std::shared_ptr<Connection> connection;
  std::optional<absl::Status> closed;
};

TEST(Connection, HasThePeerWatchedByTheKernel) {
  Loop loop;
  const Pair pair(loop, {.user_timeout = absl::Seconds(41),
                         .keepalive_idle = absl::Seconds(42),
                         .keepalive_interval = absl::Seconds(43),
                         .keepalive_probes = 4});
  EXPECT_EQ(pair.Option(TCP_USER_TIMEOUT), 41'000);
  EXPECT_EQ(pair.Option(TCP_KEEPIDLE), 42);
  EXPECT_EQ(pair.Option(TCP_KEEPINTVL), 43);
  EXPECT_EQ(pair.Option(TCP_KEEPCNT), 4);
}

TEST(Connection, GivesUpAPeerThatKeepsItsWindowShut) {
  Loop loop;
  Pair pair(loop, {.max_queued_bytes = std::size_t{64} << 20, .user_timeout = absl::Seconds(1)});
  pair.connection->Send(base::Bytes(std::size_t{32} << 20));
  const Timer limit = loop.After(absl::Minutes(1), [&] { loop.Stop(); });
  loop.Run();
  ASSERT_TRUE(pair.closed.has_value());
  EXPECT_THAT(*pair.closed, StatusIs(absl::StatusCode::kUnavailable));
}

TEST(Connection, GivesUpAPeerThatLeavesTooMuchUnread) {
  Loop loop;
  Pair pair(loop, {.max_queued_bytes = std::size_t{1} << 20});
  for (int i = 0; i < 40; ++i) pair.connection->Send(base::Bytes(std::size_t{1} << 20));
  const Timer limit = loop.After(absl::Minutes(1), [&] { loop.Stop(); });
  loop.Run();
  ASSERT_TRUE(pair.closed.has_value());
  EXPECT_THAT(*pair.closed, StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace ipam::net
