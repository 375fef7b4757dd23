#include "dcom_bridge/ipam/exclusion_step.h"

#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

absl::StatusOr<std::int64_t> Apply(const v1::DhcpExclusionRangeOperation& operation,
                                   const ExclusionPlace& place, Store& store) {
  const v1::DhcpExclusionRange& range = operation.value();
  const auto start = ParseIp(range.start_address());
  const auto end = ParseIp(range.end_address());
  const std::size_t size = place.bounds.start.size();
  if (!start || !end || start->size() != size || end->size() != size || *start > *end ||
      *start < place.bounds.start || *end > place.bounds.end) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_EXCLUSION_RANGES,
                 absl::StrFormat("%s to %s is no range of the scope %s.", range.start_address(),
                                 range.end_address(), place.scope_id));
  }
  if (operation.operation() == v1::COLLECTION_OPERATIONS_DELETE) {
    IPAM_RETURN_IF_ERROR(store.dhcp.DeleteExclusion(place.scope.id(), {*start, *end}));
    return place.scope.id();
  }
  const absl::StatusOr<std::int64_t> id = store.dhcp.PutExclusion(place.scope.id(), {*start, *end}, 0);
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_EXCLUSION_RANGE_ALREADY_EXISTS, id.status()));
  return place.scope.id();
}

}  // namespace

void AddExclusionSteps(const v1::DhcpExclusionRangeCollection& exclusions, const ExclusionPlace& place,
                       StepList& steps) {
  for (const v1::DhcpExclusionRangeOperation& operation : exclusions.operation_tracker()) {
    if (operation.operation() != v1::COLLECTION_OPERATIONS_ADD &&
        operation.operation() != v1::COLLECTION_OPERATIONS_DELETE) {
      continue;
    }
    const v1::DhcpExclusionRange& range = operation.value();
    auto details = std::make_shared<v1::ExclusionRangeDataFormatter>();
    details->set_start_ip_address(range.start_address());
    details->set_end_ip_address(range.end_address());
    details->set_scope_id(place.scope_id);
    details->set_server_name(place.server_name);
    steps.Add({.kind = SubtaskKind::kAddDhcpExclusionRange,
               .name = absl::StrFormat("Exclusion %s to %s", range.start_address(), range.end_address()),
               .details = std::move(details),
               .needs = place.needs,
               .object_type = ScopeType(Family(place.bounds.start)),
               .operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE},
              [operation, place](Store& store) { return Apply(operation, place, store); });
  }
}

}  // namespace ipam::engine
