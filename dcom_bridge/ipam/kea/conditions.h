// Which clients are meant: conditions of policies, filters and classes as Kea's test expressions.
#pragma once

#include <optional>
#include <string>

#include "dcom_bridge/ipam/kea/json.h"
#include "ipam/v1/dhcp.pb.h"

namespace ipam::kea {

// Of "AA-BB-CC-DD-EE-FF", or "AABBCC*" for all that begin so; absent: not hexadecimal.
std::optional<std::string> MacTest(const std::string& mac);
// Of clients that name the class; `family` 4 or 6.
std::string UserClassTest(const v1::DhcpUserClass& user_class, int family);
std::string VendorClassTest(const v1::DhcpVendorClass& vendor_class);

// [MS-IPAMM2] 2.2.4.130. Each list is made of "EQ" or "NE" and the values that it is about; values before the first of
// them are EQ. Values of one EQ are alternatives. Absent, with a note about `policy`: Kea cannot say it.
std::optional<std::string> PolicyTest(const v1::DhcpPolicyConditionV4& condition,
                                      const v1::DhcpServer& server, const std::string& policy, Notes& notes);

}  // namespace ipam::kea
