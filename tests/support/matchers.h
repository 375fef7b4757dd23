// EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("byte 4")));
// EXPECT_OK(status_or);
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ipam::test_support {

inline const absl::Status& GetStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

MATCHER_P2(StatusIs, code, message, "") {
  const absl::Status& status = GetStatus(arg);
  *result_listener << "whose status is " << status.ToString();
  return status.code() == code &&
         ::testing::ExplainMatchResult(message, std::string(status.message()), result_listener);
}
MATCHER_P(StatusIs, code, "") {
  *result_listener << "whose status is " << GetStatus(arg).ToString();
  return GetStatus(arg).code() == code;
}
MATCHER(IsOk, "") {
  *result_listener << "whose status is " << GetStatus(arg).ToString();
  return GetStatus(arg).ok();
}

}  // namespace ipam::test_support

#define EXPECT_OK(expr) EXPECT_THAT(expr, ::ipam::test_support::IsOk())
#define ASSERT_OK(expr) ASSERT_THAT(expr, ::ipam::test_support::IsOk())
