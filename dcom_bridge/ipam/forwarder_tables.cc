#include "dcom_bridge/ipam/forwarder_tables.h"

#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {
namespace {

void Columns(const Cursor& row, v1::DnsConditionalForwarder& forwarder) {
  forwarder.set_record_id(row.Int64(1));
  forwarder.set_dns_server_id(row.Int64(2));
}

}  // namespace

ForwarderTables::ForwarderTables(Database& db)
    : put_(db,
           "INSERT INTO dns_conditional_forwarders (record_id, server_id, name, details)"
           " VALUES (nullif(?, 0), ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
           " server_id = excluded.server_id, name = excluded.name, details = excluded.details"
           " RETURNING record_id"),
      get_(db, "SELECT details, record_id, server_id FROM dns_conditional_forwarders WHERE record_id = ?"),
      delete_(db, "DELETE FROM dns_conditional_forwarders WHERE record_id = ?"),
      list_(db, "SELECT details, record_id, server_id FROM dns_conditional_forwarders ORDER BY record_id") {}

absl::StatusOr<std::int64_t> ForwarderTables::Put(const v1::DnsConditionalForwarder& forwarder) {
  v1::DnsConditionalForwarder row = forwarder;
  row.clear_modified_properties();
  row.clear_set_properties();
  row.clear_server_name();
  return ReturnedId(
      put_.Lookup(forwarder.record_id(), forwarder.dns_server_id(), forwarder.name(), ToJson(row)));
}

absl::StatusOr<std::optional<v1::DnsConditionalForwarder>> ForwarderTables::Get(std::int64_t id) {
  return ReadRow<v1::DnsConditionalForwarder>(get_.Query(id), Columns);
}

absl::Status ForwarderTables::Delete(std::int64_t id) { return delete_.Run(id); }

absl::StatusOr<std::vector<v1::DnsConditionalForwarder>> ForwarderTables::List() {
  return ReadRows<v1::DnsConditionalForwarder>(list_.Query(), Columns);
}

}  // namespace ipam::engine
