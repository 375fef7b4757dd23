// FILETIME, [MS-DTYP] 2.3.3: ticks of 100 ns since 1601.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace ipam::auth {

inline constexpr std::int64_t kFileTimeOfUnixEpoch = 116'444'736'000'000'000;

inline std::uint64_t ToFileTime(absl::Time time) {
  return static_cast<std::uint64_t>(absl::ToUnixMicros(time) * 10 + kFileTimeOfUnixEpoch);
}

}  // namespace ipam::auth
