#include "dcom_bridge/server/parameter_check.h"

#include <gmock/gmock.h>

#include "dcom_bridge/base/utf16.h"
#include "tests/support/matchers.h"
#include "world.h"

namespace ipam::server {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::ElementsAre;

class ParameterCheckTest : public World {
 protected:
  // Waits at the gate for what begins with "gate", and gives the text back as the kind.
  std::unique_ptr<ParameterCheck> Make(ParameterCheckOptions options) {
    return std::make_unique<ParameterCheck>(
        options, loop_, [this](std::string_view xml) -> absl::StatusOr<engine::Prepared> {
          if (xml.substr(0, 4) == "gate") gate_->Pass();
          return engine::Prepared{.kind = std::string(xml), .parameters = nullptr};
        });
  }
  ParameterCheck::Checked Note() {
    return [this](absl::StatusOr<engine::Prepared> prepared) {
      done_.push_back(prepared.ok() ? prepared->kind
                                    : std::string(absl::StatusCodeToString(prepared.status().code())));
    };
  }
  std::vector<std::string> done_;
};

TEST_F(ParameterCheckTest, ASmallTextDoesNotWaitForALargeOne) {
  auto check = Make({.large_chars = 8});
  check->Submit(u"gate and more", Note());
  RunUntil([&] { return gate_->waiting() == 1; });
  check->Submit(u"small", Note());
  check->Submit(u"large, behind", Note());
  RunUntil([&] { return !done_.empty(); });
  EXPECT_THAT(done_, ElementsAre("small"));
  gate_->Open();
  RunUntil([&] { return done_.size() == 3; });
  EXPECT_THAT(done_, ElementsAre("small", "gate and more", "large, behind"));
}

TEST_F(ParameterCheckTest, RefusesWhatIsBeyondItsBounds) {
  auto check = Make({.large_chars = 1'000, .max_waiting = 2, .max_waiting_chars = 10});
  check->Submit(u"gate", Note());
  RunUntil([&] { return gate_->waiting() == 1; });
  check->Submit(u"one", Note());
  check->Submit(u"two", Note());
  check->Submit(u"three", Note());  // the third that waits
  check->Submit(std::u16string(1'000, u'l'), Note());
  Settle();
  EXPECT_EQ(std::count(done_.begin(), done_.end(), "RESOURCE_EXHAUSTED"), 1);
  gate_->Open();
  RunUntil([&] { return done_.size() == 5; });
}

TEST_F(ParameterCheckTest, BoundsTheOctetsThatWait) {
  auto check = Make({.large_chars = 1'000, .max_waiting = 100, .max_waiting_chars = 10});
  check->Submit(u"gate", Note());
  RunUntil([&] { return gate_->waiting() == 1; });
  check->Submit(u"eleven char", Note());
  check->Submit(u"x", Note());
  RunUntil([&] { return !done_.empty(); });
  EXPECT_THAT(done_, ElementsAre("RESOURCE_EXHAUSTED"));
  gate_->Open();
}

TEST_F(ParameterCheckTest, RefusesWhatIsNotUtf16) {
  auto check = Make({});
  check->Submit(std::u16string(1, char16_t{0xDC00}), Note());
  RunUntil([&] { return !done_.empty(); });
  EXPECT_THAT(done_, ElementsAre("INVALID_ARGUMENT"));
}

}  // namespace
}  // namespace ipam::server
