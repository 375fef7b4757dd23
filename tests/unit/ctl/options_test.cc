#include "gateway/ctl/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace ipam::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ParseOptionsTest : public testing::Test {
 protected:
  ParseOptionsTest() { unsetenv("IPAM_GRPC"); }
  ~ParseOptionsTest() override { unsetenv("IPAM_GRPC"); }

  static Options Take(std::vector<std::string> arguments) {
    ParsedOptions parsed = ParseOptions(std::move(arguments));
    EXPECT_TRUE(parsed.options.has_value()) << parsed.text;
    return parsed.options.value_or(Options{});
  }
  // One line that begins with the program's name.
  static std::string Refusal(std::vector<std::string> arguments) {
    const ParsedOptions parsed = ParseOptions(std::move(arguments));
    EXPECT_FALSE(parsed.options.has_value());
    EXPECT_EQ(parsed.exit_code, kUsage);
    EXPECT_THAT(parsed.text, StartsWith("ipamctl: "));
    EXPECT_EQ(parsed.text.find('\n'), parsed.text.size() - 1);
    return parsed.text;
  }
};

TEST_F(ParseOptionsTest, HasDefaults) {
  const Options options = Take({"list"});
  EXPECT_EQ(options.command, Command::kList);
  EXPECT_EQ(options.gateway, "127.0.0.1:50051");
  EXPECT_FALSE(options.json);
  EXPECT_EQ(options.timeout, absl::Seconds(30));
  EXPECT_EQ(options.limit, 0);
}

TEST_F(ParseOptionsTest, TakesOptionsOfAllCommandsOnBothSidesOfTheCommand) {
  for (const Options& options :
       {Take({"--gateway", "gw:1", "--output=json", "--timeout", "500ms", "sources"}),
        Take({"sources", "--gateway=gw:1", "--output", "json", "--timeout=0.5"})}) {
    EXPECT_EQ(options.command, Command::kSources);
    EXPECT_EQ(options.gateway, "gw:1");
    EXPECT_TRUE(options.json);
    EXPECT_EQ(options.timeout, absl::Milliseconds(500));
  }
}

TEST_F(ParseOptionsTest, TakesTheGatewayFromTheEnvironmentBelowTheOption) {
  setenv("IPAM_GRPC", "env:2", 1);
  EXPECT_EQ(Take({"list"}).gateway, "env:2");
  EXPECT_EQ(Take({"list", "--gateway", "flag:3"}).gateway, "flag:3");
  setenv("IPAM_GRPC", "nonsense", 1);
  EXPECT_THAT(Refusal({"list"}), HasSubstr("'nonsense' is not HOST:PORT"));
}

TEST_F(ParseOptionsTest, TakesStart) {
  const Options options = Take(
      {"start", "a.xml", "-", "--watch", "--source", "dc1", "--request-id", "r1", "--progress=tty", "b.xml"});
  EXPECT_EQ(options.command, Command::kStart);
  EXPECT_THAT(options.files, ElementsAre("a.xml", "-", "b.xml"));
  EXPECT_TRUE(options.watch);
  EXPECT_EQ(options.source, "dc1");
  EXPECT_EQ(options.request_id, "r1");
  EXPECT_EQ(options.progress, ProgressMode::kTty);
  EXPECT_TRUE(Take({"start", "a.xml", "--validate-only"}).validate_only);
}

TEST_F(ParseOptionsTest, TakesWatch) {
  const Options options = Take({"watch", "abc", "operations/def", "--until-done", "--latest",
                                "--resume-token", "tok", "--filter", "state=RUNNING"});
  EXPECT_EQ(options.command, Command::kWatch);
  EXPECT_THAT(options.names, ElementsAre("operations/abc", "operations/def"));
  EXPECT_TRUE(options.until_done);
  EXPECT_TRUE(options.latest);
  EXPECT_EQ(options.resume_token, "tok");
  EXPECT_EQ(options.filter, "state=RUNNING");
}

TEST_F(ParseOptionsTest, TakesCancel) {
  const Options options = Take({"cancel", "abc", "operations/def", "-w", "--progress", "quiet"});
  EXPECT_EQ(options.command, Command::kCancel);
  EXPECT_THAT(options.names, ElementsAre("operations/abc", "operations/def"));
  EXPECT_TRUE(options.watch);
  EXPECT_EQ(options.progress, ProgressMode::kQuiet);
  EXPECT_THAT(Refusal({"cancel"}), HasSubstr("NAME"));
}

TEST_F(ParseOptionsTest, TakesTheQueries) {
  EXPECT_EQ(Take({"list", "--limit", "7"}).limit, 7);
  EXPECT_THAT(Take({"get", "abc"}).names, ElementsAre("operations/abc"));
  const Options events = Take({"events", "abc", "--after", "18446744073709551615"});
  EXPECT_EQ(events.command, Command::kEvents);
  EXPECT_EQ(events.after, 18446744073709551615u);
  EXPECT_EQ(Take({"version"}).command, Command::kVersion);
}

TEST_F(ParseOptionsTest, MakesJsonOfAWatchItsFrames) {
  EXPECT_EQ(Take({"watch", "--output", "json"}).progress, ProgressMode::kRawJson);
  EXPECT_EQ(Take({"watch", "--output", "json", "--progress", "quiet"}).progress, ProgressMode::kQuiet);
}

TEST_F(ParseOptionsTest, AnswersHelpAndVersion) {
  for (const char* command : {"start", "watch", "list", "get", "events", "sources", "doctor", "version"}) {
    const ParsedOptions parsed = ParseOptions({command, "--help"});
    EXPECT_FALSE(parsed.options.has_value());
    EXPECT_EQ(parsed.exit_code, kSucceeded);
    EXPECT_THAT(parsed.text, HasSubstr(std::string("Usage: ipamctl ") + command));
  }
  EXPECT_THAT(ParseOptions({"--help"}).text, HasSubstr("Exit codes: 0 succeeded"));
  const ParsedOptions version = ParseOptions({"--version"});
  EXPECT_EQ(version.exit_code, kSucceeded);
  EXPECT_THAT(version.text, StartsWith("ipamctl "));
}

TEST_F(ParseOptionsTest, RefusesWhatIsWrongInOneLine) {
  EXPECT_THAT(Refusal({}), HasSubstr("subcommand is required"));
  EXPECT_THAT(Refusal({"frobnicate"}), HasSubstr("unknown command 'frobnicate'"));
  EXPECT_THAT(Refusal({"start"}), HasSubstr("ipamctl start --help"));
  EXPECT_THAT(Refusal({"list", "--bogus"}), HasSubstr("--bogus"));
  EXPECT_THAT(Refusal({"list", "--output", "xml"}), HasSubstr("--output"));
  EXPECT_THAT(Refusal({"list", "--limit", "0"}), HasSubstr("--limit"));
  EXPECT_THAT(Refusal({"list", "--limit", "many"}), HasSubstr("--limit"));
  EXPECT_THAT(Refusal({"list", "extra"}), HasSubstr("extra"));
  EXPECT_THAT(Refusal({"get"}), HasSubstr("NAME"));
  EXPECT_THAT(Refusal({"get", "a", "b"}), HasSubstr("NAME"));
  EXPECT_THAT(Refusal({"events", "a", "--after", "-1"}), HasSubstr("--after"));
  EXPECT_THAT(Refusal({"watch", "--progress", "loud"}), HasSubstr("--progress"));
  EXPECT_THAT(Refusal({"start", "a", "--watch", "--validate-only"}), HasSubstr("excludes"));
  for (const char* timeout : {"0", "-1s", "soon", "25h", "inf", "nan"}) {
    EXPECT_THAT(Refusal({"list", "--timeout", timeout}), HasSubstr("no duration")) << timeout;
  }
}

TEST_F(ParseOptionsTest, KnowsAnAddress) {
  for (const char* address : {"127.0.0.1:1", "gateway:50051", "[::1]:65535"}) {
    EXPECT_EQ(Take({"list", "--gateway", address}).gateway, address);
  }
  for (const char* address : {"gateway", ":50051", "gateway:", "gateway:0", "gateway:65536", "::1:80",
                              "http://g:80", "gateway:80x", ""}) {
    EXPECT_THAT(Refusal({"list", "--gateway", address}), HasSubstr("HOST:PORT")) << address;
  }
}

}  // namespace
}  // namespace ipam::ctl
