// What shells are told of a command line.
#include "gateway/ctl/completion.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "absl/strings/str_split.h"
#include "command_fixture.h"

namespace ipam::ctl {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::UnorderedElementsAre;

class CompletionTest : public CommandsTest {
 protected:
  CompletionTest() { setenv("IPAM_GRPC", gateway_.address().c_str(), 1); }
  ~CompletionTest() override { unsetenv("IPAM_GRPC"); }

  // Of the last word.
  std::vector<std::string> Words(std::vector<std::string> words) {
    Captured out;
    EXPECT_EQ(PrintCompletions(std::move(words), Output{out.file(), err_.file()}, interrupted_), 0);
    EXPECT_EQ(err_.text(), "");
    return absl::StrSplit(out.text(), '\n', absl::SkipEmpty());
  }
};

TEST_F(CompletionTest, Commands) {
  EXPECT_THAT(Words({""}),
              testing::IsSupersetOf({"start", "watch", "results", "retry", "template", "completion"}));
  EXPECT_THAT(Words({"re"}), UnorderedElementsAre("results", "retry"));
  EXPECT_THAT(Words({"--output", "json", "ver"}), ElementsAre("version"));
  EXPECT_THAT(Words({"nonsense", ""}), ElementsAre());
}

TEST_F(CompletionTest, FlagsOfTheCommandAndOfAll) {
  EXPECT_THAT(Words({"retry", "a", "--"}), testing::IsSupersetOf({"--failed", "--watch", "--validate-only",
                                                                  "--gateway", "--output", "--help"}));
  EXPECT_THAT(Words({"retry", "a", "--fa"}), ElementsAre("--failed"));
  EXPECT_THAT(Words({"list", "--"}), Not(Contains("--failed")));
}

TEST_F(CompletionTest, ValuesOfFlags) {
  EXPECT_THAT(Words({"watch", "--progress", "p"}), ElementsAre("plain"));
  EXPECT_THAT(Words({"watch", "--progress=r"}), ElementsAre("--progress=rawjson"));
  EXPECT_THAT(Words({"watch", "--progress", "=", "q"}), ElementsAre("quiet")) << "as bash cuts it";
  EXPECT_THAT(Words({"--output", ""}), ElementsAre("text", "json"));
  EXPECT_THAT(Words({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
}

TEST_F(CompletionTest, KindsAndFiles) {
  EXPECT_THAT(Words({"template", "create-dhcp-s"}),
              ElementsAre("create-dhcp-scope", "create-dhcp-server-policy", "create-dhcp-scope-policy"));
  EXPECT_THAT(Words({"start", "edit-dhcp-f"}), ElementsAre("edit-dhcp-failover", ":files"));
  EXPECT_THAT(Words({"start", "create-dns-zone", "--from", "x"}), ElementsAre(":files"));
  EXPECT_THAT(Words({"start", "--from", "x.yaml", "create-dns-z"}), ElementsAre("create-dns-zone"));
}

TEST_F(CompletionTest, OperationsAndSourcesOfTheGateway) {
  gateway_.list = [](const v1::ListOperationsRequest&, v1::ListOperationsResponse* response) {
    for (const char* id : {"abc", "abd", "xyz"}) {
      *response->add_operations() = MakeOperation(id, v1::OPERATION_STATE_RUNNING, 1);
    }
    return grpc::Status::OK;
  };
  gateway_.sources = [](const v1::ListSourcesRequest&, v1::ListSourcesResponse* response) {
    response->add_sources()->set_source("east");
    response->add_sources()->set_source("west");
    return grpc::Status::OK;
  };
  for (const char* command : {"watch", "get", "results", "retry", "cancel", "events"}) {
    EXPECT_THAT(Words({command, "ab"}), ElementsAre("abc", "abd")) << command;
  }
  EXPECT_THAT(Words({"watch", "abc", "x"}), ElementsAre("xyz")) << "several";
  EXPECT_THAT(Words({"get", "abc", ""}), ElementsAre()) << "one only";
  EXPECT_THAT(Words({"get", "operations/a"}), ElementsAre("operations/abc", "operations/abd"));
  EXPECT_THAT(Words({"doctor", "e"}), ElementsAre("east"));
  EXPECT_THAT(Words({"start", "--source", "w"}), ElementsAre("west"));
}

TEST_F(CompletionTest, AsksTheGatewayOfTheCommandLineAndIsSilentWithoutOne) {
  setenv("IPAM_GRPC", "127.0.0.1:1", 1);
  EXPECT_THAT(Words({"get", ""}), ElementsAre());
  gateway_.sources = [](const v1::ListSourcesRequest&, v1::ListSourcesResponse* response) {
    response->add_sources()->set_source("east");
    return grpc::Status::OK;
  };
  EXPECT_THAT(Words({"--gateway", gateway_.address(), "doctor", ""}), ElementsAre("east"));
  EXPECT_THAT(Words({"--gateway=" + gateway_.address(), "doctor", ""}), ElementsAre("east"));
}

TEST_F(CompletionTest, ScriptsCallTheProgram) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_THAT(CompletionScript(shell), testing::HasSubstr("__complete")) << shell;
  }
}

}  // namespace
}  // namespace ipam::ctl
