#include "dcom_bridge/ipam/access_objects.h"

#include <optional>
#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/dns_lookup.h"

namespace ipam::engine {
namespace {

class Collector {
 public:
  explicit Collector(Store& store) : store_(store) {}

  absl::Status Collect(const v1::OperationParameters& parameters);
  std::vector<AccessObject> Take() { return std::move(objects_); }

 private:
  using Ids = google::protobuf::RepeatedField<std::int64_t>;

  void Add(v1::IpamObjectType type, std::int64_t id, std::string_view operation = {}) {
    if (id != 0) objects_.push_back({type, id, operation});
  }
  void AddAll(v1::IpamObjectType type, const Ids& ids) {
    for (const std::int64_t id : ids) Add(type, id);
  }
  absl::Status AddScope(const v1::DhcpScope& scope);
  absl::Status AddSuperscope(const v1::DhcpSuperscopeV4& superscope);
  absl::Status AddSuperscopesOf(const Ids& scopes);
  absl::Status AddPolicy(const v1::DhcpPolicyV4& policy);
  absl::Status AddScopesOf(const Ids& reservations);
  absl::Status AddFailover(const v1::DhcpFailover& failover);
  absl::Status AddServersOf(const Ids& scopes);
  template <typename Filters>
  void AddServersOfFilters(const Filters& filters) {
    for (const v1::DhcpFilter& filter : filters) Add(ServerType(4), filter.server_record_id());
  }
  absl::Status AddRangeOf(const v1::IpamIPAddress& address);
  absl::Status AddRangesOf(const v1::UpdateIpamIPAddressParameters& update);
  absl::Status AddReservationAndLookups(const v1::IpamIPAddress& address, bool reservation, bool lookups);
  absl::Status AddNewZone(const v1::CreateDnsZoneParameters& create);
  absl::Status AddHostedZones(v1::ZoneLookupType type, const Ids& server_zones);
  absl::Status AddHostedZone(Lookup lookup, std::int64_t server_zone);
  void AddRecords(const google::protobuf::RepeatedPtrField<v1::DnsResourceRecord>& records) {
    for (const auto& record : records) Add(v1::IPAM_OBJECT_TYPE_DNS_RESOURCE_RECORD, record.record_id());
  }
  absl::Status AddForwarder(const v1::DnsConditionalForwarder& forwarder);

  Store& store_;
  std::vector<AccessObject> objects_;
};

// Named by its record id, or by its ScopeId on its server.
absl::Status Collector::AddScope(const v1::DhcpScope& scope) {
  const int family = scope.has_v6() ? 6 : 4;
  if (scope.record_id() != 0) {
    Add(ScopeType(family), scope.record_id());
    return absl::OkStatus();
  }
  const auto scope_id = ParseIp(scope.scope_id());
  if (!scope_id) return absl::OkStatus();
  IPAM_ASSIGN_OR_RETURN(const auto found,
                        store_.dhcp.FindScope(family, *scope_id, scope.parent_dhcp_server_record_id()));
  Add(ScopeType(family), found.value_or(0));
  return absl::OkStatus();
}

absl::Status Collector::AddSuperscope(const v1::DhcpSuperscopeV4& superscope) {
  IPAM_ASSIGN_OR_RETURN(const auto row, store_.dhcp.GetSuperscope(superscope.record_id()));
  if (row) {
    Add(v1::IPAM_OBJECT_TYPE_DHCP_SUPERSCOPE_V4, row->record_id());
  } else {
    Add(ServerType(4),
        superscope.parent_server_id() != 0 ? superscope.parent_server_id() : superscope.server().record_id());
  }
  return absl::OkStatus();
}

absl::Status Collector::AddSuperscopesOf(const Ids& scopes) {
  for (const std::int64_t id : scopes) {
    IPAM_ASSIGN_OR_RETURN(const auto scope, store_.dhcp.GetScope(id));
    if (scope) Add(v1::IPAM_OBJECT_TYPE_DHCP_SUPERSCOPE_V4, scope->v4().superscope_record_id());
  }
  return absl::OkStatus();
}

// Where it is, and where the request wants it.
absl::Status Collector::AddPolicy(const v1::DhcpPolicyV4& policy) {
  const auto add = [this](const v1::DhcpPolicyV4& of) {
    const std::int64_t scope = of.has_scope() ? of.scope().record_id() : of.scope_record_id();
    const std::int64_t server = of.has_server() ? of.server().record_id() : of.server_record_id();
    if (scope != 0) {
      Add(ScopeType(4), scope);
    } else {
      Add(ServerType(4), server);
    }
  };
  IPAM_ASSIGN_OR_RETURN(const auto row, store_.policies.Get(policy.policy_id()));
  if (row) add(*row);
  add(policy);
  return absl::OkStatus();
}

absl::Status Collector::AddScopesOf(const Ids& reservations) {
  for (const std::int64_t id : reservations) {
    IPAM_ASSIGN_OR_RETURN(const auto row, store_.dhcp.GetReservation(id));
    if (row) Add(ScopeType(row->has_v6() ? 6 : 4), row->parent_scope().record_id());
  }
  return absl::OkStatus();
}

// Of the row, and those that the request wants.
absl::Status Collector::AddFailover(const v1::DhcpFailover& failover) {
  const auto add = [this](const v1::DhcpFailover& of) {
    Add(ServerType(4), of.server1_record_id());
    Add(ServerType(4), of.server2_record_id());
  };
  IPAM_ASSIGN_OR_RETURN(const auto row, store_.failover.Get(failover.record_id()));
  if (row) add(*row);
  add(failover);
  return absl::OkStatus();
}

// Those of the relationships that they are in, and their own.
absl::Status Collector::AddServersOf(const Ids& scopes) {
  for (const std::int64_t id : scopes) {
    IPAM_ASSIGN_OR_RETURN(const auto scope, store_.dhcp.GetScope(id));
    if (scope) Add(ServerType(4), scope->parent_dhcp_server_record_id());
    IPAM_ASSIGN_OR_RETURN(const auto failover, store_.failover.RelationOf(id));
    if (failover) IPAM_RETURN_IF_ERROR(AddFailover(*failover));
  }
  return absl::OkStatus();
}

absl::Status Collector::AddRangeOf(const v1::IpamIPAddress& address) {
  const auto octets = ParseIp(address.address());
  if (!octets) return absl::OkStatus();
  const std::int64_t space = address.address_space_record_id();
  IPAM_ASSIGN_OR_RETURN(const auto range,
                        store_.addresses.FindRangeOf(*octets, space == 0 ? kDefaultAddressSpace : space,
                                                     ManagementOf(address.custom_field_values())));
  Add(RangeType(Family(*octets)), range.value_or(0));
  return absl::OkStatus();
}

// Where it is, and where the request wants it.
absl::Status Collector::AddRangesOf(const v1::UpdateIpamIPAddressParameters& update) {
  IPAM_ASSIGN_OR_RETURN(const auto row, store_.addresses.GetAddress(update.old_address().record_id()));
  if (row) Add(RangeType(row->has_v6() ? 6 : 4), row->parent_ip_range_record_id());
  return AddRangeOf(update.address());
}

// The suboperations of CreateIpamIPAddress and UpdateIpamIPAddress: what of its own kind would be asked for.
absl::Status Collector::AddReservationAndLookups(const v1::IpamIPAddress& address, bool reservation,
                                                 bool lookups) {
  if (reservation && address.dhcp_scope_id() != 0) {
    constexpr std::string_view kReserve = "MsmDhcpScopeCreateOrEditAddressReservation";
    IPAM_ASSIGN_OR_RETURN(const auto row, store_.dhcp.GetReservation(address.reservation_record_id()));
    if (row) Add(ScopeType(row->has_v6() ? 6 : 4), row->parent_scope().record_id(), kReserve);
    Add(ScopeType(address.has_v6() ? 6 : 4), address.dhcp_scope_id(), kReserve);
  }
  if (lookups) {
    constexpr std::string_view kRegister = "CreateDnsResourceRecords";
    Add(ZoneType(Lookup::kForward), address.dns_zone_id(), kRegister);
    Add(ZoneType(Lookup::kReverse), address.dns_reverse_lookup_zone_id(), kRegister);
  }
  return absl::OkStatus();
}

// The server that is to have it, and the zone if it is there already.
absl::Status Collector::AddNewZone(const v1::CreateDnsZoneParameters& create) {
  Add(v1::IPAM_OBJECT_TYPE_DNS_SERVER, create.server_id());
  const v1::BaseDnsZone* zone = ZoneOf(create.server_zone());
  if (zone == nullptr) return absl::OkStatus();
  const Lookup lookup = LookupOf(create.server_zone());
  IPAM_ASSIGN_OR_RETURN(const auto there, store_.dns.FindZone(lookup, zone->name()));
  Add(ZoneType(lookup), there.value_or(0));
  return absl::OkStatus();
}

absl::Status Collector::AddHostedZone(Lookup lookup, std::int64_t server_zone) {
  IPAM_ASSIGN_OR_RETURN(const auto zone, store_.dns.GetServerZone(lookup, server_zone));
  if (zone) Add(ZoneType(lookup), zone->zone_id);
  return absl::OkStatus();
}

absl::Status Collector::AddHostedZones(v1::ZoneLookupType type, const Ids& server_zones) {
  for (const std::int64_t id : server_zones) IPAM_RETURN_IF_ERROR(AddHostedZone(LookupOf(type), id));
  return absl::OkStatus();
}

// The server that has it, and the one that the request names.
absl::Status Collector::AddForwarder(const v1::DnsConditionalForwarder& forwarder) {
  Add(v1::IPAM_OBJECT_TYPE_DNS_SERVER, forwarder.dns_server_id());
  IPAM_ASSIGN_OR_RETURN(const auto row, store_.forwarders.Get(forwarder.record_id()));
  if (row) Add(v1::IPAM_OBJECT_TYPE_DNS_SERVER, row->dns_server_id());
  return absl::OkStatus();
}

absl::Status Collector::Collect(const v1::OperationParameters& parameters) {
  using Parameters = v1::OperationParameters;
  switch (parameters.variant_case()) {
    case Parameters::kUpdateDhcpServer: {
      const v1::DhcpServer& server = parameters.update_dhcp_server().server();
      Add(ServerType(server.has_v6() ? 6 : 4), server.record_id());
      return absl::OkStatus();
    }
    case Parameters::kApplyDhcpServerConfiguration: {
      const auto& apply = parameters.apply_dhcp_server_configuration();
      AddAll(ServerType(FamilyOf(apply.server_address_family())), apply.server_ids());
      return absl::OkStatus();
    }
    case Parameters::kCreateDhcpScope: {
      const v1::DhcpScope& scope = parameters.create_dhcp_scope().scope();
      Add(ServerType(scope.has_v6() ? 6 : 4), scope.parent_dhcp_server_record_id());
      return absl::OkStatus();
    }
    case Parameters::kUpdateDhcpScope:
      return AddScope(parameters.update_dhcp_scope().scope());
    case Parameters::kDeleteDhcpScope:
      return AddScope(parameters.delete_dhcp_scope().scope());
    case Parameters::kApplyDhcpScopeConfiguration: {
      const auto& apply = parameters.apply_dhcp_scope_configuration();
      AddAll(ScopeType(FamilyOf(apply.scope_address_family())), apply.scope_id());
      return absl::OkStatus();
    }
    case Parameters::kAddScopesToSuperscope:
      return AddSuperscope(parameters.add_scopes_to_superscope().superscope());
    case Parameters::kRemoveScopesFromSuperscope:
      return AddSuperscopesOf(parameters.remove_scopes_from_superscope().scope_ids());
    case Parameters::kRenameSuperscope:
      return AddSuperscope(parameters.rename_superscope().superscope());
    case Parameters::kDeleteSuperscopes:
      for (const auto& superscope : parameters.delete_superscopes().superscopes()) {
        IPAM_RETURN_IF_ERROR(AddSuperscope(superscope));
      }
      return absl::OkStatus();
    case Parameters::kSetSuperscopeActivationStatus:
      for (const auto& superscope : parameters.set_superscope_activation_status().superscopes()) {
        IPAM_RETURN_IF_ERROR(AddSuperscope(superscope));
      }
      return absl::OkStatus();
    case Parameters::kCreateDhcpServerPolicy:
      for (const auto& server : parameters.create_dhcp_server_policy().server_list()) {
        Add(ServerType(4), server.record_id());
      }
      return absl::OkStatus();
    case Parameters::kCreateDhcpScopePolicy:
      AddAll(ScopeType(4), parameters.create_dhcp_scope_policy().scope_list());
      return absl::OkStatus();
    case Parameters::kUpdatePolicy:
      return AddPolicy(parameters.update_policy().policy());
    case Parameters::kDeletePolicy:
      for (const auto& policy : parameters.delete_policy().policies()) {
        IPAM_RETURN_IF_ERROR(AddPolicy(policy));
      }
      return absl::OkStatus();
    case Parameters::kUpdatePolicyProperties:
      for (const auto& policy : parameters.update_policy_properties().policies()) {
        IPAM_RETURN_IF_ERROR(AddPolicy(policy));
      }
      return absl::OkStatus();
    case Parameters::kMovePolicyProcessingOrder:
      return AddPolicy(parameters.move_policy_processing_order().policy());
    case Parameters::kCreateDhcpReservation: {
      const auto& create = parameters.create_dhcp_reservation();
      Add(ScopeType(create.reservation().has_v6() ? 6 : 4), create.scope_record_id());
      return absl::OkStatus();
    }
    case Parameters::kDeleteDhcpReservation: {
      Ids ids;
      ids.Add(parameters.delete_dhcp_reservation().reservation_record_id());
      return AddScopesOf(ids);
    }
    case Parameters::kDeleteDhcpReservationCollection:
      return AddScopesOf(parameters.delete_dhcp_reservation_collection().reservation_record_ids());
    case Parameters::kSetDhcpReservation: {
      const v1::DhcpReservation& reservation = parameters.set_dhcp_reservation().reservation();
      Add(ScopeType(reservation.has_v6() ? 6 : 4), reservation.parent_scope().record_id());
      Ids ids;
      ids.Add(reservation.record_id());
      return AddScopesOf(ids);
    }
    case Parameters::kSetDhcpReservationCollection:
      return AddScopesOf(parameters.set_dhcp_reservation_collection().reservation_record_ids());
    case Parameters::kDhcpFailoverWithScopes: {
      const auto& with_scopes = parameters.dhcp_failover_with_scopes();
      IPAM_RETURN_IF_ERROR(AddFailover(with_scopes.failover()));
      return AddServersOf(with_scopes.scope_ids());
    }
    case Parameters::kDhcpFailover:
      return AddFailover(parameters.dhcp_failover().failover());
    case Parameters::kDhcpFailoverRemoveScopes:
      return AddServersOf(parameters.dhcp_failover_remove_scopes().scope_ids());
    case Parameters::kDhcpFailoverDelete:
      return AddFailover(parameters.dhcp_failover_delete().failover());
    case Parameters::kCreateDhcpFilters:
      AddAll(ServerType(4), parameters.create_dhcp_filters().dhcp_server_ids());
      return absl::OkStatus();
    case Parameters::kUpdateDhcpFilter:
      Add(ServerType(4), parameters.update_dhcp_filter().filter().server_record_id());
      return absl::OkStatus();
    case Parameters::kUpdateDhcpFilters:
      AddServersOfFilters(parameters.update_dhcp_filters().filters());
      return absl::OkStatus();
    case Parameters::kDeleteDhcpFilters:
      AddServersOfFilters(parameters.delete_dhcp_filters().filters());
      return absl::OkStatus();
    case Parameters::kCreateIpamIpAddress: {
      const auto& create = parameters.create_ipam_ip_address();
      IPAM_RETURN_IF_ERROR(AddRangeOf(create.address()));
      return AddReservationAndLookups(create.address(), create.create_dhcp_reservation(),
                                      create.create_dns_record());
    }
    case Parameters::kUpdateIpamIpAddress: {
      const auto& update = parameters.update_ipam_ip_address();
      IPAM_RETURN_IF_ERROR(AddRangesOf(update));
      return AddReservationAndLookups(update.address(), update.create_dhcp_reservation(),
                                      update.create_dns_record());
    }
    case Parameters::kCreateDnsResourceRecords:
      return AddHostedZone(LookupOf(parameters.create_dns_resource_records().zone_type()),
                           parameters.create_dns_resource_records().server_zone_id());
    case Parameters::kUpdateDnsResourceRecord:
      Add(v1::IPAM_OBJECT_TYPE_DNS_RESOURCE_RECORD,
          parameters.update_dns_resource_record().resource_record().record_id());
      return absl::OkStatus();
    case Parameters::kMultiUpdateDnsResourceRecord:
      AddRecords(parameters.multi_update_dns_resource_record().resource_records());
      return absl::OkStatus();
    case Parameters::kDeleteDnsResourceRecords:
      AddRecords(parameters.delete_dns_resource_records().resource_records());
      return absl::OkStatus();
    case Parameters::kUpdateDnsZones:
      for (const auto& update : parameters.update_dns_zones().server_zones_tuple()) {
        const v1::BaseDnsServerZone& zone = update.server_zone();
        IPAM_RETURN_IF_ERROR(AddHostedZone(LookupOf(zone), zone.record_id()));
      }
      return absl::OkStatus();
    case Parameters::kDeleteDnsZones:
      return AddHostedZones(parameters.delete_dns_zones().zone_type(),
                            parameters.delete_dns_zones().server_zone_ids());
    case Parameters::kDnsZonesTransfer:
      return AddHostedZones(parameters.dns_zones_transfer().zone_type(),
                            parameters.dns_zones_transfer().server_zone_ids());
    case Parameters::kReloadDnsZones:
      return AddHostedZones(parameters.reload_dns_zones().zone_type(),
                            parameters.reload_dns_zones().server_zone_ids());
    case Parameters::kCreateDnsZone:
      return AddNewZone(parameters.create_dns_zone());
    case Parameters::kDnsConditionalForwarders:
      for (const auto& forwarder : parameters.dns_conditional_forwarders().conditional_forwarders()) {
        IPAM_RETURN_IF_ERROR(AddForwarder(forwarder));
      }
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

}  // namespace

absl::StatusOr<std::vector<AccessObject>> AccessObjectsOf(const v1::OperationParameters& parameters,
                                                          Store& store) {
  Collector collector(store);
  IPAM_RETURN_IF_ERROR(collector.Collect(parameters));
  return collector.Take();
}

}  // namespace ipam::engine
