// Properties that hold after any operations on DHCP, DNS and addresses: constraints, the mapping of ranges and addresses, export and
// import.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/ipam/store.h"
#include "delegate_harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

class RandomOperations : public DelegateTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  RandomOperations() {
    EXPECT_OK(ImportYaml(options_.database, IPAM_SOURCE_DIR "/tests/unit/ipam/dns_plant.yaml"));
  }
  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  // A record id of the table, or one that is not there.
  std::string Any(const std::string& table, const std::string& key = "record_id") {
    const std::string id = Query(absl::StrFormat("SELECT %s FROM %s ORDER BY (%s * %d) %% 1009 LIMIT 1", key,
                                                 table, key, 1 + Below(1000)));
    return id == "NULL" || Below(20) == 0 ? "4242" : id;
  }
  // The body of a scope of 172.30.0.0/16: those of /23 on the one server reach into those of /24 on the other.
  std::string Scope(int server) {
    const int prefix = server == 17 ? 24 : 23;
    const int third = server == 17 ? Below(6) : 2 * Below(3);
    const int start = 10 + Below(100);
    return absl::StrFormat(
        "parent_dhcp_server_record_id: %d scope_id: '172.30.%d.0' start_address: '172.30.%d.%d'"
        " end_address: '172.30.%d.%d' subnet_mask: '255.255.%d.0' prefix_length: %d v4 {} %s",
        server, third, third, start, prefix == 24 ? third : third + 1, start + 1 + Below(140),
        prefix == 24 ? 255 : 254, prefix, Exclusions(third));
  }
  std::string Exclusions(int third) {
    std::string text;
    for (int i = Below(3); i > 0; --i) {
      const int start = 10 + Below(200);
      absl::StrAppend(
          &text, absl::StrFormat("operation_tracker { operation: %s value { start_address: '172.30.%d.%d'"
                                 " end_address: '172.30.%d.%d' v4 {} } } ",
                                 Below(4) == 0 ? "COLLECTION_OPERATIONS_DELETE" : "COLLECTION_OPERATIONS_ADD",
                                 third, start, third, start + Below(40)));
    }
    return text.empty() ? text : absl::StrCat("exclusion_ranges { ", text, "}");
  }
  std::string Edit() {
    const std::string id = Any("dhcp_scopes WHERE scope_id BETWEEN x'ac1e0000' AND x'ac1eff00'");
    const std::string server = Query("SELECT server_id FROM dhcp_scopes WHERE record_id = " + id);
    return absl::StrCat("scope { record_id: ", id, " ", Scope(server == "18" ? 18 : 17), "}");
  }
  std::string Address(const char* modified = "") {
    return absl::StrFormat(
        "address { address: '172.30.%d.%d' mac_address: '0050568a11f2' v4 {}"
        " custom_field_values { parent_custom_field_record_id: 8 parent_custom_field_number: 7 value: 'Host' "
        "}"
        " custom_field_values { parent_custom_field_record_id: 9 parent_custom_field_number: 8 value: 'MS "
        "DHCP' }"
        " custom_field_values { parent_custom_field_record_id: 10 parent_custom_field_number: 9"
        "   value: 'dhcp%d.ad.example.org' }"
        " custom_field_values { parent_custom_field_record_id: 11 parent_custom_field_number: 10 value: "
        "'In-Use' } %s }",
        Below(6), 10 + Below(200), 1 + Below(2), modified);
  }
  std::string Reservation() {
    const std::string scope = Any("dhcp_scopes WHERE af = 4");
    return absl::StrFormat(
        "scope_record_id: %s reservation { address: '172.30.%d.%d' name: 'r' v4 { mac_address: '0050568a11f2'"
        " serving_clients_type: DHCP_SERVING_CLIENTS_TYPE_BOTH } parent_scope { record_id: %s scope_id: "
        "'172.30.0.0'"
        " subnet_mask: '255.255.255.0' v4 {} } }",
        scope, Below(6), 10 + Below(200), scope);
  }
  std::string Policy() {
    return absl::StrFormat(
        "policy_name: 'p%d' server { record_id: 17 v4 {} } condition { user_class: 'x' } ranges {"
        " start_ip_address: '172.30.1.%d' end_ip_address: '172.30.1.%d' }",
        Below(9), 20 + Below(50), 70 + Below(50));
  }
  // Of 172.20.0.0/16: its scopes have no others of the same server within their bounds, wherever they are replicated.
  std::string FailoverScope() { return Any("dhcp_scopes WHERE af = 4 AND scope_id < x'ac1e0000'"); }
  std::string FailoverStep();
  std::string ReplicaStep();
  std::string FilterStep();
  std::string UpdateAddress() {
    return absl::StrFormat(
        "create_dhcp_reservation: %s create_dns_record: true %s old_address { record_id: %s v4 {} }",
        Below(4) == 0 ? "true" : "false",
        Address("modified_properties: 'Address' dhcp_scope_id: 220 dns_zone_id: 306"), Any("ip_addresses"));
  }
  // Of the server zone 311, 312 or another that has the record, or of one that has not.
  std::string Record(const std::string& list) {
    const std::string id = Any("dns_resource_records");
    const bool reverse =
        Query("SELECT reverse_zone_id FROM dns_resource_records WHERE record_id = " + id) != "NULL";
    std::string zone =
        Query(absl::StrFormat("SELECT s.record_id FROM %s AS s JOIN dns_resource_records AS r ON r.%s = "
                              "s.zone_id WHERE r.record_id = %s",
                              reverse ? "dns_server_reverse_zones" : "dns_server_zones",
                              reverse ? "reverse_zone_id" : "forward_zone_id", id));
    if (zone == "NULL" || Below(10) == 0) zone = Any("dns_server_zones");
    return absl::StrFormat(
        "zone_type: ZONE_LOOKUP_TYPE_DNS_%s_LOOKUP_ZONE server_zone_id: %s %s { record_id: %s %s }",
        reverse ? "REVERSE" : "FORWARD", zone, list, id, RecordBody(reverse));
  }
  std::string RecordBody(bool reverse) {
    if (reverse) {
      return absl::StrFormat(
          "name: '%d.4' record_type: DNS_RESOURCE_RECORD_TYPE_PTR record_data { ptr { hostname: 'h.'"
          " } }",
          20 + Below(20));
    }
    return absl::StrFormat(
        "name: 'h%d' record_type: DNS_RESOURCE_RECORD_TYPE_A record_data { a { address: '10.99.4.%d'"
        " } }",
        Below(9), 20 + Below(20));
  }
  std::string NewRecord() {
    const bool reverse = Below(2) == 0;
    return absl::StrFormat(
        "zone_type: ZONE_LOOKUP_TYPE_DNS_%s_LOOKUP_ZONE server_zone_id: %s resource_records { %s }",
        reverse ? "REVERSE" : "FORWARD", Any(reverse ? "dns_server_reverse_zones" : "dns_server_zones"),
        RecordBody(reverse));
  }
  std::string NewZone() {
    return absl::StrFormat(
        "server_id: %d server_zone { zone_type: ZONE_HOSTING_DNS_SERVER_TYPE_PRIMARY"
        " zone_configuration: ZONE_CONFIGURATION_FILE_BACKED zone_file_name: 'z' dns_server_zone {"
        " zone { name: 'z%d.example' dns_zone { parent_id: %s } } } }",
        31 + Below(2), Below(4), Below(2) == 0 ? "0" : Any("dns_zones"));
  }
  std::string ChangedZone() {
    const std::string id = Any("dns_server_zones");
    return absl::StrFormat(
        "server_zones_tuple { server_zone { record_id: %s zone_type: ZONE_HOSTING_DNS_SERVER_TYPE_PRIMARY"
        " zone_configuration: ZONE_CONFIGURATION_FILE_BACKED zone_file_name: 'f%d' modified_properties: "
        "'ZoneFileName'"
        " dns_server_zone { zone { record_id: %s is_signed_zone: true modified_properties: 'IsSignedZone'"
        " dns_zone {} } } } }",
        id, Below(9),
        Query("SELECT coalesce(max(zone_id), 0) FROM dns_server_zones WHERE record_id = " + id));
  }
  std::string Forwarder(bool is_new) {
    const std::string id = Any("dns_conditional_forwarders");
    const std::string name = Query("SELECT name FROM dns_conditional_forwarders WHERE record_id = " + id);
    const std::string server =
        Query("SELECT server_id FROM dns_conditional_forwarders WHERE record_id = " + id);
    return absl::StrFormat(
        "conditional_forwarders { record_id: %s name: '%s' dns_server_id: %s master_servers: '192.0.2.%d'"
        " conditional_forwarder_type: DNS_CONDITIONAL_FORWARDER_TYPE_REGISTRY modified_properties: "
        "'MasterServers' }",
        id, is_new ? absl::StrFormat("f%d", Below(5)) : name, is_new || server == "NULL" ? "31" : server,
        Below(200));
  }
  std::string DnsStep();
  std::string Step();
  void CheckStore();

 private:
  std::mt19937 random_{GetParam()};
};

std::string RandomOperations::FailoverStep() {
  const std::string relation = Any("dhcp_failover_relations");
  const std::string scope = FailoverScope();
  switch (Below(5)) {
    case 0:
      return RunText("CreateDhcpFailover",
                     absl::StrFormat("failover { relationship_name: 'f%d' server1_record_id: 17 "
                                     "server2_record_id: 18 } scope_ids: %s",
                                     Below(4), scope));
    case 1:
      return RunText("EditDhcpFailover",
                     absl::StrFormat("failover { record_id: %s modified_properties: 'RelationshipName'"
                                     " relationship_name: 'f%d' }",
                                     relation, Below(4)));
    case 2:
      return RunText("AddDhcpFailoverScopes",
                     absl::StrFormat("failover { record_id: %s } scope_ids: %s", relation, scope));
    case 3:
      return RunText("RemoveDhcpFailoverScopes", "scope_ids: " + scope);
    default:
      return RunText("DeleteDhcpFailover", absl::StrFormat("failover { record_id: %s }", relation));
  }
}

std::string RandomOperations::ReplicaStep() {
  const std::string scope = "scopes { record_id: " + FailoverScope() + " v4 {} }";
  switch (Below(4)) {
    case 0:
      return RunText("ResetConfigSyncStatus", scope);
    case 1:
      return RunText("ReplicateScope", scope);
    case 2:
      return RunText("ReplicateRelation",
                     absl::StrFormat("failover_relation { record_id: %s }", Any("dhcp_failover_relations")));
    default:
      return RunText("ReplicateServer", absl::StrFormat("server { record_id: %d v4 {} }", 17 + Below(2)));
  }
}

std::string RandomOperations::FilterStep() {
  const std::string filter =
      absl::StrFormat("{ server_record_id: %d mac_address: '0%d' is_allow: true }", 17 + Below(3), Below(5));
  switch (Below(4)) {
    case 0:
      return RunText("CreateDhcpFilters", "dhcp_server_ids: [17, 18] filters " + filter);
    case 1:
      return RunText("UpdateDhcpFilter", "filter " + filter);
    case 2:
      return RunText("UpdateDhcpFilters", "filters " + filter + " filters " + filter);
    default:
      return RunText("DeleteDhcpFilters", "filters " + filter);
  }
}

std::string RandomOperations::DnsStep() {
  switch (Below(13)) {
    case 0:
    case 1:
      return RunText("UpdateIpamIPAddress", UpdateAddress());
    case 2:
    case 3:
    case 4:
      return RunText("CreateDnsResourceRecords", NewRecord());
    case 5:
      return RunText("UpdateDnsResourceRecord", Record("resource_record"));
    case 6:
      return RunText("UpdateDnsResourceRecords", "ttl { seconds: 7 } " + Record("resource_records"));
    case 7:
      return RunText("DeleteDnsResourceRecords", Record("resource_records"));
    case 8:
      return RunText("CreateDnsZone", NewZone());
    case 9:
      return RunText("UpdateDnsZones", ChangedZone());
    case 10:
      return RunText("DeleteDnsZones", absl::StrFormat("zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE"
                                                       " server_zone_ids: [%s, %s]",
                                                       Any("dns_server_zones"), Any("dns_server_zones")));
    case 11:
      return RunText("CreateDnsConditionalForwarders", Forwarder(true));
    default:
      return RunText(Below(2) == 0 ? "UpdateDnsConditionalForwarders" : "DeleteDnsConditionalForwarders",
                     Forwarder(false));
  }
}

std::string RandomOperations::Step() {
  if (Below(2) == 0) return DnsStep();
  const char* flags[] = {"DEFAULT", "DELETE_IP_ADDRESS_RECORD", "DELETE_IP_ADDRESS_AND_DNS_RECORD"};
  switch (Below(20)) {
    case 0:
    case 1:
    case 2:
      return RunText("CreateDhcpScope", "scope { " + Scope(17 + Below(2)) + "}");
    case 3:
    case 4:
      return RunText("EditDhcpScope", Edit());
    case 5:
      return RunText("DeleteDhcpScope", "scope { v4 {} record_id: " + Any("dhcp_scopes") + "}");
    case 6:
    case 7:
      return RunText("CreateIpamIPAddress", Address());
    case 8:
      return RunText("CreateDhcpReservation", Reservation());
    case 9:
      return RunText(
          "DeleteDhcpReservation",
          absl::StrCat("family: ADDRESS_FAMILY_INTER_NETWORK reservation_record_id: ",
                       Any("dhcp_reservations"), " flag: DHCP_RESERVATION_DELETION_FLAG_", flags[Below(3)]));
    case 10:
      return RunText("AddScopesToSuperscope",
                     absl::StrFormat("scope_ids: [%s, %s] superscope { record_id: %s }", Any("dhcp_scopes"),
                                     Any("dhcp_scopes"), Any("dhcp_superscopes")));
    case 11:
      return RunText("CreateDhcpScopePolicy",
                     absl::StrFormat("scope_list: %s policy { %s }", Any("dhcp_scopes"), Policy()));
    case 12:
      return RunText("UpdatePolicy", absl::StrFormat("policy { policy_id: %s processing_order: 1 %s }",
                                                     Any("dhcp_policies", "policy_id"), Policy()));
    case 13:
    case 14:
    case 15:
      return FailoverStep();
    case 16:
      return FilterStep();
    case 17:
    case 18:
      return ReplicaStep();
    default:
      return RunText("DeletePolicy",
                     absl::StrFormat("policies { policy_id: %s }", Any("dhcp_policies", "policy_id")));
  }
}

std::vector<IpInterval> Applicable(const v1::IPRange& range, Store& store) {
  std::vector<IpInterval> excluded;
  if (range.scope_record_id() != 0) excluded = store.dhcp.ListExclusions(range.scope_record_id()).value();
  return Without({*ParseIp(range.start_ip_address()), *ParseIp(range.end_ip_address())}, excluded);
}

bool Overlapping(const std::vector<IpInterval>& a, const std::vector<IpInterval>& b) {
  return std::any_of(a.begin(), a.end(), [&b](const IpInterval& mine) {
    return std::any_of(b.begin(), b.end(), [&mine](const IpInterval& theirs) {
      return mine.start.size() == theirs.start.size() && Overlap(mine, theirs);
    });
  });
}

void RandomOperations::CheckStore() {
  if (!OnPostgres()) {
    EXPECT_EQ(Rows("PRAGMA foreign_key_check"), "");
    EXPECT_EQ(Rows("PRAGMA integrity_check"), "ok");
  }
  // Nothing speaks of the access to what is not there.
  EXPECT_EQ(Rows("SELECT object_id FROM access_scope_associations WHERE object_type = 29 AND object_id NOT IN"
                 " (SELECT record_id FROM dns_resource_records)"),
            "");
  // Addresses that are there twice in an address space say so.
  EXPECT_EQ(
      Rows("SELECT a.record_id FROM ip_addresses AS a JOIN ip_addresses AS b ON b.address_space_id ="
           " a.address_space_id AND b.af = a.af AND b.address = a.address AND b.record_id != a.record_id"
           " WHERE a.is_duplicate = 0"),
      "");
  // Each record has the full name that its zone gives it.
  EXPECT_EQ(Rows("SELECT r.record_id FROM dns_resource_records AS r LEFT JOIN dns_zones AS f ON f.record_id ="
                 " r.forward_zone_id LEFT JOIN dns_reverse_zones AS b ON b.record_id = r.reverse_zone_id"
                 " WHERE r.fqdn != r.name || '.' || coalesce(f.name, b.name)"),
            "");
  auto db = OpenDatabase(options_.database, StoreUse::kRead);
  ASSERT_OK(db);
  Store store(**db);
  const std::vector<v1::IPRange> ranges = store.addresses.ListRanges().value();
  for (const v1::IPRange& range : ranges) {
    const auto mine = Applicable(range, store);
    bool overlaps = false;
    for (const v1::IPRange& other : ranges) {
      if (other.record_id() == range.record_id() || !Overlapping(mine, Applicable(other, store))) continue;
      overlaps = true;
      // Addresses are counted once.
      EXPECT_FALSE(range.use_for_utilization() && other.use_for_utilization())
          << range.record_id() << " and " << other.record_id();
    }
    EXPECT_EQ(range.is_overlapping(), overlaps) << range.record_id();
    EXPECT_TRUE(overlaps || range.use_for_utilization()) << range.record_id();
  }
  // An address belongs to the range of its owner that encloses it.
  EXPECT_OK(store.addresses.ForEachAddress([&](const v1::IpamIPAddress& address) {
    const auto range = store.addresses.FindRangeOf(*ParseIp(address.address()), 1,
                                                   ManagementOf(address.custom_field_values()));
    EXPECT_OK(range);
    EXPECT_EQ(address.parent_ip_range_record_id(), range->value_or(0)) << address.address();
    return absl::OkStatus();
  }));
}

TEST_P(RandomOperations, KeepTheStoreInOrder) {
  for (int i = 0; i < 90 && !HasFailure(); ++i) {
    const std::string events = Step();
    SCOPED_TRACE(absl::StrFormat("operation %d: %s", i, events));
    CheckStore();
  }
  Close();
  std::ostringstream first;
  ASSERT_OK(ExportYaml(options_.database, first));
  const std::string path = dir_.File("out.yaml");
  std::ofstream(path) << first.str();
  ASSERT_OK(ImportYaml(dir_.Store("other.db"), path));
  std::ostringstream second;
  ASSERT_OK(ExportYaml(dir_.Store("other.db"), second));
  EXPECT_EQ(second.str(), first.str());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomOperations, ::testing::Range(1u, 5u));

}  // namespace
}  // namespace ipam::engine
