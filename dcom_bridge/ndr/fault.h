// The fault that answers a request whose stub cannot be decoded.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace ipam::ndr {

// nca_s_fault_invalid_bound, [C706] Appendix E: RPC_X_INVALID_BOUND to the client, [MS-RPCE] 3.1.1.5.5.
inline constexpr std::uint32_t kFaultInvalidBound = 0x1C000007;
// RPC_X_BAD_STUB_DATA, [MS-RPCE] 3.1.3.5.2.
inline constexpr std::uint32_t kFaultBadStubData = 0x000006F7;

// For a status that Reader::status() or Decode() gave.
std::uint32_t FaultStatus(const absl::Status& status);

}  // namespace ipam::ndr
