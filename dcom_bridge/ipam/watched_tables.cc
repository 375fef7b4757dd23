#include "dcom_bridge/ipam/watched_tables.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace ipam::engine {
namespace {

struct Watched {
  const char* table;
  const char* touched;
  // What to put there; ROW is the row, WAS whether there was one under its key before.
  const char* query;
};

#define IPAM_OF_SCOPE "SELECT server_id FROM dhcp_scopes WHERE record_id = ROW.scope_id"
#define IPAM_OF_POLICY "SELECT server_id FROM dhcp_policies WHERE policy_id = ROW.policy_id"

constexpr Watched kWatched[] = {
    // DHCP: the configuration of a server is one
    {"dhcp_servers", "touched_dhcp_servers", "SELECT ROW.record_id"},
    {"dhcp_option_definitions", "touched_dhcp_servers", "SELECT ROW.server_id"},
    {"dhcp_user_classes", "touched_dhcp_servers", "SELECT ROW.server_id"},
    {"dhcp_vendor_classes", "touched_dhcp_servers", "SELECT ROW.server_id"},
    {"dhcp_superscopes", "touched_dhcp_servers", "SELECT ROW.server_id"},
    {"dhcp_scopes", "touched_dhcp_servers", "SELECT ROW.server_id"},
    {"dhcp_exclusion_ranges", "touched_dhcp_servers", IPAM_OF_SCOPE},
    {"dhcp_reservations", "touched_dhcp_servers", IPAM_OF_SCOPE},
    {"dhcp_options", "touched_dhcp_servers", "SELECT ROW.server_id"},
    {"dhcp_policies", "touched_dhcp_servers", "SELECT ROW.server_id"},
    {"dhcp_policy_conditions", "touched_dhcp_servers", IPAM_OF_POLICY},
    {"dhcp_policy_subranges", "touched_dhcp_servers", IPAM_OF_POLICY},
    {"dhcp_filters", "touched_dhcp_servers", "SELECT ROW.server_id"},
    {"dhcp_failover_relations", "touched_dhcp_servers",
     "SELECT ROW.server1_id WHERE ROW.server1_id IS NOT NULL"
     " UNION SELECT ROW.server2_id WHERE ROW.server2_id IS NOT NULL"},
    {"dhcp_scope_failovers", "touched_dhcp_servers",
     "SELECT server1_id FROM dhcp_failover_relations WHERE record_id = ROW.relation_id"
     " AND server1_id IS NOT NULL"
     " UNION SELECT server2_id FROM dhcp_failover_relations WHERE record_id = ROW.relation_id"
     " AND server2_id IS NOT NULL"},
    // DNS: records by name and type, zones by server
    {"dns_resource_records", "touched_record_sets",
     "SELECT coalesce(ROW.forward_zone_id, 0), coalesce(ROW.reverse_zone_id, 0), ROW.name, ROW.record_type"},
    {"dns_server_zones", "touched_server_zones",
     "SELECT ROW.server_id, 0, name, WAS FROM dns_zones WHERE record_id = ROW.zone_id"},
    {"dns_zones", "touched_server_zones",
     "SELECT server_id, 0, ROW.name, 1 FROM dns_server_zones WHERE zone_id = ROW.record_id"},
    {"dns_server_reverse_zones", "touched_server_zones",
     "SELECT ROW.server_id, 1, name, WAS FROM dns_reverse_zones WHERE record_id = ROW.zone_id"},
    {"dns_reverse_zones", "touched_server_zones",
     "SELECT server_id, 1, ROW.name, 1 FROM dns_server_reverse_zones WHERE zone_id = ROW.record_id"},
    {"dns_conditional_forwarders", "touched_forwarders", "SELECT ROW.server_id, ROW.name"},
};

std::string Query(const Watched& watched, std::string_view row, std::string_view was) {
  return absl::StrReplaceAll(watched.query,
                             {{"ROW.", absl::StrCat(std::string(row), ".")}, {"WAS", std::string(was)}});
}

WatchedChange Change(const Watched& watched, const char* event, const std::string& query) {
  // WHERE, because SQLite reads ON CONFLICT behind a FROM as the ON of a join.
  return {watched.table, event,
          absl::StrCat("INSERT INTO ", watched.touched, " SELECT * FROM (", query,
                       ") AS touched WHERE 1 = 1 ON CONFLICT DO NOTHING")};
}

}  // namespace

std::vector<WatchedChange> WatchedChanges() {
  std::vector<WatchedChange> changes;
  for (const Watched& watched : kWatched) {
    const std::string before = Query(watched, "OLD", "1");
    changes.push_back(Change(watched, "INSERT", Query(watched, "NEW", "0")));
    changes.push_back(Change(watched, "UPDATE", absl::StrCat(before, " UNION ", Query(watched, "NEW", "1"))));
    changes.push_back(Change(watched, "DELETE", before));
  }
  return changes;
}

}  // namespace ipam::engine
