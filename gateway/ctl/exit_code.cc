#include "gateway/ctl/exit_code.h"

#include <algorithm>
#include <iterator>

namespace ipam::ctl {

ExitCode ExitCodeOf(progress::v1::OperationState state) {
  switch (state) {
    case progress::v1::OPERATION_STATE_FAILED:
      return kFailed;
    case progress::v1::OPERATION_STATE_PARTIALLY_FAILED:
      return kPartiallyFailed;
    case progress::v1::OPERATION_STATE_CANCELLED:
      return kCancelled;
    case progress::v1::OPERATION_STATE_OUTCOME_UNKNOWN:
      return kOutcomeUnknown;
    default:  // of an open enum: what a newer gateway may add is no failure by itself
      return kSucceeded;
  }
}

ExitCode Worse(ExitCode a, ExitCode b) {
  constexpr ExitCode kOrder[] = {kInterrupted,     kUsage,  kUnreachable, kOutcomeUnknown,
                                 kPartiallyFailed, kFailed, kCancelled,   kSucceeded};
  const auto rank = [&](ExitCode code) { return std::find(std::begin(kOrder), std::end(kOrder), code); };
  return rank(a) < rank(b) ? a : b;
}

}  // namespace ipam::ctl
