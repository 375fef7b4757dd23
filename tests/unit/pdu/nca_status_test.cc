#include "dcom_bridge/pdu/nca_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace ipam::pdu {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(NcaStatus, MapsKnownFaults) {
  EXPECT_THAT(ToStatus(kAccessDenied, "call"),
              StatusIs(absl::StatusCode::kPermissionDenied, "call: ERROR_ACCESS_DENIED (0x00000005)"));
  EXPECT_THAT(ToStatus(kOperationRange, "call"), StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(ToStatus(kServerTooBusy, "call"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(NcaStatus, MapsHresults) {
  EXPECT_THAT(ToStatus(NcaStatus{0x80010108}, "call"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("RPC_E_DISCONNECTED")));
}

TEST(NcaStatus, IsNeverOk) {
  EXPECT_FALSE(ToStatus(NcaStatus{0}, "call").ok());
  EXPECT_FALSE(ToStatus(NcaStatus{0x1C0100FF}, "call").ok());
}

TEST(NcaStatus, KnowsWhatNoServerMaySend) {
  EXPECT_TRUE(IsForbiddenFault(NcaStatus{0}));
  EXPECT_TRUE(IsForbiddenFault(NcaStatus{0xC0000005}));
  EXPECT_FALSE(IsForbiddenFault(kAccessDenied));
}

}  // namespace
}  // namespace ipam::pdu
