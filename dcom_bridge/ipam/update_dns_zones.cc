// UpdateDnsZonesDelegate, [MS-IPAMM2] 3.19.4.4.1.43: what was modified of each zone on its server, and of the zone.
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dns_lookup.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/modified_properties.h"
#include "dcom_bridge/ipam/validate.h"

namespace ipam::engine {
namespace {

constexpr auto kUpdate = v1::ENTITY_OPERATION_TYPE_UPDATE;

class UpdateDnsZones final : public StepDelegate {
 public:
  explicit UpdateDnsZones(const v1::UpdateDnsZonesParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;

  const v1::UpdateDnsZonesParameters& parameters_;
};

// The request agrees with the rows, before anything is changed.
absl::Status CheckUpdate(const v1::DnsServerZoneUpdate& update, const HostedZone& hosted, Store& store) {
  if (update.record_id() != 0 && update.record_id() != hosted.server_id) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_SERVER_RECORD_ID,
                 absl::StrFormat("The server zone %d is of the DNS server %d, not %d.", hosted.id,
                                 hosted.server_id, update.record_id()));
  }
  const v1::BaseDnsZone* zone = ZoneOf(update.server_zone());
  if (zone == nullptr || zone->record_id() != hosted.zone_id) {
    return Fault(hosted.lookup == Lookup::kForward
                     ? v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_ZONE_FAILED_TO_FETCH
                     : v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_REVERSE_LOOKUP_ZONE_FAILED_TO_FETCH,
                 absl::StrFormat("The server zone %d is of the zone %d, not %d.", hosted.id, hosted.zone_id,
                                 zone == nullptr ? 0 : zone->record_id()));
  }
  // Servers rename no zone, and the bounds of a reverse lookup zone are those of its name.
  IPAM_ASSIGN_OR_RETURN(const auto row, store.dns.GetZone(hosted.lookup, hosted.zone_id));
  for (const std::string& name : DifferingProperties(*row, *zone, zone->modified_properties())) {
    if (name == "Name" || name == "StartIP" || name == "EndIP") {
      return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_ZONE_NAME,
                   absl::StrFormat("The zone %s keeps its %s.", hosted.name, name));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> StoreServerZone(Store& store, const HostedZone& hosted,
                                             const v1::BaseDnsServerZone& wanted) {
  IPAM_RETURN_IF_ERROR(RequireHostedZone(store, hosted.lookup, hosted.id).status());
  IPAM_ASSIGN_OR_RETURN(const auto old, store.dns.ReadServerZone(hosted.lookup, hosted.id));
  v1::BaseDnsServerZone row = *old;
  CopyProperties(wanted, wanted.modified_properties(), row);
  row.set_record_id(hosted.id);
  *row.mutable_server() = old->server();
  const auto id = store.dns.PutServerZone(ServerZoneRow(row), hosted.server_id, hosted.zone_id);
  IPAM_RETURN_IF_ERROR(AsFault(hosted.lookup == Lookup::kForward
                                   ? v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_ZONE_FAILED_TO_UPDATE
                                   : v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_REVERSE_ZONE_FAILED_TO_UPDATE,
                               id.status()));
  return id;
}

absl::StatusOr<std::int64_t> StoreZone(Store& store, const HostedZone& hosted,
                                       const v1::BaseDnsZone& wanted) {
  const bool forward = hosted.lookup == Lookup::kForward;
  IPAM_ASSIGN_OR_RETURN(auto row, store.dns.GetZone(hosted.lookup, hosted.zone_id));
  if (!row) {
    return Fault(forward ? v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_ZONE_FAILED_TO_FETCH
                         : v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_REVERSE_LOOKUP_ZONE_FAILED_TO_FETCH,
                 absl::StrFormat("There is no zone %d.", hosted.zone_id));
  }
  CopyProperties(wanted, wanted.modified_properties(), *row);
  row->set_record_id(hosted.zone_id);
  row->clear_modified_properties();
  row->clear_set_properties();
  const auto id = store.dns.PutZone(*row);
  IPAM_RETURN_IF_ERROR(AsFault(forward
                                   ? v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_ZONE_FAILED_TO_UPDATE
                                   : v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_REVERSE_LOOKUP_ZONE_FAILED_TO_UPDATE,
                               id.status()));
  return id;
}

absl::Status AddUpdate(const v1::DnsServerZoneUpdate& update, Store& store, StepList& steps) {
  const v1::BaseDnsServerZone& wanted = update.server_zone();
  constexpr auto kKind = SubtaskKind::kSetDnsServerZone;
  IPAM_ASSIGN_OR_RETURN(const auto hosted, HostedZoneOrFailure(store, LookupOf(wanted), wanted.record_id(),
                                                               kKind, kUpdate, steps));
  if (!hosted) return absl::OkStatus();
  const absl::Status checked = CheckUpdate(update, *hosted, store);
  if (!checked.ok()) {
    if (!IsFault(checked)) return checked;
    steps.AddFailure(HostedZoneEntity(kKind, kUpdate, *hosted), checked);
    return absl::OkStatus();
  }
  std::optional<std::size_t> first;
  if (!wanted.modified_properties().empty()) {
    first = steps.Add(HostedZoneEntity(kKind, kUpdate, *hosted),
                      [hosted = *hosted, &wanted](Store& s) { return StoreServerZone(s, hosted, wanted); });
  }
  const v1::BaseDnsZone& zone = *ZoneOf(wanted);
  if (!zone.modified_properties().empty()) {
    Entity entity = ZoneEntity(SubtaskKind::kSetDnsZone, kUpdate, *hosted);
    entity.needs = first;
    steps.Add(std::move(entity), [hosted = *hosted, &zone](Store& s) { return StoreZone(s, hosted, zone); });
  }
  return absl::OkStatus();
}

absl::Status UpdateDnsZones::ListSteps(Store& store, StepList& steps) {
  if (parameters_.server_zones_tuple().empty()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, "ServerZonesTuple is mandatory.");
  }
  for (const v1::DnsServerZoneUpdate& update : parameters_.server_zones_tuple()) {
    IPAM_RETURN_IF_ERROR(ValidateBaseDnsServerZone(update.server_zone()));
  }
  for (const v1::DnsServerZoneUpdate& update : parameters_.server_zones_tuple()) {
    IPAM_RETURN_IF_ERROR(AddUpdate(update, store, steps));
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Delegate> MakeUpdateDnsZones(const v1::UpdateDnsZonesParameters& parameters) {
  return std::make_unique<UpdateDnsZones>(parameters);
}

}  // namespace ipam::engine
