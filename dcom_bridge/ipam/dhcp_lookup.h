// Rows of the DHCP tables that a request refers to by their record ids: each is there, or the fault that says
// which is missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/ip.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/dhcp.pb.h"
#include "ipam/v1/dhcp_failover.pb.h"
#include "ipam/v1/dhcp_reservation.pb.h"
#include "ipam/v1/enums.pb.h"

namespace ipam::engine {

// 4 or 6; 0: neither InterNetwork nor InterNetworkV6.
int FamilyOf(v1::AddressFamily family);

// The fault of parameters that lack what their delegate's first steps demand.
absl::Status InvalidParameter(const char* what);

absl::StatusOr<v1::DhcpServer> RequireServer(Store& store, int family, std::int64_t id);
absl::StatusOr<v1::DhcpScope> RequireScope(Store& store, int family, std::int64_t id);
absl::StatusOr<v1::DhcpReservation> RequireReservation(Store& store, int family, std::int64_t id);
absl::StatusOr<v1::DhcpSuperscopeV4> RequireSuperscope(Store& store, std::int64_t id);
absl::StatusOr<v1::DhcpPolicyV4> RequirePolicy(Store& store, std::int64_t id);
absl::StatusOr<v1::DhcpFailover> RequireFailover(Store& store, std::int64_t id);

v1::IpamObjectType ServerType(int family);
v1::IpamObjectType ScopeType(int family);
v1::IpamObjectType ReservationType(int family);

// The address in the range of the scope; absent: it is none of IPAM's.
absl::StatusOr<std::optional<std::int64_t>> FindAddressInScope(Store& store, std::int64_t scope,
                                                               const IpOctets& address);

// "192.168.8.0 Shipping"
std::string NameOf(const v1::DhcpScope& scope);
// "dhcp1.ad.example.org", or "server 17" of one without a name.
absl::StatusOr<std::string> NameOfServer(Store& store, std::int64_t id);
// Of a scope that is valid: a DHCPv6 scope without bounds is its whole prefix.
IpInterval BoundsOf(const v1::DhcpScope& scope);

}  // namespace ipam::engine
