// The entries of an exclusion collection's operation tracker as entities.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "dcom_bridge/ipam/ip.h"
#include "dcom_bridge/ipam/step_delegate.h"
#include "ipam/v1/dhcp_definition.pb.h"

namespace ipam::engine {

struct ExclusionPlace {
  RowRef scope;
  std::string scope_id;
  IpInterval bounds;  // of the scope
  std::string server_name;
  std::optional<std::size_t> needs;
};

// Add and Delete; the partner values are used by no step (discrepancies F.9).
void AddExclusionSteps(const v1::DhcpExclusionRangeCollection& exclusions, const ExclusionPlace& place,
                       StepList& steps);

}  // namespace ipam::engine
