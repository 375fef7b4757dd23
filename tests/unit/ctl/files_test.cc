#include "gateway/ctl/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/matchers.h"

namespace ipam::ctl {
namespace {

using test_support::StatusIs;
using testing::HasSubstr;

class ReadFileTest : public testing::Test {
 protected:
  ReadFileTest() : path_(testing::TempDir() + "/ctl_read_file_" + std::to_string(getpid()) + ".xml") {}
  ~ReadFileTest() override { std::filesystem::remove(path_); }
  void Write(const std::string& content) { std::ofstream(path_, std::ios::binary) << content; }

  std::string path_;
};

TEST_F(ReadFileTest, GivesEveryOctet) {
  const std::string content = std::string("<a>\r\n\0\xff</a>", 12) + std::string(200'000, 'x');
  Write(content);
  auto read = ReadFile(path_);
  ASSERT_OK(read);
  EXPECT_TRUE(*read == content);
}

TEST_F(ReadFileTest, NamesTheFileAndTheReason) {
  EXPECT_THAT(ReadFile("/nonexistent/a.xml"),
              StatusIs(absl::StatusCode::kInvalidArgument, "/nonexistent/a.xml: No such file or directory"));
  EXPECT_THAT(ReadFile("/"), StatusIs(absl::StatusCode::kInvalidArgument, "/: Is a directory"));
}

TEST_F(ReadFileTest, RefusesWhatTheGatewayWouldNotTake) {
  Write(std::string(kMaxFileBytes, 'x'));
  EXPECT_OK(ReadFile(path_));
  Write(std::string(kMaxFileBytes + 1, 'x'));
  EXPECT_THAT(ReadFile(path_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("larger than 32 MiB")));
  EXPECT_THAT(ReadFile("/dev/zero"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("larger than 32 MiB")));
}

}  // namespace
}  // namespace ipam::ctl
