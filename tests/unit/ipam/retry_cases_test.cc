// What of each operation a retry does again, by the subtasks that the operation itself raised: the part of its
// parameters, or why there is none. What the delegates announce and what model::FailedPart reads are one contract.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>

#include <map>
#include <set>
#include <variant>

#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/failed_part.h"
#include "dcom_bridge/model/operations.h"
#include "delegate_harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

struct RetryCase {
  const char* name;
  const char* operation;
  const char* setup = "SELECT 1";  // before the operation: what makes a step of it fail
  const char* deny = nullptr;      // or Refuse()
  const char* parameters;
  const char* left = nullptr;     // the parameters of the retry
  const char* refused = nullptr;  // or a part of the reason why there is none
  const char* mend = nullptr;     // after this, and if it is denied no longer, the retry succeeds
};

constexpr char kAllow[] = "SELECT 1";

void PrintTo(const RetryCase& one, std::ostream* out) { *out << one.operation << " " << one.name; }

#define V4 "ADDRESS_FAMILY_INTER_NETWORK"
#define NO_OPTION_9                                                                                    \
  "operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { option_definition { record_id: 9 " \
  "option_id: 9 } v4 {} } }"
#define SET_OPTION_6                                                                                    \
  "operation_tracker { operation: COLLECTION_OPERATIONS_SET value { option_definition { record_id: 46 " \
  "option_id: 6 } values { ip_address: '10.0.0.1' } v4 {} } }"
#define MAKE_OPTION_9                                                                   \
  "INSERT INTO dhcp_option_definitions (server_id, record_id, details) VALUES (17, 9, " \
  "'{\"optionId\":9,\"v4\":{}}')"
#define SCOPE_220                                                                                            \
  "record_id: 220 parent_dhcp_server_record_id: 17 scope_id: '172.20.0.0' scope_name: 'Line A' "             \
  "start_address: '172.20.0.10' end_address: '172.20.0.250' subnet_mask: '255.255.255.0' prefix_length: 24 " \
  "v4 {} "
#define RESERVATION(id)                                                                                  \
  "scope_record_id: 220 reservation { " id                                                               \
  " address: '172.20.0.77' name: 'x' parent_scope { record_id: 220 scope_id: '172.20.0.0' subnet_mask: " \
  "'255.255.255.0' v4 {} } v4 { mac_address: '0050568a11f3' serving_clients_type: "                      \
  "DHCP_SERVING_CLIENTS_TYPE_DHCP } options { "
#define NO_ROUTER_ON_18 "DELETE FROM dhcp_option_definitions WHERE server_id = 18 AND record_id = 43"
#define ROUTER_ON_18                                                                     \
  "INSERT INTO dhcp_option_definitions (server_id, record_id, details) VALUES (18, 43, " \
  "'{\"optionId\":3,\"name\":\"Router\",\"v4\":{}}')"
#define ADDRESS(device, more)                                                                                \
  "address { address: '172.20.0.77' mac_address: '0050568a11f2' dhcp_scope_id: 220 modified_properties: "    \
  "'MacAddress' v4 {} " more                                                                                 \
  " custom_field_values { parent_custom_field_record_id: 8 parent_custom_field_number: 7 value: '" device    \
  "' }"                                                                                                      \
  " custom_field_values { parent_custom_field_record_id: 9 parent_custom_field_number: 8 value: 'MS DHCP' }" \
  " custom_field_values { parent_custom_field_record_id: 10 parent_custom_field_number: 9 value: "           \
  "'dhcp1.ad.example.org' }"                                                                                 \
  " custom_field_values { parent_custom_field_record_id: 11 parent_custom_field_number: 10 value: 'In-Use' " \
  "} } "
#define FORWARD_311 "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE server_zone_id: 311 "
#define PRINTER \
  "name: 'printer' record_type: DNS_RESOURCE_RECORD_TYPE_A record_data { a { address: '172.20.0.77' } } "
#define PLOTTER \
  "name: 'plotter' record_type: DNS_RESOURCE_RECORD_TYPE_A record_data { a { address: '172.20.0.78' } } "
#define FORWARDER(more)                                                         \
  "conditional_forwarders { " more                                              \
  " dns_server_id: 31 master_servers: '192.0.2.1' conditional_forwarder_type: " \
  "DNS_CONDITIONAL_FORWARDER_TYPE_REGISTRY modified_properties: 'MasterServers' } "
#define PRIMARY                                                                                         \
  "zone_type: ZONE_HOSTING_DNS_SERVER_TYPE_PRIMARY zone_configuration: ZONE_CONFIGURATION_FILE_BACKED " \
  "zone_file_name: 'f' "
#define NEW_POLICY \
  "policy { policy_name: 'scanners' server { record_id: 17 v4 {} } condition { fqdn: 'scan*' } "

constexpr RetryCase kCases[] = {
    {.name = "LeavesOutWhatTrackersHaveDone",
     .operation = "EditDhcpServer",
     .parameters =
         "server { record_id: 17 modified_properties: 'AuditLoggingStatus' v4 {} user_classes { "
         "operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { name: 'scanners' v4 {} } } "
         "operation_tracker { operation: COLLECTION_OPERATIONS_PARTNER_ADD value { v4 {} } } "
         "operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { name: 'phones' v4 {} } } } }",
     .left = "server { record_id: 17 modified_properties: 'AuditLoggingStatus' v4 {} user_classes { "
             "operation_tracker { operation: COLLECTION_OPERATIONS_PARTNER_ADD value { v4 {} } } "
             "operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { name: 'phones' v4 {} } } } }",
     .mend = "DELETE FROM dhcp_user_classes WHERE record_id = 61"},
    {.name = "NamesTheServerThatIsMade",
     .operation = "EditDhcpServer",
     .parameters =
         "server { modified_properties: 'DnsUpdateType' dns_update_type: DHCP_DNS_UPDATE_TYPE_NEVER "
         "server_role_info { record_id: 22 parent_server { name: 'new' } dhcp {} } v6 {} vendor_classes { "
         "operation_tracker { operation: COLLECTION_OPERATIONS_DELETE value { name: 'ACME' v6 {} } } } }",
     .left = "server { record_id: 20 modified_properties: 'DnsUpdateType' dns_update_type: "
             "DHCP_DNS_UPDATE_TYPE_NEVER server_role_info { record_id: 22 parent_server { name: 'new' } dhcp "
             "{} } v6 {} vendor_classes { operation_tracker { operation: COLLECTION_OPERATIONS_DELETE value "
             "{ name: 'ACME' v6 {} } } } }",
     .mend = "INSERT INTO dhcp_vendor_classes (server_id, record_id, details) VALUES (20, 5, "
             "'{\"name\":\"ACME\",\"v6\":{}}')"},
    {.name = "IsTheServersThatFailed",
     .operation = "ApplyServerConfigurationTemplate",
     .parameters =
         "server_address_family: " V4 " server_ids: [18, 99, 17] server_template { user_class_apply_type: "
         "DHCP_USER_CLASS_APPLY_TYPE_CREATE user_classes { name: 'phones' v4 {} "
         "} audit_logging_status: DHCP_AUDIT_LOGGING_STATUS_DISABLED v4 {} }",
     .left = "server_address_family: " V4 " server_ids: [99, 17] server_template { user_class_apply_type: "
             "DHCP_USER_CLASS_APPLY_TYPE_CREATE user_classes { name: 'phones' v4 {} "
             "} audit_logging_status: DHCP_AUDIT_LOGGING_STATUS_DISABLED v4 {} }"},
    {.name = "IsNoneWhereTheScopeIsMade",
     .operation = "CreateDhcpScope",
     .parameters = "scope { parent_dhcp_server_record_id: 17 scope_id: '172.30.0.0' start_address: "
                   "'172.30.0.10' end_address: '172.30.0.20' subnet_mask: '255.255.255.0' prefix_length: 24 "
                   "v4 {} options { " NO_OPTION_9 " } }",
     .refused = "2 of 3 steps succeeded: the scope is made; EditDhcpScope"},
    {.name = "IsTheWholeWhereNothingIsDone",
     .operation = "CreateDhcpScope",
     .deny = "INSERT ON dhcp_scopes",
     .parameters =
         "scope { parent_dhcp_server_record_id: 17 scope_id: '172.30.0.0' start_address: '172.30.0.10' "
         "end_address: '172.30.0.20' subnet_mask: '255.255.255.0' prefix_length: 24 v4 {} }",
     .left = "scope { parent_dhcp_server_record_id: 17 scope_id: '172.30.0.0' start_address: '172.30.0.10' "
             "end_address: '172.30.0.20' subnet_mask: '255.255.255.0' prefix_length: 24 v4 {} }",
     .mend = kAllow},
    {.name = "LeavesOutWhatTrackersHaveDone",
     .operation = "EditDhcpScope",
     .parameters = "scope { " SCOPE_220 " options { " SET_OPTION_6 NO_OPTION_9
                   " } exclusion_ranges { operation_tracker { operation: COLLECTION_OPERATIONS_SET value { "
                   "v4 {} } } operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { "
                   "start_address: '172.20.0.20' end_address: '172.20.0.29' v4 {} } } } }",
     .left = "scope { " SCOPE_220 " options { " NO_OPTION_9
             " } exclusion_ranges { operation_tracker { operation: COLLECTION_OPERATIONS_SET value { v4 {} } "
             "} } }",
     .mend = MAKE_OPTION_9},
    {.name = "IsNoneWhereTheScopeIsGone",
     .operation = "DeleteDhcpScope",
     .deny = "UPDATE ON ip_ranges WHEN OLD.record_id = 520",
     .parameters = "scope { record_id: 320 v4 {} }",
     .refused = "the scope is gone"},
    {.name = "IsTheScopesThatMayHaveFailed",
     .operation = "ApplyScopeConfigurationTemplate",
     .setup = NO_ROUTER_ON_18,
     // The fourth is the partner of the third.
     .parameters = "scope_address_family: " V4
                   " scope_id: [221, 99, 220, 320, 322] scope_template { modified_properties: 'Status' "
                   "option_apply_type: DHCP_OPTION_APPLY_TYPE_ADD_OR_OVERWRITE options { option_definition { "
                   "option_id: 3 } values { ip_address: '10.0.0.1' } v4 {} } v4 {} }",
     .left = "scope_address_family: " V4
             " scope_id: [99, 320, 322] scope_template { modified_properties: 'Status' option_apply_type: "
             "DHCP_OPTION_APPLY_TYPE_ADD_OR_OVERWRITE options { option_definition { option_id: 3 } values { "
             "ip_address: '10.0.0.1' } v4 {} } v4 {} }"},
    {.name = "IsTheScopesThatFailed",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: [222, 320, 208] superscope { record_id: 601 }",
     .left = "scope_ids: 320 superscope { record_id: 601 }"},
    {.name = "NamesTheSuperscopeThatIsMade",
     .operation = "AddScopesToSuperscope",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 208",
     .parameters = "scope_ids: [222, 208] superscope { name: 'New' server { record_id: 17 v4 {} } }",
     .left = "scope_ids: 208 superscope { record_id: 612 name: 'New' server { record_id: 17 v4 {} } }",
     .mend = kAllow},
    {.name = "IsTheScopesThatFailedOnEitherServer",
     .operation = "RemoveScopesFromSuperscope",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 320",
     .parameters = "scope_ids: [221, 220, 99]",
     .left = "scope_ids: [220, 99]"},
    {.name = "IsTheWhole",
     .operation = "RenameSuperscope",
     .setup =
         "INSERT INTO dhcp_superscopes (record_id, server_id, name, details) VALUES (620, 18, 'Halls', '{}')",
     .parameters = "new_name: 'Halls' superscope { record_id: 601 }",
     .left = "new_name: 'Halls' superscope { record_id: 601 }",
     .mend = "DELETE FROM dhcp_superscopes WHERE record_id = 620"},
    {.name = "IsTheSuperscopesThatFailed",
     .operation = "DeleteSuperscopes",
     .parameters = "superscopes { record_id: 601 } superscopes { record_id: 98 name: 'gone' } superscopes { "
                   "record_id: 602 }",
     .left = "superscopes { record_id: 98 name: 'gone' }"},
    {.name = "IsNoneWhereTheSuperscopeIsGone",
     .operation = "DeleteSuperscopes",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 320",
     .parameters = "superscopes { record_id: 601 } superscopes { record_id: 602 }",
     .refused = "made or gone already"},
    {.name = "IsTheSuperscopesThatFailed",
     .operation = "SetSuperscopeActivationStatus",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 221",
     .parameters =
         "superscopes { record_id: 611 } superscopes { record_id: 98 } superscopes { record_id: 601 }",
     .left = "superscopes { record_id: 98 } superscopes { record_id: 601 }"},
    {.name = "IsTheServersThatHaveNoPolicy",
     .operation = "CreateDhcpServerPolicy",
     .setup = NO_ROUTER_ON_18,
     .parameters = "server_list { record_id: 17 v4 {} } server_list { record_id: 19 v4 {} } server_list { "
                   "record_id: 18 v4 {} } " NEW_POLICY
                   "options { options_in_collection { option_definition { option_id: 3 } v4 {} } } }",
     .left = "server_list { record_id: 19 v4 {} } " NEW_POLICY
             "options { options_in_collection { option_definition { option_id: 3 } v4 {} } } }"},
    {.name = "IsTheScopesThatHaveNoPolicy",
     .operation = "CreateDhcpScopePolicy",
     .parameters = "scope_list: [220, 260, 221] " NEW_POLICY
                   "ranges { start_ip_address: '172.20.0.20' end_ip_address: '172.20.0.29' } }",
     .left = "scope_list: 260 " NEW_POLICY
             "ranges { start_ip_address: '172.20.0.20' end_ip_address: '172.20.0.29' } }"},
    {.name = "LeavesOutWhatTrackersHaveDone",
     .operation = "UpdatePolicy",
     .parameters =
         "policy { policy_id: 1003 policy_name: 'x' processing_order: 1 server { record_id: 17 v4 {} } scope "
         "{ record_id: 220 v4 {} } condition { user_class: 'x' } options { " SET_OPTION_6 NO_OPTION_9 " } }",
     .left = "policy { policy_id: 1003 policy_name: 'x' processing_order: 1 server { record_id: 17 v4 {} } "
             "scope { record_id: 220 v4 {} } condition { user_class: 'x' } options { " NO_OPTION_9 " } }",
     .mend = MAKE_OPTION_9},
    {.name = "IsThePoliciesThatFailed",
     .operation = "DeletePolicy",
     .parameters = "policies { policy_id: 1003 } policies { policy_id: 99 } policies { policy_id: 1001 }",
     .left = "policies { policy_id: 99 }"},
    {.name = "IsThePoliciesThatFailed",
     .operation = "UpdatePolicyProperty",
     .parameters = "policies { policy_id: 1001 policy_name: 'a' server_record_id: 17 } policies { policy_id: "
                   "1002 server_record_id: 17 }",
     .left = "policies { policy_id: 1002 server_record_id: 17 }"},
    {.name = "IsTheWhole",
     .operation = "MovePolicyProcessingOrder",
     .deny = "UPDATE ON dhcp_policies",
     .parameters = "policy { policy_id: 1002 } direction: POLICY_PROCESSING_ORDER_DIRECTION_UP",
     .left = "policy { policy_id: 1002 } direction: POLICY_PROCESSING_ORDER_DIRECTION_UP",
     .mend = kAllow},
    {.name = "IsNoneWhereTheReservationIsMade",
     .operation = "CreateDhcpReservation",
     .setup = "DELETE FROM dhcp_reservations",
     .parameters = RESERVATION("") NO_OPTION_9 " } }",
     .refused = "the reservation is made; SetDhcpReservation"},
    {.name = "IsNoneWhereTheReservationIsGone",
     .operation = "DeleteDhcpReservation",
     .deny = "DELETE ON ip_addresses",
     .parameters =
         "family: " V4
         " reservation_record_id: 801 flag: DHCP_RESERVATION_DELETION_FLAG_DELETE_IP_ADDRESS_AND_DNS_RECORD",
     .refused = "the reservation is gone"},
    {.name = "IsTheReservationsThatAreThere",
     .operation = "DeleteDhcpReservationCollection",
     .deny = "DELETE ON ip_addresses",
     .parameters = "family: " V4 " reservation_record_ids: [801, 99, 802] flag: "
                   "DHCP_RESERVATION_DELETION_FLAG_DELETE_IP_ADDRESS_RECORD",
     .left = "family: " V4
             " reservation_record_ids: 99 flag: DHCP_RESERVATION_DELETION_FLAG_DELETE_IP_ADDRESS_RECORD"},
    {.name = "LeavesOutWhatTrackersHaveDone",
     .operation = "SetDhcpReservation",
     .parameters = RESERVATION("record_id: 801") SET_OPTION_6 NO_OPTION_9 " } }",
     .left = RESERVATION("record_id: 801") NO_OPTION_9 " } }",
     .mend = MAKE_OPTION_9},
    {.name = "IsTheReservationsThatFailed",
     .operation = "SetDhcpReservationCollection",
     .parameters = "family: " V4 " reservation_record_ids: [801, 99, 802] configuration { description: 'x' "
                   "dns_update_type: DHCP_DNS_UPDATE_TYPE_NEVER v4 {} }",
     .left = "family: " V4 " reservation_record_ids: 99 configuration { description: 'x' dns_update_type: "
             "DHCP_DNS_UPDATE_TYPE_NEVER v4 {} }"},
    {.name = "IsNoneWhereTheRelationshipIsMade",
     .operation = "CreateDhcpFailover",
     .parameters = "failover { relationship_name: 'new' server1_record_id: 17 server2_record_id: 18 } "
                   "scope_ids: [221, 99]",
     .refused = "the relationship is made; AddDhcpFailoverScopes"},
    {.name = "IsTheWhole",
     .operation = "EditDhcpFailover",
     .deny = "UPDATE ON dhcp_failover_relations",
     .parameters =
         "failover { record_id: 701 modified_properties: 'Mode' mode: DHCP_FAILOVER_MODE_HOT_STANDBY }",
     .left = "failover { record_id: 701 modified_properties: 'Mode' mode: DHCP_FAILOVER_MODE_HOT_STANDBY }",
     .mend = kAllow},
    {.name = "IsTheScopesThatFailed",
     .operation = "AddDhcpFailoverScopes",
     .parameters = "failover { record_id: 701 } scope_ids: [99, 221]",
     .left = "failover { record_id: 701 } scope_ids: 99"},
    {.name = "IsTheScopesThatFailed",
     .operation = "RemoveDhcpFailoverScopes",
     .parameters = "scope_ids: [220, 99, 221]",
     .left = "scope_ids: 99"},
    {.name = "IsTheWhole",
     .operation = "DeleteDhcpFailover",
     .parameters = "failover { record_id: 799 }",
     .left = "failover { record_id: 799 }"},
    {.name = "IsTheScopesThatFailed",
     .operation = "ResetConfigSyncStatus",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 222",
     .parameters = "scopes { record_id: 999 scope_id: '10.9.9.0' v4 {} } scopes { record_id: 222 scope_id: "
                   "'172.20.2.0' v4 {} } scopes { record_id: 220 scope_id: '172.20.0.0' v4 {} }",
     .left = "scopes { record_id: 222 scope_id: '172.20.2.0' v4 {} }",
     .mend = kAllow},
    {.name = "IsTheScopesThatMayHaveFailed",
     .operation = "ReplicateScope",
     .setup = NO_ROUTER_ON_18,
     .parameters =
         "scopes { record_id: 222 v4 {} } scopes { record_id: 221 v4 {} } scopes { record_id: 220 v4 {} }",
     .left = "scopes { record_id: 221 v4 {} } scopes { record_id: 220 v4 {} }",
     .mend = ROUTER_ON_18},
    {.name = "IsTheWhole",
     .operation = "ReplicateRelation",
     .setup = NO_ROUTER_ON_18,
     .parameters = "failover_relation { record_id: 701 }",
     .left = "failover_relation { record_id: 701 }",
     .mend = ROUTER_ON_18},
    {.name = "IsTheWhole",
     .operation = "ReplicateServer",
     .setup = NO_ROUTER_ON_18,
     .parameters = "server { record_id: 17 v4 {} }",
     .left = "server { record_id: 17 v4 {} }",
     .mend = ROUTER_ON_18},
    {.name = "IsTheFiltersAndServersThatFailed",
     .operation = "CreateDhcpFilters",
     .deny = "INSERT ON dhcp_filters WHEN NEW.server_id = 18 AND NEW.mac_address = '0c'",
     .parameters = "dhcp_server_ids: [17, 18] filters { mac_address: '0a' } filters { mac_address: '0c' }",
     .left = "dhcp_server_ids: 18 filters { mac_address: '0c' }",
     .mend = kAllow},
    {.name = "IsTheWhole",
     .operation = "UpdateDhcpFilter",
     .parameters = "filter { server_record_id: 99 mac_address: '0a' }",
     .left = "filter { server_record_id: 99 mac_address: '0a' }"},
    {.name = "IsTheFiltersThatFailed",
     .operation = "UpdateDhcpFilters",
     .parameters = "filters { record_id: 971 server_record_id: 17 } filters { server_record_id: 99 "
                   "mac_address: '0a' } filters { server_record_id: 18 mac_address: '0a' }",
     .left = "filters { server_record_id: 99 mac_address: '0a' }"},
    {.name = "IsTheFiltersThatFailed",
     .operation = "DeleteDhcpFilters",
     .setup =
         "INSERT INTO dhcp_filters (record_id, server_id, mac_address, is_allow, details) VALUES (972, 18, "
         "'0b', 1, '{\"macAddress\":\"0b\"}')",
     .deny = "DELETE ON dhcp_filters WHEN OLD.record_id = 971",
     .parameters = "filters { server_record_id: 18 mac_address: '0a' } filters { server_record_id: 17 "
                   "mac_address: '00-11-22-33-44-55' } filters { server_record_id: 18 mac_address: '0B' }",
     .left = "filters { server_record_id: 17 mac_address: '00-11-22-33-44-55' }",
     .mend = kAllow},
    {.name = "IsNoneWhereTheAddressIsMade",
     .operation = "CreateIpamIPAddress",
     .setup =
         "DELETE FROM dhcp_reservations; DELETE FROM address_dns_forward_lookups; DELETE FROM ip_addresses",
     .parameters = ADDRESS("Toaster", ""),
     .refused = "the address is made; UpdateIpamIPAddress"},
    {.name = "LeavesOutTheReservationThatIsMade",
     .operation = "UpdateIpamIPAddress",
     .parameters = ADDRESS(
         "Toaster",
         "reservation_record_id: 801") "old_address { record_id: 901 v4 {} } create_dhcp_reservation: true",
     .left = ADDRESS("Toaster", "reservation_record_id: 801") "old_address { record_id: 901 v4 {} }"},
    {.name = "IsTheRecordsThatFailed",
     .operation = "CreateDnsResourceRecords",
     .parameters = FORWARD_311 "resource_records { " PRINTER "} resource_records { " PLOTTER "}",
     .left = FORWARD_311 "resource_records { " PRINTER "}",
     .mend = "DELETE FROM dns_resource_records WHERE record_id = 951"},
    {.name = "IsTheWhole",
     .operation = "UpdateDnsResourceRecord",
     .parameters = FORWARD_311 "resource_record { record_id: 7 " PLOTTER "}",
     .left = FORWARD_311 "resource_record { record_id: 7 " PLOTTER "}"},
    {.name = "IsTheRecordsThatFailed",
     .operation = "UpdateDnsResourceRecords",
     .deny = "UPDATE ON dns_resource_records WHEN OLD.record_id = 951",
     .parameters = "ttl { seconds: 7 } " FORWARD_311 "resource_records { record_id: 951 " PRINTER
                   "} resource_records { record_id: 7 " PLOTTER "}",
     .left = "ttl { seconds: 7 } " FORWARD_311 "resource_records { record_id: 951 " PRINTER "}",
     .mend = kAllow},
    {.name = "IsTheRecordsThatFailed",
     .operation = "DeleteDnsResourceRecords",
     .deny = "DELETE ON dns_resource_records WHEN OLD.record_id = 951",
     .parameters = FORWARD_311 "resource_records { record_id: 951 " PRINTER
                               "} resource_records { record_id: 7 " PLOTTER "}",
     .left = FORWARD_311 "resource_records { record_id: 951 " PRINTER "}",
     .mend = kAllow},
    {.name = "IsTheWholeWhereOnlyTheForwardZoneIsMade",
     .operation = "CreateDnsZone",
     .deny = "INSERT ON dns_server_zones",
     .parameters = "server_id: 31 server_zone { " PRIMARY
                   "dns_server_zone { zone { name: 'new.example' dns_zone {} } } }",
     .left = "server_id: 31 server_zone { " PRIMARY
             "dns_server_zone { zone { name: 'new.example' dns_zone {} } } }",
     .mend = kAllow},
    {.name = "IsNoneWhereTheReverseZoneIsMade",
     .operation = "CreateDnsZone",
     .deny = "INSERT ON dns_server_reverse_zones",
     .parameters =
         "server_id: 31 server_zone { " PRIMARY
         "dns_server_reverse_zone { zone { name: '30.172.in-addr.arpa' dns_reverse_lookup_zone { ip_type: " V4
         " start_ip: '172.30.0.0' end_ip: '172.30.255.255' } } } }",
     .refused = "the zone is made"},
    {.name = "IsTheZonesThatFailed",
     .operation = "UpdateDnsZones",
     .parameters =
         "server_zones_tuple { server_zone { record_id: 311 " PRIMARY
         "modified_properties: 'ZoneFileName' dns_server_zone { zone { record_id: 301 is_signed_zone: true "
         "modified_properties: 'IsSignedZone' dns_zone {} } } } } server_zones_tuple { server_zone { "
         "record_id: 99 " PRIMARY
         "modified_properties: 'ZoneFileName' dns_server_zone { zone { record_id: 305 dns_zone {} } } } }",
     .left =
         "server_zones_tuple { server_zone { record_id: 99 " PRIMARY
         "modified_properties: 'ZoneFileName' dns_server_zone { zone { record_id: 305 dns_zone {} } } } }"},
    {.name = "IsTheZonesThatAreThere",
     .operation = "DeleteDnsZones",
     .parameters = "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE server_zone_ids: [315, 99]",
     .left = "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE server_zone_ids: 99"},
    {.name = "IsTheZonesThatFailed",
     .operation = "DnsZonesTransfer",
     .parameters = "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE server_zone_ids: [99, 311]",
     .left = "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE server_zone_ids: 99"},
    {.name = "IsTheZonesThatFailed",
     .operation = "ReloadDnsZones",
     .parameters = "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE server_zone_ids: [311, 99]",
     .left = "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE server_zone_ids: 99"},
    {.name = "IsTheForwardersThatFailed",
     .operation = "CreateDnsConditionalForwarders",
     .parameters = FORWARDER("name: 'new.example'") FORWARDER("name: 'partner.example'"),
     .left = FORWARDER("name: 'partner.example'"),
     .mend = "DELETE FROM dns_conditional_forwarders WHERE record_id = 981"},
    {.name = "IsTheForwardersThatFailed",
     .operation = "UpdateDnsConditionalForwarders",
     .parameters =
         FORWARDER("record_id: 981 name: 'partner.example'") FORWARDER("record_id: 99 name: 'gone.example'"),
     .left = FORWARDER("record_id: 99 name: 'gone.example'")},
    {.name = "IsTheForwardersThatFailed",
     .operation = "DeleteDnsConditionalForwarders",
     .parameters =
         FORWARDER("record_id: 981 name: 'partner.example'") FORWARDER("record_id: 99 name: 'gone.example'"),
     .left = FORWARDER("record_id: 99 name: 'gone.example'")},
};

// As the gateway has them.
std::vector<model::SubtaskOutcome> Outcomes(const std::vector<event::ProgressEvent>& events) {
  std::map<int, model::SubtaskOutcome> outcomes;
  for (const event::ProgressEvent& event : events) {
    const auto* changed = std::get_if<event::SubtaskChanged>(&event.change);
    if (changed == nullptr) continue;
    outcomes[changed->subtask.instance_id] = {
        .kind = changed->subtask.unique_id,
        .name = changed->subtask.name.value_or(""),
        .details_xml = changed->subtask.details_xml.value_or(""),
        .succeeded = changed->status == event::SubtaskStatus::kCompletedWithSuccess};
  }
  std::vector<model::SubtaskOutcome> in_order;
  for (auto& [id, outcome] : outcomes) in_order.push_back(std::move(outcome));
  return in_order;
}

std::string Xml(const v1::OperationParameters& parameters) {
  v1::InitializeOperationParameters body;
  *body.mutable_parameters() = parameters;
  const auto xml = model::ToXml(body, model::kParametersRoot);
  EXPECT_OK(xml);
  return xml.value_or("");
}

v1::OperationParameters FromXml(const std::string& xml) {
  const auto body = model::FromXml<v1::InitializeOperationParameters>(xml);
  EXPECT_OK(body);
  return body.ok() ? body->parameters() : v1::OperationParameters();
}

class RetryCases : public DelegateTest, public ::testing::WithParamInterface<RetryCase> {};

TEST_P(RetryCases, DoesAgainWhatFailed) {
  const RetryCase& one = GetParam();
  Open();
  Execute(one.setup);
  if (one.deny != nullptr) Refuse(options_.database, one.deny);
  const v1::OperationParameters parameters = ParametersOf(one.operation, one.parameters);
  const auto events = Run(parameters);
  ASSERT_NE(FailureOf(events), "");
  const auto& end = std::get<event::OverallStatusSet>(events.back().change);
  const auto part =
      model::FailedPart(Xml(parameters), Outcomes(events), end.completion_status_xml.value_or(""));
  SCOPED_TRACE(Tell(events));
  if (one.refused != nullptr) {
    EXPECT_THAT(part, test_support::StatusIs(absl::StatusCode::kFailedPrecondition,
                                             ::testing::HasSubstr(one.refused)));
    return;
  }
  ASSERT_OK(part);
  const v1::OperationParameters left = FromXml(*part);
  const v1::OperationParameters wanted = FromXml(Xml(ParametersOf(one.operation, one.left)));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(left, wanted))
      << left.DebugString() << "instead of\n"
      << wanted.DebugString();
  if (one.mend == nullptr) return;
  if (one.deny != nullptr) Allow(options_.database);
  Execute(one.mend);
  const auto again = Run(left);
  EXPECT_EQ(FailureOf(again), "") << Tell(again);
}

INSTANTIATE_TEST_SUITE_P(Operations, RetryCases, ::testing::ValuesIn(kCases), [](const auto& one) {
  return std::string(one.param.operation) + "_" + one.param.name;
});

TEST(RetryCasesTest, AreOfAllOperations) {
  std::set<std::string_view> operations;
  for (const RetryCase& one : kCases) operations.insert(one.operation);
  for (const model::Operation& operation : model::Operations()) {
    EXPECT_TRUE(operations.contains(operation.name)) << operation.name;
  }
}

}  // namespace
}  // namespace ipam::engine
