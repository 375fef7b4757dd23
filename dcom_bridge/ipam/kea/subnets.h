// Scopes with their exclusions, options and reservations as subnets; superscopes as shared networks.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/dhcp_actuator.h"
#include "dcom_bridge/ipam/kea/classes.h"
#include "dcom_bridge/ipam/kea/json.h"
#include "dcom_bridge/ipam/kea/options.h"

namespace ipam::kea {

// The share of a pool, in percent, that the first of two load balancing servers serves.
struct LoadShare {
  std::uint32_t first = 50;
};

struct Networks {
  Json subnets = Json::array();          // those in no shared network
  Json shared_networks = Json::array();  // with their subnets
};

// kInvalidArgument: a scope that no subnet can stand for.
absl::StatusOr<Networks> ProjectNetworks(const engine::DhcpView& view, const OptionDefinitions& definitions,
                                         const Classes& classes, std::optional<LoadShare> share,
                                         Notes& notes);

// The clients of no scope: what guards a scope that is not active.
inline constexpr const char* kNobody = "ipam-nobody";

}  // namespace ipam::kea
