// The mapping of address ranges to blocks and addresses, [MS-IPAMM2] 3.1.4.7.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/address.pb.h"

namespace ipam::engine {

// SetIPRangeMapping: adds the range, or with a record id changes the one that is there; and a subnet where no
// block encloses it (createSubnetIfDoesNotExist, discrepancies F.4). Returns its record id. The exclusions of a
// range that belongs to a scope are the scope's.
absl::StatusOr<std::int64_t> MapRange(v1::IPRange range, Store& store);

// ResetCurrentIPRangeMapping, 3.1.1.1.1.2.4, of a range before it is changed: what overlaps only it overlaps
// nothing now, and its addresses belong to no range. Exclusions that have just been taken out or put in count
// too: all ranges within its bounds are looked at.
absl::Status ResetRangeMapping(const v1::IPRange& range, Store& store);

// What 3.3.4.32 says of the ranges that a deleted one overlapped.
absl::Status RecomputeOverlaps(const IpInterval& bounds, std::int64_t space, std::int64_t exclude,
                               Store& store);

}  // namespace ipam::engine
