// What ipamctl ends with: fixed, for scripts.
#pragma once

#include "ipam/progress/v1/progress.pb.h"

namespace ipam::ctl {

enum ExitCode : int {
  kSucceeded = 0,  // with warnings too
  kFailed = 1,
  kUsage = 2,
  kPartiallyFailed = 3,
  kOutcomeUnknown = 4,
  kUnreachable = 5,  // the gateway cannot be reached, or refused the call
  kCancelled = 6,
  kInterrupted = 130,
};

// Of an operation; kSucceeded for one that has not ended.
ExitCode ExitCodeOf(progress::v1::OperationState state);

// Of several operations or calls the worse one: interrupted, unreachable, unknown, partially failed, failed,
// cancelled, succeeded.
ExitCode Worse(ExitCode a, ExitCode b);

}  // namespace ipam::ctl
