#include "dcom_bridge/ipam/kea/control_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/matchers.h"

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

}  // namespace
}  // namespace ipam::kea
