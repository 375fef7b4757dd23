// Failover relationships as Kea's high availability hook.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/dhcp_actuator.h"
#include "dcom_bridge/ipam/kea/json.h"
#include "dcom_bridge/ipam/kea/subnets.h"

namespace ipam::kea {

// How the servers of a relationship reach each other.
struct Peers {
  std::map<std::int64_t, std::string> urls;  // of the HA hook's control channel, by the server's record id
  std::string hooks_directory = "/usr/lib/x86_64-linux-gnu/kea/hooks";  // on the host of Kea
};

struct HighAvailability {
  Json hooks = Json::array();      // hooks-libraries
  std::optional<LoadShare> share;  // of load balancing servers
};

// Kea has one relationship for each server, which covers all its scopes. kInvalidArgument: the view has several, or a
// peer has no address.
absl::StatusOr<HighAvailability> ProjectFailover(const engine::DhcpView& view, const Peers& peers,
                                                 Notes& notes);

}  // namespace ipam::kea
