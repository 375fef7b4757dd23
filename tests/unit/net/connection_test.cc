#include "dcom_bridge/net/connection.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <optional>
#include <thread>

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
    connection->Start({[this](base::ByteView bytes) {
                         if (on_bytes) on_bytes(bytes);
                       },
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

  tcp::socket peer;  // reads only where a test does
  int fd = -1;
  std::shared_ptr<Connection> connection;
  std::function<void(base::ByteView)> on_bytes;
  std::optional<absl::Status> closed;
};

// What the peer gets until the end of the stream.
base::Bytes ReadAll(tcp::socket& peer) {
  base::Bytes all;
  base::Bytes part(1 << 16);
  boost::system::error_code error;
  while (!error) {
    const std::size_t size = peer.read_some(boost::asio::buffer(part), error);
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return all;
}

// The first answer goes out at once, as far as the socket takes it; what stands behind it and the end must wait for it.
TEST(Connection, KeepsTheOrderOfWhatIsSentFromWithin) {
  for (const std::size_t first : {std::size_t{1}, std::size_t{16} << 20}) {
    Loop loop;
    Pair pair(loop, {.max_queued_bytes = std::size_t{64} << 20});
    base::Bytes expected;
    for (const std::size_t size : {first, std::size_t{1000}, std::size_t{8} << 20}) {
      base::Bytes answer(size);
      for (std::size_t i = 0; i < size; ++i)
        answer[i] = static_cast<std::uint8_t>(i * 7 + size % 251 + (i >> 8));
      expected.insert(expected.end(), answer.begin(), answer.end());
    }
    pair.on_bytes = [&](base::ByteView) {
      const auto end = [&](std::size_t offset) {
        return expected.begin() + static_cast<std::ptrdiff_t>(offset);
      };
      pair.connection->Send(base::Bytes(end(0), end(first)));
      pair.connection->Send(base::Bytes(end(first), end(first + 1000)));
      pair.connection->Send(base::Bytes(end(first + 1000), expected.end()));
      pair.connection->Close(absl::OkStatus());
    };
    base::Bytes got;
    std::thread reader([&] {
      boost::asio::write(pair.peer, boost::asio::buffer("?", 1));
      got = ReadAll(pair.peer);
    });
    const Timer limit = loop.After(absl::Minutes(1), [&] { loop.Stop(); });
    loop.Run();
    reader.join();
    ASSERT_TRUE(pair.closed.has_value());
    EXPECT_TRUE(pair.closed->ok()) << *pair.closed;
    EXPECT_TRUE(got == expected) << got.size() << " of " << expected.size();
  }
}

TEST(Connection, ClosesBehindAnAnswerThatWentOutAtOnce) {
  Loop loop;
  Pair pair(loop, {});
  pair.on_bytes = [&](base::ByteView) {
    pair.connection->Send(base::Bytes{1, 2, 3});
    pair.connection->Close(absl::OkStatus());
  };
  boost::asio::write(pair.peer, boost::asio::buffer("?", 1));
  loop.Run();
  EXPECT_EQ(ReadAll(pair.peer), (base::Bytes{1, 2, 3}));
}

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
