#include "dcom_bridge/settings/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>

#include "dcom_bridge/settings/host_port.h"
#include "tests/support/matchers.h"

namespace ipam::settings {
namespace {

using test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    app_.add_option("--grpc-listen", listen_, "Where")->capture_default_str();
    app_.add_option("--http-threads", threads_, "How many");
    app_.add_option("--dcom-password", password_, "Secret");
    app_.add_option("--http-allowed-host", hosts_, "Hosts")->take_all();
  }
  ~SettingsTest() override {
    for (const std::string& path : files_) unlink(path.c_str());
  }

  std::string File(const std::string& text) {
    std::string path = ::testing::TempDir() + "settings_XXXXXX";
    close(mkstemp(path.data()));
    std::ofstream(path) << text;
    files_.push_back(path);
    return path;
  }
  Outcome Run(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
    return Load(app_, "IPAMGW", {std::move(arguments), std::move(environment)});
  }

  CLI::App app_{"test"};
  std::string listen_ = "127.0.0.1:50051";
  int threads_ = 1;
  std::string password_;
  std::vector<std::string> hosts_;
  std::vector<std::string> files_;
};

TEST_F(SettingsTest, KeepsTheDefaults) {
  const Outcome outcome = Run({});
  ASSERT_OK(outcome.status);
  EXPECT_EQ(listen_, "127.0.0.1:50051");
  EXPECT_THAT(outcome.warnings, IsEmpty());
}

TEST_F(SettingsTest, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
  const std::string path =
      File("grpc:\n  listen: from-file:1\nhttp:\n  threads: 3\ndcom:\n  password: from-file\n");
  const Outcome outcome = Run({"--config", path, "--grpc-listen=from-flag:1"},
                              {"IPAMGW_GRPC_LISTEN=from-env:1", "IPAMGW_HTTP_THREADS=4", "PATH=/bin"});
  ASSERT_OK(outcome.status);
  EXPECT_EQ(listen_, "from-flag:1");
  EXPECT_EQ(threads_, 4);
  EXPECT_EQ(password_, "from-file");
}

TEST_F(SettingsTest, TakesListsFromTheFile) {
  ASSERT_OK(Run({"--config=" + File("http:\n  allowed_host: [a.example, b.example]\n")}).status);
  EXPECT_THAT(hosts_, ElementsAre("a.example", "b.example"));
}

TEST_F(SettingsTest, TakesAMapInAListAsOneValue) {
  ASSERT_OK(Run({"--config=" + File("http:\n  allowed_host:\n  - {name: a, path: 'c:\\x,y'}\n  - plain\n")})
                .status);
  EXPECT_THAT(hosts_, ElementsAre("name=a,path=c:\\\\x\\,y", "plain"));
}

TEST_F(SettingsTest, RefusesWhatIsDeeperThanThat) {
  EXPECT_THAT(Run({"--config=" + File("http:\n  allowed_host:\n  - {name: [a]}\n")}).status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("holds something that is no value")));
}

TEST_F(SettingsTest, ReadsASecretFromTheFileThatAVariableNames) {
  ASSERT_OK(Run({}, {"IPAMGW_DCOM_PASSWORD_FILE=" + File("s3cret\n")}).status);
  EXPECT_EQ(password_, "s3cret");
}

TEST_F(SettingsTest, RefusesASecretFileThatIsNotThere) {
  EXPECT_THAT(
      Run({}, {"IPAMGW_DCOM_PASSWORD_FILE=/no/such/file"}).status,
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("IPAMGW_DCOM_PASSWORD_FILE: cannot read")));
}

TEST_F(SettingsTest, RefusesAnUnknownKeyWithItsLine) {
  EXPECT_THAT(Run({"--config", File("grpc:\n  listen: x\n  lisen: y\n")}).status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(":3: unknown key 'grpc.lisen'")));
}

TEST_F(SettingsTest, RefusesAnUnknownFlag) {
  EXPECT_THAT(Run({"--grpc-lisen=x"}).status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--grpc-lisen")));
}

TEST_F(SettingsTest, RefusesABadValue) {
  EXPECT_THAT(Run({}, {"IPAMGW_HTTP_THREADS=many"}).status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--http-threads")));
}

TEST_F(SettingsTest, RefusesABrokenOrMissingFile) {
  EXPECT_THAT(Run({"--config", File("grpc: [\n")}).status, StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SettingsTest, RefusesAMissingFile) {
  EXPECT_THAT(Run({}, {"IPAMGW_CONFIG=/no/such.yaml"}).status,
              StatusIs(absl::StatusCode::kInvalidArgument, "cannot read /no/such.yaml"));
}

TEST_F(SettingsTest, WarnsOfAnUnknownVariable) {
  const Outcome outcome = Run({}, {"IPAMGW_GRPC_LISEN=x"});
  ASSERT_OK(outcome.status);
  EXPECT_THAT(outcome.warnings, ElementsAre(HasSubstr("IPAMGW_GRPC_LISEN")));
}

TEST_F(SettingsTest, AnswersHelp) {
  ::testing::internal::CaptureStdout();
  const Outcome outcome = Run({"--help"});
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("--grpc-listen"));
  EXPECT_TRUE(outcome.printed_help);
  EXPECT_OK(outcome.status);
}

TEST(ParseListen, TakesSeveralAddressesOfOnePort) {
  const auto listen = ParseListen("--x", {"127.0.0.1:135", "[::1]:135"});
  ASSERT_OK(listen);
  EXPECT_THAT(listen->addresses, ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(listen->port, 135);
  EXPECT_THAT(ParseListen("--x", {"127.0.0.1:135", "[::1]:136"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--x: '[::1]:136' has another port")));
  EXPECT_THAT(ParseListen("--x", {"127.0.0.1"}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseListen("--x", {}), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace ipam::settings
