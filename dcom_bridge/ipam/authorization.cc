#include "dcom_bridge/ipam/authorization.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/model/operations.h"

namespace ipam::engine {
namespace {

struct Object {
  v1::IpamObjectType type = v1::IPAM_OBJECT_TYPE_NONE;
  std::int64_t id = 0;
};

// The objects whose access scope counts. What is about to be made has none: then it is that of what it is
// made in (discrepancies G.3).
absl::StatusOr<std::vector<Object>> ObjectsOf(const v1::OperationParameters& parameters, Store& store) {
  std::vector<Object> objects;
  switch (parameters.variant_case()) {
    case v1::OperationParameters::kCreateDhcpScope: {
      const v1::DhcpScope& scope = parameters.create_dhcp_scope().scope();
      objects.push_back(
          {scope.has_v6() ? v1::IPAM_OBJECT_TYPE_DHCP_SERVERV6 : v1::IPAM_OBJECT_TYPE_DHCP_SERVERV4,
           scope.parent_dhcp_server_record_id()});
      break;
    }
    case v1::OperationParameters::kCreateDhcpReservation: {
      const auto& create = parameters.create_dhcp_reservation();
      objects.push_back({create.reservation().has_v6() ? v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV6
                                                       : v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV4,
                         create.scope_record_id()});
      break;
    }
    case v1::OperationParameters::kDhcpFailoverWithScopes: {
      const v1::DhcpFailover& failover = parameters.dhcp_failover_with_scopes().failover();
      for (const std::int64_t server : {failover.server1_record_id(), failover.server2_record_id()}) {
        if (server != 0) objects.push_back({v1::IPAM_OBJECT_TYPE_DHCP_SERVERV4, server});
      }
      break;
    }
    case v1::OperationParameters::kCreateIpamIpAddress: {
      const v1::IpamIPAddress& address = parameters.create_ipam_ip_address().address();
      const auto octets = ParseIp(address.address());
      if (!octets) break;
      IPAM_ASSIGN_OR_RETURN(const auto range,
                            store.addresses.FindRangeOf(*octets, address.address_space_record_id(),
                                                        ManagementOf(address.custom_field_values())));
      if (range) objects.push_back({RangeType(Family(*octets)), *range});
      break;
    }
    case v1::OperationParameters::kCreateDnsResourceRecords: {
      const auto& create = parameters.create_dns_resource_records();
      const bool reverse = create.zone_type() == v1::ZONE_LOOKUP_TYPE_DNS_REVERSE_LOOKUP_ZONE;
      IPAM_ASSIGN_OR_RETURN(
          const auto zone,
          store.dns.GetServerZone(reverse ? Lookup::kReverse : Lookup::kForward, create.server_zone_id()));
      if (!zone) break;
      objects.push_back({reverse ? v1::IPAM_OBJECT_TYPE_DNS_REVERSE_LOOKUP_ZONE
                                 : v1::IPAM_OBJECT_TYPE_DNS_FORWARD_LOOKUP_ZONE,
                         zone->zone_id});
      break;
    }
    case v1::OperationParameters::kCreateDnsZone:
      objects.push_back({v1::IPAM_OBJECT_TYPE_DNS_SERVER, parameters.create_dns_zone().server_id()});
      break;
    default:
      break;
  }
  return objects;
}

}  // namespace

Authorization::Authorization(std::vector<std::string> administrators)
    : administrators_(std::move(administrators)) {}

bool Authorization::IsAdministrator(const Caller& caller) const { return IsListed(caller, administrators_); }

absl::Status Authorization::Check(const Caller& caller, const v1::OperationParameters& parameters,
                                  Store& store) const {
  if (IsAdministrator(caller)) return absl::OkStatus();
  const std::string qualified = caller.Name();
  const model::Operation* operation = model::FindOperation(static_cast<int>(parameters.operation_id()));
  const std::string rbac(operation == nullptr ? std::string_view() : operation->rbac_operation);
  IPAM_ASSIGN_OR_RETURN(std::vector<Object> objects, ObjectsOf(parameters, store));
  std::vector<std::int64_t> scopes;
  for (const Object& object : objects) {
    IPAM_ASSIGN_OR_RETURN(const std::int64_t scope, store.access.ScopeOf(object.type, object.id));
    scopes.push_back(scope);
  }
  if (scopes.empty()) scopes.push_back(kGlobalAccessScope);
  // Every object has to pass; the ids of access scopes have to be equal (discrepancies G.4), and what no
  // policy allows is denied (G.5).
  for (const std::int64_t scope : scopes) {
    IPAM_ASSIGN_OR_RETURN(const bool allowed, store.access.Allows(caller.user, qualified, rbac, scope));
    if (!allowed) {
      return absl::PermissionDeniedError(
          absl::StrFormat("%s is not allowed to perform %s in the access scope %d", qualified, rbac, scope));
    }
  }
  return absl::OkStatus();
}

}  // namespace ipam::engine
