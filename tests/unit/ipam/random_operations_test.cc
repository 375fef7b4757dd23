// Properties that hold after any of the 49 operations, done or failed: constraints, the mapping of ranges and addresses of
// IPv4 and IPv6, export and import.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <random>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/model/operations.h"
#include "delegate_harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

class RandomOperations : public DelegateTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  // What makes the parameters of an operation, of DHCPv6 too where there is a family.
  struct Kind {
    const char* operation;
    std::string (RandomOperations::*parameters)();
  };
  static const Kind kKinds[61];

 public:
  static std::set<std::string_view> Operations();

 protected:
  RandomOperations() {
    EXPECT_OK(ImportYaml(options_.database, IPAM_SOURCE_DIR "/tests/unit/ipam/dns_plant.yaml"));
  }
  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  // A record id of the table, or one that is not there.
  std::string Any(const std::string& table, const std::string& key = "record_id") {
    const std::string id = Query(absl::StrFormat("SELECT %s FROM %s ORDER BY (%s * %d) %% 1009 LIMIT 1", key,
                                                 table, key, 1 + Below(1000)));
    return id == "NULL" || Below(one_missing_in_) == 0 ? "4242" : id;
  }
  std::string One(std::initializer_list<const char*> texts) {
    return *(texts.begin() + Below(static_cast<int>(texts.size())));
  }

  // The body of a scope of 172.30.0.0/16: those of /23 on the one server reach into those of /24 on the other.
  std::string Scope(int server) {
    const int prefix = server == 17 ? 24 : 23;
    const int third = server == 17 ? Below(6) : 2 * Below(3);
    const int start = 10 + Below(100);
    return absl::StrFormat(
        "parent_dhcp_server_record_id: %d scope_id: '172.30.%d.0' start_address: '172.30.%d.%d'"
        " end_address: '172.30.%d.%d' subnet_mask: '255.255.%d.0' prefix_length: %d v4 {} %s %s",
        server, third, third, start, prefix == 24 ? third : third + 1, start + 1 + Below(140),
        prefix == 24 ? 255 : 254, prefix, Exclusions(absl::StrFormat("172.30.%d.", third), "v4"), Options());
  }
  // And of 2001:db8:0:70::/60: those of /63 enclose some of /64, with bounds or without.
  std::string ScopeV6() {
    const int prefix = 63 + Below(2);
    const std::string network = absl::StrFormat("2001:db8:0:7%x::", prefix == 64 ? Below(8) : 2 * Below(4));
    const std::string bounds = Below(2) == 0
                                   ? ""
                                   : absl::StrFormat("start_address: '%s%d' end_address: '%s%d'", network,
                                                     10 + Below(20), network, 20 + Below(70));
    return absl::StrFormat("parent_dhcp_server_record_id: 19 scope_id: '%s' prefix_length: %d %s v6 {} %s",
                           network, prefix, bounds, Exclusions(network, "v6"));
  }
  std::string Exclusions(const std::string& network, const char* family) {
    std::string text;
    for (int i = Below(3); i > 0; --i) {
      const int start = 10 + Below(60);
      absl::StrAppend(&text, absl::StrFormat("operation_tracker { operation: COLLECTION_OPERATIONS_%s value {"
                                             " start_address: '%s%d' end_address: '%s%d' %s {} } } ",
                                             Below(4) == 0 ? "DELETE" : "ADD", network, start, network,
                                             start + Below(30), family));
    }
    return text.empty() ? text : absl::StrCat("exclusion_ranges { ", text, "}");
  }
  std::string Option() {
    return absl::StrCat("option_definition { option_id: ", One({"3", "6", "15", "99"}),
                        " } values { ip_address: '10.0.0.1' } v4 {} ");
  }
  std::string Options() {
    return absl::StrFormat(
        "options { operation_tracker { operation: COLLECTION_OPERATIONS_%s value { %s } } }",
        One({"ADD", "SET", "DELETE"}), Option());
  }
  std::string OptionTemplate() {
    return absl::StrFormat(
        "option_apply_type: DHCP_OPTION_APPLY_TYPE_%s options { %s } find_and_replace_options { option { %s }"
        " old_value { ip_address: '10.0.0.1' } new_value { ip_address: '10.0.0.2' } }",
        One({"ADD_OR_OVERWRITE", "APPEND", "DELETE", "FIND_AND_REPLACE"}), Option(), Option());
  }
  std::string NewScope() { return absl::StrCat("scope { ", Scope(17 + Below(2)), "}"); }
  std::string NewScopeV6() { return absl::StrCat("scope { ", ScopeV6(), "}"); }
  std::string EditedScope() {
    const std::string id = Any("dhcp_scopes WHERE scope_id BETWEEN x'ac1e0000' AND x'ac1eff00'");
    const std::string server = Query("SELECT server_id FROM dhcp_scopes WHERE record_id = " + id);
    return absl::StrCat("scope { record_id: ", id, " ", Scope(server == "18" ? 18 : 17), "}");
  }
  std::string EditedScopeV6() {
    return absl::StrCat("scope { record_id: ", Any("dhcp_scopes WHERE af = 6"), " ", ScopeV6(), "}");
  }
  std::string DeletedScope() {
    return absl::StrCat("scope { v4 {} record_id: ", Any("dhcp_scopes WHERE af = 4"), "}");
  }
  std::string DeletedScopeV6() {
    return absl::StrCat("scope { v6 {} record_id: ", Any("dhcp_scopes WHERE af = 6"), "}");
  }
  std::string ScopeTemplate() {
    return absl::StrFormat(
        "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK scope_id: [%s, %s] scope_template {"
        " modified_properties: ['Status', 'DnsUpdateType'] %s v4 {} }",
        Any("dhcp_scopes WHERE af = 4"), Any("dhcp_scopes WHERE af = 4"), OptionTemplate());
  }
  std::string ScopeTemplateV6() {
    return absl::StrFormat(
        "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK_V6 scope_id: %s scope_template {"
        " modified_properties: 'ScopePreference' v6 { scope_preference: %d } }",
        Any("dhcp_scopes WHERE af = 6"), Below(9));
  }

  std::string Server() {
    return absl::StrFormat(
        "server { record_id: %s modified_properties: ['AuditLoggingStatus', 'PolicyActivationState'] v4 {}"
        " user_classes { operation_tracker { operation: COLLECTION_OPERATIONS_%s value { name: 'c%d' v4 {} } "
        "} } %s }",
        Any("dhcp_servers WHERE af = 4"), One({"ADD", "SET", "DELETE"}), Below(3), Options());
  }
  std::string ServerV6() {
    return absl::StrFormat(
        "server { record_id: %s modified_properties: 'PurgeInterval' v6 {} option_definitions { "
        "operation_tracker {"
        " operation: COLLECTION_OPERATIONS_%s value { option_id: %d v6 {} } } } }",
        Any("dhcp_servers WHERE af = 6"), One({"ADD", "SET", "DELETE"}), Below(3));
  }
  std::string ServerTemplate() {
    return absl::StrFormat(
        "server_address_family: ADDRESS_FAMILY_INTER_NETWORK server_ids: [17, %s] server_template { v4 {}"
        " user_class_apply_type: DHCP_USER_CLASS_APPLY_TYPE_%s user_classes { name: 'c%d' v4 {} } %s }",
        Any("dhcp_servers WHERE af = 4"), One({"CREATE", "ADD_OR_OVERWRITE", "DELETE"}), Below(3),
        OptionTemplate());
  }
  std::string ServerTemplateV6() {
    return absl::StrFormat(
        "server_address_family: ADDRESS_FAMILY_INTER_NETWORK_V6 server_ids: %s server_template {"
        " audit_logging_status: DHCP_AUDIT_LOGGING_STATUS_ENABLED v6 {} }",
        Any("dhcp_servers WHERE af = 6"));
  }

  std::string AddedToSuperscope() {
    return absl::StrFormat("scope_ids: %s superscope { record_id: %s name: 's%d' parent_server_id: 17 }",
                           Any("dhcp_scopes WHERE server_id = 17"),
                           Any("dhcp_superscopes WHERE server_id = 17"), Below(4));
  }
  std::string RemovedFromSuperscope() {
    return absl::StrFormat("scope_ids: [%s, %s]", Any("dhcp_scopes WHERE af = 4"),
                           Any("dhcp_scopes WHERE af = 4"));
  }
  std::string RenamedSuperscope() {
    return absl::StrFormat("new_name: 's%d' superscope { record_id: %s }", Below(4), Any("dhcp_superscopes"));
  }
  std::string Superscopes() {
    return absl::StrFormat("superscopes { record_id: %s }", Any("dhcp_superscopes"));
  }

  std::string Policy(const std::string& more) {
    return absl::StrFormat(
        "policy_name: 'p%d' condition { user_class: 'x' } server { record_id: 17 v4 {} } %s", Below(9), more);
  }
  std::string NewServerPolicy() {
    return absl::StrFormat(
        "server_list { record_id: 17 v4 {} } server_list { record_id: %s v4 {} } policy { %s }",
        Any("dhcp_servers WHERE af = 4"), Policy(Options()));
  }
  std::string PolicyRange() {
    return absl::StrFormat("ranges { start_ip_address: '172.20.0.%d' end_ip_address: '172.20.0.%d' }",
                           5 + Below(50), 55 + Below(50));
  }
  std::string NewScopePolicy() {
    return absl::StrFormat("scope_list: %s policy { %s }",
                           Any(One({"dhcp_scopes WHERE af = 4", "dhcp_scopes WHERE scope_id = x'ac140000'"})),
                           Policy(Below(2) == 0 ? "" : PolicyRange()));
  }
  std::string ChangedPolicy() {
    const std::string id = Any("dhcp_policies", "policy_id");
    const std::string scope =
        Query("SELECT coalesce(scope_id, 0) FROM dhcp_policies WHERE policy_id = " + id);
    return absl::StrFormat(
        "policy { policy_id: %s processing_order: %d %s }", id, 1 + Below(3),
        Policy(scope == "0" || scope == "NULL"
                   ? ""
                   : absl::StrFormat("scope { record_id: %s v4 {} } %s", scope, PolicyRange())));
  }
  std::string PolicyProperties() {
    const std::string id = Any("dhcp_policies", "policy_id");
    return absl::StrFormat(
        "policies { policy_id: %s policy_name: 'p%d' processing_order: %d server_record_id: %d }", id,
        Below(9), 1 + Below(3), 17 + Below(2));
  }
  std::string MovedPolicy() {
    return absl::StrFormat("policy { policy_id: %s } direction: POLICY_PROCESSING_ORDER_DIRECTION_%s",
                           Any("dhcp_policies", "policy_id"), One({"UP", "DOWN"}));
  }
  std::string DeletedPolicies() {
    return absl::StrFormat("policies { policy_id: %s }", Any("dhcp_policies", "policy_id"));
  }

  std::string Reservation(const std::string& id) {
    const std::string scope = Any("dhcp_scopes WHERE af = 4");
    return absl::StrFormat(
        "scope_record_id: %s reservation { record_id: %s address: '172.30.%d.%d' name: 'r' v4 { mac_address:"
        " '0050568a11f2' serving_clients_type: DHCP_SERVING_CLIENTS_TYPE_BOTH } parent_scope { record_id: %s "
        "scope_id:"
        " '172.30.0.0' subnet_mask: '255.255.255.0' v4 {} } %s }",
        scope, id, Below(6), 10 + Below(200), scope, Below(2) == 0 ? "" : Options());
  }
  std::string ReservationV6(const std::string& id) {
    const std::string scope = Any("dhcp_scopes WHERE af = 6");
    return absl::StrFormat(
        "scope_record_id: %s reservation { record_id: %s address: '2001:db8:0:7%x::%d' name: 'r' v6 { duid: "
        "'aa' }"
        " parent_scope { record_id: %s scope_id: '2001:db8::' v6 {} } }",
        scope, id, Below(8), 10 + Below(80), scope);
  }
  std::string NewReservation() { return Reservation("0"); }
  std::string NewReservationV6() { return ReservationV6("0"); }
  std::string ChangedReservation() { return Reservation(Any("dhcp_reservations WHERE af = 4")); }
  std::string ChangedReservationV6() { return ReservationV6(Any("dhcp_reservations WHERE af = 6")); }
  std::string DeletedReservation(const char* field, int af) {
    return absl::StrFormat(
        "family: ADDRESS_FAMILY_INTER_NETWORK%s %s: %s flag: DHCP_RESERVATION_DELETION_FLAG_%s",
        af == 6 ? "_V6" : "", field, Any(absl::StrFormat("dhcp_reservations WHERE af = %d", af)),
        One({"DEFAULT", "DELETE_IP_ADDRESS_RECORD", "DELETE_IP_ADDRESS_AND_DNS_RECORD"}));
  }
  std::string DeletedReservation() { return DeletedReservation("reservation_record_id", 4); }
  std::string DeletedReservationV6() { return DeletedReservation("reservation_record_id", 6); }
  std::string DeletedReservations() { return DeletedReservation("reservation_record_ids", 4 + 2 * Below(2)); }
  std::string ChangedReservations() {
    return absl::StrFormat(
        "family: ADDRESS_FAMILY_INTER_NETWORK reservation_record_ids: [%s, %s] configuration { name: 'n' %s "
        "v4 {} }",
        Any("dhcp_reservations WHERE af = 4"), Any("dhcp_reservations WHERE af = 4"), OptionTemplate());
  }
  std::string ChangedReservationsV6() {
    return absl::StrFormat(
        "family: ADDRESS_FAMILY_INTER_NETWORK_V6 reservation_record_ids: %s configuration { name: 'n' v6 {} "
        "}",
        Any("dhcp_reservations WHERE af = 6"));
  }

  // Of 172.20.0.0/16: its scopes have no others of the same server within their bounds, wherever they are replicated.
  std::string FailoverScope() { return Any("dhcp_scopes WHERE af = 4 AND scope_id < x'ac1e0000'"); }
  std::string Relation() { return Any("dhcp_failover_relations"); }
  std::string NewFailover() {
    return absl::StrFormat(
        "failover { relationship_name: 'f%d' server1_record_id: 17 server2_record_id: 18 } scope_ids: %s",
        Below(4), FailoverScope());
  }
  std::string ChangedFailover() {
    return absl::StrFormat(
        "failover { record_id: %s modified_properties: 'RelationshipName' relationship_name: 'f%d' }",
        Relation(), Below(4));
  }
  std::string AddedToFailover() {
    return absl::StrFormat("failover { record_id: %s } scope_ids: %s", Relation(), FailoverScope());
  }
  std::string RemovedFromFailover() { return "scope_ids: " + FailoverScope(); }
  std::string DeletedFailover() { return absl::StrFormat("failover { record_id: %s }", Relation()); }
  // What is not there is passed over: no scopes at all are a fault.
  std::string FailoverScopes() {
    return Below(one_missing_in_) == 0 ? "" : "scopes { record_id: " + FailoverScope() + " v4 {} }";
  }
  std::string ReplicatedRelation() {
    return absl::StrFormat("failover_relation { record_id: %s }", Relation());
  }
  std::string ReplicatedServer() {
    return absl::StrFormat("server { record_id: %s v4 {} }", Any("dhcp_servers WHERE af = 4"));
  }

  std::string Filter() {
    return absl::StrFormat("{ server_record_id: %s mac_address: '0%d' is_allow: true }",
                           Any("dhcp_servers WHERE af = 4"), Below(5));
  }
  std::string NewFilters() {
    return absl::StrFormat("dhcp_server_ids: [17, %s] filters %s", Any("dhcp_servers WHERE af = 4"),
                           Filter());
  }
  std::string ChangedFilter() { return "filter " + Filter(); }
  std::string ChangedFilters() { return "filters " + Filter() + " filters " + Filter(); }
  std::string DeletedFilters() { return Below(one_missing_in_) == 0 ? "" : "filters " + Filter(); }

  std::string Address(const std::string& address, const std::string& more) {
    return absl::StrFormat(
        "address { address: '%s' mac_address: '0050568a11f2'"
        " custom_field_values { parent_custom_field_record_id: 8 parent_custom_field_number: 7 value: '%s' }"
        " custom_field_values { parent_custom_field_record_id: 9 parent_custom_field_number: 8 value: 'MS "
        "DHCP' }"
        " custom_field_values { parent_custom_field_record_id: 10 parent_custom_field_number: 9"
        "   value: 'dhcp%d.ad.example.org' }"
        " custom_field_values { parent_custom_field_record_id: 11 parent_custom_field_number: 10 value: "
        "'In-Use' } %s }",
        address, Below(one_missing_in_) == 0 ? "Toaster" : "Host", 1 + Below(2), more);
  }
  std::string AddressV4(const std::string& more = "") {
    return Address(absl::StrFormat("172.30.%d.%d", Below(6), 10 + Below(200)), "v4 {} " + more);
  }
  std::string AddressV6(const std::string& more = "") {
    return Address(absl::StrFormat("2001:db8:0:7%x::%d", Below(8), 10 + Below(80)), "v6 {} " + more);
  }
  std::string NewAddress() { return AddressV4(); }
  std::string NewAddressV6() { return AddressV6(); }
  std::string ChangedAddress() {
    return absl::StrFormat(
        "create_dhcp_reservation: %s create_dns_record: true %s old_address { record_id: %s v4 {} }",
        Below(4) == 0 ? "true" : "false",
        AddressV4(absl::StrFormat("modified_properties: 'Address' dhcp_scope_id: %s dns_zone_id: %s",
                                  Any("dhcp_scopes WHERE af = 4"), Any("dns_zones"))),
        Any("ip_addresses WHERE af = 4"));
  }
  std::string ChangedAddressV6() {
    return absl::StrFormat("%s old_address { record_id: %s v6 {} }",
                           AddressV6("modified_properties: 'Address'"), Any("ip_addresses WHERE af = 6"));
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
  std::string ChangedRecord() { return Record("resource_record"); }
  std::string ChangedRecords() { return "ttl { seconds: 7 } " + Record("resource_records"); }
  std::string DeletedRecords() { return Record("resource_records"); }
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
  std::string Zones() {
    return absl::StrFormat("zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE server_zone_ids: %s",
                           Any("dns_server_zones"));
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
  std::string NewForwarder() { return Forwarder(true); }
  std::string OldForwarder() { return Forwarder(false); }

  void CheckStore();

  std::mt19937 random_{GetParam()};
  int one_missing_in_ = 20;  // of what parameters name
};

const RandomOperations::Kind RandomOperations::kKinds[] = {
    {"EditDhcpServer", &RandomOperations::Server},
    {"EditDhcpServer", &RandomOperations::ServerV6},
    {"ApplyServerConfigurationTemplate", &RandomOperations::ServerTemplate},
    {"ApplyServerConfigurationTemplate", &RandomOperations::ServerTemplateV6},
    {"CreateDhcpScope", &RandomOperations::NewScope},
    {"CreateDhcpScope", &RandomOperations::NewScopeV6},
    {"EditDhcpScope", &RandomOperations::EditedScope},
    {"EditDhcpScope", &RandomOperations::EditedScopeV6},
    {"DeleteDhcpScope", &RandomOperations::DeletedScope},
    {"DeleteDhcpScope", &RandomOperations::DeletedScopeV6},
    {"ApplyScopeConfigurationTemplate", &RandomOperations::ScopeTemplate},
    {"ApplyScopeConfigurationTemplate", &RandomOperations::ScopeTemplateV6},
    {"AddScopesToSuperscope", &RandomOperations::AddedToSuperscope},
    {"RemoveScopesFromSuperscope", &RandomOperations::RemovedFromSuperscope},
    {"RenameSuperscope", &RandomOperations::RenamedSuperscope},
    {"DeleteSuperscopes", &RandomOperations::Superscopes},
    {"SetSuperscopeActivationStatus", &RandomOperations::Superscopes},
    {"CreateDhcpServerPolicy", &RandomOperations::NewServerPolicy},
    {"CreateDhcpScopePolicy", &RandomOperations::NewScopePolicy},
    {"UpdatePolicy", &RandomOperations::ChangedPolicy},
    {"DeletePolicy", &RandomOperations::DeletedPolicies},
    {"UpdatePolicyProperty", &RandomOperations::PolicyProperties},
    {"MovePolicyProcessingOrder", &RandomOperations::MovedPolicy},
    {"CreateDhcpReservation", &RandomOperations::NewReservation},
    {"CreateDhcpReservation", &RandomOperations::NewReservationV6},
    {"DeleteDhcpReservation", &RandomOperations::DeletedReservation},
    {"DeleteDhcpReservation", &RandomOperations::DeletedReservationV6},
    {"DeleteDhcpReservationCollection", &RandomOperations::DeletedReservations},
    {"SetDhcpReservation", &RandomOperations::ChangedReservation},
    {"SetDhcpReservation", &RandomOperations::ChangedReservationV6},
    {"SetDhcpReservationCollection", &RandomOperations::ChangedReservations},
    {"SetDhcpReservationCollection", &RandomOperations::ChangedReservationsV6},
    {"CreateDhcpFailover", &RandomOperations::NewFailover},
    {"EditDhcpFailover", &RandomOperations::ChangedFailover},
    {"AddDhcpFailoverScopes", &RandomOperations::AddedToFailover},
    {"RemoveDhcpFailoverScopes", &RandomOperations::RemovedFromFailover},
    {"DeleteDhcpFailover", &RandomOperations::DeletedFailover},
    {"ResetConfigSyncStatus", &RandomOperations::FailoverScopes},
    {"ReplicateScope", &RandomOperations::FailoverScopes},
    {"ReplicateRelation", &RandomOperations::ReplicatedRelation},
    {"ReplicateServer", &RandomOperations::ReplicatedServer},
    {"CreateDhcpFilters", &RandomOperations::NewFilters},
    {"UpdateDhcpFilter", &RandomOperations::ChangedFilter},
    {"UpdateDhcpFilters", &RandomOperations::ChangedFilters},
    {"DeleteDhcpFilters", &RandomOperations::DeletedFilters},
    {"CreateIpamIPAddress", &RandomOperations::NewAddress},
    {"CreateIpamIPAddress", &RandomOperations::NewAddressV6},
    {"UpdateIpamIPAddress", &RandomOperations::ChangedAddress},
    {"UpdateIpamIPAddress", &RandomOperations::ChangedAddressV6},
    {"CreateDnsResourceRecords", &RandomOperations::NewRecord},
    {"UpdateDnsResourceRecord", &RandomOperations::ChangedRecord},
    {"UpdateDnsResourceRecords", &RandomOperations::ChangedRecords},
    {"DeleteDnsResourceRecords", &RandomOperations::DeletedRecords},
    {"CreateDnsZone", &RandomOperations::NewZone},
    {"UpdateDnsZones", &RandomOperations::ChangedZone},
    {"DeleteDnsZones", &RandomOperations::Zones},
    {"DnsZonesTransfer", &RandomOperations::Zones},
    {"ReloadDnsZones", &RandomOperations::Zones},
    {"CreateDnsConditionalForwarders", &RandomOperations::NewForwarder},
    {"UpdateDnsConditionalForwarders", &RandomOperations::OldForwarder},
    {"DeleteDnsConditionalForwarders", &RandomOperations::OldForwarder},
};

std::set<std::string_view> RandomOperations::Operations() {
  std::set<std::string_view> operations;
  for (const Kind& kind : kKinds) operations.insert(kind.operation);
  return operations;
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
                 " WHERE r.fqdn COLLATE NOCASE != r.name || '.' || coalesce(f.name, b.name)"),
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
  constexpr std::size_t kCount = std::size(kKinds);
  std::array<int, kCount> succeeded{};
  std::array<int, kCount> failed{};
  std::array<std::string, kCount> last;
  const auto lacking = [&] {
    std::vector<std::size_t> kinds;
    for (std::size_t i = 0; i < kCount; ++i) {
      if (succeeded[i] == 0 || failed[i] == 0) kinds.push_back(i);
    }
    return kinds;
  };
  for (int i = 0; i < 300 && !HasFailure(); ++i) {
    // Some of them any, the others those that did not succeed yet, or did not fail.
    const std::vector<std::size_t> wanted = lacking();
    if (wanted.empty() && i >= 200) break;
    const bool any = wanted.empty() || Below(5) == 0;
    const auto at = any ? static_cast<std::size_t>(Below(static_cast<int>(kCount)))
                        : wanted[static_cast<std::size_t>(Below(static_cast<int>(wanted.size())))];
    one_missing_in_ = any ? 20 : succeeded[at] == 0 ? 1'000'000 : 1;
    const std::string parameters = (this->*kKinds[at].parameters)();
    const std::string events = RunText(kKinds[at].operation, parameters);
    ++(events.ends_with("success") ? succeeded : failed)[at];
    last[at] = events;
    SCOPED_TRACE(absl::StrFormat("operation %d: %s %s: %s", i, kKinds[at].operation, parameters, events));
    CheckStore();
  }
  for (const std::size_t kind : lacking()) {
    ADD_FAILURE() << kKinds[kind].operation << " (" << kind << ") succeeded " << succeeded[kind]
                  << " times and failed " << failed[kind] << " times: " << last[kind];
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

TEST(RandomOperationsTest, AreOfAllOperations) {
  EXPECT_EQ(RandomOperations::Operations().size(), model::Operations().size());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomOperations, ::testing::Values(1u));

}  // namespace
}  // namespace ipam::engine
