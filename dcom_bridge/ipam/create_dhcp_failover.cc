// CreateDhcpFailoverDelegate, [MS-IPAMM2] 3.19.4.4.1.23: the relationship and each of its scopes.
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

class CreateDhcpFailover final : public Delegate {
 public:
  explicit CreateDhcpFailover(const v1::DhcpFailoverWithScopesParameters& parameters)
      : parameters_(parameters) {}

  // ValidateDhcpFailover is called by no delegate (discrepancies F.10).
  absl::Status Prepare(Store& store) override;
  std::size_t size() const override { return 1 + scopes_.size(); }
  Entity Describe(std::size_t index) const override;
  absl::StatusOr<std::int64_t> Apply(std::size_t index, Store& store) override;
  absl::StatusOr<ReturnObject> Return(Store& store) override;

 private:
  absl::StatusOr<std::int64_t> AddRelationship(Store& store) const;
  absl::StatusOr<std::int64_t> AddScope(std::int64_t scope, Store& store) const;

  const v1::DhcpFailoverWithScopesParameters& parameters_;
  std::vector<std::string> scopes_;  // their names, in the order of scope_ids
  std::int64_t record_id_ = 0;       // FailoverRecordId
};

absl::Status CreateDhcpFailover::Prepare(Store& store) {
  if (!parameters_.has_failover() || parameters_.scope_ids().empty()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, "Failover and ScopeIds are mandatory.");
  }
  scopes_.clear();
  for (const std::int64_t id : parameters_.scope_ids()) {
    IPAM_ASSIGN_OR_RETURN(const auto scope, store.dhcp.GetScope(id));
    scopes_.push_back(scope ? absl::StrFormat("%s %s", scope->scope_id(), scope->scope_name())
                            : absl::StrFormat("%d", id));
  }
  return absl::OkStatus();
}

Entity CreateDhcpFailover::Describe(std::size_t index) const {
  const v1::DhcpFailover& failover = parameters_.failover();
  auto details = std::make_shared<v1::FailoverDataFormatter>();
  details->set_failover_name(failover.relationship_name());
  details->set_server1_name(failover.server1_name());
  details->set_server2_name(failover.server2_name());
  Entity entity;
  entity.details = std::move(details);
  if (index == 0) {
    entity.kind = SubtaskKind::kAddDhcpFailover;
    entity.name = absl::StrFormat("Failover relationship %s", failover.relationship_name());
    entity.object_type = v1::IPAM_OBJECT_TYPE_DHCP_FAILOVER;
    return entity;
  }
  entity.kind = SubtaskKind::kAddDhcpFailoverScope;
  entity.name = absl::StrFormat("Scope %s", scopes_[index - 1]);
  entity.needs = 0;
  entity.object_type = v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV4;
  entity.operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE;
  return entity;
}

absl::StatusOr<std::int64_t> CreateDhcpFailover::Apply(std::size_t index, Store& store) {
  if (index != 0) return AddScope(parameters_.scope_ids(static_cast<int>(index) - 1), store);
  record_id_ = 0;  // of a transaction that was undone
  IPAM_ASSIGN_OR_RETURN(record_id_, AddRelationship(store));
  return record_id_;
}

absl::StatusOr<ReturnObject> CreateDhcpFailover::Return(Store&) {
  if (record_id_ == 0) return nullptr;
  auto made = std::make_shared<v1::DhcpFailover>(parameters_.failover());
  made->set_record_id(record_id_);
  made->clear_shared_secret();
  return made;
}

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

absl::StatusOr<std::int64_t> CreateDhcpFailover::AddScope(std::int64_t scope, Store& store) const {
  IPAM_ASSIGN_OR_RETURN(const auto member, store.failover.FindScope(record_id_, scope));
  if (member) return scope;
  v1::DhcpScopeFailover row;
  row.set_failover_relation_id(record_id_);
  row.set_scope_id(scope);
  const absl::Status put = store.failover.PutScope(row).status();
  if (absl::IsFailedPrecondition(put)) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILOVER_FAILED_TO_ADD_SCOPES_IN_IPAM_DATABASE,
                 absl::StrFormat("There is no DHCP scope %d.", scope));
  }
  IPAM_RETURN_IF_ERROR(put);
  return scope;
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateDhcpFailover(const v1::DhcpFailoverWithScopesParameters& parameters) {
  return std::make_unique<CreateDhcpFailover>(parameters);
}

}  // namespace ipam::engine
