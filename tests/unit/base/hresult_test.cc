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

}  // namespace
}  // namespace ipam::base
