#include "dcom_bridge/ipam/filter_tables.h"

#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {
namespace {

void FilterColumns(const Cursor& row, v1::DhcpFilter& filter) {
  filter.set_record_id(row.Int64(1));
  filter.set_server_record_id(row.Int64(2));
  filter.set_is_allow(row.Int64(3) != 0);
}

}  // namespace

FilterTables::FilterTables(Database& db)
    : put_(
          db,
          "INSERT INTO dhcp_filters (record_id, server_id, mac_address, is_allow, details)"
          " VALUES (nullif(?, 0), ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
          " server_id = excluded.server_id, mac_address = excluded.mac_address, is_allow = excluded.is_allow,"
          " details = excluded.details RETURNING record_id"),
      get_(db, "SELECT details, record_id, server_id, is_allow FROM dhcp_filters WHERE record_id = ?"),
      find_(db,
            "SELECT details, record_id, server_id, is_allow FROM dhcp_filters"
            " WHERE server_id = ? AND mac_address = ?"),
      list_(db, "SELECT details, record_id, server_id, is_allow FROM dhcp_filters ORDER BY record_id"),
      delete_(db, "DELETE FROM dhcp_filters WHERE record_id = ?") {}

absl::StatusOr<std::int64_t> FilterTables::Put(const v1::DhcpFilter& filter) {
  v1::DhcpFilter row = filter;
  row.clear_modified_properties();
  row.clear_set_properties();
  row.clear_operation_tracker_server_ids();
  row.clear_server_name();
  return ReturnedId(put_.Lookup(filter.record_id(), filter.server_record_id(), filter.mac_address(),
                                filter.is_allow(), ToJson(row)));
}

absl::StatusOr<std::optional<v1::DhcpFilter>> FilterTables::Get(std::int64_t id) {
  return ReadRow<v1::DhcpFilter>(get_.Query(id), FilterColumns);
}

absl::StatusOr<std::optional<v1::DhcpFilter>> FilterTables::Find(std::int64_t server,
                                                                 const std::string& mac_address) {
  return ReadRow<v1::DhcpFilter>(find_.Query(server, mac_address), FilterColumns);
}

absl::StatusOr<std::vector<v1::DhcpFilter>> FilterTables::List() {
  return ReadRows<v1::DhcpFilter>(list_.Query(), FilterColumns);
}

absl::Status FilterTables::Delete(std::int64_t id) { return delete_.Run(id); }

}  // namespace ipam::engine
