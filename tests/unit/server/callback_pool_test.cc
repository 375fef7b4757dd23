#include "dcom_bridge/server/callback_pool.h"

#include <gmock/gmock.h>

#include "tests/support/matchers.h"
#include "world.h"

namespace ipam::server {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::HasSubstr;

class CallbackPoolTest : public World {
 protected:
  std::unique_ptr<Callback> OpenOne(const orpc::MInterfacePointer& pointer, absl::Status* why = nullptr) {
    std::unique_ptr<Callback> opened;
    bool done = false;
    sessions_->OpenCallback({"DOM", "gw"}, *pointer.Parse(), {},
                            [&](absl::StatusOr<std::unique_ptr<Callback>> callback) {
                              done = true;
                              if (callback.ok()) opened = *std::move(callback);
                              if (why != nullptr) *why = callback.status();
                            });
    RunUntil([&] { return done; });
    return opened;
  }
};

TEST_F(CallbackPoolTest, KeepsTheConnectionWhileACallbackIsHeldOverIt) {
  Open();
  const auto recorder = std::make_shared<Recorder>();
  auto first = OpenOne(gateway_->Export(recorder));
  auto second = OpenOne(gateway_->Export(std::make_shared<Recorder>()));
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  EXPECT_TRUE(first->batched());
  EXPECT_EQ(gateway_->listener->connections(), 1u);
  first.reset();
  RunUntil([&] { return recorder->released == 1; });
  Settle();
  EXPECT_EQ(gateway_->listener->connections(), 1u);
  second.reset();
  RunUntil([&] { return gateway_->listener->connections() == 0; });
}

TEST_F(CallbackPoolTest, RefusesWhoseSecretIsNotThere) {
  callback_options_.account = "DOM\\nobody";
  Open();
  absl::Status why;
  EXPECT_EQ(OpenOne(gateway_->Export(std::make_shared<Recorder>()), &why), nullptr);
  EXPECT_THAT(why, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("DOM\\nobody")));
}

TEST_F(CallbackPoolTest, CallsBackAsTheAccountThatIsNamed) {
  callback_options_.account = "DOM\\admin";
  Open();
  const orpc::ExportOptions only_admin{.only_caller = auth::Principal{.domain = "DOM", .user = "admin"}};
  EXPECT_NE(OpenOne(gateway_->Export(std::make_shared<Recorder>(), only_admin)), nullptr);
}

TEST_F(CallbackPoolTest, OpeningIsBoundedInTimeAndWhatComesLateIsGivenBack) {
  callback_options_.open_timeout = absl::ZeroDuration();
  Open();
  const auto recorder = std::make_shared<Recorder>();
  absl::Status why;
  EXPECT_EQ(OpenOne(gateway_->Export(recorder), &why), nullptr);
  EXPECT_THAT(why, StatusIs(absl::StatusCode::kDeadlineExceeded));
  RunUntil([&] { return recorder->released == 1; });
}

TEST_F(CallbackPoolTest, ACallbackMayOutliveThePool) {
  Open();
  auto held = OpenOne(gateway_->Export(std::make_shared<Recorder>()));
  ASSERT_NE(held, nullptr);
  Close();
  server_.reset();
  held.reset();
}

}  // namespace
}  // namespace ipam::server
