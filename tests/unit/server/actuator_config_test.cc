#include "dcom_bridge/server/actuator_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "dcom_bridge/ipam/actuators.h"
#include "tests/support/matchers.h"
#include "tests/support/process.h"

namespace ipam::server {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::HasSubstr;

constexpr char kOption[] = "--engine-actuator";

TEST(ParseActuators, ReadsWordsWithSpacesOrCommas) {
  const auto parsed =
      ParseActuators(kOption, {"server=17 kea=unix:/run/kea.sock ha_url=http://a:1/ hooks=/hooks",
                               "server=18,kea=http://b:8000,user=ipam,password_file=/with\\,comma",
                               "server=17  powerdns=http://c:8081 recursor=https://c:8082 key_file=/key"});
  ASSERT_OK(parsed);
  ASSERT_EQ(parsed->size(), 3U) << "DHCP and DNS servers have numbers of their own";
  EXPECT_EQ(parsed->at(0).server, 17);
  EXPECT_EQ(parsed->at(0).kea_socket, "/run/kea.sock");
  EXPECT_EQ(parsed->at(0).ha_url, "http://a:1/");
  EXPECT_EQ(parsed->at(0).hooks_directory, "/hooks");
  EXPECT_EQ(parsed->at(1).kea_url, "http://b:8000");
  EXPECT_EQ(parsed->at(1).user, "ipam");
  EXPECT_EQ(parsed->at(1).password_file, "/with,comma");
  EXPECT_EQ(parsed->at(2).powerdns_url, "http://c:8081");
  EXPECT_EQ(parsed->at(2).recursor_url, "https://c:8082");
  EXPECT_EQ(parsed->at(2).key_file, "/key");
}

TEST(ParseActuators, SaysWhatIsWrong) {
  const struct {
    const char* text;
    const char* words;
  } cases[] = {
      {"", "server is missing"},
      {"kea=unix:/x", "server is missing"},
      {"server=0 kea=unix:/x", "record id"},
      {"server=17x kea=unix:/x", "record id"},
      {"server=17", "either kea, or powerdns"},
      {"server=17 kea=unix:/x powerdns=http://x key_file=/k", "either kea, or powerdns"},
      {"server=17 kea=/x", "unix:/PATH"},
      {"server=17 kea=", "kea has no value"},
      {"server=17 kea=unix:/x kea=unix:/y", "kea is there twice"},
      {"server=17 kea=unix:/x verbose", "not KEY=VALUE: verbose"},
      {"server=17 kea=unix:/x colour=red", "unknown key colour"},
      {"server=17 kea=unix:/x key_file=/k", "key_file is for powerdns"},
      {"server=17 kea=unix:/x user=u password_file=/p", "a control socket takes no user"},
      {"server=17 kea=http://x user=u", "go together"},
      {"server=17 kea=unix:/x ha_url=a:1", "ha_url begins with http"},
      {"server=31 powerdns=http://x", "key_file is missing"},
      {"server=31 powerdns=http://x key_file=/k user=u", "are for kea"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(ParseActuators(kOption, {one.text}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(one.words)))
        << one.text;
  }
  EXPECT_THAT(ParseActuators(kOption, {"server=17 kea=unix:/x", "server=17 kea=unix:/y"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has an actuator already")));
}

TEST(MakeActuators, ReadsItsSecretsFromFiles) {
  const test_support::TemporaryDirectory directory;
  const std::string key = directory.path() / "key";
  ActuatorConfig config{.server = 31, .powerdns_url = "http://x", .key_file = key};
  EXPECT_THAT(MakeActuators({config}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(key)));
  std::ofstream(key) << "\n";
  EXPECT_THAT(MakeActuators({config}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no secret")));
  std::ofstream(key) << "secret\n";
  const auto made = MakeActuators({config, {.server = 17, .kea_socket = "/x"}});
  ASSERT_OK(made);
  EXPECT_TRUE((*made)->Has({engine::ServerKey::Role::kDns, 31}));
  EXPECT_TRUE((*made)->Has({engine::ServerKey::Role::kDhcp, 17}));
  EXPECT_FALSE((*made)->Has({engine::ServerKey::Role::kDhcp, 31}));
  const auto none = MakeActuators({});
  ASSERT_OK(none);
  EXPECT_EQ(*none, nullptr);
}

}  // namespace
}  // namespace ipam::server
