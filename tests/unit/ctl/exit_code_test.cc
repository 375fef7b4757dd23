#include "gateway/ctl/exit_code.h"

#include <gtest/gtest.h>

#include <vector>

namespace ipam::ctl {
namespace {

TEST(ExitCodeOf, IsTheOneOfTheContract) {
  const struct {
    progress::v1::OperationState state;
    int code;
  } cases[] = {
      {progress::v1::OPERATION_STATE_PENDING, 0},
      {progress::v1::OPERATION_STATE_RUNNING, 0},
      {progress::v1::OPERATION_STATE_SUCCEEDED, 0},
      {progress::v1::OPERATION_STATE_SUCCEEDED_WITH_WARNINGS, 0},
      {progress::v1::OPERATION_STATE_FAILED, 1},
      {progress::v1::OPERATION_STATE_PARTIALLY_FAILED, 3},
      {progress::v1::OPERATION_STATE_OUTCOME_UNKNOWN, 4},
      {progress::v1::OPERATION_STATE_CANCELLED, 6},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(static_cast<int>(ExitCodeOf(c.state)), c.code) << progress::v1::OperationState_Name(c.state);
  }
}

TEST(Worse, OrdersEveryPair) {
  const std::vector<int> from_worst = {130, 2, 5, 4, 3, 1, 6, 0};
  for (std::size_t i = 0; i < from_worst.size(); ++i) {
    for (std::size_t j = i; j < from_worst.size(); ++j) {
      const auto a = static_cast<ExitCode>(from_worst[i]);
      const auto b = static_cast<ExitCode>(from_worst[j]);
      EXPECT_EQ(Worse(a, b), a);
      EXPECT_EQ(Worse(b, a), a);
    }
  }
}

}  // namespace
}  // namespace ipam::ctl
