// Client classes: policies, options of user and vendor classes, filters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dcom_bridge/ipam/dhcp_actuator.h"
#include "dcom_bridge/ipam/ip.h"
#include "dcom_bridge/ipam/kea/json.h"
#include "dcom_bridge/ipam/kea/options.h"

namespace ipam::kea {

struct GuardedRange {
  engine::IpInterval range;
  std::string client_class;
};

struct Classes {
  Json definitions = Json::array();  // client-classes, in the order of their evaluation
  std::map<std::int64_t, std::vector<std::string>> required;  // require-client-classes of a scope
  std::map<std::int64_t, std::vector<GuardedRange>> ranges;   // parts of a scope that are for one class alone
};

Classes ProjectClasses(const engine::DhcpView& view, const OptionDefinitions& definitions, Notes& notes);

// The options of an owner that all its clients get.
std::vector<const v1::DhcpOption*> CommonOptions(const v1::DhcpOptionCollection& options,
                                                 const OptionDefinitions& definitions);

}  // namespace ipam::kea
