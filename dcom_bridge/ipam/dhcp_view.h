// What the store says of one DHCP server. The engine's thread.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/dhcp_actuator.h"
#include "dcom_bridge/ipam/store.h"

namespace ipam::engine {

// kNotFound: there is no such server.
absl::StatusOr<DhcpView> ReadDhcpView(Store& store, std::int64_t server_id);

}  // namespace ipam::engine
