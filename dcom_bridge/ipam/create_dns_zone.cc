// CreateDnsZoneDelegate, [MS-IPAMM2] 3.19.4.4.1.42: the zone, the zone on the server, and for a new reverse
// lookup zone each address range that is mapped to it.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dns_lookup.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/ipam/validate.h"

namespace ipam::engine {
namespace {

class CreateDnsZone final : public Delegate {
 public:
  explicit CreateDnsZone(const v1::CreateDnsZoneParameters& parameters)
      : parameters_(parameters), lookup_(LookupOf(parameters.server_zone())) {}

  absl::Status Prepare(Store& store) override;
  std::size_t size() const override { return 2 + ranges_.size(); }
  Entity Describe(std::size_t index) const override;
  absl::StatusOr<std::int64_t> Apply(std::size_t index, Store& store) override;
  void Restore(std::size_t index, std::int64_t record_id) override {
    if (index == 0) zone_id_ = record_id;
    if (index == 1) server_zone_id_ = record_id;
  }
  absl::StatusOr<ReturnObject> Return(Store& store) override;

 private:
  // Prepare has found it.
  const v1::BaseDnsZone& zone() const { return *ZoneOf(parameters_.server_zone()); }
  absl::Status FindRanges(Store& store);
  absl::StatusOr<std::int64_t> AddZone(Store& store) const;
  absl::StatusOr<std::int64_t> AddServerZone(Store& store) const;

  const v1::CreateDnsZoneParameters& parameters_;
  const Lookup lookup_;
  std::string server_name_;
  std::vector<RangeRow> ranges_;  // temp_MappedRangesIds
  std::int64_t zone_id_ = 0;      // ZoneRecordId
  std::int64_t server_zone_id_ = 0;
};

absl::Status CreateDnsZone::Prepare(Store& store) {
  if (ZoneOf(parameters_.server_zone()) == nullptr || parameters_.server_id() == 0) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 "ServerZone, its Zone and ServerId are mandatory.");
  }
  IPAM_RETURN_IF_ERROR(ValidateBaseDnsServerZone(parameters_.server_zone()));
  if (IsBlank(zone().name())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_ZONE_NAME, "The Name of the zone is mandatory.");
  }
  IPAM_ASSIGN_OR_RETURN(server_name_, RequireDnsServer(store, parameters_.server_id()));
  ranges_.clear();
  if (lookup_ == Lookup::kForward) return absl::OkStatus();
  IPAM_ASSIGN_OR_RETURN(const auto existing, store.dns.FindZone(lookup_, zone().name()));
  return existing ? absl::OkStatus() : FindRanges(store);
}

// The ranges within the zone, without those that overlap another, and without those that are mapped already.
absl::Status CreateDnsZone::FindRanges(Store& store) {
  const auto start = ParseIp(zone().dns_reverse_lookup_zone().start_ip());
  const auto end = ParseIp(zone().dns_reverse_lookup_zone().end_ip());
  if (!start || !end || start->size() != end->size() || *end < *start) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS,
                 absl::StrFormat("StartIP and EndIP are no bounds of the zone %s.", zone().name()));
  }
  IPAM_ASSIGN_OR_RETURN(const auto inside, store.addresses.RangesInside({*start, *end}));
  for (const RangeRow& range : inside) {
    IPAM_ASSIGN_OR_RETURN(const auto overlapping,
                          store.addresses.RangesWithin(range.bounds, range.space, range.id));
    IPAM_ASSIGN_OR_RETURN(const bool mapped, store.dns.HasRangeZone(range.id));
    if (overlapping.empty() && !mapped) ranges_.push_back(range);
  }
  return absl::OkStatus();
}

Entity CreateDnsZone::Describe(std::size_t index) const {
  const HostedZone hosted{.lookup = lookup_,
                          .server_id = parameters_.server_id(),
                          .name = zone().name(),
                          .server_name = server_name_};
  if (index == 0) return ZoneEntity(SubtaskKind::kAddDnsZone, v1::ENTITY_OPERATION_TYPE_ADD, hosted);
  Entity entity = HostedZoneEntity(SubtaskKind::kAddDnsServerZone, v1::ENTITY_OPERATION_TYPE_ADD, hosted);
  entity.needs = 0;
  if (index == 1) return entity;
  const RangeRow& range = ranges_[index - 2];
  entity.kind = SubtaskKind::kMapRangesToReverseZone;
  entity.name =
      absl::StrFormat("Address range %s to %s", FormatIp(range.bounds.start), FormatIp(range.bounds.end));
  entity.object_type = RangeType(Family(range.bounds.start));
  entity.operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE;
  return entity;
}

absl::StatusOr<std::int64_t> CreateDnsZone::Apply(std::size_t index, Store& store) {
  if (index == 0) {
    IPAM_ASSIGN_OR_RETURN(zone_id_, AddZone(store));
    return zone_id_;
  }
  if (index == 1) {
    server_zone_id_ = 0;  // of a transaction that was undone
    IPAM_ASSIGN_OR_RETURN(server_zone_id_, AddServerZone(store));
    return server_zone_id_;
  }
  v1::RangeReverseLookupZone mapping;
  mapping.set_range_record_id(ranges_[index - 2].id);
  mapping.set_reverse_lookup_zone_record_id(zone_id_);
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_MAP_REVERSE_LOOKUP_ZONE_TO_IP_RANGE,
                               store.dns.PutRangeZone(mapping)));
  return mapping.range_record_id();
}

absl::StatusOr<ReturnObject> CreateDnsZone::Return(Store&) {
  if (server_zone_id_ == 0) return nullptr;
  auto made = std::make_shared<v1::BaseDnsServerZone>(parameters_.server_zone());
  made->set_record_id(server_zone_id_);
  (lookup_ == Lookup::kForward ? made->mutable_dns_server_zone()->mutable_zone()
                               : made->mutable_dns_server_reverse_zone()->mutable_zone())
      ->set_record_id(zone_id_);
  return made;
}

absl::StatusOr<std::int64_t> CreateDnsZone::AddZone(Store& store) const {
  IPAM_ASSIGN_OR_RETURN(const auto existing, store.dns.FindZone(lookup_, zone().name()));
  if (existing) return *existing;
  v1::BaseDnsZone row = zone();
  row.clear_record_id();
  row.clear_modified_properties();
  row.clear_set_properties();
  if (lookup_ == Lookup::kForward) row.mutable_dns_zone();
  const absl::StatusOr<std::int64_t> id = store.dns.PutZone(row);
  IPAM_RETURN_IF_ERROR(AsFault(lookup_ == Lookup::kForward
                                   ? v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_ZONE_FAILED_TO_ADD
                                   : v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_REVERSE_LOOKUP_ZONE_FAILED_TO_ADD,
                               id.status()));
  return id;
}

absl::StatusOr<std::int64_t> CreateDnsZone::AddServerZone(Store& store) const {
  v1::BaseDnsServerZone row = ServerZoneRow(parameters_.server_zone());
  row.clear_record_id();
  const bool forward = lookup_ == Lookup::kForward;
  const absl::StatusOr<std::int64_t> id = store.dns.PutServerZone(row, parameters_.server_id(), zone_id_);
  if (absl::IsAlreadyExists(id.status())) {
    return Fault(forward ? v1::IPAM_EXCEPTION_ID_IPAM_API_FORWARD_LOOKUP_ZONE_ALREADY_EXISTS
                         : v1::IPAM_EXCEPTION_ID_IPAM_API_REVERSE_LOOKUP_ZONE_ALREADY_EXISTS,
                 absl::StrFormat("The DNS server %d hosts the zone %s already.", parameters_.server_id(),
                                 zone().name()));
  }
  IPAM_RETURN_IF_ERROR(AsFault(forward ? v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_ZONE_FAILED_TO_ADD
                                       : v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_REVERSE_ZONE_FAILED_TO_ADD,
                               id.status()));
  return id;
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateDnsZone(const v1::CreateDnsZoneParameters& parameters) {
  return std::make_unique<CreateDnsZone>(parameters);
}

}  // namespace ipam::engine
