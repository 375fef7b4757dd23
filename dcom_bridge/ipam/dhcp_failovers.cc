// The operations on failover relationships and which scopes are in them, [MS-IPAMM2] 3.19.4.4.1.23 to .27.
// ValidateDhcpFailover is called by none (discrepancies F.10), Force used by none (F.9).
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_entities.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/dns_settings.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/step_delegate.h"
#include "ipam/v1/xml.pb.h"

namespace ipam::engine {
namespace {

// With the names that its servers have, where it has none of its own.
absl::StatusOr<Entity> DescribeFailover(SubtaskKind kind, v1::EntityOperationType type,
                                        v1::DhcpFailover failover, Store& store) {
  if (!failover.has_server1_name() && failover.server1_record_id() != 0) {
    IPAM_ASSIGN_OR_RETURN(*failover.mutable_server1_name(),
                          NameOfServer(store, failover.server1_record_id()));
  }
  if (!failover.has_server2_name() && failover.server2_record_id() != 0) {
    IPAM_ASSIGN_OR_RETURN(*failover.mutable_server2_name(),
                          NameOfServer(store, failover.server2_record_id()));
  }
  return FailoverEntity(kind, type, failover);
}

// A scope that comes into the relationship, or leaves it.
absl::StatusOr<Entity> DescribeScope(SubtaskKind kind, std::int64_t scope, const v1::DhcpFailover& failover,
                                     Store& store) {
  IPAM_ASSIGN_OR_RETURN(Entity entity,
                        DescribeFailover(kind, v1::ENTITY_OPERATION_TYPE_UPDATE, failover, store));
  IPAM_ASSIGN_OR_RETURN(const auto row, store.dhcp.GetScope(scope));
  entity.name = row ? absl::StrFormat("Scope %s", NameOf(*row)) : absl::StrFormat("Scope %d", scope);
  entity.object_type = ScopeType(4);
  return entity;
}

// As clients get it.
absl::StatusOr<std::optional<v1::DhcpFailover>> ReadFailover(Store& store, std::int64_t id) {
  auto row = store.failover.Get(id);
  if (row.ok() && *row) (*row)->clear_shared_secret();
  return row;
}

absl::StatusOr<std::int64_t> AddScope(std::int64_t relation, std::int64_t scope, Store& store) {
  IPAM_ASSIGN_OR_RETURN(const auto member, store.failover.FindScope(relation, scope));
  if (member) return scope;
  constexpr auto kFailed = v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILOVER_FAILED_TO_ADD_SCOPES_IN_IPAM_DATABASE;
  const absl::Status found = RequireScope(store, 4, scope).status();
  if (!found.ok()) return IsFault(found) ? Fault(kFailed, std::string(found.message())) : found;
  v1::DhcpScopeFailover row;
  row.set_failover_relation_id(relation);
  row.set_scope_id(scope);
  const absl::Status put = store.failover.PutScope(row).status();
  if (absl::IsFailedPrecondition(put)) {
    return Fault(kFailed, absl::StrFormat("There is no failover relationship %d.", relation));
  }
  IPAM_RETURN_IF_ERROR(put);
  return scope;
}

absl::Status AddScopeSteps(const v1::DhcpFailoverWithScopesParameters& parameters,
                           const v1::DhcpFailover& failover, RowRef relation,
                           std::optional<std::size_t> needs, Store& store, StepList& steps) {
  for (const std::int64_t scope : parameters.scope_ids()) {
    IPAM_ASSIGN_OR_RETURN(Entity entity,
                          DescribeScope(SubtaskKind::kAddDhcpFailoverScope, scope, failover, store));
    entity.needs = needs;
    steps.Add(std::move(entity), [relation, scope](Store& s) { return AddScope(relation.id(), scope, s); });
  }
  return absl::OkStatus();
}

// 3.19.4.4.1.23
class CreateDhcpFailover final : public StepDelegate {
 public:
  explicit CreateDhcpFailover(const v1::DhcpFailoverWithScopesParameters& parameters)
      : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    const v1::DhcpFailover& failover = parameters_.failover();
    if (!parameters_.has_failover() || parameters_.scope_ids().empty()) {
      return InvalidParameter("Failover and ScopeIds are mandatory.");
    }
    IPAM_ASSIGN_OR_RETURN(Entity entity, DescribeFailover(SubtaskKind::kAddDhcpFailover,
                                                          v1::ENTITY_OPERATION_TYPE_ADD, failover, store));
    const std::size_t first = steps.Add(std::move(entity), [this](Store& s) { return AddRelationship(s); });
    steps.ReturnRowOf(first, ReadFailover);
    return AddScopeSteps(parameters_, failover, RowRef(steps, first), first, store, steps);
  }
  absl::StatusOr<std::int64_t> AddRelationship(Store& store) const;

  const v1::DhcpFailoverWithScopesParameters& parameters_;
};

absl::StatusOr<std::int64_t> CreateDhcpFailover::AddRelationship(Store& store) const {
  v1::DhcpFailover row = parameters_.failover();
  row.clear_record_id();
  row.clear_modified_properties();
  row.clear_set_properties();
  row.clear_operation_tracker();
  const absl::StatusOr<std::int64_t> id = store.failover.Put(row);
  if (absl::IsAlreadyExists(id.status())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILOVER_FAILED_TO_ADD_IN_IPAM_DATABASE,
                 absl::StrFormat("The servers have a failover relationship %s.", row.relationship_name()));
  }
  if (absl::IsFailedPrecondition(id.status())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILOVER_FAILED_TO_ADD_IN_IPAM_DATABASE,
                 absl::StrFormat("There are no DHCP servers %d and %d, or the name %s is too long.",
                                 row.server1_record_id(), row.server2_record_id(), row.relationship_name()));
  }
  return id;
}

// 3.19.4.4.1.24
class EditDhcpFailover final : public StepDelegate {
 public:
  explicit EditDhcpFailover(const v1::DhcpFailoverParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (!parameters_.has_failover()) return InvalidParameter("Failover is mandatory.");
    IPAM_ASSIGN_OR_RETURN(const auto row, RequireFailover(store, parameters_.failover().record_id()));
    if (parameters_.failover().modified_properties().empty()) return absl::OkStatus();
    IPAM_ASSIGN_OR_RETURN(Entity entity, DescribeFailover(SubtaskKind::kSetDhcpFailover,
                                                          v1::ENTITY_OPERATION_TYPE_UPDATE, row, store));
    steps.ReturnRowOf(steps.Add(std::move(entity), [this](Store& s) { return Edit(s); }), ReadFailover);
    return absl::OkStatus();
  }
  absl::StatusOr<std::int64_t> Edit(Store& store) const;

  const v1::DhcpFailoverParameters& parameters_;
};

// Whether the member is a column of 3.1.1.1.44.1.
bool IsColumn(const google::protobuf::FieldDescriptor& field) {
  switch (field.number()) {
    case v1::DhcpFailover::kModifiedPropertiesFieldNumber:
    case v1::DhcpFailover::kSetPropertiesFieldNumber:
    case v1::DhcpFailover::kOperationTrackerFieldNumber:
    case v1::DhcpFailover::kRecordIdFieldNumber:
    case v1::DhcpFailover::kServerOwnerFieldNumber:
      return false;
    default:
      return true;
  }
}

absl::StatusOr<std::int64_t> EditDhcpFailover::Edit(Store& store) const {
  v1::DhcpFailover change = parameters_.failover();
  IPAM_ASSIGN_OR_RETURN(auto row, RequireFailover(store, change.record_id()));
  const google::protobuf::Descriptor& type = *v1::DhcpFailover::descriptor();
  std::vector<const google::protobuf::FieldDescriptor*> modified;
  for (int i = 0; i < type.field_count(); ++i) {
    const std::string& name = type.field(i)->options().GetExtension(v1::xml).name();
    if (IsColumn(*type.field(i)) && Names(change.modified_properties(), name)) {
      modified.push_back(type.field(i));
    }
  }
  row.GetReflection()->SwapFields(&row, &change, modified);
  const absl::StatusOr<std::int64_t> id = store.failover.Put(row);
  if (absl::IsAlreadyExists(id.status())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILOVER_FAILED_TO_UPDATE_IN_IPAM_DATABASE,
                 absl::StrFormat("The servers have a failover relationship %s.", row.relationship_name()));
  }
  IPAM_RETURN_IF_ERROR(
      AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILOVER_FAILED_TO_UPDATE_IN_IPAM_DATABASE, id.status()));
  return id;
}

// 3.19.4.4.1.25
class AddDhcpFailoverScopes final : public StepDelegate {
 public:
  explicit AddDhcpFailoverScopes(const v1::DhcpFailoverWithScopesParameters& parameters)
      : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (!parameters_.has_failover() || parameters_.scope_ids().empty()) {
      return InvalidParameter("Failover and ScopeIds are mandatory.");
    }
    IPAM_ASSIGN_OR_RETURN(const auto row, RequireFailover(store, parameters_.failover().record_id()));
    steps.ReturnRow(row.record_id(), ReadFailover);  // "return the updated Failover object"
    return AddScopeSteps(parameters_, row, row.record_id(), std::nullopt, store, steps);
  }

  const v1::DhcpFailoverWithScopesParameters& parameters_;
};

// 3.19.4.4.1.26, whose parameters have no Failover (discrepancies D.9). A scope in no relationship stays in none.
class RemoveDhcpFailoverScopes final : public StepDelegate {
 public:
  explicit RemoveDhcpFailoverScopes(const v1::DhcpFailoverRemoveScopesParameters& parameters)
      : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (parameters_.scope_ids().empty()) return InvalidParameter("ScopeIds is mandatory.");
    for (const std::int64_t scope : parameters_.scope_ids()) {
      IPAM_ASSIGN_OR_RETURN(const auto failover, store.failover.RelationOf(scope));
      IPAM_ASSIGN_OR_RETURN(Entity entity, DescribeScope(SubtaskKind::kRemoveDhcpFailoverScope, scope,
                                                         failover.value_or(v1::DhcpFailover()), store));
      steps.Add(std::move(entity), [scope](Store& s) -> absl::StatusOr<std::int64_t> {
        IPAM_RETURN_IF_ERROR(RequireScope(s, 4, scope).status());
        IPAM_RETURN_IF_ERROR(s.failover.RemoveScope(scope));
        return scope;
      });
    }
    return absl::OkStatus();
  }

  const v1::DhcpFailoverRemoveScopesParameters& parameters_;
};

// 3.19.4.4.1.27: on delete, its scopes are in no relationship.
class DeleteDhcpFailover final : public StepDelegate {
 public:
  explicit DeleteDhcpFailover(const v1::DhcpFailoverDeleteParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (!parameters_.has_failover()) return InvalidParameter("Failover is mandatory.");
    const std::int64_t id = parameters_.failover().record_id();
    IPAM_ASSIGN_OR_RETURN(const auto row, RequireFailover(store, id));
    IPAM_ASSIGN_OR_RETURN(Entity entity, DescribeFailover(SubtaskKind::kRemoveDhcpFailover,
                                                          v1::ENTITY_OPERATION_TYPE_DELETE, row, store));
    steps.Add(std::move(entity), [id](Store& s) -> absl::StatusOr<std::int64_t> {
      IPAM_RETURN_IF_ERROR(RequireFailover(s, id).status());
      IPAM_RETURN_IF_ERROR(s.failover.Delete(id));
      return id;
    });
    return absl::OkStatus();
  }

  const v1::DhcpFailoverDeleteParameters& parameters_;
};

}  // namespace

std::unique_ptr<Delegate> MakeCreateDhcpFailover(const v1::DhcpFailoverWithScopesParameters& parameters) {
  return std::make_unique<CreateDhcpFailover>(parameters);
}

std::unique_ptr<Delegate> MakeEditDhcpFailover(const v1::DhcpFailoverParameters& parameters) {
  return std::make_unique<EditDhcpFailover>(parameters);
}

std::unique_ptr<Delegate> MakeAddDhcpFailoverScopes(const v1::DhcpFailoverWithScopesParameters& parameters) {
  return std::make_unique<AddDhcpFailoverScopes>(parameters);
}

std::unique_ptr<Delegate> MakeRemoveDhcpFailoverScopes(
    const v1::DhcpFailoverRemoveScopesParameters& parameters) {
  return std::make_unique<RemoveDhcpFailoverScopes>(parameters);
}

std::unique_ptr<Delegate> MakeDeleteDhcpFailover(const v1::DhcpFailoverDeleteParameters& parameters) {
  return std::make_unique<DeleteDhcpFailover>(parameters);
}

}  // namespace ipam::engine
