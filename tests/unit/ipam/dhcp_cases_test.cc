// Scopes and reservations: the delegates of [MS-IPAMM2] 3.19.4.4.1.4 to .6 and .19 to .22.
#include <gmock/gmock.h>

#include "delegate_harness.h"

namespace ipam::engine {
namespace {

TEST_P(DelegateCases, RaisesItsEventsAndLeavesItsRows) { RunCase(); }

// The scope 220 of plant.yaml, as a request that changes nothing has it.
#define SCOPE_220                                                                          \
  "parent_dhcp_server_record_id: 17 scope_id: '172.20.0.0' scope_name: 'Line A'"           \
  " start_address: '172.20.0.10' end_address: '172.20.0.250' subnet_mask: '255.255.255.0'" \
  " prefix_length: 24 status: DHCP_SCOPE_STATUS_ACTIVATED v4 { subnet_delay: 20 }"

constexpr DelegateCase kScopeCases[] = {
    {.name = "ChangesScopeAndRange",
     .operation = "EditDhcpScope",
     .parameters = "scope { record_id: 220 description: 'first' " SCOPE_220 "}",
     .events = "start; +1 Scope 172.20.0.0; +2 Address range 172.20.0.10 to 172.20.0.250; >1; =1 ok; 50%; "
               ">2; =2 ok; "
               "100%; success",
     .query =
         "SELECT s.details ->> '$.v4.subnetDelay', s.superscope_id, s.details ->> '$.v4.servingClientsType',"
         " r.details ->> 'description', r.record_id, a.range_id FROM dhcp_scopes AS s JOIN ip_ranges AS r"
         " ON r.scope_id = s.record_id JOIN ip_addresses AS a ON 1 = 1 WHERE s.record_id = 220",
     .rows = "20|601|NULL|first|520|520"},
    {.name = "FindsTheScopeByItsIdOnItsServer",
     .operation = "EditDhcpScope",
     .parameters =
         "scope { parent_dhcp_server_record_id: 18 scope_id: '172.20.0.0' start_address: '172.20.0.20'"
         " end_address: '172.20.0.30' subnet_mask: '255.255.255.0' prefix_length: 24 v4 {} }",
     .events = "start; +1 Scope 172.20.0.0; +2 Address range 172.20.0.20 to 172.20.0.30; >1; =1 ok; 50%; >2; "
               "=2 ok; "
               "100%; success",
     .query = "SELECT record_id, hex(start_address), hex(end_address) FROM ip_ranges WHERE record_id IN "
              "(520, 530)",
     .rows = "520|AC14000A|AC1400FA; 530|AC140014|AC14001E"},
    {.name = "UnmapsAddressesOutsideOfTheNewBounds",
     .operation = "EditDhcpScope",
     .parameters = "scope { record_id: 220 parent_dhcp_server_record_id: 17 scope_id: '172.20.0.0'"
                   " start_address: '172.20.0.100' end_address: '172.20.0.250' subnet_mask: '255.255.255.0'"
                   " prefix_length: 24 v4 {} }",
     .events = "start; +1 Scope 172.20.0.0; +2 Address range 172.20.0.100 to 172.20.0.250; >1; =1 ok; 50%; "
               ">2; =2 ok; "
               "100%; success",
     .query = "SELECT range_id FROM ip_addresses WHERE record_id = 901",
     .rows = "NULL"},
    {.name = "SetsDnsSettingsOptionsAndExclusions",
     .operation = "EditDhcpScope",
     .parameters =
         "scope { record_id: 220 " SCOPE_220
         " modified_properties: 'DnsUpdateType' dns_update_type: DHCP_DNS_UPDATE_TYPE_NEVER"
         " options { operation_tracker { operation: COLLECTION_OPERATIONS_SET value { option_definition {"
         "   record_id: 46 option_id: 6 name: 'DNS Servers' } values { ip_address: '172.16.0.9' } v4 {} } }"
         " operation_tracker { operation: COLLECTION_OPERATIONS_DELETE value { option_definition { "
         "record_id: 43"
         "   option_id: 3 name: 'Router' } v4 {} } } }"
         " exclusion_ranges { operation_tracker { operation: COLLECTION_OPERATIONS_ADD value {"
         "   start_address: '172.20.0.10' end_address: '172.20.0.250' v4 {} } } } }",
     .events = "start; +1 Scope 172.20.0.0; +2 DNS settings of 172.20.0.0; +3 Option 6 DNS Servers; +4 "
               "Option 3 Router; "
               "+5 Exclusion 172.20.0.10 to 172.20.0.250; +6 Address range 172.20.0.10 to 172.20.0.250; >1; "
               "=1 ok; 16%; "
               ">2; =2 ok; 33%; >3; =3 ok; 50%; >4; =4 ok; 66%; >5; =5 ok; 83%; >6; =6 ok; 100%; success",
     // With all of its addresses excluded the range overlaps nothing, and so does that of the partner.
     .query = "SELECT details ->> 'dnsUpdateType', (SELECT group_concat(option_definition_id) FROM "
              "dhcp_options WHERE"
              " scope_id = 220), (SELECT group_concat(record_id || ':' || is_overlapping || "
              "use_for_utilization) FROM"
              " ip_ranges WHERE record_id IN (520, 530)) FROM dhcp_scopes WHERE record_id = 220",
     .rows = "DHCP_DNS_UPDATE_TYPE_NEVER|46|520:01,530:01"},
    {.name = "GoesOnAfterAnOptionThatFails",
     .operation = "EditDhcpScope",
     .parameters =
         "scope { record_id: 220 " SCOPE_220
         " options { operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { option_definition {"
         " record_id: 9 option_id: 9 } v4 {} } } } }",
     .events = "start; +1 Scope 172.20.0.0; +2 Option 9 ; +3 Address range 172.20.0.10 to 172.20.0.250; >1; "
               "=1 ok; 33%; "
               ">2; =2 IpamApiOptionAssociatedOptionDefinitionNotFound; 66%; >3; =3 ok; 100%; failure "
               "IpamApiOptionAssociatedOptionDefinitionNotFound"},
    {.name = "RefusesAScopeIdThatTheServerHas",
     .operation = "EditDhcpScope",
     .parameters = "scope { record_id: 221 " SCOPE_220 "}",
     .events = "start; +1 Scope 172.20.0.0; +2 Address range 172.20.0.10 to 172.20.0.250; >1; "
               "=1 IpamApiDhcpScopeFailedToUpdateInIpamDatabase; 50%; =2 not run; 100%; failure "
               "IpamApiDhcpScopeFailedToUpdateInIpamDatabase",
     .query = "SELECT hex(scope_id) FROM dhcp_scopes WHERE record_id = 221",
     .rows = "AC140100"},
    {.name = "NeedsAScope",
     .operation = "EditDhcpScope",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsItsServer",
     .operation = "EditDhcpScope",
     .parameters = "scope { record_id: 220 parent_dhcp_server_record_id: 99 v4 {} }",
     .events = "start; failure IpamApiInvalidDhcpServerRecordId"},
    {.name = "NeedsAScopeThatIsThere",
     .operation = "EditDhcpScope",
     .parameters = "scope { record_id: 999 " SCOPE_220 "}",
     .events = "start; failure IpamApiDhcpScopeNotFoundInDB"},
    {.name = "NeedsAScopeOfTheServer",
     .operation = "EditDhcpScope",
     .parameters = "scope { record_id: 320 " SCOPE_220 "}",
     .events = "start; failure IpamApiDhcpScopeNotFoundInDB"},
    {.name = "NeedsTheType",
     .operation = "EditDhcpScope",
     .parameters = "scope { record_id: 221 scope_id: '172.20.1.0' start_address: '172.20.1.10'"
                   " end_address: '172.20.1.20' subnet_mask: '255.255.255.0' prefix_length: 24 }",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "TakesExclusionsAwayAndGoesOnAfterOneThatIsThere",
     .operation = "EditDhcpScope",
     .parameters =
         "scope { record_id: 220 " SCOPE_220
         " exclusion_ranges { operation_tracker { operation: COLLECTION_OPERATIONS_ADD value {"
         " start_address: '172.20.0.50' end_address: '172.20.0.59' v4 {} } } operation_tracker {"
         " operation: COLLECTION_OPERATIONS_ADD value { start_address: '172.20.0.60' end_address:"
         " '172.20.0.69' v4 {} } } operation_tracker { operation: COLLECTION_OPERATIONS_DELETE value {"
         " start_address: '172.20.0.50' end_address: '172.20.0.59' v4 {} } } } }",
     .events = "start; +1 Scope 172.20.0.0; +2 Exclusion 172.20.0.50 to 172.20.0.59; "
               "+3 Exclusion 172.20.0.60 to 172.20.0.69; +4 Exclusion 172.20.0.50 to 172.20.0.59; "
               "+5 Address range 172.20.0.10 to 172.20.0.250; >1; =1 ok; 20%; >2; "
               "=2 IpamApiExclusionRangeAlreadyExists; 40%; >3; =3 ok; 60%; >4; =4 ok; 80%; >5; =5 ok; 100%; "
               "failure "
               "IpamApiExclusionRangeAlreadyExists",
     .query = "SELECT hex(start_address) FROM dhcp_exclusion_ranges WHERE scope_id = 220",
     .rows = "AC14003C",
     .setup = "INSERT INTO dhcp_exclusion_ranges (scope_id, start_address, end_address) VALUES"
              " (220, x'ac140032', x'ac14003b')"},
    {.name = "NeedsBoundsInsideOfTheScope",
     .operation = "EditDhcpScope",
     .parameters = "scope { record_id: 220 scope_id: '172.20.0.0' start_address: '172.20.0.10'"
                   " end_address: '172.20.1.10' subnet_mask: '255.255.255.0' prefix_length: 24 v4 {} }",
     .events = "start; failure IpamApiInvalidScopeEndAddress"},
    {.name = "GivesADhcpv6ScopeItsRange",
     .operation = "EditDhcpScope",
     .parameters = "scope { record_id: 260 scope_id: '2001:db8:60::' scope_name: 'Cells' prefix_length: 64"
                   " v6 { scope_preference: 7 } }",
     .events = "start; +1 Scope 2001:db8:60::; +2 Address range 2001:db8:60:: to "
               "2001:db8:60:0:ffff:ffff:ffff:ffff; >1; "
               "=1 ok; 50%; >2; =2 ok; 100%; success",
     .query =
         "SELECT s.details ->> '$.v6.scopePreference', r.af, hex(r.end_address) FROM dhcp_scopes AS s JOIN"
         " ip_ranges AS r ON r.scope_id = s.record_id WHERE s.record_id = 260",
     .rows = "7|6|20010DB800600000FFFFFFFFFFFFFFFF"},

    {.name = "TakesTheRangeAlong",
     .operation = "DeleteDhcpScope",
     .parameters = "scope { record_id: 320 v4 {} }",
     .events = "start; +1 Scope 172.20.0.0 Line A; +2 Address range 172.20.0.10 to 172.20.0.250; >1; =1 ok; "
               "50%; >2; "
               "=2 ok; 100%; success",
     // What it overlapped overlaps nothing now.
     .query =
         "SELECT (SELECT count(*) FROM dhcp_scopes WHERE record_id = 320), (SELECT count(*) FROM"
         " dhcp_scope_failovers WHERE scope_id = 320), (SELECT count(*) FROM custom_field_value_associations"
         " WHERE object_type = 7 AND used_by = 530), group_concat(record_id || ':' || is_overlapping) FROM "
         "ip_ranges"
         " WHERE record_id IN (520, 530)",
     .rows = "0|0|0|520:0"},
    {.name = "KeepsAScopeWithPolicies",
     .operation = "DeleteDhcpScope",
     .parameters = "scope { record_id: 220 v4 {} }",
     .events = "start; +1 Scope 172.20.0.0 Line A; +2 Address range 172.20.0.10 to 172.20.0.250; >1; "
               "=1 IpamApiDhcpScopeFailedToDeleteInIpamDatabase; 50%; =2 not run; 100%; failure "
               "IpamApiDhcpScopeFailedToDeleteInIpamDatabase",
     .query = "SELECT range_id FROM ip_addresses",
     .rows = "520"},
    {.name = "DeletesAScopeWithoutRange",
     .operation = "DeleteDhcpScope",
     .parameters = "scope { record_id: 260 v6 {} }",
     .events = "start; +1 Scope 2001:db8:60:: Cells; >1; =1 ok; 100%; success",
     .query = "SELECT count(*) FROM dhcp_reservations WHERE scope_id = 260",
     .rows = "0"},
    {.name = "NeedsAScope",
     .operation = "DeleteDhcpScope",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsTheFamily",
     .operation = "DeleteDhcpScope",
     .parameters = "scope { record_id: 320 }",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAScopeOfTheFamily",
     .operation = "DeleteDhcpScope",
     .parameters = "scope { record_id: 320 v6 {} }",
     .events = "start; failure IpamApiDhcpScopeNotFoundInDB"},

    {.name = "ChangesWhatIsNamedOfOneOfTwoPartners",
     .operation = "ApplyScopeConfigurationTemplate",
     .parameters =
         "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK scope_id: [222, 322, 99]"
         " scope_template { modified_properties: ['Status', 'DnsUpdateType', 'SubnetDelay']"
         " status: DHCP_SCOPE_STATUS_DEACTIVATED description: 'no' dns_update_type: "
         "DHCP_DNS_UPDATE_TYPE_NEVER"
         " dns_name_protection_status: DHCP_DNS_NAME_PROTECTION_STATUS_ENABLED v4 { subnet_delay: 9 } }",
     .events = "start; +1 Scope 172.20.2.0 Line C; +2 Scope 99; >1; =1 ok; 50%; >2; =2 "
               "IpamApiDhcpScopeNotFoundInDB; 100%; "
               "failure IpamApiDhcpScopeNotFoundInDB",
     .query = "SELECT record_id, details ->> 'status', details ->> 'description', details ->> "
              "'dnsUpdateType', details ->>"
              " 'dnsNameProtectionStatus', details ->> '$.v4.subnetDelay', details ->> "
              "'$.v4.servingClientsType' FROM"
              " dhcp_scopes WHERE record_id IN (222, 322)",
     .rows = "222|DHCP_SCOPE_STATUS_DEACTIVATED|NULL|DHCP_DNS_UPDATE_TYPE_NEVER|NULL|9|DHCP_SERVING_CLIENTS_"
             "TYPE_DHCP; "
             "322|DHCP_SCOPE_STATUS_ACTIVATED|NULL|NULL|NULL|NULL|DHCP_SERVING_CLIENTS_TYPE_DHCP"},
    {.name = "AppendsOptionsByTheirNumber",
     .operation = "ApplyScopeConfigurationTemplate",
     .parameters = "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK scope_id: [220, 320] scope_template {"
                   " option_apply_type: DHCP_OPTION_APPLY_TYPE_APPEND options { option_definition { "
                   "record_id: 1 option_id: 3"
                   " name: 'Router' } values { ip_address: '172.20.0.1' } values { ip_address: '172.20.0.3' "
                   "} v4 {} } }",
     .events = "start; +1 Option 3 Router; >1; =1 ok; 100%; success",
     .query = "SELECT json_extract(details, '$.values') FROM dhcp_options WHERE scope_id = 220",
     .rows = "[{\"ipAddress\":\"172.20.0.1\"},{\"ipAddress\":\"172.20.0.3\"}]"},
    {.name = "FindsAndReplacesOptionValues",
     .operation = "ApplyScopeConfigurationTemplate",
     .parameters =
         "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK scope_id: [220, 221] scope_template {"
         " option_apply_type: DHCP_OPTION_APPLY_TYPE_FIND_AND_REPLACE find_and_replace_options { option {"
         " option_definition { option_id: 3 name: 'Router' } v4 {} } old_value { ip_address: '172.20.0.1' }"
         " new_value { ip_address: '172.20.0.254' } } }",
     .events = "start; +1 Option 3 Router; +2 Option 3 Router; >1; =1 ok; 50%; >2; =2 ok; 100%; success",
     .query =
         "SELECT scope_id, json_extract(details, '$.values') FROM dhcp_options WHERE scope_id IN (220, 221)",
     .rows = "220|[{\"ipAddress\":\"172.20.0.254\"}]"},
    {.name = "ChangesDhcpv6Scopes",
     .operation = "ApplyScopeConfigurationTemplate",
     .parameters =
         "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK_V6 scope_id: [260, 220] scope_template {"
         " modified_properties: ['Description', 'ScopePreference'] description: 'd'"
         " v6 { scope_preference: 9 preferred_lease_time { seconds: 7 } } }",
     .events = "start; +1 Scope 2001:db8:60:: Cells; +2 Scope 220; >1; =1 ok; 50%; >2; "
               "=2 IpamApiDhcpScopeNotFoundInDB; 100%; failure IpamApiDhcpScopeNotFoundInDB",
     .query = "SELECT details ->> 'description', details ->> '$.v6.scopePreference', details ->>"
              " '$.v6.preferredLeaseTime' FROM dhcp_scopes WHERE record_id = 260",
     .rows = "d|9|NULL"},
    {.name = "StopsAtTheOptionsOfAScopeThatItCannotChange",
     .operation = "ApplyScopeConfigurationTemplate",
     .parameters =
         "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK scope_id: [221, 222] scope_template {"
         " modified_properties: 'Status' option_apply_type: DHCP_OPTION_APPLY_TYPE_ADD_OR_OVERWRITE options {"
         " option_definition { option_id: 3 name: 'Router' } v4 {} } }",
     .events =
         "start; +1 Scope 172.20.1.0 Line B; +2 Option 3 Router; +3 Scope 172.20.2.0 Line C; +4 Option 3 "
         "Router; "
         ">1; =1 IpamApiGenericDatabaseError; 25%; =2 not run; 50%; >3; =3 ok; 75%; >4; =4 ok; 100%; failure "
         "IpamApiGenericDatabaseError",
     .query = "SELECT scope_id FROM dhcp_options WHERE scope_id IN (221, 222)",
     .rows = "222",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 221"},
    {.name = "NeedsATemplateOfTheFamily",
     .operation = "ApplyScopeConfigurationTemplate",
     .parameters =
         "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK scope_id: 220 scope_template { v6 {} }",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsIds",
     .operation = "ApplyScopeConfigurationTemplate",
     .parameters = "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK scope_template { v4 {} }",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAFamily",
     .operation = "ApplyScopeConfigurationTemplate",
     .parameters = "scope_id: 220 scope_template { v4 {} }",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsIdsAndTemplate",
     .operation = "ApplyScopeConfigurationTemplate",
     .parameters = "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK scope_id: 220",
     .events = "start; failure IpamApiInvalidParameter"},
};
INSTANTIATE_TEST_SUITE_P(Scopes, DelegateCases, ::testing::ValuesIn(kScopeCases), CaseName);

#define PARENT_220 "parent_scope { record_id: 220 scope_id: '172.20.0.0' subnet_mask: '255.255.255.0' v4 {} }"
#define FAMILY_V4 "family: ADDRESS_FAMILY_INTER_NETWORK "

constexpr DelegateCase kReservationCases[] = {
    {.name = "LeavesTheAddress",
     .operation = "DeleteDhcpReservation",
     .parameters = FAMILY_V4 "reservation_record_id: 801",
     .events = "start; +1 Reservation 172.20.0.77 printer; >1; =1 ok; 100%; success",
     .query = "SELECT (SELECT group_concat(record_id) FROM dhcp_reservations), (SELECT record_id FROM "
              "ip_addresses)",
     .rows = "802,860|901"},
    {.name = "TakesAddressAndRecordsAlong",
     .operation = "DeleteDhcpReservation",
     .parameters = FAMILY_V4
     "reservation_record_id: 801 flag: DHCP_RESERVATION_DELETION_FLAG_DELETE_IP_ADDRESS_AND_DNS_RECORD",
     .events = "start; +1 Reservation 172.20.0.77 printer; +2 DNS records of 172.20.0.77; +3 Address "
               "172.20.0.77; >1; "
               "=1 ok; 33%; >2; =2 ok; 66%; >3; =3 ok; 100%; success",
     .query = "SELECT (SELECT count(*) FROM ip_addresses), (SELECT count(*) FROM dns_resource_records), "
              "(SELECT count(*)"
              " FROM address_dns_forward_lookups), (SELECT count(*) FROM custom_field_value_associations "
              "WHERE object_type"
              " = 9)",
     .rows = "0|0|0|0"},
    {.name = "TakesTheRecordsAlong",
     .operation = "DeleteDhcpReservation",
     .parameters =
         FAMILY_V4 "reservation_record_id: 801 flag: DHCP_RESERVATION_DELETION_FLAG_DELETE_DNS_RECORD",
     .events = "start; +1 Reservation 172.20.0.77 printer; +2 DNS records of 172.20.0.77; >1; =1 ok; 50%; "
               ">2; =2 ok; 100%; "
               "success",
     .query = "SELECT (SELECT count(*) FROM ip_addresses), (SELECT count(*) FROM dns_resource_records)",
     .rows = "1|0"},
    {.name = "TakesTheAddressAlong",
     .operation = "DeleteDhcpReservation",
     .parameters =
         FAMILY_V4 "reservation_record_id: 801 flag: DHCP_RESERVATION_DELETION_FLAG_DELETE_IP_ADDRESS_RECORD",
     .events = "start; +1 Reservation 172.20.0.77 printer; +2 Address 172.20.0.77; >1; =1 ok; 50%; >2; =2 "
               "ok; 100%; success",
     .query = "SELECT (SELECT count(*) FROM ip_addresses), (SELECT count(*) FROM dns_resource_records)",
     .rows = "0|1"},
    {.name = "FailsWhereItIsMissing",
     .operation = "DeleteDhcpReservation",
     .parameters = FAMILY_V4 "reservation_record_id: 860",
     .events = "start; +1 Reservation 860; >1; =1 IpamApiReservationFailedToGetFromDatabase; 100%; failure "
               "IpamApiReservationFailedToGetFromDatabase"},
    {.name = "GoesOnAfterAnAddressThatItCannotDelete",
     .operation = "DeleteDhcpReservationCollection",
     .parameters = FAMILY_V4 "reservation_record_ids: [801, 802] flag: "
                             "DHCP_RESERVATION_DELETION_FLAG_DELETE_IP_ADDRESS_AND_DNS_RECORD",
     .events =
         "start; +1 Reservation 172.20.0.77 printer; +2 DNS records of 172.20.0.77; +3 Address 172.20.0.77; "
         "+4 Reservation 172.20.0.78 press; >1; =1 ok; 25%; >2; =2 ok; 50%; >3; =3 "
         "IpamApiFailedToDeleteAddress; "
         "75%; >4; =4 ok; 100%; failure IpamApiFailedToDeleteAddress",
     .query = "SELECT (SELECT count(*) FROM dhcp_reservations WHERE scope_id = 220), (SELECT count(*) FROM"
              " dns_resource_records), (SELECT count(*) FROM ip_addresses)",
     .rows = "0|0|1",
     .deny = "DELETE ON ip_addresses"},
    {.name = "StopsWhereTheReservationCannotBeDeleted",
     .operation = "DeleteDhcpReservation",
     .parameters =
         FAMILY_V4 "reservation_record_id: 801 flag: DHCP_RESERVATION_DELETION_FLAG_DELETE_IP_ADDRESS_RECORD",
     .events = "start; +1 Reservation 172.20.0.77 printer; +2 Address 172.20.0.77; >1; =1 "
               "IpamApiGenericDatabaseError; "
               "50%; =2 not run; 100%; failure IpamApiGenericDatabaseError",
     .deny = "DELETE ON dhcp_reservations"},
    {.name = "NeedsAFlagOfTheEnumeration",
     .operation = "DeleteDhcpReservation",
     .parameters = FAMILY_V4 "reservation_record_id: 801 flag: 9",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAFlagOfTheEnumeration",
     .operation = "DeleteDhcpReservationCollection",
     .parameters = FAMILY_V4 "reservation_record_ids: 801 flag: 9",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAFamily",
     .operation = "DeleteDhcpReservationCollection",
     .parameters = "reservation_record_ids: 801",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsARecordId",
     .operation = "DeleteDhcpReservation",
     .parameters = FAMILY_V4,
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAFamily",
     .operation = "DeleteDhcpReservation",
     .parameters = "reservation_record_id: 801",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "GoesOnAfterOneThatIsMissing",
     .operation = "DeleteDhcpReservationCollection",
     .parameters = FAMILY_V4 "reservation_record_ids: [801, 99, 802]",
     .events = "start; +1 Reservation 172.20.0.77 printer; +2 Reservation 99; +3 Reservation 172.20.0.78 "
               "press; >1; =1 ok; "
               "33%; >2; =2 IpamApiReservationFailedToGetFromDatabase; 66%; >3; =3 ok; 100%; failure "
               "IpamApiReservationFailedToGetFromDatabase",
     .query = "SELECT group_concat(record_id) FROM dhcp_reservations",
     .rows = "860"},
    {.name = "DeletesThoseOfDhcpv6",
     .operation = "DeleteDhcpReservationCollection",
     .parameters = "family: ADDRESS_FAMILY_INTER_NETWORK_V6 reservation_record_ids: 860",
     .events = "start; +1 Reservation 2001:db8:60::7 cell; >1; =1 ok; 100%; success"},
    {.name = "NeedsRecordIds",
     .operation = "DeleteDhcpReservationCollection",
     .parameters = FAMILY_V4,
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "ReplacesTheReservation",
     .operation = "SetDhcpReservation",
     .parameters =
         "scope_record_id: 220 reservation { record_id: 801 address: '172.20.0.77' name: 'press "
         "1' " PARENT_220 " dns_update_type: DHCP_DNS_UPDATE_TYPE_NEVER v4 { mac_address: '0050568a11f9'"
         " serving_clients_type: DHCP_SERVING_CLIENTS_TYPE_BOTH } options { operation_tracker {"
         " operation: COLLECTION_OPERATIONS_SET value { option_definition { option_id: 3 name: 'Router' }"
         " values { ip_address: '172.20.0.5' } v4 {} } } } }",
     .events = "start; +1 Reservation 172.20.0.77 press 1; +2 DNS settings of 172.20.0.77; +3 Option 3 "
               "Router; >1; =1 ok; "
               "33%; >2; =2 ok; 66%; >3; =3 ok; 100%; success",
     .query = "SELECT r.address_id, r.details ->> 'name', r.details ->> '$.v4.macAddress', r.details ->> "
              "'dnsUpdateType',"
              " o.option_definition_id FROM dhcp_reservations AS r JOIN dhcp_options AS o ON "
              "o.reservation_id = r.record_id"
              " WHERE r.record_id = 801",
     .rows = "901|press 1|0050568a11f9|DHCP_DNS_UPDATE_TYPE_NEVER|43"},
    {.name = "FindsTheReservationByItsAddress",
     .operation = "SetDhcpReservation",
     .parameters =
         "scope_record_id: 220 reservation { address: '172.20.0.78' name: 'x' " PARENT_220
         " v4 { mac_address: '0050568a11f3' serving_clients_type: DHCP_SERVING_CLIENTS_TYPE_DHCP } }",
     .events = "start; +1 Reservation 172.20.0.78 x; >1; =1 ok; 100%; success",
     .query = "SELECT count(*), max(details ->> 'name') FROM dhcp_reservations WHERE record_id = 802",
     .rows = "1|x"},
    {.name = "RefusesTheAddressOfAnother",
     .operation = "SetDhcpReservation",
     .parameters =
         "scope_record_id: 220 reservation { record_id: 802 address: '172.20.0.77' name: 'x' " PARENT_220
         " v4 { mac_address: '0050568a11f3' serving_clients_type: DHCP_SERVING_CLIENTS_TYPE_DHCP } }",
     .events = "start; +1 Reservation 172.20.0.77 x; >1; =1 IpamApiReservationFailedToUpdateInDatabase; "
               "100%; failure "
               "IpamApiReservationFailedToUpdateInDatabase"},
    {.name = "NeedsAReservationThatIsThere",
     .operation = "SetDhcpReservation",
     .parameters =
         "scope_record_id: 220 reservation { address: '172.20.0.99' name: 'x' " PARENT_220
         " v4 { mac_address: '0050568a11f3' serving_clients_type: DHCP_SERVING_CLIENTS_TYPE_DHCP } }",
     .events = "start; failure IpamApiReservationFailedToGetFromDatabase"},
    {.name = "ValidatesTheReservation",
     .operation = "SetDhcpReservation",
     .parameters =
         "scope_record_id: 220 reservation { record_id: 801 address: '172.20.0.77' name: 'x' " PARENT_220
         " v4 { mac_address: 'printer' serving_clients_type: DHCP_SERVING_CLIENTS_TYPE_DHCP } }",
     .events = "start; failure IpamApiInvalidMacAddress"},
    {.name = "NeedsTheScopeRecordId",
     .operation = "SetDhcpReservation",
     .parameters = "reservation { record_id: 801 address: '172.20.0.77' v4 {} }",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "TakesWhatHasAValue",
     .operation = "SetDhcpReservationCollection",
     .parameters = FAMILY_V4
     "reservation_record_ids: [801, 99, 802] configuration { description: 'line' dns_update_type:"
     " DHCP_DNS_UPDATE_TYPE_NEVER v4 { serving_clients_type: DHCP_SERVING_CLIENTS_TYPE_BOTH } }",
     .events =
         "start; +1 Reservation 172.20.0.77 printer; +2 DNS settings of 172.20.0.77; +3 Reservation 99; "
         "+4 Reservation 172.20.0.78 press; +5 DNS settings of 172.20.0.78; >1; =1 ok; 20%; >2; =2 ok; 40%; "
         ">3; "
         "=3 IpamApiReservationFailedToGetFromDatabase; 60%; >4; =4 ok; 80%; >5; =5 ok; 100%; failure "
         "IpamApiReservationFailedToGetFromDatabase",
     .query =
         "SELECT details ->> 'name', details ->> 'description', details ->> 'status', details ->> "
         "'dnsUpdateType',"
         " details ->> '$.v4.servingClientsType', address_id FROM dhcp_reservations WHERE scope_id = 220",
     .rows = "printer|line|DHCP_RESERVATION_STATUS_ACTIVE|DHCP_DNS_UPDATE_TYPE_NEVER|DHCP_SERVING_CLIENTS_"
             "TYPE_BOTH|901; "
             "press|line|DHCP_RESERVATION_STATUS_ACTIVE|DHCP_DNS_UPDATE_TYPE_NEVER|DHCP_SERVING_CLIENTS_TYPE_"
             "BOTH|NULL"},
    {.name = "TakesWhatIsNamed",
     .operation = "SetDhcpReservationCollection",
     .parameters = FAMILY_V4
     "reservation_record_ids: 801 configuration { modified_properties: 'Status' description: 'no'"
     " option_apply_type: DHCP_OPTION_APPLY_TYPE_ADD_OR_OVERWRITE options { option_definition {"
     " option_id: 3 name: 'Router' } values { ip_address: '172.20.0.9' } v4 {} } }",
     .events = "start; +1 Reservation 172.20.0.77 printer; +2 Option 3 Router; >1; =1 ok; 50%; >2; =2 ok; "
               "100%; success",
     .query = "SELECT max(r.details ->> 'status'), max(r.details ->> 'description'), count(o.record_id) FROM "
              "dhcp_reservations AS r"
              " JOIN dhcp_options AS o ON o.reservation_id = r.record_id",
     .rows = "NULL|NULL|1"},
    {.name = "GoesOnAfterOptionsThatFail",
     .operation = "SetDhcpReservationCollection",
     .parameters =
         FAMILY_V4 "reservation_record_ids: [801, 802] configuration { description: 'x' option_apply_type:"
                   " DHCP_OPTION_APPLY_TYPE_APPEND options { option_definition { option_id: 99 } v4 {} } }",
     .events = "start; +1 Reservation 172.20.0.77 printer; +2 Option 99 ; +3 Reservation 172.20.0.78 press; "
               "+4 Option 99 ; >1; =1 ok; 25%; >2; =2 IpamApiOptionAssociatedOptionDefinitionNotFound; 50%; "
               ">3; =3 ok; "
               "75%; >4; =4 IpamApiOptionAssociatedOptionDefinitionNotFound; 100%; failure "
               "IpamApiOptionAssociatedOptionDefinitionNotFound",
     .query = "SELECT count(*) FROM dhcp_reservations WHERE details ->> 'description' = 'x'",
     .rows = "2"},
    {.name = "ChangesThoseOfDhcpv6",
     .operation = "SetDhcpReservationCollection",
     .parameters =
         "family: ADDRESS_FAMILY_INTER_NETWORK_V6 reservation_record_ids: 860 configuration { name: 'x' }",
     .events = "start; +1 Reservation 2001:db8:60::7 cell; >1; =1 ok; 100%; success",
     .query =
         "SELECT details ->> 'name', details ->> '$.v6.iaid' FROM dhcp_reservations WHERE record_id = 860",
     .rows = "x|7"},
    {.name = "NeedsAConfiguration",
     .operation = "SetDhcpReservationCollection",
     .parameters = FAMILY_V4 "reservation_record_ids: 801",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAFamily",
     .operation = "SetDhcpReservationCollection",
     .parameters = "reservation_record_ids: 801 configuration {}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsRecordIds",
     .operation = "SetDhcpReservationCollection",
     .parameters = FAMILY_V4 "configuration {}",
     .events = "start; failure IpamApiInvalidParameter"},
};
INSTANTIATE_TEST_SUITE_P(Reservations, DelegateCases, ::testing::ValuesIn(kReservationCases), CaseName);

}  // namespace
}  // namespace ipam::engine
