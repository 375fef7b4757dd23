// Failover relationships as Kea's high availability hook.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/dhcp_actuator.h"
#include "dcom_bridge/ipam/kea/json.h"
#include "dcom_bridge/ipam/kea/subnets.h"

namespace ipam::kea {

// How the two servers of a relationship reach each other.
struct Peers {
  std::string first_url;  // of server 1, for the control channel of the hook
  std::string second_url;
  std::string hooks_directory;  // on the host of Kea
};

struct HighAvailability {
  Json hooks = Json::array();      // hooks-libraries
  std::optional<LoadShare> share;  // of load balancing servers
};

// Kea has one relationship for each server, which covers all its scopes. kInvalidArgument: the view has several, or a
// peer has no address.
absl::StatusOr<HighAvailability> ProjectFailover(const engine::DhcpView& view,
                                                 const std::optional<Peers>& peers, Notes& notes);

}  // namespace ipam::kea
