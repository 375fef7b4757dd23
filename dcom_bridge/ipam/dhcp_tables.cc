#include "dcom_bridge/ipam/dhcp_tables.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/rows.h"

// What ScopeColumns takes over.
#define IPAM_SELECT_SCOPES                                                                      \
  "SELECT s.details, s.record_id, s.server_id, s.superscope_id, p.name, (SELECT f.name FROM"    \
  " dhcp_scope_failovers AS m JOIN dhcp_failover_relations AS f ON f.record_id = m.relation_id" \
  " WHERE m.scope_id = s.record_id ORDER BY m.record_id LIMIT 1) FROM dhcp_scopes AS s"         \
  " LEFT JOIN dhcp_superscopes AS p ON p.record_id = s.superscope_id"

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
  if (!scope.has_v4()) return;
  scope.mutable_v4()->set_superscope_record_id(row.OptionalInt64(3).value_or(0));
  if (const auto name = row.OptionalText(4)) scope.mutable_v4()->set_superscope_name(*name);
  scope.mutable_v4()->clear_failover_relationship_name();  // earlier versions kept it in the details
  if (const auto name = row.OptionalText(5)) scope.mutable_v4()->set_failover_relationship_name(*name);
}

void ServerColumns(const Cursor& row, v1::DhcpServer& server) {
  server.set_record_id(row.Int64(1));
  if (const auto role = row.OptionalInt64(2)) server.mutable_server_role_info()->set_record_id(*role);
}

void SuperscopeColumns(const Cursor& row, v1::DhcpSuperscopeV4& superscope) {
  superscope.set_record_id(row.Int64(1));
  superscope.set_parent_server_id(row.Int64(2));
}

void ReservationColumns(const Cursor& row, v1::DhcpReservation& reservation) {
  reservation.set_record_id(row.Int64(1));
  reservation.mutable_parent_scope()->set_record_id(row.Int64(2));
}

}  // namespace

DhcpTables::DhcpTables(Database& db, DhcpOptionTables& options)
    : options_(options),
      put_server_(
          db,
          "INSERT INTO dhcp_servers (record_id, af, server_role_id, details) VALUES (nullif(?, 0), ?, ?, ?)"
          " ON CONFLICT (record_id) DO UPDATE SET af = excluded.af,"
          " server_role_id = excluded.server_role_id, details = excluded.details RETURNING record_id"),
      get_server_(
          db, "SELECT details, record_id, server_role_id FROM dhcp_servers WHERE af = ? AND record_id = ?"),
      list_servers_(db, "SELECT details, record_id, server_role_id FROM dhcp_servers ORDER BY record_id"),
      has_server_(db, "SELECT 1 FROM dhcp_servers WHERE af = ? AND record_id = ?"),
      put_superscope_(db,
                      "INSERT INTO dhcp_superscopes (record_id, server_id, name, details)"
                      " VALUES (nullif(?, 0), ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
                      " server_id = excluded.server_id, name = excluded.name, details = excluded.details"
                      " RETURNING record_id"),
      get_superscope_(db, "SELECT details, record_id, server_id FROM dhcp_superscopes WHERE record_id = ?"),
      find_superscope_(db, "SELECT record_id FROM dhcp_superscopes WHERE server_id = ? AND name = ?"),
      list_superscopes_(db, "SELECT details, record_id, server_id FROM dhcp_superscopes ORDER BY record_id"),
      delete_superscope_(db, "DELETE FROM dhcp_superscopes WHERE record_id = ?"),
      scopes_of_superscope_(db,
                            "SELECT record_id FROM dhcp_scopes WHERE superscope_id = ? ORDER BY record_id"),
      set_superscope_(db, "UPDATE dhcp_scopes SET superscope_id = ? WHERE record_id = ?"),
      put_scope_(
          db,
          "INSERT INTO dhcp_scopes (record_id, af, server_id, scope_id, superscope_id, details)"
          " VALUES (nullif(?, 0), ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET af = excluded.af,"
          " server_id = excluded.server_id, scope_id = excluded.scope_id,"
          " superscope_id = excluded.superscope_id, details = excluded.details RETURNING record_id"),
      get_scope_(db, IPAM_SELECT_SCOPES " WHERE s.record_id = ?"),
      list_scopes_(db, IPAM_SELECT_SCOPES " ORDER BY s.record_id"),
      find_scope_(db,
                  "SELECT record_id FROM dhcp_scopes WHERE af = ?1 AND scope_id = ?2"
                  " AND (?3 = 0 OR server_id = ?3) ORDER BY record_id LIMIT 1"),
      scopes_of_server_(db, "SELECT record_id FROM dhcp_scopes WHERE server_id = ? ORDER BY record_id"),
      delete_scope_(db, "DELETE FROM dhcp_scopes WHERE record_id = ?"),
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
      put_reservation_(
          db,
          "INSERT INTO dhcp_reservations (record_id, af, scope_id, address_id, address, details)"
          " VALUES (nullif(?, 0), ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET af = excluded.af,"
          " scope_id = excluded.scope_id, address_id = excluded.address_id, address = excluded.address,"
          " details = excluded.details RETURNING record_id"),
      delete_reservation_(db, "DELETE FROM dhcp_reservations WHERE record_id = ?"),
      get_reservation_(db, "SELECT details, record_id, scope_id FROM dhcp_reservations WHERE record_id = ?"),
      find_reservation_(db, "SELECT record_id FROM dhcp_reservations WHERE scope_id = ? AND address = ?"),
      address_of_reservation_(db, "SELECT address_id FROM dhcp_reservations WHERE record_id = ?"),
      link_reservation_(db, "UPDATE dhcp_reservations SET address_id = ? WHERE record_id = ?"),
      list_reservations_(db, "SELECT details, record_id, scope_id FROM dhcp_reservations ORDER BY record_id"),
      reservations_of_scope_(db,
                             "SELECT details, record_id, scope_id FROM dhcp_reservations WHERE scope_id = ?"
                             " ORDER BY record_id") {}

absl::StatusOr<std::int64_t> DhcpTables::PutServerRow(const v1::DhcpServer& server) {
  v1::DhcpServer row = server;
  row.clear_option_definitions();
  row.clear_user_classes();
  row.clear_vendor_classes();
  row.clear_options();
  row.clear_dns_registration_credential_password();
  return ReturnedId(put_server_.Lookup(server.record_id(), server.has_v6() ? 6 : 4,
                                       NonZero(server.server_role_info().record_id()), ToJson(row)));
}

absl::StatusOr<std::optional<v1::DhcpServer>> DhcpTables::GetServer(int family, std::int64_t id) {
  return ReadRow<v1::DhcpServer>(get_server_.Query(family, id), ServerColumns);
}

absl::StatusOr<std::int64_t> DhcpTables::PutServer(const v1::DhcpServer& server) {
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id, PutServerRow(server));
  for (const auto& definition : server.option_definitions().option_definitions_in_collection()) {
    IPAM_RETURN_IF_ERROR(options_.definitions.Put(id, definition).status());
  }
  for (const v1::DhcpUserClass& user_class : server.user_classes().user_classes_in_collection()) {
    IPAM_RETURN_IF_ERROR(options_.user_classes.Put(id, user_class).status());
  }
  for (const v1::DhcpVendorClass& vendor_class : server.vendor_classes().vendor_classes_in_collection()) {
    IPAM_RETURN_IF_ERROR(options_.vendor_classes.Put(id, vendor_class).status());
  }
  const OptionOwner owner{.server_id = id};
  IPAM_RETURN_IF_ERROR(options_.DeleteAll(owner));
  for (const v1::DhcpOption& option : server.options().options_in_collection()) {
    IPAM_RETURN_IF_ERROR(options_.Put(owner, option).status());
  }
  return id;
}

absl::StatusOr<std::vector<v1::DhcpServer>> DhcpTables::ListServers() {
  IPAM_ASSIGN_OR_RETURN(std::vector<v1::DhcpServer> servers,
                        ReadRows<v1::DhcpServer>(list_servers_.Query(), ServerColumns));
  for (v1::DhcpServer& server : servers) {
    const std::int64_t id = server.record_id();
    server.clear_vendor_classes();  // version 2 kept them in the details
    IPAM_ASSIGN_OR_RETURN(auto definitions, options_.definitions.List(id));
    for (auto& definition : definitions) {
      *server.mutable_option_definitions()->add_option_definitions_in_collection() = std::move(definition);
    }
    IPAM_ASSIGN_OR_RETURN(auto user_classes, options_.user_classes.List(id));
    for (auto& user_class : user_classes) {
      *server.mutable_user_classes()->add_user_classes_in_collection() = std::move(user_class);
    }
    IPAM_ASSIGN_OR_RETURN(auto vendor_classes, options_.vendor_classes.List(id));
    for (auto& vendor_class : vendor_classes) {
      *server.mutable_vendor_classes()->add_vendor_classes_in_collection() = std::move(vendor_class);
    }
    IPAM_ASSIGN_OR_RETURN(auto options, options_.List({.server_id = id}));
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

absl::StatusOr<std::optional<v1::DhcpSuperscopeV4>> DhcpTables::GetSuperscope(std::int64_t id) {
  return ReadRow<v1::DhcpSuperscopeV4>(get_superscope_.Query(id), SuperscopeColumns);
}

absl::StatusOr<std::optional<std::int64_t>> DhcpTables::FindSuperscope(std::int64_t server,
                                                                       const std::string& name) {
  return find_superscope_.Lookup(server, name);
}

absl::StatusOr<std::vector<v1::DhcpSuperscopeV4>> DhcpTables::ListSuperscopes() {
  return ReadRows<v1::DhcpSuperscopeV4>(list_superscopes_.Query(), SuperscopeColumns);
}

absl::Status DhcpTables::DeleteSuperscope(std::int64_t id) { return delete_superscope_.Run(id); }

absl::StatusOr<std::vector<std::int64_t>> DhcpTables::ScopesOfSuperscope(std::int64_t id) {
  return ReadIds(scopes_of_superscope_.Query(id));
}

absl::Status DhcpTables::SetSuperscope(std::int64_t scope, std::optional<std::int64_t> superscope) {
  return set_superscope_.Run(superscope, scope);
}

absl::StatusOr<std::int64_t> DhcpTables::PutScope(const v1::DhcpScope& scope) {
  IPAM_ASSIGN_OR_RETURN(const IpOctets scope_id, Address(scope.scope_id()));
  v1::DhcpScope row = scope;
  row.clear_exclusion_ranges();
  row.clear_options();
  if (row.has_v4()) {
    row.mutable_v4()->clear_superscope_name();
    row.mutable_v4()->clear_failover_relationship_name();
  }
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
    IPAM_ASSIGN_OR_RETURN(auto options, options_.List({.server_id = scope.parent_dhcp_server_record_id(),
                                                       .scope_id = scope.record_id()}));
    for (auto& option : options) *scope.mutable_options()->add_options_in_collection() = std::move(option);
  }
  return scopes;
}

absl::StatusOr<std::optional<std::int64_t>> DhcpTables::FindScope(int family, const IpOctets& scope_id,
                                                                  std::int64_t server) {
  return find_scope_.Lookup(family, scope_id, server);
}

absl::StatusOr<std::vector<std::int64_t>> DhcpTables::ScopesOfServer(std::int64_t server) {
  return ReadIds(scopes_of_server_.Query(server));
}

absl::Status DhcpTables::DeleteScope(std::int64_t id) { return delete_scope_.Run(id); }

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

absl::Status DhcpTables::DeleteReservation(std::int64_t id) { return delete_reservation_.Run(id); }

absl::StatusOr<std::optional<v1::DhcpReservation>> DhcpTables::GetReservation(std::int64_t id) {
  return ReadRow<v1::DhcpReservation>(get_reservation_.Query(id), ReservationColumns);
}

absl::StatusOr<std::optional<std::int64_t>> DhcpTables::FindReservation(std::int64_t scope,
                                                                        const IpOctets& address) {
  return find_reservation_.Lookup(scope, address);
}

absl::StatusOr<std::optional<std::int64_t>> DhcpTables::AddressOfReservation(std::int64_t id) {
  return address_of_reservation_.Lookup(id);
}

absl::Status DhcpTables::LinkReservation(std::int64_t reservation, std::int64_t address) {
  return link_reservation_.Run(address, reservation);
}

absl::StatusOr<std::vector<v1::DhcpReservation>> DhcpTables::ListReservations() {
  return ReadReservations(list_reservations_.Query());
}

absl::StatusOr<std::vector<v1::DhcpReservation>> DhcpTables::ReservationsOfScope(std::int64_t scope) {
  return ReadReservations(reservations_of_scope_.Query(scope));
}

absl::StatusOr<std::vector<v1::DhcpReservation>> DhcpTables::ReadReservations(Cursor rows) {
  IPAM_ASSIGN_OR_RETURN(std::vector<v1::DhcpReservation> reservations,
                        ReadRows<v1::DhcpReservation>(std::move(rows), ReservationColumns));
  for (v1::DhcpReservation& reservation : reservations) {
    const std::int64_t scope_id = reservation.parent_scope().record_id();
    IPAM_ASSIGN_OR_RETURN(const auto scope, GetScope(scope_id));
    IPAM_ASSIGN_OR_RETURN(auto options, options_.List({.server_id = scope->parent_dhcp_server_record_id(),
                                                       .scope_id = scope_id,
                                                       .reservation_id = reservation.record_id()}));
    for (auto& option : options)
      *reservation.mutable_options()->add_options_in_collection() = std::move(option);
  }
  return reservations;
}

}  // namespace ipam::engine
