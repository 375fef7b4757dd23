// Zones and DNS servers that a request refers to by record ids, and what subtasks say of them: each is there, or the
// fault that says which is missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/step_delegate.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/dns.pb.h"

namespace ipam::engine {

// A zone on a DNS server.
struct HostedZone {
  Lookup lookup = Lookup::kForward;
  std::int64_t id = 0;  // of the zone on the server, ServerZoneId of requests
  std::int64_t server_id = 0;
  std::int64_t zone_id = 0;
  std::string name;
  std::string server_name;  // empty: not known
};

// Of a ZoneType that is not None.
Lookup LookupOf(v1::ZoneLookupType type);
// By the xsi:type of the zone (discrepancies D.14).
Lookup LookupOf(const v1::BaseDnsServerZone& zone);
const v1::BaseDnsZone* ZoneOf(const v1::BaseDnsServerZone& zone);  // null: it names none
v1::IpamObjectType ZoneType(Lookup lookup);
// The row of the zone on a server: the zone has its own, and what was modified is of the request.
v1::BaseDnsServerZone ServerZoneRow(const v1::BaseDnsServerZone& zone);

// The name of the server; empty: not known.
absl::StatusOr<std::string> RequireDnsServer(Store& store, std::int64_t id);
absl::StatusOr<HostedZone> RequireHostedZone(Store& store, Lookup lookup, std::int64_t id);

// RequireHostedZone for one of several: absent is one that is not there, of which an entity tells that fails.
absl::StatusOr<std::optional<HostedZone>> HostedZoneOrFailure(Store& store, Lookup lookup, std::int64_t id,
                                                              SubtaskKind kind, v1::EntityOperationType type,
                                                              StepList& steps);

// "Zone example.org"
Entity ZoneEntity(SubtaskKind kind, v1::EntityOperationType type, const HostedZone& zone);
// "Zone example.org on dns1.example.org"
Entity HostedZoneEntity(SubtaskKind kind, v1::EntityOperationType type, const HostedZone& zone);
// "A www.example.org"
Entity RecordEntity(SubtaskKind kind, v1::EntityOperationType type, const v1::DnsResourceRecord& record,
                    const HostedZone& zone);

}  // namespace ipam::engine
