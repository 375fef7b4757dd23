// DeletePolicyDelegate and MovePolicyProcessingOrderDelegate, [MS-IPAMM2] 3.19.4.4.1.15 and .17.
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_entities.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/step_delegate.h"

namespace ipam::engine {
namespace {

absl::StatusOr<Entity> DescribePolicy(SubtaskKind kind, v1::EntityOperationType type,
                                      const v1::DhcpPolicyV4& row, Store& store) {
  IPAM_ASSIGN_OR_RETURN(const std::string server_name,
                        store.servers.NameOfDhcpServer(row.server_record_id()));
  if (!row.has_scope()) return PolicyEntity(kind, type, row, nullptr, server_name);
  IPAM_ASSIGN_OR_RETURN(const auto scope, RequireScope(store, 4, row.scope_record_id()));
  return PolicyEntity(kind, type, row, &scope, server_name);
}

class DeletePolicy final : public StepDelegate {
 public:
  explicit DeletePolicy(const v1::DeletePolicyParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  static absl::StatusOr<std::int64_t> Delete(std::int64_t id, Store& store) {
    IPAM_ASSIGN_OR_RETURN(const auto row, RequirePolicy(store, id));
    IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILED_TO_DELETE_POLICY_IN_DATABASE,
                                 store.policies.Delete(row)));
    return id;
  }

  const v1::DeletePolicyParameters& parameters_;
};

absl::Status DeletePolicy::ListSteps(Store& store, StepList& steps) {
  constexpr auto kKind = SubtaskKind::kRemoveDhcpPolicy;
  if (parameters_.policies().empty()) {
    return InvalidParameter("Policies is mandatory.");
  }
  for (const v1::DhcpPolicyV4& policy : parameters_.policies()) {
    const auto row = RequirePolicy(store, policy.policy_id());
    if (row.ok()) {
      IPAM_ASSIGN_OR_RETURN(Entity entity,
                            DescribePolicy(kKind, v1::ENTITY_OPERATION_TYPE_DELETE, *row, store));
      steps.Add(std::move(entity), [id = row->policy_id()](Store& s) { return Delete(id, s); });
      continue;
    }
    if (!IsFault(row.status())) return row.status();
    Entity entity = PolicyEntity(kKind, v1::ENTITY_OPERATION_TYPE_DELETE, policy, nullptr, "");
    if (policy.policy_name().empty()) entity.name = absl::StrFormat("Policy %d", policy.policy_id());
    steps.AddFailure(std::move(entity), row.status());
  }
  return absl::OkStatus();
}

class MovePolicy final : public StepDelegate {
 public:
  explicit MovePolicy(const v1::MovePolicyProcessingOrderParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  absl::StatusOr<std::int64_t> Swap(std::int64_t id, Store& store) const;
  bool up() const { return parameters_.direction() == v1::POLICY_PROCESSING_ORDER_DIRECTION_UP; }

  const v1::MovePolicyProcessingOrderParameters& parameters_;
};

absl::Status MovePolicy::ListSteps(Store& store, StepList& steps) {
  if (!parameters_.has_policy()) {
    return InvalidParameter("Policy is mandatory.");
  }
  IPAM_ASSIGN_OR_RETURN(const auto row, RequirePolicy(store, parameters_.policy().policy_id()));
  IPAM_ASSIGN_OR_RETURN(Entity entity, DescribePolicy(SubtaskKind::kMoveDhcpPolicy,
                                                      v1::ENTITY_OPERATION_TYPE_UPDATE, row, store));
  entity.name += up() ? " up" : " down";
  steps.Add(std::move(entity), [this, id = row.policy_id()](Store& s) { return Swap(id, s); });
  return absl::OkStatus();
}

// MovePolicyProcessingOrder, 3.1.1.1.30.2.2: with the neighbour of the stored row, for the request may be older than
// that. Where there is none nothing changes.
absl::StatusOr<std::int64_t> MovePolicy::Swap(std::int64_t id, Store& store) const {
  IPAM_ASSIGN_OR_RETURN(const auto row, RequirePolicy(store, id));
  const std::int64_t order = row.processing_order();
  const std::int64_t other_order = up() ? order - 1 : order + 1;
  IPAM_ASSIGN_OR_RETURN(const auto other, store.policies.FindByOrder(row, other_order));
  if (!other) return id;
  IPAM_RETURN_IF_ERROR(store.policies.SetOrder(id, other_order));
  IPAM_RETURN_IF_ERROR(store.policies.SetOrder(*other, order));
  return id;
}

}  // namespace

std::unique_ptr<Delegate> MakeDeletePolicy(const v1::DeletePolicyParameters& parameters) {
  return std::make_unique<DeletePolicy>(parameters);
}

std::unique_ptr<Delegate> MakeMovePolicyProcessingOrder(
    const v1::MovePolicyProcessingOrderParameters& parameters) {
  return std::make_unique<MovePolicy>(parameters);
}

}  // namespace ipam::engine
