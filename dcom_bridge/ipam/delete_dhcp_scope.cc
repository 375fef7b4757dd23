// DeleteDhcpScopeDelegate, [MS-IPAMM2] 3.19.4.4.1.5: the scope with all that on-delete rules take along, and what
// DeleteRange (3.3.4.32) owes to the ranges that its address range overlapped.
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_entities.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/range_mapping.h"
#include "dcom_bridge/ipam/step_delegate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

class DeleteDhcpScope final : public StepDelegate {
 public:
  explicit DeleteDhcpScope(const v1::DeleteDhcpScopeParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  static absl::StatusOr<std::int64_t> Delete(int family, std::int64_t id, Store& store);

  const v1::DeleteDhcpScopeParameters& parameters_;
};

absl::Status DeleteDhcpScope::ListSteps(Store& store, StepList& steps) {
  // The address family is the xsi:type of Scope (discrepancies D.3).
  const v1::DhcpScope& request = parameters_.scope();
  if (!request.has_v4() && !request.has_v6()) {
    return InvalidParameter("Scope is mandatory, and is a DhcpScopeV4 or DhcpScopeV6.");
  }
  const int family = request.has_v6() ? 6 : 4;
  IPAM_ASSIGN_OR_RETURN(const auto scope, RequireScope(store, family, request.record_id()));
  IPAM_ASSIGN_OR_RETURN(const std::string server_name,
                        store.servers.NameOfDhcpServer(scope.parent_dhcp_server_record_id()));
  IPAM_ASSIGN_OR_RETURN(const auto range_id, store.addresses.FindRangeOfScope(scope.record_id()));
  std::optional<v1::IPRange> range;
  if (range_id) {
    IPAM_ASSIGN_OR_RETURN(range, store.addresses.GetRange(*range_id));
  }

  const std::size_t first = steps.Add(
      ScopeEntity(SubtaskKind::kRemoveDhcpScope, v1::ENTITY_OPERATION_TYPE_DELETE, scope, server_name),
      [family, id = scope.record_id()](Store& s) { return Delete(family, id, s); });
  if (!range) return absl::OkStatus();
  auto details = std::make_shared<v1::IPRangeDataFormatter>();
  details->set_start_ip(range->start_ip_address());
  details->set_end_ip(range->end_ip_address());
  details->set_prefix_length(range->prefix_length());
  details->set_managed_by_service(kManagedByMsDhcp);
  details->set_service_instance(server_name);
  const IpInterval bounds{*ParseIp(range->start_ip_address()), *ParseIp(range->end_ip_address())};
  steps.Add({.kind = SubtaskKind::kRemoveIpRange,
             .name = absl::StrFormat("Address range %s to %s", details->start_ip(), details->end_ip()),
             .details = std::move(details),
             .needs = first,
             .object_type = RangeType(family),
             .operation_type = v1::ENTITY_OPERATION_TYPE_DELETE},
            [bounds, space = range->address_space_record_id(),
             id = *range_id](Store& s) -> absl::StatusOr<std::int64_t> {
              IPAM_RETURN_IF_ERROR(s.access.DeleteAssociation(RangeType(Family(bounds.start)), id));
              IPAM_RETURN_IF_ERROR(RecomputeOverlaps(bounds, space, id, s));
              return id;
            });
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> DeleteDhcpScope::Delete(int family, std::int64_t id, Store& store) {
  IPAM_ASSIGN_OR_RETURN(const auto scope, RequireScope(store, family, id));
  IPAM_ASSIGN_OR_RETURN(const auto range, store.addresses.FindRangeOfScope(id));
  if (range) {
    // deleteMappedAddresses is not set: the addresses stay, although on delete cascade would take them along.
    IPAM_RETURN_IF_ERROR(store.addresses.UnmapAddresses(*range));
    IPAM_RETURN_IF_ERROR(store.custom_fields.Set(RangeType(family), *range, {}));
  }
  const absl::Status deleted = store.dhcp.DeleteScope(id);
  if (absl::IsFailedPrecondition(deleted)) {  // 3.1.1.1.30.1, Scope: on delete no action
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SCOPE_FAILED_TO_DELETE_IN_IPAM_DATABASE,
                 absl::StrFormat("The scope %s has policies.", scope.scope_id()));
  }
  IPAM_RETURN_IF_ERROR(deleted);
  IPAM_RETURN_IF_ERROR(store.access.DeleteAssociation(ScopeType(family), id));
  return id;
}

}  // namespace

std::unique_ptr<Delegate> MakeDeleteDhcpScope(const v1::DeleteDhcpScopeParameters& parameters) {
  return std::make_unique<DeleteDhcpScope>(parameters);
}

}  // namespace ipam::engine
