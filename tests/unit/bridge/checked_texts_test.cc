#include "dcom_bridge/bridge/checked_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/matchers.h"

namespace ipam::bridge {
namespace {

using test_support::StatusIs;
using ::testing::ElementsAre;

class CheckedTextsTest : public ::testing::Test {
 protected:
  std::vector<std::string> checked_;
  CheckedTexts texts_{[this](TextKind, const std::string& xml) {
                        checked_.push_back(xml);
                        return xml.starts_with("<") ? absl::OkStatus() : absl::InvalidArgumentError("no XML");
                      },
                      /*max_bytes=*/160};
};

TEST_F(CheckedTextsTest, ChecksAValidTextOnceOfEachKind) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(texts_.Check(TextKind::kSubtaskDetails, "<a/>"));
    EXPECT_OK(texts_.Check(TextKind::kException, "<a/>"));
  }
  EXPECT_THAT(checked_, ElementsAre("<a/>", "<a/>"));
}

TEST_F(CheckedTextsTest, ChecksABadTextEachTime) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(texts_.Check(TextKind::kException, "words"), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_EQ(checked_.size(), 2u);
}

TEST_F(CheckedTextsTest, ForgetsTheOldestBeyondItsBound) {
  for (int i = 0; i < 17; ++i) {
    EXPECT_OK(texts_.Check(TextKind::kSubtaskDetails, "<12345" + std::to_string(10 + i) + "/>"));
  }
  checked_.clear();
  EXPECT_OK(texts_.Check(TextKind::kSubtaskDetails, "<1234526/>"));
  EXPECT_TRUE(checked_.empty());
  EXPECT_OK(texts_.Check(TextKind::kSubtaskDetails, "<1234510/>"));
  EXPECT_THAT(checked_, ElementsAre("<1234510/>"));
}

TEST_F(CheckedTextsTest, DoesNotKeepALargeText) {
  const std::string large = "<" + std::string(20, 'x') + "/>";
  EXPECT_OK(texts_.Check(TextKind::kSubtaskDetails, large));
  EXPECT_OK(texts_.Check(TextKind::kSubtaskDetails, large));
  EXPECT_EQ(checked_.size(), 2u);
}

}  // namespace
}  // namespace ipam::bridge
