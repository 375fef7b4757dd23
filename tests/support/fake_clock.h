#pragma once

#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"

namespace ipam::test_support {

// Stands still until a test moves it. One thread.
class FakeClock final : public base::Clock {
 public:
  absl::Time Now() override { return now_; }
  void Advance(absl::Duration by) { now_ += by; }
  void Set(absl::Time now) { now_ = now; }

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

}  // namespace ipam::test_support
