// The mapping of address ranges to blocks and addresses, [MS-IPAMM2] 3.1.4.7.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/address.pb.h"

namespace ipam::engine {

// SetIPRangeMapping of a range that is not in the store: adds it, and a subnet where no block encloses it
// (createSubnetIfDoesNotExist, discrepancies F.4). Returns its record id. ResetCurrentIPRangeMapping has
// nothing to reset for it. The exclusions of a range that belongs to a scope are the scope's.
absl::StatusOr<std::int64_t> AddMappedRange(v1::IPRange range, Store& store);

}  // namespace ipam::engine
