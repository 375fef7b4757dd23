#include "dcom_bridge/ipam/dhcp_tables.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {
namespace {

std::optional<std::int64_t> NonZero(std::int64_t id) { return id == 0 ? std::nullopt : std::optional(id); }

absl::StatusOr<IpOctets> Address(const std::string& text) {
  auto ip = ParseIp(text);
  if (!ip) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS,
                 absl::StrFormat("Not an IP address: \"%s\".", text));
  }
  return *std::move(ip);
}

void ScopeColumns(const Cursor& row, v1::DhcpScope& scope) {
  scope.set_record_id(row.Int64(1));
  scope.set_parent_dhcp_server_record_id(row.Int64(2));
  if (scope.has_v4()) scope.mutable_v4()->set_superscope_record_id(row.OptionalInt64(3).value_or(0));
}

}  // namespace

DhcpTables::DhcpTables(Database& db)
    : put_server_(
          db,
          "INSERT INTO dhcp_servers (record_id, af, server_role_id, details) VALUES (nullif(?, 0), ?, ?, ?)"
          " ON CONFLICT (record_id) DO UPDATE SET af = excluded.af,"
          " server_role_id = excluded.server_role_id, details = excluded.details RETURNING record_id"),
      list_servers_(db, "SELECT details, record_id, server_role_id FROM dhcp_servers ORDER BY record_id"),
      has_server_(db, "SELECT 1 FROM dhcp_servers WHERE af = ? AND record_id = ?"),
      put_definition_(db,
                      "INSERT INTO dhcp_option_definitions (server_id, record_id, details) VALUES (?, ?, ?)"
                      " ON CONFLICT (server_id, record_id) DO UPDATE SET details = excluded.details"),
      list_definitions_(
          db,
          "SELECT details, record_id FROM dhcp_option_definitions WHERE server_id = ? ORDER BY record_id"),
      has_definition_(db, "SELECT 1 FROM dhcp_option_definitions WHERE server_id = ? AND record_id = ?"),
      put_user_class_(db,
                      "INSERT INTO dhcp_user_classes (server_id, record_id, details) VALUES (?, ?, ?)"
                      " ON CONFLICT (server_id, record_id) DO UPDATE SET details = excluded.details"),
      list_user_classes_(
          db, "SELECT details, record_id FROM dhcp_user_classes WHERE server_id = ? ORDER BY record_id"),
      has_user_class_(db, "SELECT 1 FROM dhcp_user_classes WHERE server_id = ? AND record_id = ?"),
      put_superscope_(db,
                      "INSERT INTO dhcp_superscopes (record_id, server_id, name, details)"
                      " VALUES (nullif(?, 0), ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
                      " server_id = excluded.server_id, name = excluded.name, details = excluded.details"
                      " RETURNING record_id"),
      list_superscopes_(db, "SELECT details, record_id, server_id FROM dhcp_superscopes ORDER BY record_id"),
      put_scope_(
          db,
          "INSERT INTO dhcp_scopes (record_id, af, server_id, scope_id, superscope_id, details)"
          " VALUES (nullif(?, 0), ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET af = excluded.af,"
          " server_id = excluded.server_id, scope_id = excluded.scope_id,"
          " superscope_id = excluded.superscope_id, details = excluded.details RETURNING record_id"),
      get_scope_(db,
                 "SELECT details, record_id, server_id, superscope_id FROM dhcp_scopes WHERE record_id = ?"),
      list_scopes_(db,
                   "SELECT details, record_id, server_id, superscope_id FROM dhcp_scopes ORDER BY record_id"),
      find_scope_(
          db, "SELECT record_id FROM dhcp_scopes WHERE af = ? AND scope_id = ? ORDER BY record_id LIMIT 1"),
      put_exclusion_(db,
                     "INSERT INTO dhcp_exclusion_ranges (record_id, scope_id, start_address, end_address)"
                     " VALUES (nullif(?, 0), ?, ?, ?) RETURNING record_id"),
      delete_exclusion_(
          db,
          "DELETE FROM dhcp_exclusion_ranges WHERE scope_id = ? AND start_address = ? AND end_address = ?"),
      delete_exclusions_(db, "DELETE FROM dhcp_exclusion_ranges WHERE scope_id = ?"),
      list_exclusions_(db,
                       "SELECT start_address, end_address FROM dhcp_exclusion_ranges WHERE scope_id = ? "
                       "ORDER BY start_address"),
      put_option_(
          db,
          "INSERT INTO dhcp_options (record_id, server_id, scope_id, reservation_id, option_definition_id,"
          " user_class_id, details) VALUES (nullif(?, 0), ?, ?, ?, ?, ?, ?) RETURNING record_id"),
      delete_option_(db,
                     "DELETE FROM dhcp_options WHERE server_id = ? AND scope_id IS ? AND reservation_id IS ?"
                     " AND option_definition_id = ? AND user_class_id IS ?"),
      delete_options_(
          db, "DELETE FROM dhcp_options WHERE server_id = ? AND scope_id IS ? AND reservation_id IS ?"),
      list_options_(db,
                    "SELECT details, record_id FROM dhcp_options WHERE server_id = ? AND scope_id IS ?"
                    " AND reservation_id IS ? ORDER BY record_id"),
      put_reservation_(
          db,
          "INSERT INTO dhcp_reservations (record_id, af, scope_id, address_id, address, details)"
          " VALUES (nullif(?, 0), ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET af = excluded.af,"
          " scope_id = excluded.scope_id, address_id = excluded.address_id, address = excluded.address,"
          " details = excluded.details RETURNING record_id"),
      link_reservation_(db, "UPDATE dhcp_reservations SET address_id = ? WHERE record_id = ?"),
      list_reservations_(db, "SELECT details, record_id, scope_id FROM dhcp_reservations ORDER BY record_id"),
      put_failover_(
          db,
          "INSERT INTO dhcp_failover_relations (record_id, name, server1_id, server2_id, details)"
          " VALUES (nullif(?, 0), ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET name = excluded.name,"
          " server1_id = excluded.server1_id, server2_id = excluded.server2_id, details = excluded.details"
          " RETURNING record_id"),
      list_failovers_(db, "SELECT details, record_id FROM dhcp_failover_relations ORDER BY record_id"),
      put_scope_failover_(
          db,
          "INSERT INTO dhcp_scope_failovers (record_id, relation_id, scope_id)"
          " VALUES (nullif(?, 0), ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
          " relation_id = excluded.relation_id, scope_id = excluded.scope_id RETURNING record_id"),
      find_scope_failover_(
          db, "SELECT record_id FROM dhcp_scope_failovers WHERE relation_id = ? AND scope_id = ?"),
      list_scope_failovers_(
          db, "SELECT record_id, relation_id, scope_id FROM dhcp_scope_failovers ORDER BY record_id") {}

absl::StatusOr<std::int64_t> DhcpTables::PutServer(const v1::DhcpServer& server) {
  v1::DhcpServer row = server;
  row.clear_option_definitions();
  row.clear_user_classes();
  row.clear_options();
  IPAM_ASSIGN_OR_RETURN(
      const std::int64_t id,
      ReturnedId(put_server_.Lookup(server.record_id(), server.has_v6() ? 6 : 4,
                                    NonZero(server.server_role_info().record_id()), ToJson(row))));
  for (const v1::DhcpOptionDefinition& definition :
       server.option_definitions().option_definitions_in_collection()) {
    IPAM_RETURN_IF_ERROR(put_definition_.Run(id, definition.record_id(), ToJson(definition)));
  }
  for (const v1::DhcpUserClass& user_class : server.user_classes().user_classes_in_collection()) {
    IPAM_RETURN_IF_ERROR(put_user_class_.Run(id, user_class.record_id(), ToJson(user_class)));
  }
  const OptionOwner owner{.server_id = id};
  IPAM_RETURN_IF_ERROR(DeleteOptions(owner));
  for (const v1::DhcpOption& option : server.options().options_in_collection()) {
    IPAM_RETURN_IF_ERROR(PutOption(owner, option).status());
  }
  return id;
}

absl::StatusOr<std::vector<v1::DhcpServer>> DhcpTables::ListServers() {
  IPAM_ASSIGN_OR_RETURN(
      std::vector<v1::DhcpServer> servers,
      ReadRows<v1::DhcpServer>(list_servers_.Query(), [](const Cursor& row, v1::DhcpServer& server) {
        server.set_record_id(row.Int64(1));
        if (const auto role = row.OptionalInt64(2)) {
          server.mutable_server_role_info()->set_record_id(*role);
        }
      }));
  for (v1::DhcpServer& server : servers) {
    IPAM_ASSIGN_OR_RETURN(auto definitions, ReadRows<v1::DhcpOptionDefinition>(
                                                list_definitions_.Query(server.record_id()),
                                                [](const Cursor& row, v1::DhcpOptionDefinition& definition) {
                                                  definition.set_record_id(row.Int64(1));
                                                }));
    for (auto& definition : definitions) {
      *server.mutable_option_definitions()->add_option_definitions_in_collection() = std::move(definition);
    }
    IPAM_ASSIGN_OR_RETURN(auto user_classes,
                          ReadRows<v1::DhcpUserClass>(list_user_classes_.Query(server.record_id()),
                                                      [](const Cursor& row, v1::DhcpUserClass& user_class) {
                                                        user_class.set_record_id(row.Int64(1));
                                                      }));
    for (auto& user_class : user_classes) {
      *server.mutable_user_classes()->add_user_classes_in_collection() = std::move(user_class);
    }
    IPAM_ASSIGN_OR_RETURN(auto options, ListOptions({.server_id = server.record_id()}));
    for (auto& option : options) *server.mutable_options()->add_options_in_collection() = std::move(option);
  }
  return servers;
}

absl::StatusOr<bool> DhcpTables::HasServer(int family, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(const auto found, has_server_.Lookup(family, id));
  return found.has_value();
}

absl::StatusOr<std::int64_t> DhcpTables::PutSuperscope(const v1::DhcpSuperscopeV4& superscope) {
  return ReturnedId(put_superscope_.Lookup(superscope.record_id(), superscope.parent_server_id(),
                                           superscope.name(), ToJson(superscope)));
}

absl::StatusOr<std::vector<v1::DhcpSuperscopeV4>> DhcpTables::ListSuperscopes() {
  return ReadRows<v1::DhcpSuperscopeV4>(list_superscopes_.Query(),
                                        [](const Cursor& row, v1::DhcpSuperscopeV4& row_of) {
                                          row_of.set_record_id(row.Int64(1));
                                          row_of.set_parent_server_id(row.Int64(2));
                                        });
}

absl::StatusOr<std::int64_t> DhcpTables::PutScope(const v1::DhcpScope& scope) {
  IPAM_ASSIGN_OR_RETURN(const IpOctets scope_id, Address(scope.scope_id()));
  v1::DhcpScope row = scope;
  row.clear_exclusion_ranges();
  row.clear_options();
  return ReturnedId(put_scope_.Lookup(scope.record_id(), Family(scope_id),
                                      scope.parent_dhcp_server_record_id(), scope_id,
                                      NonZero(scope.v4().superscope_record_id()), ToJson(row)));
}

absl::StatusOr<std::optional<v1::DhcpScope>> DhcpTables::GetScope(std::int64_t id) {
  return ReadRow<v1::DhcpScope>(get_scope_.Query(id), ScopeColumns);
}

absl::StatusOr<std::vector<v1::DhcpScope>> DhcpTables::ListScopes() {
  IPAM_ASSIGN_OR_RETURN(std::vector<v1::DhcpScope> scopes,
                        ReadRows<v1::DhcpScope>(list_scopes_.Query(), ScopeColumns));
  for (v1::DhcpScope& scope : scopes) {
    IPAM_ASSIGN_OR_RETURN(const auto exclusions, ListExclusions(scope.record_id()));
    for (const IpInterval& exclusion : exclusions) {
      v1::DhcpExclusionRange& range = *scope.mutable_exclusion_ranges()->add_exclusion_ranges_in_collection();
      range.set_start_address(FormatIp(exclusion.start));
      range.set_end_address(FormatIp(exclusion.end));
      if (Family(exclusion.start) == 4) {
        range.mutable_v4();
      } else {
        range.mutable_v6();
      }
    }
    IPAM_ASSIGN_OR_RETURN(auto options, ListOptions({.server_id = scope.parent_dhcp_server_record_id(),
                                                     .scope_id = scope.record_id()}));
    for (auto& option : options) *scope.mutable_options()->add_options_in_collection() = std::move(option);
  }
  return scopes;
}

absl::StatusOr<std::optional<std::int64_t>> DhcpTables::FindScope(int family, const IpOctets& scope_id) {
  return find_scope_.Lookup(family, scope_id);
}

absl::StatusOr<std::int64_t> DhcpTables::PutExclusion(std::int64_t scope, const IpInterval& range,
                                                      std::int64_t record_id) {
  return ReturnedId(put_exclusion_.Lookup(record_id, scope, range.start, range.end));
}

absl::Status DhcpTables::DeleteExclusion(std::int64_t scope, const IpInterval& range) {
  return delete_exclusion_.Run(scope, range.start, range.end);
}

absl::Status DhcpTables::DeleteExclusions(std::int64_t scope) { return delete_exclusions_.Run(scope); }

absl::StatusOr<std::vector<IpInterval>> DhcpTables::ListExclusions(std::int64_t scope) {
  std::vector<IpInterval> ranges;
  Cursor rows = list_exclusions_.Query(scope);
  while (rows.Next()) ranges.push_back({rows.Blob(0), rows.Blob(1)});
  IPAM_RETURN_IF_ERROR(rows.status());
  return ranges;
}

absl::StatusOr<bool> DhcpTables::HasOptionDefinition(std::int64_t server, std::int64_t definition) {
  IPAM_ASSIGN_OR_RETURN(const auto found, has_definition_.Lookup(server, definition));
  return found.has_value();
}

absl::StatusOr<bool> DhcpTables::HasUserClass(std::int64_t server, std::int64_t user_class) {
  IPAM_ASSIGN_OR_RETURN(const auto found, has_user_class_.Lookup(server, user_class));
  return found.has_value();
}

absl::StatusOr<std::int64_t> DhcpTables::PutOption(const OptionOwner& owner, const v1::DhcpOption& option) {
  IPAM_RETURN_IF_ERROR(DeleteOption(owner, option));
  return ReturnedId(put_option_.Lookup(option.record_id(), owner.server_id, owner.scope_id,
                                       owner.reservation_id, option.option_definition().record_id(),
                                       NonZero(option.user_class().record_id()), ToJson(option)));
}

absl::Status DhcpTables::DeleteOption(const OptionOwner& owner, const v1::DhcpOption& option) {
  return delete_option_.Run(owner.server_id, owner.scope_id, owner.reservation_id,
                            option.option_definition().record_id(), NonZero(option.user_class().record_id()));
}

absl::Status DhcpTables::DeleteOptions(const OptionOwner& owner) {
  return delete_options_.Run(owner.server_id, owner.scope_id, owner.reservation_id);
}

absl::StatusOr<std::vector<v1::DhcpOption>> DhcpTables::ListOptions(const OptionOwner& owner) {
  return ReadRows<v1::DhcpOption>(
      list_options_.Query(owner.server_id, owner.scope_id, owner.reservation_id),
      [](const Cursor& row, v1::DhcpOption& option) { option.set_record_id(row.Int64(1)); });
}

absl::StatusOr<std::int64_t> DhcpTables::PutReservation(std::int64_t scope,
                                                        std::optional<std::int64_t> address_id,
                                                        const v1::DhcpReservation& reservation) {
  IPAM_ASSIGN_OR_RETURN(const IpOctets address, Address(reservation.address()));
  v1::DhcpReservation row = reservation;
  row.clear_options();
  row.clear_parent_scope();
  return ReturnedId(put_reservation_.Lookup(reservation.record_id(), Family(address), scope, address_id,
                                            address, ToJson(row)));
}

absl::Status DhcpTables::LinkReservation(std::int64_t reservation, std::int64_t address) {
  return link_reservation_.Run(address, reservation);
}

absl::StatusOr<std::vector<v1::DhcpReservation>> DhcpTables::ListReservations() {
  IPAM_ASSIGN_OR_RETURN(
      std::vector<v1::DhcpReservation> reservations,
      ReadRows<v1::DhcpReservation>(list_reservations_.Query(),
                                    [](const Cursor& row, v1::DhcpReservation& reservation) {
                                      reservation.set_record_id(row.Int64(1));
                                      reservation.mutable_parent_scope()->set_record_id(row.Int64(2));
                                    }));
  for (v1::DhcpReservation& reservation : reservations) {
    const std::int64_t scope_id = reservation.parent_scope().record_id();
    IPAM_ASSIGN_OR_RETURN(const auto scope, GetScope(scope_id));
    IPAM_ASSIGN_OR_RETURN(auto options, ListOptions({.server_id = scope->parent_dhcp_server_record_id(),
                                                     .scope_id = scope_id,
                                                     .reservation_id = reservation.record_id()}));
    for (auto& option : options)
      *reservation.mutable_options()->add_options_in_collection() = std::move(option);
  }
  return reservations;
}

absl::StatusOr<std::int64_t> DhcpTables::PutFailover(const v1::DhcpFailover& failover) {
  return ReturnedId(put_failover_.Lookup(failover.record_id(), failover.relationship_name(),
                                         NonZero(failover.server1_record_id()),
                                         NonZero(failover.server2_record_id()), ToJson(failover)));
}

absl::StatusOr<std::vector<v1::DhcpFailover>> DhcpTables::ListFailovers() {
  return ReadRows<v1::DhcpFailover>(
      list_failovers_.Query(),
      [](const Cursor& row, v1::DhcpFailover& failover) { failover.set_record_id(row.Int64(1)); });
}

absl::StatusOr<std::int64_t> DhcpTables::PutScopeFailover(const v1::DhcpScopeFailover& member) {
  return ReturnedId(
      put_scope_failover_.Lookup(member.record_id(), member.failover_relation_id(), member.scope_id()));
}

absl::StatusOr<std::optional<std::int64_t>> DhcpTables::FindScopeFailover(std::int64_t relation,
                                                                          std::int64_t scope) {
  return find_scope_failover_.Lookup(relation, scope);
}

absl::StatusOr<std::vector<v1::DhcpScopeFailover>> DhcpTables::ListScopeFailovers() {
  std::vector<v1::DhcpScopeFailover> members;
  Cursor rows = list_scope_failovers_.Query();
  while (rows.Next()) {
    v1::DhcpScopeFailover& member = members.emplace_back();
    member.set_record_id(rows.Int64(0));
    member.set_failover_relation_id(rows.Int64(1));
    member.set_scope_id(rows.Int64(2));
  }
  IPAM_RETURN_IF_ERROR(rows.status());
  return members;
}

}  // namespace ipam::engine
