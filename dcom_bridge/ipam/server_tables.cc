#include "dcom_bridge/ipam/server_tables.h"

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {
namespace {

absl::StatusOr<std::string> ReadName(Cursor row) {
  std::string name;
  if (row.Next()) name = row.Text(0);
  IPAM_RETURN_IF_ERROR(row.status());
  return name;
}

}  // namespace

ServerTables::ServerTables(Database& db)
    : put_server_(db,
                  "INSERT INTO servers (record_id, server_guid, name, details)"
                  " VALUES (nullif(?, 0), nullif(?, ''), ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
                  " server_guid = excluded.server_guid, name = excluded.name, details = excluded.details"
                  " RETURNING record_id"),
      list_servers_(db, "SELECT details, record_id FROM servers ORDER BY record_id"),
      put_role_(
          db,
          "INSERT INTO server_roles (record_id, server_id, role_flag, details) VALUES (nullif(?, 0), ?, ?, ?)"
          " ON CONFLICT (record_id) DO UPDATE SET server_id = excluded.server_id,"
          " role_flag = excluded.role_flag, details = excluded.details RETURNING record_id"),
      list_roles_(db, "SELECT details, record_id, server_id FROM server_roles ORDER BY record_id"),
      name_of_dhcp_(
          db,
          "SELECT s.name FROM dhcp_servers AS d JOIN server_roles AS r ON r.record_id = d.server_role_id"
          " JOIN servers AS s ON s.record_id = r.server_id WHERE d.record_id = ?"),
      name_of_dns_(db,
                   "SELECT s.name FROM server_roles AS r JOIN servers AS s ON s.record_id = r.server_id"
                   " WHERE r.record_id = ?") {}

absl::StatusOr<std::int64_t> ServerTables::PutServer(const v1::ServerInfo& server) {
  return ReturnedId(
      put_server_.Lookup(server.record_id(), server.server_guid(), server.name(), ToJson(server)));
}

absl::StatusOr<std::vector<v1::ServerInfo>> ServerTables::ListServers() {
  return ReadRows<v1::ServerInfo>(list_servers_.Query(), [](const Cursor& row, v1::ServerInfo& server) {
    server.set_record_id(row.Int64(1));
  });
}

absl::StatusOr<std::int64_t> ServerTables::PutRole(const v1::ServerRole& role) {
  return ReturnedId(put_role_.Lookup(role.record_id(), role.parent_server().record_id(),
                                     static_cast<std::int64_t>(role.server_role_flag()), ToJson(role)));
}

absl::StatusOr<std::vector<v1::ServerRole>> ServerTables::ListRoles() {
  return ReadRows<v1::ServerRole>(list_roles_.Query(), [](const Cursor& row, v1::ServerRole& role) {
    role.set_record_id(row.Int64(1));
    role.mutable_parent_server()->set_record_id(row.Int64(2));
  });
}

absl::StatusOr<std::string> ServerTables::NameOfDhcpServer(std::int64_t id) {
  return ReadName(name_of_dhcp_.Query(id));
}

absl::StatusOr<std::string> ServerTables::NameOfDnsServer(std::int64_t id) {
  return ReadName(name_of_dns_.Query(id));
}

}  // namespace ipam::engine
