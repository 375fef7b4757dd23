// Options and their definitions, [MS-IPAMM2] 2.2.4.120 and 122, as Kea's option-data and option-def.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "dcom_bridge/ipam/kea/json.h"
#include "ipam/v1/dhcp.pb.h"

namespace ipam::kea {

// The definitions of one server, by record id.
class OptionDefinitions {
 public:
  explicit OptionDefinitions(const v1::DhcpServer& server);

  int family() const { return family_; }
  // "dhcp4" or "dhcp6"; of a vendor class its own space.
  std::string SpaceOf(const v1::DhcpOption& option) const;
  // option-def for what Kea does not know by itself; standard options keep Kea's own definition.
  Json Custom(Notes& notes) const;
  // option-data; absent, with a note, for values that have no form there. `owner` is who has the option, for the note.
  std::optional<Json> Data(const v1::DhcpOption& option, const std::string& owner, Notes& notes) const;
  // The whole definition of an option that names it by record id, or by number and vendor class.
  const v1::DhcpOptionDefinition& Of(const v1::DhcpOption& option) const;

 private:
  int family_;
  std::map<std::int64_t, v1::DhcpOptionDefinition> by_id_;
};

// The space of a vendor class's options.
std::string VendorSpace(std::int64_t vendor_class);

}  // namespace ipam::kea
