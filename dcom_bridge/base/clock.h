// Time as a parameter: machines take `now`, owners of a clock take this. Tests use FakeClock of
// tests/support.
#pragma once

#include <chrono>

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

// Starts at the wall clock's time and never steps: for deadlines that hold while somebody sets the clock.
class SteadyClock final : public Clock {
 public:
  absl::Time Now() override {
    return start_ + absl::FromChrono(std::chrono::steady_clock::now() - steady_start_);
  }

 private:
  const absl::Time start_ = absl::Now();
  const std::chrono::steady_clock::time_point steady_start_ = std::chrono::steady_clock::now();
};

}  // namespace ipam::base
