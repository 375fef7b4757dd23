// ResetConfigSyncStatusDelegate, ReplicateFailoverScopeDelegate, DoFailoverReplicationDelegate and
// ReplicateFailoverServerDelegate, [MS-IPAMM2] 3.19.4.4.1.28 to .31: an entity for each scope, that needs none of the
// others. What is in no relationship is passed over, as the text has it. The rows are replicated, not what a request says of
// them.
#include <algorithm>
#include <utility>
#include <vector>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_entities.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/scope_replica.h"
#include "dcom_bridge/ipam/step_delegate.h"

namespace ipam::engine {
namespace {

// Absent: no DHCPv4 scope.
absl::StatusOr<std::optional<v1::DhcpScope>> GetScopeV4(Store& store, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(auto scope, store.dhcp.GetScope(id));
  if (scope && !scope->has_v4()) scope.reset();
  return scope;
}

// 3.19.4.4.1.28
class ResetConfigSyncStatus final : public StepDelegate {
 public:
  explicit ResetConfigSyncStatus(const v1::ResetConfigSyncStatusParameters& parameters)
      : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (parameters_.scopes().empty()) return InvalidParameter("Scopes is mandatory.");
    for (const v1::DhcpScope& request : parameters_.scopes()) {
      // "If the row exists": by its record id (discrepancies E.5).
      IPAM_ASSIGN_OR_RETURN(const auto scope, GetScopeV4(store, request.record_id()));
      if (!scope) continue;
      IPAM_ASSIGN_OR_RETURN(const std::string server_name,
                            NameOfServer(store, scope->parent_dhcp_server_record_id()));
      steps.Add(ScopeEntity(SubtaskKind::kResetDhcpConfigSync, v1::ENTITY_OPERATION_TYPE_UPDATE, *scope,
                            server_name),
                [id = scope->record_id()](Store& s) { return Reset(id, s); });
    }
    return absl::OkStatus();
  }
  static absl::StatusOr<std::int64_t> Reset(std::int64_t id, Store& store) {
    IPAM_ASSIGN_OR_RETURN(auto scope, RequireScope(store, 4, id));
    scope.mutable_v4()->set_failover_config_sync_status(v1::DHCP_FAILOVER_CONFIG_SYNC_STATUS_IN_SYNC);
    return store.dhcp.PutScope(scope);
  }

  const v1::ResetConfigSyncStatusParameters& parameters_;
};

// Of two scopes of a relationship that are each other's partner the first is replicated: the other is then its replica.
absl::Status AddReplicas(const std::vector<std::int64_t>& scopes, Store& store, StepList& steps) {
  std::vector<std::int64_t> replicas;
  for (const std::int64_t id : scopes) {
    if (std::find(replicas.begin(), replicas.end(), id) != replicas.end()) continue;
    IPAM_ASSIGN_OR_RETURN(const auto scope, GetScopeV4(store, id));
    if (!scope) continue;
    IPAM_ASSIGN_OR_RETURN(const auto partner, PartnerOf(*scope, store));
    if (!partner) continue;
    IPAM_ASSIGN_OR_RETURN(const auto replica,
                          store.dhcp.FindScope(4, *ParseIp(scope->scope_id()), partner->server));
    replicas.push_back(id);
    if (replica) replicas.push_back(*replica);
    IPAM_ASSIGN_OR_RETURN(const std::string server_name, NameOfServer(store, partner->server));
    Entity entity =
        ScopeEntity(SubtaskKind::kReplicateDhcpScope, v1::ENTITY_OPERATION_TYPE_UPDATE, *scope, server_name);
    entity.name += " to " + server_name;
    steps.Add(std::move(entity), [id](Store& s) { return PutReplica(id, s); });
  }
  return absl::OkStatus();
}

// 3.19.4.4.1.29
class ReplicateScope final : public StepDelegate {
 public:
  explicit ReplicateScope(const v1::ReplicateScopeParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (parameters_.scopes().empty()) return InvalidParameter("Scopes is mandatory.");
    std::vector<std::int64_t> scopes;
    for (const v1::DhcpScope& scope : parameters_.scopes()) scopes.push_back(scope.record_id());
    return AddReplicas(scopes, store, steps);
  }

  const v1::ReplicateScopeParameters& parameters_;
};

// 3.19.4.4.1.30
class ReplicateRelation final : public StepDelegate {
 public:
  explicit ReplicateRelation(const v1::ReplicateRelationParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (!parameters_.has_failover_relation()) return InvalidParameter("FailoverRelation is mandatory.");
    const v1::DhcpFailover& request = parameters_.failover_relation();
    IPAM_ASSIGN_OR_RETURN(const auto row, RequireFailover(store, request.record_id()));
    IPAM_ASSIGN_OR_RETURN(auto scopes, store.failover.ScopesOf(row.record_id()));
    // ServerOwner: "from which a replication was initiated" (2.2.4.104). Its scopes come first, so that they win over
    // those of its partner.
    const std::int64_t owner = request.server_owner() == v1::DHCP_FAILOVER_OPERATION_OWNER_SERVER_TWO
                                   ? row.server2_record_id()
                                   : row.server1_record_id();
    IPAM_ASSIGN_OR_RETURN(const auto owned, store.dhcp.ScopesOfServer(owner));
    std::stable_partition(scopes.begin(), scopes.end(), [&owned](std::int64_t scope) {
      return std::binary_search(owned.begin(), owned.end(), scope);
    });
    return AddReplicas(scopes, store, steps);
  }

  const v1::ReplicateRelationParameters& parameters_;
};

// 3.19.4.4.1.31
class ReplicateServer final : public StepDelegate {
 public:
  explicit ReplicateServer(const v1::ReplicateServerParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (!parameters_.has_server()) return InvalidParameter("Server is mandatory.");
    const std::int64_t server = parameters_.server().record_id();
    IPAM_RETURN_IF_ERROR(RequireServer(store, 4, server).status());
    IPAM_ASSIGN_OR_RETURN(const auto scopes, store.dhcp.ScopesOfServer(server));
    return AddReplicas(scopes, store, steps);
  }

  const v1::ReplicateServerParameters& parameters_;
};

}  // namespace

std::unique_ptr<Delegate> MakeResetConfigSyncStatus(const v1::ResetConfigSyncStatusParameters& parameters) {
  return std::make_unique<ResetConfigSyncStatus>(parameters);
}

std::unique_ptr<Delegate> MakeReplicateScope(const v1::ReplicateScopeParameters& parameters) {
  return std::make_unique<ReplicateScope>(parameters);
}

std::unique_ptr<Delegate> MakeReplicateRelation(const v1::ReplicateRelationParameters& parameters) {
  return std::make_unique<ReplicateRelation>(parameters);
}

std::unique_ptr<Delegate> MakeReplicateServer(const v1::ReplicateServerParameters& parameters) {
  return std::make_unique<ReplicateServer>(parameters);
}

}  // namespace ipam::engine
