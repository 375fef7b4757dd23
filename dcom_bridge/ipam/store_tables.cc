#include "dcom_bridge/ipam/store_tables.h"

#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"

namespace ipam::engine {
namespace {

using Use = std::function<absl::Status(const google::protobuf::Message&)>;

template <typename M>
absl::Status UseAll(absl::StatusOr<std::vector<M>> rows, const Use& use) {
  IPAM_RETURN_IF_ERROR(rows.status());
  for (const M& row : *rows) IPAM_RETURN_IF_ERROR(use(row));
  return absl::OkStatus();
}

template <typename M, typename Id, typename Put, typename ForEach>
StoreTable Table(std::string_view name, Id id, Put put, ForEach for_each) {
  return {.name = name,
          .prototype = &M::default_instance(),
          .id = [id](const google::protobuf::Message& row) -> std::int64_t {
            return id(static_cast<const M&>(row));
          },
          .put = [put](const google::protobuf::Message& row, Store& store) -> absl::Status {
            return put(static_cast<const M&>(row), store);
          },
          .for_each = for_each};
}

constexpr auto kRecordId = [](const auto& row) { return row.record_id(); };

absl::Status PutScope(const v1::DhcpScope& scope, Store& store) {
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id, store.dhcp.PutScope(scope));
  IPAM_RETURN_IF_ERROR(store.dhcp.DeleteExclusions(id));
  for (const v1::DhcpExclusionRange& range : scope.exclusion_ranges().exclusion_ranges_in_collection()) {
    const auto start = ParseIp(range.start_address());
    const auto end = ParseIp(range.end_address());
    if (!start || !end) return absl::InvalidArgumentError("exclusionRanges: not IP addresses");
    IPAM_RETURN_IF_ERROR(store.dhcp.PutExclusion(id, {*start, *end}, range.record_id()).status());
  }
  const OptionOwner owner{.server_id = scope.parent_dhcp_server_record_id(), .scope_id = id};
  IPAM_RETURN_IF_ERROR(store.options.DeleteAll(owner));
  for (const v1::DhcpOption& option : scope.options().options_in_collection()) {
    IPAM_RETURN_IF_ERROR(store.options.Put(owner, option).status());
  }
  return absl::OkStatus();
}

absl::Status PutReservation(const v1::DhcpReservation& reservation, Store& store) {
  const std::int64_t scope_id = reservation.parent_scope().record_id();
  IPAM_ASSIGN_OR_RETURN(const auto scope, store.dhcp.GetScope(scope_id));
  if (!scope) return absl::InvalidArgumentError("parentScope.recordId: there is no such scope");
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id,
                        store.dhcp.PutReservation(scope_id, std::nullopt, reservation));
  const OptionOwner owner{
      .server_id = scope->parent_dhcp_server_record_id(), .scope_id = scope_id, .reservation_id = id};
  IPAM_RETURN_IF_ERROR(store.options.DeleteAll(owner));
  for (const v1::DhcpOption& option : reservation.options().options_in_collection()) {
    IPAM_RETURN_IF_ERROR(store.options.Put(owner, option).status());
  }
  return absl::OkStatus();
}

absl::Status PutZone(const v1::BaseDnsZone& zone, bool reverse, Store& store) {
  if (zone.has_dns_reverse_lookup_zone() != reverse) {
    return absl::InvalidArgumentError(reverse ? "dnsReverseLookupZone: is missing"
                                              : "dnsReverseLookupZone: belongs to dns_reverse_zones");
  }
  return store.dns.PutZone(zone).status();
}

absl::Status PutServerZone(const v1::BaseDnsServerZone& zone, bool reverse, Store& store) {
  if (zone.has_dns_server_reverse_zone() != reverse) {
    return absl::InvalidArgumentError(reverse ? "dnsServerReverseZone: is missing"
                                              : "dnsServerReverseZone: belongs to dns_server_reverse_zones");
  }
  const std::int64_t zone_id = zone.has_dns_server_reverse_zone()
                                   ? zone.dns_server_reverse_zone().zone().record_id()
                                   : zone.dns_server_zone().zone().record_id();
  return store.dns.PutServerZone(zone, zone.server().server_role_info().record_id(), zone_id).status();
}

absl::Status PutAddress(const v1::IpamIPAddress& address, Store& store) {
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id, store.addresses.PutAddress(address));
  const int family = FamilyOfText(address.address());
  if (address.reservation_record_id() != 0) {
    IPAM_RETURN_IF_ERROR(store.dhcp.LinkReservation(address.reservation_record_id(), id));
  }
  const auto server_zone = [](bool has, std::int64_t value) {
    return has ? std::optional(value) : std::nullopt;
  };
  if (address.dns_zone_id() != 0) {
    IPAM_RETURN_IF_ERROR(store.addresses
                             .PutLookup(Lookup::kForward, 0, family, id, address.dns_zone_id(),
                                        server_zone(address.has_dns_forward_lookup_zone_dns_server_id(),
                                                    address.dns_forward_lookup_zone_dns_server_id()),
                                        address.dns_forward_sync_status())
                             .status());
  }
  if (address.dns_reverse_lookup_zone_id() != 0) {
    IPAM_RETURN_IF_ERROR(store.addresses
                             .PutLookup(Lookup::kReverse, 0, family, id, address.dns_reverse_lookup_zone_id(),
                                        server_zone(address.has_dns_reverse_lookup_zone_dns_server_id(),
                                                    address.dns_reverse_lookup_zone_dns_server_id()),
                                        address.dns_reverse_sync_status())
                             .status());
  }
  return absl::OkStatus();
}

absl::Status PutRecord(const v1::DnsResourceRecord& record, Store& store) {
  RecordColumns columns;
  columns.lookup = record.zone_type() == v1::ZONE_LOOKUP_TYPE_DNS_REVERSE_LOOKUP_ZONE ? Lookup::kReverse
                                                                                      : Lookup::kForward;
  columns.zone_id = record.zone_record_id();
  IPAM_ASSIGN_OR_RETURN(const auto zone, store.dns.GetZone(columns.lookup, columns.zone_id));
  if (!zone) return absl::InvalidArgumentError("zoneRecordId: there is no such zone");
  FillRecordColumns(record, zone->name(), columns);
  if (record.has_associated_ip_address_id() && columns.address) {
    (Family(*columns.address) == 4 ? columns.ipv4_address_id : columns.ipv6_address_id) =
        record.associated_ip_address_id();
  }
  return store.dns.PutRecord(record, columns).status();
}

}  // namespace

std::vector<StoreTable> StoreTables() {
  return {
      Table<v1::AccessScope>(
          "access_scopes", [](const auto& row) { return row.access_scope_id(); },
          [](const auto& row, Store& s) { return s.access.PutScope(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.access.ListScopes(), use); }),
      Table<v1::AccessScopeAssociation>(
          "access_scope_associations", [](const auto& row) { return row.association_id(); },
          [](const auto& row, Store& s) { return s.access.PutAssociation(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.access.ListAssociations(), use); }),
      Table<v1::UserAccessPolicy>(
          "user_access_policies", [](const auto& row) { return row.policy_id(); },
          [](const auto& row, Store& s) { return s.access.PutPolicy(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.access.ListPolicies(), use); }),
      Table<v1::SecurityGroup>(
          "security_groups", kRecordId,
          [](const auto& row, Store& s) { return s.access.PutGroup(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.access.ListGroups(), use); }),
      Table<v1::CustomField>(
          "custom_fields", kRecordId,
          [](const auto& row, Store& s) { return s.custom_fields.Put(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.custom_fields.List(), use); }),
      Table<v1::AddressSpace>(
          "address_spaces", kRecordId,
          [](const auto& row, Store& s) { return s.addresses.PutSpace(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.addresses.ListSpaces(), use); }),
      Table<v1::IPBlock>(
          "ip_blocks", kRecordId,
          [](const auto& row, Store& s) { return s.addresses.PutBlock(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.addresses.ListBlocks(), use); }),
      Table<v1::ServerInfo>(
          "servers", kRecordId, [](const auto& row, Store& s) { return s.servers.PutServer(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.servers.ListServers(), use); }),
      Table<v1::ServerRole>(
          "server_roles", kRecordId,
          [](const auto& row, Store& s) { return s.servers.PutRole(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.servers.ListRoles(), use); }),
      Table<v1::DhcpServer>(
          "dhcp_servers", kRecordId, [](const auto& row, Store& s) { return s.dhcp.PutServer(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.dhcp.ListServers(), use); }),
      Table<v1::DhcpSuperscopeV4>(
          "dhcp_superscopes", kRecordId,
          [](const auto& row, Store& s) { return s.dhcp.PutSuperscope(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.dhcp.ListSuperscopes(), use); }),
      Table<v1::DhcpScope>("dhcp_scopes", kRecordId, PutScope,
                           [](Store& s, const Use& use) { return UseAll(s.dhcp.ListScopes(), use); }),
      Table<v1::DhcpPolicyV4>(
          "dhcp_policies", [](const auto& row) { return row.policy_id(); },
          [](const auto& row, Store& s) { return s.policies.PutWhole(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.policies.ListWhole(), use); }),
      Table<v1::DhcpReservation>(
          "dhcp_reservations", kRecordId, PutReservation,
          [](Store& s, const Use& use) { return UseAll(s.dhcp.ListReservations(), use); }),
      Table<v1::DhcpFailover>(
          "dhcp_failover_relations", kRecordId,
          [](const auto& row, Store& s) { return s.failover.Put(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.failover.List(), use); }),
      Table<v1::DhcpScopeFailover>(
          "dhcp_scope_failovers", kRecordId,
          [](const auto& row, Store& s) { return s.failover.PutScope(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.failover.ListScopes(), use); }),
      Table<v1::DhcpFilter>(
          "dhcp_filters", kRecordId, [](const auto& row, Store& s) { return s.filters.Put(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.filters.List(), use); }),
      Table<v1::IPRange>(
          "ip_ranges", kRecordId,
          [](const auto& row, Store& s) { return s.addresses.PutRange(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.addresses.ListRanges(), use); }),
      Table<v1::DnsServer>(
          "dns_servers", [](const auto& row) { return row.server_role_info().record_id(); },
          [](const auto& row, Store& s) { return s.dns.PutServer(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.dns.ListServers(), use); }),
      Table<v1::BaseDnsZone>(
          "dns_zones", kRecordId, [](const auto& row, Store& s) { return PutZone(row, false, s); },
          [](Store& s, const Use& use) { return UseAll(s.dns.ListZones(Lookup::kForward), use); }),
      Table<v1::BaseDnsZone>(
          "dns_reverse_zones", kRecordId, [](const auto& row, Store& s) { return PutZone(row, true, s); },
          [](Store& s, const Use& use) { return UseAll(s.dns.ListZones(Lookup::kReverse), use); }),
      Table<v1::BaseDnsServerZone>(
          "dns_server_zones", kRecordId,
          [](const auto& row, Store& s) { return PutServerZone(row, false, s); },
          [](Store& s, const Use& use) { return UseAll(s.dns.ListServerZones(Lookup::kForward), use); }),
      Table<v1::BaseDnsServerZone>(
          "dns_server_reverse_zones", kRecordId,
          [](const auto& row, Store& s) { return PutServerZone(row, true, s); },
          [](Store& s, const Use& use) { return UseAll(s.dns.ListServerZones(Lookup::kReverse), use); }),
      Table<v1::DnsConditionalForwarder>(
          "dns_conditional_forwarders", kRecordId,
          [](const auto& row, Store& s) { return s.forwarders.Put(row).status(); },
          [](Store& s, const Use& use) { return UseAll(s.forwarders.List(), use); }),
      Table<v1::RangeReverseLookupZone>(
          "range_dns_reverse_lookups", [](const auto& row) { return row.range_record_id(); },
          [](const auto& row, Store& s) { return s.dns.PutRangeZone(row); },
          [](Store& s, const Use& use) { return UseAll(s.dns.ListRangeZones(), use); }),
      Table<v1::IpamIPAddress>("ip_addresses", kRecordId, PutAddress,
                               [](Store& s, const Use& use) { return s.addresses.ForEachAddress(use); }),
      Table<v1::DnsResourceRecord>("dns_resource_records", kRecordId, PutRecord,
                                   [](Store& s, const Use& use) { return s.dns.ForEachRecord(use); }),
  };
}

}  // namespace ipam::engine
