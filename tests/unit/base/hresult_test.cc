#include "dcom_bridge/base/hresult.h"

#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace ipam::base {
namespace {

using test_support::StatusIs;

TEST(HResult, MapsToTheStatusOfItsMeaning) {
  EXPECT_OK(ToStatus(kOk, "x"));
  EXPECT_OK(ToStatus(kFalse, "x"));
  EXPECT_THAT(
      ToStatus(kInvalidArgument, "StartOperationWithCallback"),
      StatusIs(absl::StatusCode::kInvalidArgument, "StartOperationWithCallback: E_INVALIDARG (0x80070057)"));
  EXPECT_THAT(ToStatus(kAccessDenied, "x"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(ToStatus(HResult{0x8badf00d}, "x"), StatusIs(absl::StatusCode::kUnknown, "x: 0x8BADF00D"));
}

// What peers compare with, by the numbers of [MS-ERREF] 2.1.
TEST(HResult, HasTheNumbersOfTheResultsThatPeersTellApart) {
  EXPECT_EQ(kRpcDisconnected.value, 0x80010108);
  EXPECT_EQ(kRpcInvalidObject.value, 0x80010114);
  EXPECT_EQ(kClassNotRegistered.value, 0x80040154);
  EXPECT_EQ(kObjectNotRegistered.value, 0x800401FB);
}

}  // namespace
}  // namespace ipam::base
