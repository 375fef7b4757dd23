// What a server's configuration becomes: what IPAM manages as the store says, all else as it is.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/dhcp_actuator.h"
#include "dcom_bridge/ipam/kea/failover.h"
#include "dcom_bridge/ipam/kea/json.h"

namespace ipam::kea {

struct Wanted {
  Json configuration;                    // {"Dhcp4": ...}, for config-test and config-set
  std::vector<std::string> unexpressed;  // what `current` did not leave unexpressed already
  // `current` has all of it, made by an earlier change; and what that one was the first to leave unexpressed.
  bool there = false;
  std::vector<std::string> told;
};

// `current` is the answer of config-get. kInvalidArgument: the view, or `current`, is not what Kea can have.
absl::StatusOr<Wanted> Configure(const engine::DhcpView& view, const Peers& peers, const Json& current);

}  // namespace ipam::kea
