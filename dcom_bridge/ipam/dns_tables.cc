#include "dcom_bridge/ipam/dns_tables.h"

#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/json.h"
#include "dcom_bridge/ipam/rows.h"

// 500 rows are deleted in some milliseconds, with their keys.
#define IPAM_SOME(table, zone) \
  "(SELECT record_id FROM " table " WHERE " zone " = ? ORDER BY record_id LIMIT 500)"
#define IPAM_ZONE_PARTS(db, zone, lookups)                                                                \
  {                                                                                                       \
    {db, "SELECT 1 FROM dns_resource_records WHERE " zone " = ? LIMIT 1 OFFSET 499"},                     \
        {db, "DELETE FROM access_scope_associations WHERE object_type = 29 AND object_id IN " IPAM_SOME(  \
                 "dns_resource_records", zone)},                                                          \
        {db,                                                                                              \
         "DELETE FROM dns_resource_records WHERE record_id IN " IPAM_SOME("dns_resource_records", zone)}, \
        {db, "SELECT 1 FROM " lookups " WHERE zone_id = ? LIMIT 1 OFFSET 499"},                           \
        {db, "DELETE FROM " lookups " WHERE record_id IN " IPAM_SOME(lookups, "zone_id")},                \
  }

namespace ipam::engine {
namespace {

// RecordHostName (discrepancies D.13 for CNAME).
std::optional<std::string> HostName(const v1::DnsResourceRecordData& data) {
  using Data = v1::DnsResourceRecordData;
  switch (data.variant_case()) {
    case Data::kNs:
      return data.ns().name_server();
    case Data::kCname:
      return data.cname().hostname_alias();
    case Data::kMx:
      return data.mx().mail_server();
    case Data::kSrv:
      return data.srv().server_name();
    case Data::kAfsdb:
      return data.afsdb().server_name();
    case Data::kRp:
      return data.rp().responsible_person();
    case Data::kRt:
      return data.rt().intermediate_host();
    default:
      return std::nullopt;
  }
}

void ZoneColumns(const Cursor& row, v1::BaseDnsZone& zone) { zone.set_record_id(row.Int64(1)); }

void ServerZoneColumns(const Cursor& row, v1::BaseDnsServerZone& zone) {
  zone.set_record_id(row.Int64(1));
  zone.mutable_server()->mutable_server_role_info()->set_record_id(row.Int64(2));
  v1::BaseDnsZone* lookup_zone = zone.has_dns_server_reverse_zone()
                                     ? zone.mutable_dns_server_reverse_zone()->mutable_zone()
                                     : zone.mutable_dns_server_zone()->mutable_zone();
  lookup_zone->set_record_id(row.Int64(3));
}

// Of the first five columns of a query of records.
absl::Status ReadRecord(const Cursor& row, v1::DnsResourceRecord& record) {
  IPAM_RETURN_IF_ERROR(FromJson(row.Text(0), record));
  record.set_record_id(row.Int64(1));
  record.set_zone_record_id(row.Int64(2));
  record.set_zone_type(row.Int64(3) != 0 ? v1::ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE
                                         : v1::ZONE_LOOKUP_TYPE_DNS_REVERSE_LOOKUP_ZONE);
  record.clear_associated_ip_address_id();
  if (const auto address = row.OptionalInt64(4)) record.set_associated_ip_address_id(*address);
  return absl::OkStatus();
}

}  // namespace

DnsTables::DnsTables(Database& db)
    : put_server_(db,
                  "INSERT INTO dns_servers (record_id, details) VALUES (?, ?)"
                  " ON CONFLICT (record_id) DO UPDATE SET details = excluded.details RETURNING record_id"),
      has_server_(db, "SELECT 1 FROM dns_servers WHERE record_id = ?"),
      list_servers_(db, "SELECT details, record_id FROM dns_servers ORDER BY record_id"),
      put_zone_(db,
                "INSERT INTO dns_zones (record_id, name, parent_id, details) VALUES (nullif(?, 0), ?, "
                "nullif(?, 0), ?)"
                " ON CONFLICT (record_id) DO UPDATE SET name = excluded.name, parent_id = excluded.parent_id,"
                " details = excluded.details RETURNING record_id"),
      get_zone_(db, "SELECT details, record_id FROM dns_zones WHERE record_id = ?"),
      find_zone_(db, "SELECT record_id FROM dns_zones WHERE name = ?"),
      list_zones_(db, "SELECT details, record_id FROM dns_zones ORDER BY record_id"),
      has_child_(db, "SELECT 1 FROM dns_zones WHERE parent_id = ? LIMIT 1"),
      delete_zone_(db, "DELETE FROM dns_zones WHERE record_id = ?"),
      // 22, 23 and 29 are DNSForwardLookupZone, DNSReverseLookupZone and DnsResourceRecord of IpamObjectType
      delete_zone_access_(
          db,
          "DELETE FROM access_scope_associations WHERE object_type = 22 AND object_id = ?1 OR object_type = "
          "29"
          " AND object_id IN (SELECT record_id FROM dns_resource_records WHERE forward_zone_id = ?1)"),
      delete_zone_records_(db, "DELETE FROM dns_resource_records WHERE forward_zone_id = ?"),
      zone_parts_ IPAM_ZONE_PARTS(db, "forward_zone_id", "address_dns_forward_lookups"),
      put_reverse_zone_(
          db,
          "INSERT INTO dns_reverse_zones (record_id, name, af, start_address, end_address, details)"
          " VALUES (nullif(?, 0), ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
          " name = excluded.name, af = excluded.af, start_address = excluded.start_address,"
          " end_address = excluded.end_address, details = excluded.details RETURNING record_id"),
      get_reverse_zone_(db, "SELECT details, record_id FROM dns_reverse_zones WHERE record_id = ?"),
      find_reverse_zone_(db, "SELECT record_id FROM dns_reverse_zones WHERE name = ?"),
      list_reverse_zones_(db, "SELECT details, record_id FROM dns_reverse_zones ORDER BY record_id"),
      delete_reverse_zone_(db, "DELETE FROM dns_reverse_zones WHERE record_id = ?"),
      delete_reverse_zone_access_(
          db,
          "DELETE FROM access_scope_associations WHERE object_type = 23 AND object_id = ?1 OR object_type = "
          "29"
          " AND object_id IN (SELECT record_id FROM dns_resource_records WHERE reverse_zone_id = ?1)"),
      delete_reverse_zone_records_(db, "DELETE FROM dns_resource_records WHERE reverse_zone_id = ?"),
      reverse_zone_parts_ IPAM_ZONE_PARTS(db, "reverse_zone_id", "address_dns_reverse_lookups"),
      put_server_zone_(
          db,
          "INSERT INTO dns_server_zones (record_id, server_id, zone_id, details)"
          " VALUES (nullif(?, 0), ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
          " server_id = excluded.server_id, zone_id = excluded.zone_id, details = excluded.details"
          " RETURNING record_id"),
      get_server_zone_(db, "SELECT server_id, zone_id FROM dns_server_zones WHERE record_id = ?"),
      read_server_zone_(
          db, "SELECT details, record_id, server_id, zone_id FROM dns_server_zones WHERE record_id = ?"),
      list_hosts_(db, "SELECT record_id FROM dns_server_zones WHERE zone_id = ? ORDER BY record_id"),
      delete_server_zone_(db, "DELETE FROM dns_server_zones WHERE record_id = ?"),
      list_server_zones_(
          db, "SELECT details, record_id, server_id, zone_id FROM dns_server_zones ORDER BY record_id"),
      put_server_reverse_zone_(db,
                               "INSERT INTO dns_server_reverse_zones (record_id, server_id, zone_id, details)"
                               " VALUES (nullif(?, 0), ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
                               " server_id = excluded.server_id, zone_id = excluded.zone_id,"
                               " details = excluded.details RETURNING record_id"),
      get_server_reverse_zone_(db,
                               "SELECT server_id, zone_id FROM dns_server_reverse_zones WHERE record_id = ?"),
      read_server_reverse_zone_(
          db,
          "SELECT details, record_id, server_id, zone_id FROM dns_server_reverse_zones WHERE record_id = ?"),
      list_reverse_hosts_(
          db, "SELECT record_id FROM dns_server_reverse_zones WHERE zone_id = ? ORDER BY record_id"),
      delete_server_reverse_zone_(db, "DELETE FROM dns_server_reverse_zones WHERE record_id = ?"),
      list_server_reverse_zones_(
          db,
          "SELECT details, record_id, server_id, zone_id FROM dns_server_reverse_zones ORDER BY record_id"),
      put_record_(
          db,
          "INSERT INTO dns_resource_records (record_id, forward_zone_id, reverse_zone_id, name, record_type,"
          " record_data, host_name, fqdn, address, ipv4_address_id, ipv6_address_id, details)"
          " VALUES (nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
          " forward_zone_id = excluded.forward_zone_id, reverse_zone_id = excluded.reverse_zone_id,"
          " name = excluded.name, record_type = excluded.record_type, record_data = excluded.record_data,"
          " host_name = excluded.host_name, fqdn = excluded.fqdn, address = excluded.address,"
          " ipv4_address_id = excluded.ipv4_address_id, ipv6_address_id = excluded.ipv6_address_id,"
          " details = excluded.details RETURNING record_id"),
      get_record_(
          db,
          "SELECT details, record_id, coalesce(forward_zone_id, reverse_zone_id), reverse_zone_id IS NULL,"
          " coalesce(ipv4_address_id, ipv6_address_id), host_name, fqdn, address, ipv4_address_id,"
          " ipv6_address_id FROM dns_resource_records WHERE record_id = ?"),
      zone_of_record_(
          db, "SELECT forward_zone_id, reverse_zone_id FROM dns_resource_records WHERE record_id = ?"),
      delete_record_(db, "DELETE FROM dns_resource_records WHERE record_id = ?"),
      // 3 is DnsResourceRecordType.PTR
      find_ptr_(db,
                "SELECT coalesce(ipv4_address_id, ipv6_address_id) FROM dns_resource_records"
                " WHERE address = ? AND record_type = 3 ORDER BY record_id LIMIT 1"),
      delete_access_of_address_(db,
                                "DELETE FROM access_scope_associations WHERE object_type = 29 AND object_id "
                                "IN (SELECT record_id FROM"
                                " dns_resource_records WHERE ipv4_address_id = ?1 OR ipv6_address_id = ?1)"),
      delete_records_of_address_(
          db, "DELETE FROM dns_resource_records WHERE ipv4_address_id = ?1 OR ipv6_address_id = ?1"),
      list_records_(
          db,
          "SELECT details, record_id, coalesce(forward_zone_id, reverse_zone_id), reverse_zone_id IS NULL,"
          " coalesce(ipv4_address_id, ipv6_address_id) FROM dns_resource_records ORDER BY record_id",
          RowCount::kMany),
      put_range_zone_(db,
                      "INSERT INTO range_dns_reverse_lookups (range_id, zone_id) VALUES (?, ?)"
                      " ON CONFLICT (range_id) DO UPDATE SET zone_id = excluded.zone_id"),
      has_range_zone_(db, "SELECT 1 FROM range_dns_reverse_lookups WHERE range_id = ?"),
      list_ranges_of_zone_(
          db, "SELECT range_id FROM range_dns_reverse_lookups WHERE zone_id = ? ORDER BY range_id"),
      list_range_zones_(db, "SELECT range_id, zone_id FROM range_dns_reverse_lookups ORDER BY range_id") {}

absl::StatusOr<std::int64_t> DnsTables::PutServer(const v1::DnsServer& server) {
  return ReturnedId(put_server_.Lookup(server.server_role_info().record_id(), ToJson(server)));
}

absl::StatusOr<bool> DnsTables::HasServer(std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(const auto found, has_server_.Lookup(id));
  return found.has_value();
}

absl::StatusOr<std::vector<v1::DnsServer>> DnsTables::ListServers() {
  return ReadRows<v1::DnsServer>(list_servers_.Query(), [](const Cursor& row, v1::DnsServer& server) {
    server.mutable_server_role_info()->set_record_id(row.Int64(1));
  });
}

absl::StatusOr<std::int64_t> DnsTables::PutZone(const v1::BaseDnsZone& zone) {
  if (!zone.has_dns_reverse_lookup_zone()) {
    return ReturnedId(
        put_zone_.Lookup(zone.record_id(), zone.name(), zone.dns_zone().parent_id(), ToJson(zone)));
  }
  const auto start = ParseIp(zone.dns_reverse_lookup_zone().start_ip());
  const auto end = ParseIp(zone.dns_reverse_lookup_zone().end_ip());
  if (!start || !end || start->size() != end->size()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS,
                 "StartIP and EndIP of a reverse lookup zone are addresses of one family.");
  }
  return ReturnedId(
      put_reverse_zone_.Lookup(zone.record_id(), zone.name(), Family(*start), *start, *end, ToJson(zone)));
}

absl::StatusOr<std::optional<v1::BaseDnsZone>> DnsTables::GetZone(Lookup lookup, std::int64_t id) {
  Statement& get = lookup == Lookup::kForward ? get_zone_ : get_reverse_zone_;
  return ReadRow<v1::BaseDnsZone>(get.Query(id), ZoneColumns);
}

absl::StatusOr<std::optional<std::int64_t>> DnsTables::FindZone(Lookup lookup, const std::string& name) {
  return (lookup == Lookup::kForward ? find_zone_ : find_reverse_zone_).Lookup(name);
}

absl::StatusOr<std::vector<v1::BaseDnsZone>> DnsTables::ListZones(Lookup lookup) {
  Statement& list = lookup == Lookup::kForward ? list_zones_ : list_reverse_zones_;
  return ReadRows<v1::BaseDnsZone>(list.Query(), ZoneColumns);
}

absl::StatusOr<bool> DnsTables::HasChildZones(std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(const auto found, has_child_.Lookup(id));
  return found.has_value();
}

absl::Status DnsTables::DeleteZone(Lookup lookup, std::int64_t id) {
  const bool forward = lookup == Lookup::kForward;
  IPAM_RETURN_IF_ERROR((forward ? delete_zone_access_ : delete_reverse_zone_access_).Run(id));
  IPAM_RETURN_IF_ERROR((forward ? delete_zone_records_ : delete_reverse_zone_records_).Run(id));
  return (forward ? delete_zone_ : delete_reverse_zone_).Run(id);
}

absl::StatusOr<bool> DnsTables::DeletePartOfZone(Lookup lookup, std::int64_t id) {
  ZoneParts& parts = lookup == Lookup::kForward ? zone_parts_ : reverse_zone_parts_;
  IPAM_ASSIGN_OR_RETURN(const auto records, parts.has_many_records.Lookup(id));
  if (records) {
    IPAM_RETURN_IF_ERROR(parts.delete_some_access.Run(id));
    IPAM_RETURN_IF_ERROR(parts.delete_some_records.Run(id));
    return true;
  }
  IPAM_ASSIGN_OR_RETURN(const auto lookups, parts.has_many_lookups.Lookup(id));
  if (lookups) IPAM_RETURN_IF_ERROR(parts.delete_some_lookups.Run(id));
  return lookups.has_value();
}

absl::StatusOr<std::int64_t> DnsTables::PutServerZone(const v1::BaseDnsServerZone& zone,
                                                      std::int64_t server_id, std::int64_t zone_id) {
  Statement& put = zone.has_dns_server_reverse_zone() ? put_server_reverse_zone_ : put_server_zone_;
  return ReturnedId(put.Lookup(zone.record_id(), server_id, zone_id, ToJson(zone)));
}

absl::StatusOr<std::optional<DnsTables::ServerZone>> DnsTables::GetServerZone(Lookup lookup,
                                                                              std::int64_t id) {
  Cursor row = (lookup == Lookup::kForward ? get_server_zone_ : get_server_reverse_zone_).Query(id);
  std::optional<ServerZone> found;
  if (row.Next()) found = ServerZone{.id = id, .server_id = row.Int64(0), .zone_id = row.Int64(1)};
  IPAM_RETURN_IF_ERROR(row.status());
  return found;
}

absl::StatusOr<std::optional<v1::BaseDnsServerZone>> DnsTables::ReadServerZone(Lookup lookup,
                                                                               std::int64_t id) {
  Statement& read = lookup == Lookup::kForward ? read_server_zone_ : read_server_reverse_zone_;
  return ReadRow<v1::BaseDnsServerZone>(read.Query(id), ServerZoneColumns);
}

absl::StatusOr<std::vector<std::int64_t>> DnsTables::ListHosts(Lookup lookup, std::int64_t zone_id) {
  return ReadIds((lookup == Lookup::kForward ? list_hosts_ : list_reverse_hosts_).Query(zone_id));
}

absl::Status DnsTables::DeleteServerZone(Lookup lookup, std::int64_t id) {
  return (lookup == Lookup::kForward ? delete_server_zone_ : delete_server_reverse_zone_).Run(id);
}

absl::StatusOr<std::vector<v1::BaseDnsServerZone>> DnsTables::ListServerZones(Lookup lookup) {
  Statement& list = lookup == Lookup::kForward ? list_server_zones_ : list_server_reverse_zones_;
  return ReadRows<v1::BaseDnsServerZone>(list.Query(), ServerZoneColumns);
}

absl::StatusOr<std::int64_t> DnsTables::PutRecord(const v1::DnsResourceRecord& record,
                                                  const RecordColumns& columns) {
  std::optional<std::int64_t> forward;
  std::optional<std::int64_t> reverse;
  (columns.lookup == Lookup::kForward ? forward : reverse) = columns.zone_id;
  return ReturnedId(put_record_.Lookup(
      record.record_id(), forward, reverse, record.name(), static_cast<std::int64_t>(record.record_type()),
      ToJson(record.record_data()), columns.host_name, columns.fqdn, columns.address, columns.ipv4_address_id,
      columns.ipv6_address_id, ToJson(record)));
}

absl::StatusOr<std::optional<RecordRow>> DnsTables::GetRecord(std::int64_t id) {
  Cursor row = get_record_.Query(id);
  std::optional<RecordRow> found;
  if (row.Next()) {
    found.emplace();
    IPAM_RETURN_IF_ERROR(ReadRecord(row, found->record));
    RecordColumns& columns = found->columns;
    columns.lookup = row.Int64(3) != 0 ? Lookup::kForward : Lookup::kReverse;
    columns.zone_id = row.Int64(2);
    columns.host_name = row.OptionalText(5);
    columns.fqdn = row.OptionalText(6);
    if (!row.IsNull(7)) columns.address = row.Blob(7);
    columns.ipv4_address_id = row.OptionalInt64(8);
    columns.ipv6_address_id = row.OptionalInt64(9);
  }
  IPAM_RETURN_IF_ERROR(row.status());
  return found;
}

absl::StatusOr<std::optional<RecordZone>> DnsTables::FindZoneOfRecord(std::int64_t id) {
  Cursor row = zone_of_record_.Query(id);
  std::optional<RecordZone> found;
  if (row.Next()) {
    found = row.IsNull(0) ? RecordZone{Lookup::kReverse, row.Int64(1)}
                          : RecordZone{Lookup::kForward, row.Int64(0)};
  }
  IPAM_RETURN_IF_ERROR(row.status());
  return found;
}

absl::Status DnsTables::DeleteRecord(std::int64_t id) { return delete_record_.Run(id); }

absl::StatusOr<std::optional<std::int64_t>> DnsTables::FindAddressOfPtr(const IpOctets& address) {
  return find_ptr_.Lookup(address);
}

absl::Status DnsTables::DeleteRecordsOfAddress(std::int64_t address) {
  IPAM_RETURN_IF_ERROR(delete_access_of_address_.Run(address));
  return delete_records_of_address_.Run(address);
}

absl::Status DnsTables::ForEachRecord(const std::function<absl::Status(const v1::DnsResourceRecord&)>& use) {
  Cursor rows = list_records_.Query();
  while (rows.Next()) {
    v1::DnsResourceRecord record;
    IPAM_RETURN_IF_ERROR(ReadRecord(rows, record));
    IPAM_RETURN_IF_ERROR(use(record));
  }
  return rows.status();
}

absl::Status DnsTables::PutRangeZone(const v1::RangeReverseLookupZone& mapping) {
  return put_range_zone_.Run(mapping.range_record_id(), mapping.reverse_lookup_zone_record_id());
}

absl::StatusOr<bool> DnsTables::HasRangeZone(std::int64_t range_id) {
  IPAM_ASSIGN_OR_RETURN(const auto found, has_range_zone_.Lookup(range_id));
  return found.has_value();
}

absl::StatusOr<std::vector<std::int64_t>> DnsTables::ListRangesOfZone(std::int64_t zone_id) {
  return ReadIds(list_ranges_of_zone_.Query(zone_id));
}

absl::StatusOr<std::vector<v1::RangeReverseLookupZone>> DnsTables::ListRangeZones() {
  std::vector<v1::RangeReverseLookupZone> mappings;
  Cursor rows = list_range_zones_.Query();
  while (rows.Next()) {
    v1::RangeReverseLookupZone& mapping = mappings.emplace_back();
    mapping.set_record_id(rows.Int64(0));
    mapping.set_range_record_id(rows.Int64(0));
    mapping.set_reverse_lookup_zone_record_id(rows.Int64(1));
  }
  IPAM_RETURN_IF_ERROR(rows.status());
  return mappings;
}

void FillRecordColumns(const v1::DnsResourceRecord& record, const std::string& zone_name,
                       RecordColumns& columns) {
  columns.host_name = HostName(record.record_data());
  // The full name of the record, not of its target (discrepancies F.12).
  columns.fqdn = FullName(record.name(), zone_name);
  switch (record.record_type()) {
    case v1::DNS_RESOURCE_RECORD_TYPE_A:
      columns.address = ParseIp(record.record_data().a().address());
      break;
    case v1::DNS_RESOURCE_RECORD_TYPE_AAAA:
      columns.address = ParseIp(record.record_data().aaaa().address());
      break;
    case v1::DNS_RESOURCE_RECORD_TYPE_PTR:
      // That of the record, or of its name (discrepancies D.13, F.12); names above the hosts have none.
      columns.address =
          record.address().empty() ? ReverseNameToIp(record.name(), zone_name) : ParseIp(record.address());
      break;
    default:
      break;
  }
}

std::string FullName(const std::string& name, const std::string& zone) {
  if (name == "@" || name.empty()) return zone;
  if (name.ends_with('.')) return name.substr(0, name.size() - 1);
  return name + "." + zone;
}

}  // namespace ipam::engine
