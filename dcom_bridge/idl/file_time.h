// FILETIME [MS-DTYP] 2.3.3 as one integer: units of 100 ns since 1601-01-01 UTC.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace ipam::idl {

absl::Time FromFileTime(std::uint64_t ticks);
// Rounded down; times before 1601 are 0.
std::uint64_t ToFileTime(absl::Time time);

}  // namespace ipam::idl
