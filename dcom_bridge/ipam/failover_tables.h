// Failover relationships and their scopes, [MS-IPAMM2] 3.1.1.1.44 and 45. The engine's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"
#include "ipam/v1/dhcp_failover.pb.h"
#include "ipam/v1/tables.pb.h"

namespace ipam::engine {

class FailoverTables {
 public:
  explicit FailoverTables(Database& db);

  absl::StatusOr<std::int64_t> Put(const v1::DhcpFailover& failover);
  absl::StatusOr<std::optional<v1::DhcpFailover>> Get(std::int64_t id);
  absl::StatusOr<std::vector<v1::DhcpFailover>> List();
  // Its scopes are in it no longer.
  absl::Status Delete(std::int64_t id);
  absl::StatusOr<std::int64_t> PutScope(const v1::DhcpScopeFailover& member);
  absl::StatusOr<std::optional<std::int64_t>> FindScope(std::int64_t relation, std::int64_t scope);
  absl::Status RemoveScope(std::int64_t scope);
  // Record ids in order.
  absl::StatusOr<std::vector<std::int64_t>> ScopesOf(std::int64_t relation);
  absl::StatusOr<std::optional<v1::DhcpFailover>> RelationOf(std::int64_t scope);
  absl::StatusOr<std::vector<v1::DhcpScopeFailover>> ListScopes();
  // The scope with the same ScopeId on the other server of the relationship that `scope` is in; absent: it is
  // in none, or the other server has no such scope.
  absl::StatusOr<std::optional<std::int64_t>> PartnerOf(std::int64_t scope);

 private:
  Statement put_;
  Statement get_;
  Statement list_;
  Statement delete_;
  Statement put_scope_;
  Statement find_scope_;
  Statement remove_scope_;
  Statement scopes_of_;
  Statement relation_of_;
  Statement list_scopes_;
  Statement partner_of_;
};

}  // namespace ipam::engine
