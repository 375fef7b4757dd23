#include "dcom_bridge/idl/file_time.h"

#include <algorithm>

namespace ipam::idl {
namespace {

constexpr std::int64_t kEpochSeconds = -11'644'473'600;  // 1601-01-01 seen from 1970-01-01
constexpr std::uint64_t kTicksPerSecond = 10'000'000;

}  // namespace

absl::Time FromFileTime(std::uint64_t ticks) {
  return absl::FromUnixSeconds(kEpochSeconds + static_cast<std::int64_t>(ticks / kTicksPerSecond)) +
         absl::Nanoseconds(100 * static_cast<std::int64_t>(ticks % kTicksPerSecond));
}

std::uint64_t ToFileTime(absl::Time time) {
  absl::Duration rest;
  const std::int64_t ticks =
      absl::IDivDuration(time - absl::FromUnixSeconds(kEpochSeconds), absl::Nanoseconds(100), &rest);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(ticks, 0));
}

}  // namespace ipam::idl
