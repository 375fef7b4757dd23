// InvokeDnsZonesTransferDelegate and ReloadDnsZonesDelegate, [MS-IPAMM2] 3.19.4.4.1.45 and .46: one entity for each
// zone on its server. The store says that the zone is there; what is done with it, a server does.
#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dns_lookup.h"
#include "dcom_bridge/ipam/fault.h"

namespace ipam::engine {
namespace {

using Ids = google::protobuf::RepeatedField<std::int64_t>;

class ActOnDnsZones final : public StepDelegate {
 public:
  ActOnDnsZones(const Ids& ids, v1::ZoneLookupType type, SubtaskKind kind)
      : ids_(ids), type_(type), kind_(kind) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;

  const Ids& ids_;
  const v1::ZoneLookupType type_;
  const SubtaskKind kind_;
};

absl::Status ActOnDnsZones::ListSteps(Store& store, StepList& steps) {
  constexpr auto kUpdate = v1::ENTITY_OPERATION_TYPE_UPDATE;
  if (ids_.empty() || type_ == v1::ZONE_LOOKUP_TYPE_NONE) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 "ServerZoneIds and ZoneType are mandatory.");
  }
  const Lookup lookup = LookupOf(type_);
  for (const std::int64_t id : ids_) {
    IPAM_ASSIGN_OR_RETURN(const auto zone, HostedZoneOrFailure(store, lookup, id, kind_, kUpdate, steps));
    if (!zone) continue;
    const std::size_t step = steps.Add(HostedZoneEntity(kind_, kUpdate, *zone),
                                       [lookup, id](Store& s) -> absl::StatusOr<std::int64_t> {
                                         IPAM_RETURN_IF_ERROR(RequireHostedZone(s, lookup, id).status());
                                         return id;
                                       });
    const DnsAction action = kind_ == SubtaskKind::kTransferDnsZone ? DnsAction(TransferZone{zone->name})
                                                                    : DnsAction(ReloadZone{zone->name});
    steps.ActuateBy(step, {.dhcp_servers = {}, .dns = {{.server_id = zone->server_id, .action = action}}});
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Delegate> MakeDnsZonesTransfer(const v1::DnsZonesTransferParameters& parameters) {
  return std::make_unique<ActOnDnsZones>(parameters.server_zone_ids(), parameters.zone_type(),
                                         SubtaskKind::kTransferDnsZone);
}

std::unique_ptr<Delegate> MakeReloadDnsZones(const v1::ReloadDnsZonesParameters& parameters) {
  return std::make_unique<ActOnDnsZones>(parameters.server_zone_ids(), parameters.zone_type(),
                                         SubtaskKind::kReloadDnsZone);
}

}  // namespace ipam::engine
