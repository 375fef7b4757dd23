#include "gateway/config/gateway_config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "gateway/config/sources.h"
#include "tests/support/matchers.h"

namespace ipam::config {
namespace {

using test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class GatewayConfigTest : public ::testing::Test {
 protected:
  ~GatewayConfigTest() override {
    for (const std::string& path : files_) unlink(path.c_str());
  }
  std::string File(const std::string& text) {
    std::string path = ::testing::TempDir() + "config_XXXXXX";
    close(mkstemp(path.data()));
    std::ofstream(path) << text;
    files_.push_back(path);
    return path;
  }

 private:
  std::vector<std::string> files_;
};

TEST_F(GatewayConfigTest, OneServerNeedsAnAddressAndAnAccount) {
  const auto parsed = Parse({"--dcom-server=10.0.0.1", "--dcom-user=gw", "--dcom-domain=D"}, {});
  ASSERT_OK(parsed);
  const bridge::BridgeOptions& bridge = parsed->config.bridge;
  ASSERT_EQ(bridge.servers.size(), 1u);
  EXPECT_EQ(bridge.servers[0].name, "10.0.0.1");
  EXPECT_EQ(bridge.servers[0].host, "10.0.0.1");
  EXPECT_EQ(bridge.servers[0].port, 135);
  EXPECT_EQ(bridge.servers[0].user, "gw");
  EXPECT_THAT(bridge.callback_addresses, ElementsAre("127.0.0.1"));
  EXPECT_EQ(bridge.callback_port, 0);
}

TEST_F(GatewayConfigTest, SaysWhatIsMissing) {
  EXPECT_THAT(Parse({}, {}).status(), StatusIs(kInvalid, HasSubstr("--dcom-server is missing")));
  EXPECT_THAT(Parse({"--dcom-server=h"}, {}).status(),
              StatusIs(kInvalid, HasSubstr("--dcom-user is missing")));
}

TEST_F(GatewayConfigTest, SeveralServersInTheFileMayShareAnAccount) {
  const std::string secret = File("p,w\\d=x\n");
  const std::string path = File(
      "dcom:\n  user: gw\n  domain: D\n  password: shared\n  callback_listen: 10.0.0.9:5000\n"
      "  callback_advertise: [gw.example, 10.0.0.9]\n"
      "sources:\n"
      "  - {name: east, server: 10.0.0.1}\n"
      "  - {name: west, server: '[2001:db8::1]:4135', domain: W, user: other,\n"
      "     password: 'a,b\\c'}\n"
      "  - {name: north, server: north.example, user: n, password_file: " +
      secret + "}\n");
  const auto parsed = Parse({"--config", path}, {});
  ASSERT_OK(parsed);
  const bridge::BridgeOptions& bridge = parsed->config.bridge;
  ASSERT_EQ(bridge.servers.size(), 3u);
  EXPECT_EQ(bridge.servers[0].name, "east");
  EXPECT_EQ(bridge.servers[0].domain, "D");
  EXPECT_EQ(bridge.servers[0].user, "gw");
  EXPECT_EQ(bridge.servers[0].password, "shared");
  EXPECT_EQ(bridge.servers[1].host, "2001:db8::1");
  EXPECT_EQ(bridge.servers[1].port, 4135);
  EXPECT_EQ(bridge.servers[1].domain, "W");
  EXPECT_EQ(bridge.servers[1].password, "a,b\\c");
  EXPECT_EQ(bridge.servers[2].host, "north.example");
  EXPECT_EQ(bridge.servers[2].domain, "");
  EXPECT_EQ(bridge.servers[2].password, "p,w\\d=x");
  EXPECT_EQ(bridge.callback_port, 5000);
  EXPECT_THAT(bridge.callback_hosts, ElementsAre("gw.example", "10.0.0.9"));
}

TEST_F(GatewayConfigTest, TheServerOfTheFlagsComesFirst) {
  const auto parsed =
      Parse({"--source=server=b", "--dcom-server=a", "--dcom-user=gw", "--source=server=c:1"}, {});
  ASSERT_OK(parsed);
  const auto& servers = parsed->config.bridge.servers;
  ASSERT_EQ(servers.size(), 3u);
  EXPECT_EQ(servers[0].name, "a");
  EXPECT_EQ(servers[1].name, "b");
  EXPECT_EQ(servers[2].name, "c:1");
}

TEST_F(GatewayConfigTest, ASourceMayComeFromTheEnvironment) {
  const auto parsed = Parse({}, {"IPAMGW_SOURCE=server=a,user=u,password=p"});
  ASSERT_OK(parsed);
  ASSERT_EQ(parsed->config.bridge.servers.size(), 1u);
  EXPECT_EQ(parsed->config.bridge.servers[0].password, "p");
}

TEST_F(GatewayConfigTest, ASourceMayHaveAnAccountOfKerberosOrThatOfAll) {
  const auto parsed =
      Parse({"--dcom-kerberos-principal=gw@D", "--dcom-keytab=/gw", "--source=server=a",
             "--source=server=b,kerberos_principal=other@D,ccache=FILE:/cc,spn=RPCSS/b.example,"
             "callback_account=D\\srv"},
            {});
  ASSERT_OK(parsed);
  const auto& servers = parsed->config.bridge.servers;
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].kerberos_principal, "gw@D");
  EXPECT_EQ(servers[0].keytab, "/gw");
  EXPECT_EQ(servers[1].kerberos_principal, "other@D");
  EXPECT_EQ(servers[1].keytab, "");
  EXPECT_EQ(servers[1].ccache, "FILE:/cc");
  EXPECT_EQ(servers[1].spn, "RPCSS/b.example");
  EXPECT_EQ(servers[1].callback_account, "D\\srv");
  EXPECT_THAT(Parse({"--source=server=a,ccache=FILE:/cc"}, {}).status(),
              StatusIs(kInvalid, HasSubstr("'callback_account' is missing")));
}

TEST_F(GatewayConfigTest, RefusesNamesThatDoNotTellSourcesApart) {
  EXPECT_THAT(Parse({"--dcom-user=u", "--source=server=a", "--source=server=b,name=a"}, {}).status(),
              StatusIs(kInvalid, HasSubstr("two sources have the name a")));
  EXPECT_THAT(Parse({"--dcom-user=u", "--source=server=a,name=x/y"}, {}).status(),
              StatusIs(kInvalid, HasSubstr("no slash")));
}

TEST(ParseSource, SaysWhatIsWrongAndNeverAPassword) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {"", "must be KEY=VALUE"},
      {"server", "must be KEY=VALUE"},
      {"server=a,", "must be KEY=VALUE"},
      {"=a", "must be KEY=VALUE"},
      {"server=a,user=u,password=S3cret,S3cret", "a comma inside a value is written \\,"},
      {"server=a,server=b", "'server' twice"},
      {"name=x", "'server' is missing"},
      {"server=a:b", "must be HOST:PORT"},
      {"server=a,user=u,passwd=S3cret", "unknown key 'passwd'"},
      {"server=a", "'user' is missing, and so is --dcom-user"},
      {"server=a,password=S3cret", "source a: 'user' is missing"},
      {"server=a,user=u,password=S3cret,password_file=/x", "exclude each other"},
      {"server=a,user=u,password_file=/no/such/S", "cannot read /no/such/S"},
  };
  for (const Case& c : cases) {
    const auto parsed = ParseSource(c.text, {});
    EXPECT_THAT(parsed.status(), StatusIs(kInvalid, HasSubstr(c.error))) << c.text;
    EXPECT_THAT(std::string(parsed.status().message()), Not(HasSubstr("S3cret"))) << c.text;
  }
}

}  // namespace
}  // namespace ipam::config
