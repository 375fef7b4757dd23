#include "dcom_bridge/ipam/dhcp_lookup.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"

namespace ipam::engine {

int FamilyOf(v1::AddressFamily family) {
  if (family == v1::ADDRESS_FAMILY_INTER_NETWORK) return 4;
  return family == v1::ADDRESS_FAMILY_INTER_NETWORK_V6 ? 6 : 0;
}

absl::Status InvalidParameter(const char* what) {
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, what);
}

absl::StatusOr<v1::DhcpServer> RequireServer(Store& store, int family, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(auto server, store.dhcp.GetServer(family, id));
  if (server) return *std::move(server);
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DHCP_SERVER_RECORD_ID,
               absl::StrFormat("There is no DHCPv%d server %d.", family, id));
}

absl::StatusOr<v1::DhcpScope> RequireScope(Store& store, int family, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(auto scope, store.dhcp.GetScope(id));
  if (scope && scope->has_v6() == (family == 6)) return *std::move(scope);
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SCOPE_NOT_FOUND_IN_DB,
               absl::StrFormat("There is no DHCPv%d scope %d.", family, id));
}

absl::StatusOr<v1::DhcpReservation> RequireReservation(Store& store, int family, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(auto reservation, store.dhcp.GetReservation(id));
  if (reservation && reservation->has_v6() == (family == 6)) return *std::move(reservation);
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_RESERVATION_FAILED_TO_GET_FROM_DATABASE,
               absl::StrFormat("There is no DHCPv%d reservation %d.", family, id));
}

absl::StatusOr<v1::DhcpSuperscopeV4> RequireSuperscope(Store& store, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(auto superscope, store.dhcp.GetSuperscope(id));
  if (superscope) return *std::move(superscope);
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILED_TO_GET_SUPERSCOPES,
               absl::StrFormat("There is no superscope %d.", id));
}

absl::StatusOr<v1::DhcpPolicyV4> RequirePolicy(Store& store, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(auto policy, store.policies.Get(id));
  if (policy) return *std::move(policy);
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILED_TO_FETCH_POLICY_FROM_IPAM_DATABASE,
               absl::StrFormat("There is no policy %d.", id));
}

absl::StatusOr<v1::DhcpFailover> RequireFailover(Store& store, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(auto failover, store.failover.Get(id));
  if (failover) return *std::move(failover);
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILOVER_FAILED_TO_FETCH_FROM_IPAM_DATABASE,
               absl::StrFormat("There is no failover relationship %d.", id));
}

v1::IpamObjectType ServerType(int family) {
  return family == 4 ? v1::IPAM_OBJECT_TYPE_DHCP_SERVERV4 : v1::IPAM_OBJECT_TYPE_DHCP_SERVERV6;
}

v1::IpamObjectType ScopeType(int family) {
  return family == 4 ? v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV4 : v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV6;
}

v1::IpamObjectType ReservationType(int family) {
  return family == 4 ? v1::IPAM_OBJECT_TYPE_DHCP_RESERVATIONV4 : v1::IPAM_OBJECT_TYPE_DHCP_RESERVATIONV6;
}

absl::StatusOr<std::optional<std::int64_t>> FindAddressInScope(Store& store, std::int64_t scope,
                                                               const IpOctets& address) {
  IPAM_ASSIGN_OR_RETURN(const auto range, store.addresses.FindRangeOfScope(scope));
  if (!range) return std::nullopt;
  return store.addresses.FindAddressInRange(*range, address);
}

std::string NameOf(const v1::DhcpScope& scope) {
  return scope.scope_name().empty() ? scope.scope_id()
                                    : absl::StrFormat("%s %s", scope.scope_id(), scope.scope_name());
}

absl::StatusOr<std::string> NameOfServer(Store& store, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(std::string name, store.servers.NameOfDhcpServer(id));
  return name.empty() ? absl::StrFormat("server %d", id) : name;
}

IpInterval BoundsOf(const v1::DhcpScope& scope) {
  const auto start = ParseIp(scope.start_address());
  const auto end = ParseIp(scope.end_address());
  if (start && end) return {*start, *end};
  const IpOctets network = *ParseIp(scope.scope_id());
  const int bits = static_cast<int>(network.size()) * 8;
  const IpOctets mask = PrefixMask(Family(network), std::clamp(scope.prefix_length(), 0, bits));
  IpInterval bounds{network, network};
  for (std::size_t i = 0; i < bounds.end.size(); ++i) {
    bounds.end[i] = static_cast<std::uint8_t>(bounds.end[i] | ~mask[i]);
  }
  return bounds;
}

}  // namespace ipam::engine
