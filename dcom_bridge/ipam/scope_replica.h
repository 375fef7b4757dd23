// A scope of a failover relationship on the partner server, [MS-IPAMM2] 3.19.4.4.1.29.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/dhcp.pb.h"

namespace ipam::engine {

struct Partner {
  std::int64_t relation = 0;
  std::int64_t server = 0;
};

// Absent: the scope is in no relationship, or in one of other servers.
absl::StatusOr<std::optional<Partner>> PartnerOf(const v1::DhcpScope& scope, Store& store);

// Makes the scope with the record id `scope` on the partner server, or makes the one with its ScopeId there like it:
// properties, options, exclusions, address range, policies and reservations, so that both are in sync; superscope and
// access scope of the one that is there stay. Its record id. Options are named by their definitions and user classes,
// which the partner has to have. A new scope comes into the relationship too.
absl::StatusOr<std::int64_t> PutReplica(std::int64_t scope, Store& store);

}  // namespace ipam::engine
