#include "dcom_bridge/bridge/bridge.h"

#include <gtest/gtest.h>

#include "fake_server.h"
#include "silent_port.h"
#include "tests/support/matchers.h"

namespace ipam::bridge {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

class BridgeTest : public ::testing::Test {
 protected:
  static ServerOptions Server(const std::string& name, const std::string& user, const std::string& password) {
    return {
        .name = name, .host = "127.0.0.1", .port = 1, .domain = "DOM", .user = user, .password = password};
  }
  absl::StatusOr<std::unique_ptr<Bridge>> Start(BridgeOptions options) {
    return Bridge::Start(std::move(options), sink_, {}, clock_);
  }

  FakeSink sink_;
  base::SystemClock clock_;
};

TEST_F(BridgeTest, OneAccountMayServeSeveralServers) {
  BridgeOptions options;
  options.servers = {Server("east", "gw", "pw"), Server("west", "GW", "pw"), Server("north", "other", "pw2")};
  const auto bridge = Start(std::move(options));
  ASSERT_OK(bridge);
  const auto sources = (*bridge)->sources();
  ASSERT_EQ(sources.size(), 3u);
  EXPECT_EQ(sources[1].name, "west");
  EXPECT_EQ(sources[1].source->State().account, "DOM\\GW");
}

TEST_F(BridgeTest, RefusesTwoPasswordsOfOneAccountWithoutSayingThem) {
  BridgeOptions options;
  options.servers = {Server("east", "gw", "pass-one"), Server("west", "gw", "pass-two")};
  const auto bridge = Start(std::move(options));
  EXPECT_THAT(bridge.status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("source west: another source gives DOM\\gw another password")));
  EXPECT_THAT(std::string(bridge.status().message()), ::testing::Not(HasSubstr("pass-")));
}

TEST_F(BridgeTest, SaysThatThePortOfTheCallbacksIsInUse) {
  SilentPort taken;
  BridgeOptions options;
  options.servers = {Server("east", "gw", "pw")};
  options.callback_port = taken.port();
  EXPECT_THAT(Start(std::move(options)).status(),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(absl::StrCat(taken.port()))));
}

}  // namespace
}  // namespace ipam::bridge
