#include "dcom_bridge/ipam/kea/control_channel.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <future>
#include <stop_token>
#include <string>

#include "tests/support/matchers.h"
#include "tests/support/process.h"

namespace ipam::kea {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(ReadAnswer, TakesTheArgumentsOfASuccess) {
  EXPECT_EQ(*ReadAnswer("config-get", R"({"result": 0, "arguments": {"Dhcp4": {}}})"),
            (Json{{"Dhcp4", Json::object()}}));
  EXPECT_EQ(*ReadAnswer("config-get", R"([{"result": 0, "arguments": {"a": 1}}])"), (Json{{"a", 1}}));
  EXPECT_TRUE(ReadAnswer("config-write", R"({"result": 0})")->is_null());
}

TEST(ReadAnswer, SaysWhyACommandIsRefused) {
  EXPECT_THAT(ReadAnswer("config-test", R"({"result": 1, "text": "bad subnet"})"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config-test: bad subnet"));
}

TEST(ReadAnswer, DoesNotTakeOtherTexts) {
  for (const std::string text :
       {"", "<html>", "[]", "{}", R"({"result": "0"})", R"([{"result": 0}, {"result": 0}])"}) {
    EXPECT_THAT(ReadAnswer("config-get", text), StatusIs(absl::StatusCode::kInternal)) << text;
  }
  EXPECT_THAT(ReadAnswer("x", std::string(100'000, '[')), StatusIs(absl::StatusCode::kInternal));
}

TEST(ControlChannel, SaysThatNobodyListens) {
  const ControlChannel channel(
      {.socket = "/nonexistent/kea4.sock", .attempts = 2, .back_off = absl::ZeroDuration()}, 4);
  EXPECT_THAT(channel.Send("config-get"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/nonexistent/kea4.sock: No such file")));
}

// Takes connections, and says nothing.
class Silent {
 public:
  Silent() {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    std::strncpy(local.sun_path, path().c_str(), sizeof(local.sun_path) - 1);
    EXPECT_EQ(bind(unix_, reinterpret_cast<sockaddr*>(&local), sizeof(local)), 0);
    sockaddr_in loopback{};
    loopback.sin_family = AF_INET;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(tcp_, reinterpret_cast<sockaddr*>(&loopback), sizeof(loopback)), 0);
    socklen_t size = sizeof(loopback);
    EXPECT_EQ(getsockname(tcp_, reinterpret_cast<sockaddr*>(&loopback), &size), 0);
    port_ = ntohs(loopback.sin_port);
    EXPECT_EQ(listen(unix_, 8) | listen(tcp_, 8), 0);
  }
  ~Silent() {
    close(unix_);
    close(tcp_);
  }
  std::string path() const { return directory_.path() / "silent"; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  const test_support::TemporaryDirectory directory_;
  const int unix_ = socket(AF_UNIX, SOCK_STREAM, 0);
  const int tcp_ = socket(AF_INET, SOCK_STREAM, 0);
  int port_ = 0;
};

TEST(ControlChannel, StopsWaitingWhenItIsTold) {
  const Silent silent;
  for (const bool by_socket : {true, false}) {
    std::stop_source stop;
    ChannelOptions options{.timeout = absl::Minutes(10), .stop = stop.get_token()};
    (by_socket ? options.socket : options.url) = by_socket ? silent.path() : silent.url();
    const ControlChannel channel(options, 4);
    auto sent = std::async(std::launch::async, [&channel] { return channel.Send("config-get").status(); });
    EXPECT_EQ(sent.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
    stop.request_stop();
    EXPECT_THAT(sent.get(), StatusIs(absl::StatusCode::kUnavailable)) << "long before its time is out";
  }
}

}  // namespace
}  // namespace ipam::kea
