// DeleteDnsZonesDelegate, [MS-IPAMM2] 3.19.4.4.1.44: each zone on its server, and with the last of its servers the
// zone itself.
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dns_lookup.h"
#include "dcom_bridge/ipam/fault.h"

namespace ipam::engine {
namespace {

class DeleteDnsZones final : public StepDelegate {
 public:
  explicit DeleteDnsZones(const v1::DeleteDnsZonesParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;

  const v1::DeleteDnsZonesParameters& parameters_;
};

// 3.1.1.1.8.1, ParentId: on delete no action.
absl::Status CheckChildless(Store& store, const HostedZone& zone, v1::IpamExceptionId failed) {
  if (zone.lookup == Lookup::kReverse) return absl::OkStatus();
  IPAM_ASSIGN_OR_RETURN(const bool has_children, store.dns.HasChildZones(zone.zone_id));
  if (has_children) return Fault(failed, absl::StrFormat("The zone %s has child zones.", zone.name));
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> RemoveServerZone(Store& store, const HostedZone& zone, bool is_last) {
  IPAM_RETURN_IF_ERROR(RequireHostedZone(store, zone.lookup, zone.id).status());
  const auto failed = zone.lookup == Lookup::kForward
                          ? v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_ZONE_FAILED_TO_DELETE
                          : v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_REVERSE_ZONE_FAILED_TO_DELETE;
  // The zone could not follow, and no request could name it any more.
  if (is_last) IPAM_RETURN_IF_ERROR(CheckChildless(store, zone, failed));
  IPAM_RETURN_IF_ERROR(AsFault(failed, store.dns.DeleteServerZone(zone.lookup, zone.id)));
  return zone.id;
}

v1::IpamExceptionId ZoneFailedToDelete(Lookup lookup) {
  return lookup == Lookup::kForward ? v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_ZONE_FAILED_TO_DELETE
                                    : v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_REVERSE_LOOKUP_ZONE_FAILED_TO_DELETE;
}

// A zone may have very many records. What stands in the way of its end is seen before the first of them is gone.
absl::StatusOr<bool> RemovePartOfZone(Store& store, const HostedZone& zone) {
  const auto failed = ZoneFailedToDelete(zone.lookup);
  // One that another operation added, or that was to leave before and did not.
  IPAM_ASSIGN_OR_RETURN(const auto hosts, store.dns.ListHosts(zone.lookup, zone.zone_id));
  if (!hosts.empty()) {
    return Fault(failed, absl::StrFormat("The zone %s is kept, for a server hosts it.", zone.name));
  }
  IPAM_RETURN_IF_ERROR(CheckChildless(store, zone, failed));
  return store.dns.DeletePartOfZone(zone.lookup, zone.zone_id);
}

absl::StatusOr<std::int64_t> RemoveZone(Store& store, const HostedZone& zone) {
  IPAM_RETURN_IF_ERROR(
      AsFault(ZoneFailedToDelete(zone.lookup), store.dns.DeleteZone(zone.lookup, zone.zone_id)));
  return zone.zone_id;
}

absl::Status DeleteDnsZones::ListSteps(Store& store, StepList& steps) {
  constexpr auto kDelete = v1::ENTITY_OPERATION_TYPE_DELETE;
  if (parameters_.server_zone_ids().empty() || parameters_.zone_type() == v1::ZONE_LOOKUP_TYPE_NONE) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 "ServerZoneIds and ZoneType are mandatory.");
  }
  const Lookup lookup = LookupOf(parameters_.zone_type());
  std::map<std::int64_t, std::set<std::int64_t>> leaving;  // by zone the ids of its servers' zones
  for (const std::int64_t id : parameters_.server_zone_ids()) {
    IPAM_ASSIGN_OR_RETURN(
        const auto zone,
        HostedZoneOrFailure(store, lookup, id, SubtaskKind::kRemoveDnsServerZone, kDelete, steps));
    if (!zone) continue;
    std::set<std::int64_t>& gone = leaving[zone->zone_id];
    gone.insert(id);
    IPAM_ASSIGN_OR_RETURN(const auto hosts, store.dns.ListHosts(lookup, zone->zone_id));
    const bool is_last =
        std::all_of(hosts.begin(), hosts.end(), [&gone](std::int64_t host) { return gone.contains(host); });
    const std::size_t first =
        steps.Add(HostedZoneEntity(SubtaskKind::kRemoveDnsServerZone, kDelete, *zone),
                  [zone = *zone, is_last](Store& s) { return RemoveServerZone(s, zone, is_last); });
    if (!is_last) continue;
    Entity entity = ZoneEntity(SubtaskKind::kRemoveDnsZone, kDelete, *zone);
    entity.needs = first;
    const std::size_t last =
        steps.Add(std::move(entity), [zone = *zone](Store& s) { return RemoveZone(s, zone); });
    steps.AdvanceBy(last, [zone = *zone](Store& s) { return RemovePartOfZone(s, zone); });
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Delegate> MakeDeleteDnsZones(const v1::DeleteDnsZonesParameters& parameters) {
  return std::make_unique<DeleteDnsZones>(parameters);
}

}  // namespace ipam::engine
