// The validation events of [MS-IPAMM2] 3.1.4, as far as the delegates use them. Each returns a fault.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "dcom_bridge/ipam/ip.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/address.pb.h"
#include "ipam/v1/dhcp.pb.h"
#include "ipam/v1/dhcp_reservation.pb.h"
#include "ipam/v1/dns.pb.h"

namespace ipam::engine {

// NULL or nothing but white space.
bool IsBlank(std::string_view text);

absl::Status ValidateIpamIPAddress(const v1::IpamIPAddress& address, Store& store);  // 3.1.4.8
absl::Status ValidateAddressValue(const IpOctets& address);                          // its last two rules
absl::Status ValidateDhcpScope(const v1::DhcpScope& scope);                          // 3.1.4.9
absl::Status ValidateDhcpServer(const v1::DhcpServer& server);                       // 3.1.4.10
// 3.1.4.14; `create`: called by one of the two delegates that create policies.
absl::Status ValidateDhcpPolicy(const v1::DhcpPolicyV4& policy, bool create);
absl::Status ValidateDhcpReservation(const v1::DhcpReservation& reservation);                // 3.1.4.15
absl::Status ValidateDnsResourceRecord(const v1::DnsResourceRecord& record);                 // 3.1.4.24
absl::Status ValidateBaseDnsServerZone(const v1::BaseDnsServerZone& zone);                   // 3.1.4.25
absl::Status ValidateDnsConditionalForwarder(const v1::DnsConditionalForwarder& forwarder);  // 3.1.4.26

}  // namespace ipam::engine
