// FILETIME, [MS-DTYP] 2.3.3: ticks of 100 ns since 1601.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace ipam::auth {

inline constexpr std::int64_t kFileTimeOfUnixEpoch = 116'444'736'000'000'000;

inline std::uint64_t ToFileTime(absl::Time time) {
  return static_cast<std::uint64_t>(absl::ToUnixMicros(time) * 10 + kFileTimeOfUnixEpoch);
}

inline absl::Time FromFileTime(std::uint64_t ticks) {
  // No clock of a living server is beyond the signed range, in the year 30828.
  return absl::FromUnixMicros((static_cast<std::int64_t>(ticks & INT64_MAX) - kFileTimeOfUnixEpoch) / 10);
}

}  // namespace ipam::auth
