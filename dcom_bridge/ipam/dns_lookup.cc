#include "dcom_bridge/ipam/dns_lookup.h"

#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {

Lookup LookupOf(v1::ZoneLookupType type) {
  return type == v1::ZONE_LOOKUP_TYPE_DNS_REVERSE_LOOKUP_ZONE ? Lookup::kReverse : Lookup::kForward;
}

Lookup LookupOf(const v1::BaseDnsServerZone& zone) {
  return zone.has_dns_server_reverse_zone() ? Lookup::kReverse : Lookup::kForward;
}

const v1::BaseDnsZone* ZoneOf(const v1::BaseDnsServerZone& zone) {
  if (zone.has_dns_server_reverse_zone()) {
    return zone.dns_server_reverse_zone().has_zone() ? &zone.dns_server_reverse_zone().zone() : nullptr;
  }
  return zone.dns_server_zone().has_zone() ? &zone.dns_server_zone().zone() : nullptr;
}

v1::IpamObjectType ZoneType(Lookup lookup) {
  return lookup == Lookup::kForward ? v1::IPAM_OBJECT_TYPE_DNS_FORWARD_LOOKUP_ZONE
                                    : v1::IPAM_OBJECT_TYPE_DNS_REVERSE_LOOKUP_ZONE;
}

v1::BaseDnsServerZone ServerZoneRow(const v1::BaseDnsServerZone& zone) {
  v1::BaseDnsServerZone row = zone;
  if (LookupOf(zone) == Lookup::kForward) {
    row.mutable_dns_server_zone()->clear_zone();
  } else {
    row.mutable_dns_server_reverse_zone()->clear_zone();
  }
  row.clear_modified_properties();
  row.clear_set_properties();
  return row;
}

absl::StatusOr<std::string> RequireDnsServer(Store& store, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(const bool found, store.dns.HasServer(id));
  if (!found) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_SERVER_ID,
                 absl::StrFormat("There is no DNS server %d.", id));
  }
  return store.servers.NameOfDnsServer(id);
}

absl::StatusOr<HostedZone> RequireHostedZone(Store& store, Lookup lookup, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(const auto row, store.dns.GetServerZone(lookup, id));
  if (!row) {
    return Fault(lookup == Lookup::kForward
                     ? v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_ZONE_FAILED_TO_FETCH
                     : v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_REVERSE_ZONE_FAILED_TO_FETCH,
                 absl::StrFormat("There is no server zone %d.", id));
  }
  HostedZone zone{.lookup = lookup, .id = id, .server_id = row->server_id, .zone_id = row->zone_id};
  IPAM_ASSIGN_OR_RETURN(const auto details, store.dns.GetZone(lookup, zone.zone_id));
  zone.name = details->name();
  IPAM_ASSIGN_OR_RETURN(zone.server_name, store.servers.NameOfDnsServer(zone.server_id));
  return zone;
}

absl::StatusOr<std::optional<HostedZone>> HostedZoneOrFailure(Store& store, Lookup lookup, std::int64_t id,
                                                              SubtaskKind kind, v1::EntityOperationType type,
                                                              StepList& steps) {
  auto zone = RequireHostedZone(store, lookup, id);
  if (zone.ok()) return *std::move(zone);
  if (!IsFault(zone.status())) return zone.status();
  steps.AddFailure({.kind = kind,
                    .name = absl::StrFormat("Server zone %d", id),
                    .object_type = ZoneType(lookup),
                    .operation_type = type},
                   zone.status());
  return std::nullopt;
}

Entity ZoneEntity(SubtaskKind kind, v1::EntityOperationType type, const HostedZone& zone) {
  auto details = std::make_shared<v1::DnsZoneFormatter>();
  if (!zone.server_name.empty()) details->set_server_name(zone.server_name);
  details->set_zone_name(zone.name);
  return {.kind = kind,
          .name = absl::StrFormat("Zone %s", zone.name),
          .details = std::move(details),
          .object_type = ZoneType(zone.lookup),
          .operation_type = type};
}

Entity HostedZoneEntity(SubtaskKind kind, v1::EntityOperationType type, const HostedZone& zone) {
  Entity entity = ZoneEntity(kind, type, zone);
  entity.name = absl::StrFormat(
      "Zone %s on %s", zone.name,
      zone.server_name.empty() ? absl::StrFormat("server %d", zone.server_id) : zone.server_name);
  return entity;
}

Entity RecordEntity(SubtaskKind kind, v1::EntityOperationType operation, const v1::DnsResourceRecord& record,
                    const HostedZone& zone) {
  auto details = std::make_shared<v1::DnsResourceRecordFormatter>();
  details->set_record_name(record.name());
  if (!zone.server_name.empty()) details->set_server_name(zone.server_name);
  details->set_zone_name(zone.name);
  const std::string type = v1::DnsResourceRecordType_Name(record.record_type());
  return {
      .kind = kind,
      .name = absl::StrFormat("%s %s", type.substr(type.rfind('_') + 1), FullName(record.name(), zone.name)),
      .details = std::move(details),
      .object_type = v1::IPAM_OBJECT_TYPE_DNS_RESOURCE_RECORD,
      .operation_type = operation,
      .record_type = record.record_type()};
}

}  // namespace ipam::engine
