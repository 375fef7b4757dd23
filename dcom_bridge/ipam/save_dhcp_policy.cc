// CreateServerPolicyDelegate, CreateScopePolicyDelegate, UpdatePolicyDelegate and UpdatePolicyPropertiesDelegate,
// [MS-IPAMM2] 3.19.4.4.1.12 to .14 and .16: the policy with its condition, each of its ranges, each of its options.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_entities.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/option_step.h"
#include "dcom_bridge/ipam/validate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

// Where one policy belongs, and the step that makes or changes it.
struct PolicyPlace {
  std::int64_t server = 0;
  std::string server_name;
  std::optional<v1::DhcpScope> scope;
  RowRef policy = 0;
  std::size_t step = 0;
};

// What a policy that is made has as its options: entries to add, or the collection itself.
v1::DhcpOptionCollection OptionsToAdd(const v1::DhcpPolicyV4& policy) {
  v1::DhcpOptionCollection options = policy.options();
  if (!options.operation_tracker().empty()) return options;
  for (const v1::DhcpOption& option : policy.options().options_in_collection()) {
    v1::DhcpOptionOperation& operation = *options.add_operation_tracker();
    operation.set_operation(v1::COLLECTION_OPERATIONS_ADD);
    *operation.mutable_value() = option;
  }
  return options;
}

void AddOptions(const v1::DhcpOptionCollection& options, const std::string& policy_name,
                const PolicyPlace& place, StepList& steps) {
  AddOptionSteps(options,
                 {.server = place.server,
                  .scope = place.scope ? std::optional(RowRef(place.scope->record_id())) : std::nullopt,
                  .policy = place.policy,
                  .server_name = place.server_name,
                  .scope_id = place.scope ? place.scope->scope_id() : "",
                  .policy_name = policy_name,
                  .object_type = v1::IPAM_OBJECT_TYPE_DHCP_POLICY_V4,
                  .needs = place.step},
                 steps);
}

enum class RangeChange { kAdd, kRemove };

absl::StatusOr<std::int64_t> ChangeRange(RangeChange change, std::int64_t policy,
                                         const v1::DhcpPolicyRangeV4& range, const v1::DhcpScope* scope,
                                         Store& store) {
  const auto start = ParseIp(range.start_ip_address());
  const auto end = ParseIp(range.end_ip_address());
  const bool valid = start && end && start->size() == 4 && end->size() == 4 && *start <= *end;
  const bool inside = change == RangeChange::kRemove || scope == nullptr ||
                      (valid && *start >= BoundsOf(*scope).start && *end <= BoundsOf(*scope).end);
  if (!valid || !inside) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_ADDRESS_RANGE,
                 absl::StrFormat("%s to %s is no range of the scope of the policy.", range.start_ip_address(),
                                 range.end_ip_address()));
  }
  if (change == RangeChange::kRemove) {
    IPAM_RETURN_IF_ERROR(store.policies.DeleteRange(policy, {*start, *end}));
    return policy;
  }
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILED_TO_UPDATE_POLICY_IN_DATABASE,
                               store.policies.PutRange(policy, {*start, *end}, 0).status()));
  return policy;
}

void AddRange(RangeChange change, const v1::DhcpPolicyRangeV4& range, const std::string& policy_name,
              const PolicyPlace& place, StepList& steps) {
  auto details = std::make_shared<v1::ScopePolicyIpRangeDataFormatter>();
  details->set_policy_name(policy_name);
  details->mutable_policy_range()->set_start_ip_address(range.start_ip_address());
  details->mutable_policy_range()->set_end_ip_address(range.end_ip_address());
  if (place.scope) details->set_scope_id(place.scope->scope_id());
  details->set_server_name(place.server_name);
  steps.Add({.kind = change == RangeChange::kAdd ? SubtaskKind::kAddDhcpPolicyRange
                                                 : SubtaskKind::kRemoveDhcpPolicyRange,
             .name = absl::StrFormat("Range %s to %s", range.start_ip_address(), range.end_ip_address()),
             .details = std::move(details),
             .needs = place.step,
             .object_type = v1::IPAM_OBJECT_TYPE_DHCP_POLICY_V4,
             .operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE},
            [change, range, policy = place.policy, scope = place.scope](Store& store) {
              return ChangeRange(change, policy.id(), range, scope ? &*scope : nullptr, store);
            });
}

absl::StatusOr<std::int64_t> Create(v1::DhcpPolicyV4 policy, const PolicyPlace& place, Store& store) {
  policy.clear_policy_id();  // the store assigns it
  policy.set_server_record_id(place.server);
  policy.clear_scope_record_id();
  std::optional<std::int64_t> scope;
  if (place.scope) {
    scope = place.scope->record_id();
    policy.set_scope_record_id(*scope);
  }
  // Not demanded of a new policy by 3.1.4.14: without an order it is the last.
  if (policy.processing_order() == 0) {
    IPAM_ASSIGN_OR_RETURN(const std::int64_t last, store.policies.LastOrder(place.server, scope));
    policy.set_processing_order(static_cast<std::uint32_t>(last + 1));
  }
  const absl::StatusOr<std::int64_t> id = store.policies.Put(policy);
  IPAM_RETURN_IF_ERROR(
      AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILED_TO_CREATE_POLICY_IN_DATABASE, id.status()));
  // A server's policy has a condition too (discrepancies F.6).
  IPAM_RETURN_IF_ERROR(store.policies.PutCondition(*id, policy.condition()));
  return id;
}

void ReturnPolicyOf(std::size_t step, StepList& steps) {
  steps.ReturnRowOf(step, [](Store& s, std::int64_t policy) { return s.policies.Get(policy); });
}

// `only`: the operation makes this one alone.
void AddCreate(const v1::DhcpPolicyV4& policy, PolicyPlace place, bool only, StepList& steps) {
  Entity entity = PolicyEntity(SubtaskKind::kAddDhcpPolicy, v1::ENTITY_OPERATION_TYPE_ADD, policy,
                               place.scope ? &*place.scope : nullptr, place.server_name);
  entity.name += place.scope ? " of " + NameOf(*place.scope) : " of " + place.server_name;
  place.step = steps.Add(std::move(entity), [policy, place](Store& s) { return Create(policy, place, s); });
  place.policy = RowRef(steps, place.step);
  if (only) ReturnPolicyOf(place.step, steps);
  if (place.scope) {
    for (const auto& range : policy.ranges()) {
      AddRange(RangeChange::kAdd, range, policy.policy_name(), place, steps);
    }
  }
  AddOptions(OptionsToAdd(policy), policy.policy_name(), place, steps);  // .13 has no options (F.6)
}

absl::Status AddMissing(const v1::DhcpPolicyV4& policy, const std::string& where, const absl::Status& status,
                        StepList& steps) {
  if (!IsFault(status)) return status;
  steps.AddFailure({.kind = SubtaskKind::kAddDhcpPolicy,
                    .name = absl::StrFormat("Policy %s of %s", policy.policy_name(), where),
                    .object_type = v1::IPAM_OBJECT_TYPE_DHCP_POLICY_V4},
                   status);
  return absl::OkStatus();
}

class CreateServerPolicy final : public StepDelegate {
 public:
  explicit CreateServerPolicy(const v1::CreateDhcpServerPolicyParameters& parameters)
      : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (!parameters_.has_policy() || parameters_.server_list().empty()) {
      return InvalidParameter("Policy and ServerList are mandatory.");
    }
    IPAM_RETURN_IF_ERROR(ValidateDhcpPolicy(parameters_.policy(), true));
    for (const v1::DhcpServer& server : parameters_.server_list()) {
      PolicyPlace place{.server = server.record_id()};
      IPAM_ASSIGN_OR_RETURN(place.server_name, NameOfServer(store, place.server));
      const absl::Status found = RequireServer(store, 4, place.server).status();
      if (!found.ok()) {
        IPAM_RETURN_IF_ERROR(AddMissing(parameters_.policy(), place.server_name, found, steps));
        continue;
      }
      AddCreate(parameters_.policy(), std::move(place), parameters_.server_list_size() == 1, steps);
    }
    return absl::OkStatus();
  }

  const v1::CreateDhcpServerPolicyParameters& parameters_;
};

class CreateScopePolicy final : public StepDelegate {
 public:
  explicit CreateScopePolicy(const v1::CreateDhcpScopePolicyParameters& parameters)
      : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (!parameters_.has_policy() || parameters_.scope_list().empty()) {
      return InvalidParameter("Policy and ScopeList are mandatory.");
    }
    IPAM_RETURN_IF_ERROR(ValidateDhcpPolicy(parameters_.policy(), true));
    for (const std::int64_t id : parameters_.scope_list()) {
      const auto scope = RequireScope(store, 4, id);
      if (!scope.ok()) {
        IPAM_RETURN_IF_ERROR(
            AddMissing(parameters_.policy(), absl::StrFormat("scope %d", id), scope.status(), steps));
        continue;
      }
      PolicyPlace place{.server = scope->parent_dhcp_server_record_id(), .scope = *scope};
      IPAM_ASSIGN_OR_RETURN(place.server_name, store.servers.NameOfDhcpServer(place.server));
      AddCreate(parameters_.policy(), std::move(place), parameters_.scope_list_size() == 1, steps);
    }
    return absl::OkStatus();
  }

  const v1::CreateDhcpScopePolicyParameters& parameters_;
};

bool SameRange(const v1::DhcpPolicyRangeV4& a, const v1::DhcpPolicyRangeV4& b) {
  return ParseIp(a.start_ip_address()) == ParseIp(b.start_ip_address()) &&
         ParseIp(a.end_ip_address()) == ParseIp(b.end_ip_address());
}

template <typename Ranges>
bool HasRange(const Ranges& ranges, const v1::DhcpPolicyRangeV4& range) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&range](const auto& other) { return SameRange(range, other); });
}

// 0: of the server.
std::int64_t ScopeOf(const v1::DhcpPolicyV4& policy) {
  return policy.has_scope() ? policy.scope().record_id() : policy.scope_record_id();
}

// Every property, and the condition where there is one.
absl::StatusOr<std::int64_t> Update(v1::DhcpPolicyV4 policy, Store& store) {
  constexpr auto kFailed = v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILED_TO_UPDATE_POLICY_IN_DATABASE;
  IPAM_ASSIGN_OR_RETURN(const auto row, RequirePolicy(store, policy.policy_id()));
  if (policy.has_server()) policy.set_server_record_id(policy.server().record_id());
  policy.set_scope_record_id(ScopeOf(policy));
  // Its options refer to definitions of the server.
  if (policy.server_record_id() != row.server_record_id()) {
    return Fault(kFailed,
                 absl::StrFormat("The policy %s is one of the server %d, not of %d.", row.policy_name(),
                                 row.server_record_id(), policy.server_record_id()));
  }
  if (ScopeOf(policy) != 0) {
    IPAM_ASSIGN_OR_RETURN(const auto scope, RequireScope(store, 4, ScopeOf(policy)));
    if (scope.parent_dhcp_server_record_id() != row.server_record_id()) {
      return Fault(kFailed, absl::StrFormat("The scope %s is not one of the server %d of the policy %s.",
                                            scope.scope_id(), row.server_record_id(), row.policy_name()));
    }
  }
  const absl::StatusOr<std::int64_t> id = store.policies.Put(policy);
  IPAM_RETURN_IF_ERROR(AsFault(kFailed, id.status()));
  if (policy.has_condition()) {
    IPAM_RETURN_IF_ERROR(store.policies.PutCondition(*id, policy.condition()));
  }
  return id;
}

class UpdatePolicy final : public StepDelegate {
 public:
  explicit UpdatePolicy(const v1::UpdatePolicyParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;

  const v1::DhcpPolicyV4& policy() const { return parameters_.policy(); }

  const v1::UpdatePolicyParameters& parameters_;
};

absl::Status UpdatePolicy::ListSteps(Store& store, StepList& steps) {
  if (!parameters_.has_policy()) return InvalidParameter("Policy is mandatory.");
  IPAM_RETURN_IF_ERROR(ValidateDhcpPolicy(policy(), false));
  IPAM_ASSIGN_OR_RETURN(const auto row, RequirePolicy(store, policy().policy_id()));
  PolicyPlace place{.server = row.server_record_id(), .policy = row.policy_id()};
  IPAM_ASSIGN_OR_RETURN(place.server_name, store.servers.NameOfDhcpServer(place.server));
  if (ScopeOf(policy()) != 0) {
    IPAM_ASSIGN_OR_RETURN(place.scope, RequireScope(store, 4, ScopeOf(policy())));
  }
  place.step = steps.Add(PolicyEntity(SubtaskKind::kSetDhcpPolicy, v1::ENTITY_OPERATION_TYPE_UPDATE, policy(),
                                      place.scope ? &*place.scope : nullptr, place.server_name),
                         [this](Store& s) { return Update(policy(), s); });
  ReturnPolicyOf(place.step, steps);
  for (const v1::DhcpPolicyRangeV4& range : row.ranges()) {
    if (!HasRange(policy().ranges(), range)) {
      AddRange(RangeChange::kRemove, range, policy().policy_name(), place, steps);
    }
  }
  for (const v1::DhcpPolicyRangeV4& range : policy().ranges()) {
    if (!HasRange(row.ranges(), range)) {
      AddRange(RangeChange::kAdd, range, policy().policy_name(), place, steps);
    }
  }
  // PolicyAddOptions of 2.2.5.79; no step of .14 has them.
  AddOptions(policy().options(), policy().policy_name(), place, steps);
  return absl::OkStatus();
}

class UpdatePolicyProperties final : public StepDelegate {
 public:
  explicit UpdatePolicyProperties(const v1::UpdatePolicyPropertiesParameters& parameters)
      : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;

  const v1::UpdatePolicyPropertiesParameters& parameters_;
};

absl::Status UpdatePolicyProperties::ListSteps(Store& store, StepList& steps) {
  if (parameters_.policies().empty()) return InvalidParameter("Policies is mandatory.");
  // No step uses Update (discrepancies F.9); what 2.2.4.452 says of it agrees with State but where it disables.
  const bool disable = parameters_.update() == v1::DHCP_POLICY_PROPERTY_UPDATE_DISABLE_POLICY;
  for (const v1::DhcpPolicyV4& policy : parameters_.policies()) {
    std::optional<v1::DhcpScope> scope;
    if (ScopeOf(policy) != 0) {
      IPAM_ASSIGN_OR_RETURN(scope, store.dhcp.GetScope(ScopeOf(policy)));
    }
    const std::int64_t server = policy.has_server() ? policy.server().record_id() : policy.server_record_id();
    IPAM_ASSIGN_OR_RETURN(const std::string server_name, store.servers.NameOfDhcpServer(server));
    steps.Add(PolicyEntity(SubtaskKind::kSetDhcpPolicy, v1::ENTITY_OPERATION_TYPE_UPDATE, policy,
                           scope ? &*scope : nullptr, server_name),
              [&policy, disable](Store& s) {
                v1::DhcpPolicyV4 changed = policy;
                if (disable) changed.set_state(false);
                changed.clear_condition();  // none of the properties
                return Update(std::move(changed), s);
              });
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateServerPolicy(const v1::CreateDhcpServerPolicyParameters& parameters) {
  return std::make_unique<CreateServerPolicy>(parameters);
}

std::unique_ptr<Delegate> MakeCreateScopePolicy(const v1::CreateDhcpScopePolicyParameters& parameters) {
  return std::make_unique<CreateScopePolicy>(parameters);
}

std::unique_ptr<Delegate> MakeUpdatePolicy(const v1::UpdatePolicyParameters& parameters) {
  return std::make_unique<UpdatePolicy>(parameters);
}

std::unique_ptr<Delegate> MakeUpdatePolicyProperties(const v1::UpdatePolicyPropertiesParameters& parameters) {
  return std::make_unique<UpdatePolicyProperties>(parameters);
}

}  // namespace ipam::engine
