#include "dcom_bridge/ipam/change_log.h"

#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/json.h"
#include "dcom_bridge/ipam/sql_driver.h"

namespace ipam::engine {
namespace {

ServerKey DnsServer(std::int64_t id) { return {ServerKey::Role::kDns, id}; }

// Only there are the records of a zone made: other servers fetch them.
bool IsPrimary(const v1::BaseDnsServerZone& zone) {
  return zone.zone_type() != v1::ZONE_HOSTING_DNS_SERVER_TYPE_SECONDARY &&
         zone.zone_type() != v1::ZONE_HOSTING_DNS_SERVER_TYPE_STUB;
}

}  // namespace

ChangeLog::ChangeLog(Database& db)
    : clear_servers_(db, "DELETE FROM touched_dhcp_servers"),
      clear_records_(db, "DELETE FROM touched_record_sets"),
      clear_zones_(db, "DELETE FROM touched_server_zones"),
      clear_forwarders_(db, "DELETE FROM touched_forwarders"),
      servers_(db,
               "SELECT server_id FROM touched_dhcp_servers AS t"
               " WHERE EXISTS (SELECT 1 FROM dhcp_servers WHERE record_id = t.server_id)"),
      zones_(db, "SELECT server_id, is_reverse, zone, was_there FROM touched_server_zones"),
      records_(db, "SELECT forward_zone_id, reverse_zone_id, name, record_type FROM touched_record_sets"),
      forwarders_(db, "SELECT server_id, name FROM touched_forwarders"),
      server_zone_(db,
                   "SELECT s.details, s.zone_id FROM dns_server_zones AS s"
                   " JOIN dns_zones AS z ON z.record_id = s.zone_id WHERE s.server_id = ? AND z.name = ?"),
      server_reverse_zone_(
          db,
          "SELECT s.details, s.zone_id FROM dns_server_reverse_zones AS s"
          " JOIN dns_reverse_zones AS z ON z.record_id = s.zone_id WHERE s.server_id = ? AND z.name = ?"),
      hosts_(db, "SELECT server_id, details FROM dns_server_zones WHERE zone_id = ?"),
      reverse_hosts_(db, "SELECT server_id, details FROM dns_server_reverse_zones WHERE zone_id = ?"),
      record_set_(db,
                  "SELECT details FROM dns_resource_records"
                  " WHERE forward_zone_id = ? AND name = ? AND record_type = ? ORDER BY record_id"),
      reverse_record_set_(db,
                          "SELECT details FROM dns_resource_records"
                          " WHERE reverse_zone_id = ? AND name = ? AND record_type = ? ORDER BY record_id"),
      set_names_(db, "SELECT DISTINCT name, record_type FROM dns_resource_records WHERE forward_zone_id = ?"),
      reverse_set_names_(
          db, "SELECT DISTINCT name, record_type FROM dns_resource_records WHERE reverse_zone_id = ?"),
      forwarder_(db, "SELECT details FROM dns_conditional_forwarders WHERE server_id = ? AND name = ?") {}

absl::Status ChangeLog::Watch(Database& db) { return db.driver().Watch(); }

absl::Status ChangeLog::Clear() {
  IPAM_RETURN_IF_ERROR(clear_servers_.Run());
  IPAM_RETURN_IF_ERROR(clear_records_.Run());
  IPAM_RETURN_IF_ERROR(clear_zones_.Run());
  return clear_forwarders_.Run();
}

absl::StatusOr<Touched> ChangeLog::Read(const Actuators& actuators) {
  Touched touched;
  Cursor servers = servers_.Query();
  while (servers.Next()) {
    const std::int64_t id = servers.Int64(0);
    if (actuators.Has({ServerKey::Role::kDhcp, id})) touched.dhcp_servers.insert(id);
  }
  IPAM_RETURN_IF_ERROR(servers.status());
  IPAM_RETURN_IF_ERROR(ReadZones(actuators, touched));
  Cursor records = records_.Query();
  while (records.Next()) {
    const Lookup lookup = records.Int64(0) != 0 ? Lookup::kForward : Lookup::kReverse;
    touched.records.push_back({.lookup = lookup,
                               .zone_id = records.Int64(lookup == Lookup::kForward ? 0 : 1),
                               .name = records.Text(2),
                               .type = static_cast<v1::DnsResourceRecordType>(records.Int64(3))});
  }
  IPAM_RETURN_IF_ERROR(records.status());
  Cursor forwarders = forwarders_.Query();
  while (forwarders.Next()) {
    if (!actuators.Has(DnsServer(forwarders.Int64(0)))) continue;
    touched.forwarders.push_back({.server_id = forwarders.Int64(0), .name = forwarders.Text(1)});
  }
  IPAM_RETURN_IF_ERROR(forwarders.status());
  return touched;
}

absl::Status ChangeLog::ReadZones(const Actuators& actuators, Touched& touched) {
  Cursor zones = zones_.Query();
  while (zones.Next()) {
    if (!actuators.Has(DnsServer(zones.Int64(0)))) continue;
    Touched::Zone& zone = touched.zones.emplace_back();
    zone.server_id = zones.Int64(0);
    zone.lookup = zones.Int64(1) == 0 ? Lookup::kForward : Lookup::kReverse;
    zone.name = zones.Text(2);
    zone.was_there = zones.Int64(3) != 0;
    Cursor row = (zone.lookup == Lookup::kForward ? server_zone_ : server_reverse_zone_)
                     .Query(zone.server_id, zone.name);
    zone.is_there = row.Next();
    IPAM_RETURN_IF_ERROR(row.status());
  }
  return zones.status();
}

absl::StatusOr<std::vector<DnsWork>> ChangeLog::DnsStateOf(const Touched& touched, bool before, Store& store,
                                                           const Actuators& actuators) {
  std::vector<DnsWork> work;
  for (const Touched::Zone& zone : touched.zones) {
    const bool here = before ? zone.was_there : zone.is_there;
    const bool there = before ? zone.is_there : zone.was_there;
    if (here) IPAM_RETURN_IF_ERROR(AddZone(zone, !there, store, work));
  }
  for (const Touched::Records& records : touched.records) {
    IPAM_RETURN_IF_ERROR(AddRecords(records, store, actuators, work));
  }
  for (const Touched::Forwarder& forwarder : touched.forwarders) {
    IPAM_RETURN_IF_ERROR(AddForwarder(forwarder, work));
  }
  // Last, because a server may have more in them than the store knows.
  for (const Touched::Zone& zone : touched.zones) {
    const bool here = before ? zone.was_there : zone.is_there;
    if (!here) work.push_back({zone.server_id, DeleteZone{zone.name}});
  }
  return work;
}

// `with_records`: the server does not have the zone, and gets all that is in it.
absl::Status ChangeLog::AddZone(const Touched::Zone& zone, bool with_records, Store& store,
                                std::vector<DnsWork>& work) {
  const bool forward = zone.lookup == Lookup::kForward;
  v1::BaseDnsServerZone whole;
  std::int64_t zone_id = 0;
  {
    Cursor row = (forward ? server_zone_ : server_reverse_zone_).Query(zone.server_id, zone.name);
    if (!row.Next()) return row.status();
    IPAM_RETURN_IF_ERROR(FromJson(row.Text(0), whole));
    zone_id = row.Int64(1);
  }
  IPAM_ASSIGN_OR_RETURN(std::optional<v1::BaseDnsZone> named, store.dns.GetZone(zone.lookup, zone_id));
  if (named) {
    *(forward ? whole.mutable_dns_server_zone()->mutable_zone()
              : whole.mutable_dns_server_reverse_zone()->mutable_zone()) = *std::move(named);
  }
  const bool primary = IsPrimary(whole);
  work.push_back({zone.server_id, PutZone{std::move(whole)}});
  if (!with_records || !primary) return absl::OkStatus();
  std::vector<Touched::Records> sets;
  Cursor names = (forward ? set_names_ : reverse_set_names_).Query(zone_id);
  while (names.Next()) {
    sets.push_back({.lookup = zone.lookup,
                    .zone_id = zone_id,
                    .name = names.Text(0),
                    .type = static_cast<v1::DnsResourceRecordType>(names.Int64(1))});
  }
  IPAM_RETURN_IF_ERROR(names.status());
  for (const Touched::Records& set : sets) {
    IPAM_ASSIGN_OR_RETURN(RecordSet records, ReadRecords(set, zone.name));
    work.push_back({zone.server_id, std::move(records)});
  }
  return absl::OkStatus();
}

absl::StatusOr<RecordSet> ChangeLog::ReadRecords(const Touched::Records& records, const std::string& zone) {
  RecordSet set{.zone = zone, .name = FullName(records.name, zone), .type = records.type, .records = {}};
  Cursor rows = (records.lookup == Lookup::kForward ? record_set_ : reverse_record_set_)
                    .Query(records.zone_id, records.name, static_cast<std::int64_t>(records.type));
  while (rows.Next()) IPAM_RETURN_IF_ERROR(FromJson(rows.Text(0), set.records.emplace_back()));
  IPAM_RETURN_IF_ERROR(rows.status());
  return set;
}

absl::Status ChangeLog::AddRecords(const Touched::Records& records, Store& store, const Actuators& actuators,
                                   std::vector<DnsWork>& work) {
  IPAM_ASSIGN_OR_RETURN(const auto zone, store.dns.GetZone(records.lookup, records.zone_id));
  if (!zone) return absl::OkStatus();
  std::vector<std::int64_t> servers;
  Cursor hosts = (records.lookup == Lookup::kForward ? hosts_ : reverse_hosts_).Query(records.zone_id);
  while (hosts.Next()) {
    if (!actuators.Has(DnsServer(hosts.Int64(0)))) continue;
    v1::BaseDnsServerZone host;
    IPAM_RETURN_IF_ERROR(FromJson(hosts.Text(1), host));
    if (IsPrimary(host)) servers.push_back(hosts.Int64(0));
  }
  IPAM_RETURN_IF_ERROR(hosts.status());
  if (servers.empty()) return absl::OkStatus();
  IPAM_ASSIGN_OR_RETURN(const RecordSet set, ReadRecords(records, zone->name()));
  for (const std::int64_t server : servers) work.push_back({server, set});
  return absl::OkStatus();
}

absl::Status ChangeLog::AddForwarder(const Touched::Forwarder& forwarder, std::vector<DnsWork>& work) {
  Cursor row = forwarder_.Query(forwarder.server_id, forwarder.name);
  if (!row.Next()) {
    work.push_back({forwarder.server_id, DeleteForwarder{forwarder.name}});
    return row.status();
  }
  PutForwarder put;
  IPAM_RETURN_IF_ERROR(FromJson(row.Text(0), put.forwarder));
  work.push_back({forwarder.server_id, std::move(put)});
  return row.status();
}

}  // namespace ipam::engine
