// The address range that belongs to a DHCP scope, [MS-IPAMM2] 3.19.4.4.1.3.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/dhcp.pb.h"

namespace ipam::engine {

// Makes or changes the range of the scope with the record id, by what the scope says, and maps it anew. Its record id.
absl::StatusOr<std::int64_t> PutRangeOfScope(const v1::DhcpScope& scope, std::int64_t id,
                                             const std::string& server_name, Store& store);

}  // namespace ipam::engine
