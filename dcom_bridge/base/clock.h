// Time as a parameter: machines take `now`, owners of a clock take this. Tests use FakeClock of
// tests/support.
#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace ipam::base {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall clock, for what users read. Any thread.
  virtual absl::Time Now() = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() override { return absl::Now(); }
};

}  // namespace ipam::base
