#include "dcom_bridge/ipam/failover_tables.h"

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {
namespace {

void FailoverColumns(const Cursor& row, v1::DhcpFailover& failover) { failover.set_record_id(row.Int64(1)); }

}  // namespace

FailoverTables::FailoverTables(Database& db)
    : put_(db,
           "INSERT INTO dhcp_failover_relations (record_id, name, server1_id, server2_id, details)"
           " VALUES (nullif(?, 0), ?, nullif(?, 0), nullif(?, 0), ?) ON CONFLICT (record_id) DO UPDATE SET"
           " name = excluded.name, server1_id = excluded.server1_id, server2_id = excluded.server2_id,"
           " details = excluded.details RETURNING record_id"),
      get_(db, "SELECT details, record_id FROM dhcp_failover_relations WHERE record_id = ?"),
      list_(db, "SELECT details, record_id FROM dhcp_failover_relations ORDER BY record_id"),
      delete_(db, "DELETE FROM dhcp_failover_relations WHERE record_id = ?"),
      put_scope_(db,
                 "INSERT INTO dhcp_scope_failovers (record_id, relation_id, scope_id)"
                 " VALUES (nullif(?, 0), ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
                 " relation_id = excluded.relation_id, scope_id = excluded.scope_id RETURNING record_id"),
      find_scope_(db, "SELECT record_id FROM dhcp_scope_failovers WHERE relation_id = ? AND scope_id = ?"),
      remove_scope_(db, "DELETE FROM dhcp_scope_failovers WHERE scope_id = ?"),
      scopes_of_(db, "SELECT scope_id FROM dhcp_scope_failovers WHERE relation_id = ? ORDER BY scope_id"),
      relation_of_(db,
                   "SELECT f.details, f.record_id FROM dhcp_scope_failovers AS m JOIN dhcp_failover_relations"
                   " AS f ON f.record_id = m.relation_id WHERE m.scope_id = ? ORDER BY m.record_id LIMIT 1"),
      list_scopes_(db,
                   "SELECT record_id, relation_id, scope_id FROM dhcp_scope_failovers ORDER BY record_id"),
      partner_of_(db,
                  "SELECT p.record_id FROM dhcp_scope_failovers AS m JOIN dhcp_scopes AS s ON s.record_id = "
                  "m.scope_id"
                  " JOIN dhcp_failover_relations AS f ON f.record_id = m.relation_id"
                  " JOIN dhcp_scopes AS p ON p.server_id IN (f.server1_id, f.server2_id)"
                  " AND p.server_id != s.server_id AND p.scope_id = s.scope_id"
                  " WHERE m.scope_id = ? ORDER BY p.record_id LIMIT 1") {}

absl::StatusOr<std::int64_t> FailoverTables::Put(const v1::DhcpFailover& failover) {
  return ReturnedId(put_.Lookup(failover.record_id(), failover.relationship_name(),
                                failover.server1_record_id(), failover.server2_record_id(),
                                ToJson(failover)));
}

absl::StatusOr<std::optional<v1::DhcpFailover>> FailoverTables::Get(std::int64_t id) {
  return ReadRow<v1::DhcpFailover>(get_.Query(id), FailoverColumns);
}

absl::StatusOr<std::vector<v1::DhcpFailover>> FailoverTables::List() {
  return ReadRows<v1::DhcpFailover>(list_.Query(), FailoverColumns);
}

absl::Status FailoverTables::Delete(std::int64_t id) { return delete_.Run(id); }

absl::StatusOr<std::int64_t> FailoverTables::PutScope(const v1::DhcpScopeFailover& member) {
  return ReturnedId(put_scope_.Lookup(member.record_id(), member.failover_relation_id(), member.scope_id()));
}

absl::StatusOr<std::optional<std::int64_t>> FailoverTables::FindScope(std::int64_t relation,
                                                                      std::int64_t scope) {
  return find_scope_.Lookup(relation, scope);
}

absl::Status FailoverTables::RemoveScope(std::int64_t scope) { return remove_scope_.Run(scope); }

absl::StatusOr<std::vector<std::int64_t>> FailoverTables::ScopesOf(std::int64_t relation) {
  return ReadIds(scopes_of_.Query(relation));
}

absl::StatusOr<std::optional<v1::DhcpFailover>> FailoverTables::RelationOf(std::int64_t scope) {
  return ReadRow<v1::DhcpFailover>(relation_of_.Query(scope), FailoverColumns);
}

absl::StatusOr<std::vector<v1::DhcpScopeFailover>> FailoverTables::ListScopes() {
  std::vector<v1::DhcpScopeFailover> members;
  Cursor rows = list_scopes_.Query();
  while (rows.Next()) {
    v1::DhcpScopeFailover& member = members.emplace_back();
    member.set_record_id(rows.Int64(0));
    member.set_failover_relation_id(rows.Int64(1));
    member.set_scope_id(rows.Int64(2));
  }
  IPAM_RETURN_IF_ERROR(rows.status());
  return members;
}

absl::StatusOr<std::optional<std::int64_t>> FailoverTables::PartnerOf(std::int64_t scope) {
  return partner_of_.Lookup(scope);
}

}  // namespace ipam::engine
