// New scopes and reservations, and reservations that change: the delegates of [MS-IPAMM2] 3.19.4.4.1.3, .18 and .21, and what
// 2.2.4.151, 2.2.4.153 and 3.1.4.15 ask of both.
#include <gmock/gmock.h>

#include "delegate_harness.h"

namespace ipam::engine {
namespace {

#define SCOPE(third, mask, prefix)                                                         \
  "parent_dhcp_server_record_id: 17 scope_id: '172.30." third                              \
  ".0' scope_name: 'New' start_address: '172.30." third ".10' end_address: '172.30." third \
  ".250' subnet_mask: '" mask "' prefix_length: " prefix " "
#define NEW_SCOPE SCOPE("0", "255.255.255.0", "24") "v4 {} "
#define NEW_RANGE "Address range 172.30.0.10 to 172.30.0.250"
#define ADD "operation: COLLECTION_OPERATIONS_ADD "
#define NEW_SCOPE_V6 "parent_dhcp_server_record_id: 19 scope_name: 'New' "

constexpr DelegateCase kScopeCases[] = {
    {.name = "MakesTheScopeWithAllThatBelongsToIt",
     .operation = "CreateDhcpScope",
     .parameters = "scope { record_id: 4711 " NEW_SCOPE
                   "description: 'd' modified_properties: 'DnsNameProtectionStatus'"
                   " dns_name_protection_status: DHCP_DNS_NAME_PROTECTION_STATUS_ENABLED options { "
                   "operation_tracker { " ADD "value { option_definition { record_id: 46 option_id: 6 } "
                   "values { ip_address: '10.0.0.1' } v4 {} } } }"
                   " exclusion_ranges { operation_tracker { " ADD
                   "value { start_address: '172.30.0.20' end_address: '172.30.0.29' v4 {} } } } }",
     .events = "start; +1 Scope 172.30.0.0; +2 DNS settings of 172.30.0.0; +3 Option 6 ; "
               "+4 Exclusion 172.30.0.20 to 172.30.0.29; +5 " NEW_RANGE
               "; >1; =1 ok; 20%; >2; =2 ok; 40%; >3; =3 ok; 60%; >4; =4 ok; 80%; >5; =5 ok; 100%; success",
     // The store gives the record id. 901 belongs to the owner of the range, but lies outside.
     .query = "SELECT s.record_id, s.af, s.details ->> 'dnsNameProtectionStatus', o.option_definition_id,"
              " hex(e.start_address), r.parent_block_id, r.details ->> 'description', (SELECT "
              "group_concat(value) FROM"
              " custom_field_value_associations WHERE object_type = 7 AND used_by = r.record_id), (SELECT "
              "range_id FROM"
              " ip_addresses WHERE address = x'ac1e0015') = r.record_id FROM dhcp_scopes AS s JOIN "
              "dhcp_options AS o ON"
              " o.scope_id = s.record_id JOIN dhcp_exclusion_ranges AS e ON e.scope_id = s.record_id JOIN "
              "ip_ranges AS r"
              " ON r.scope_id = s.record_id WHERE s.scope_id = x'ac1e0000'",
     .rows = "323|4|DHCP_DNS_NAME_PROTECTION_STATUS_ENABLED|46|AC1E0014|102|d|MS DHCP,dhcp1.ad.example.org|1",
     .setup = "UPDATE ip_addresses SET address = x'ac1e0015', range_id = NULL,"
              " details = json_set(details, '$.address', '172.30.0.21')"},
    {.name = "GoesOnAfterOptionsAndExclusionsThatFail",
     .operation = "CreateDhcpScope",
     .parameters =
         "scope { " NEW_SCOPE "options { operation_tracker { " ADD
         "value { option_definition { record_id: 9 option_id: 9 } v4 {} } } } exclusion_ranges {"
         " operation_tracker { " ADD
         "value { start_address: '172.31.0.20' end_address: '172.31.0.29' v4 {} } } operation_tracker { " ADD
         "value { start_address: '172.30.0.29' end_address: '172.30.0.20' v4 {} } } } }",
     .events =
         "start; +1 Scope 172.30.0.0; +2 Option 9 ; +3 Exclusion 172.31.0.20 to 172.31.0.29; "
         "+4 Exclusion 172.30.0.29 to 172.30.0.20; +5 " NEW_RANGE
         "; >1; =1 ok; 20%; >2; =2 IpamApiOptionAssociatedOptionDefinitionNotFound; 40%; >3; "
         "=3 IpamApiInvalidExclusionRanges; 60%; >4; =4 IpamApiInvalidExclusionRanges; 80%; >5; =5 ok; 100%; "
         "failure IpamApiOptionAssociatedOptionDefinitionNotFound",
     .query = "SELECT count(*) FROM ip_ranges WHERE scope_id = (SELECT max(record_id) FROM dhcp_scopes)",
     .rows = "1"},
    {.name = "StopsWhereTheScopeCannotBeMade",
     .operation = "CreateDhcpScope",
     .parameters = "scope { " NEW_SCOPE "options { operation_tracker { " ADD
                   "value { option_definition { record_id: 46 option_id: 6 } v4 {} } } } }",
     .events = "start; +1 Scope 172.30.0.0; +2 Option 6 ; +3 " NEW_RANGE
               "; >1; =1 IpamApiDhcpScopeFailedToAddInIpamDatabase; 33%; =2 not run; 66%; =3 not run; 100%; "
               "failure "
               "IpamApiDhcpScopeFailedToAddInIpamDatabase",
     .deny = "INSERT ON dhcp_scopes"},
    {.name = "MakesADhcpv6ScopeAndItsSubnet",
     .operation = "CreateDhcpScope",
     .parameters =
         "scope { " NEW_SCOPE_V6 "scope_id: '2001:db8:61::' prefix_length: 64 v6 { scope_preference: 3 }"
         " exclusion_ranges { operation_tracker { " ADD
         "value { start_address: '2001:db8:61::1' end_address: '2001:db8:61::ff' v6 {} } } } }",
     .events = "start; +1 Scope 2001:db8:61::; +2 Exclusion 2001:db8:61::1 to 2001:db8:61::ff; "
               "+3 Address range 2001:db8:61:: to 2001:db8:61:0:ffff:ffff:ffff:ffff; >1; =1 ok; 33%; >2; =2 "
               "ok; 66%; "
               ">3; =3 ok; 100%; success",
     .query = "SELECT s.af, s.details ->> '$.v6.scopePreference', hex(r.end_address), r.is_overlapping,"
              " r.use_for_utilization, b.details ->> '$.ipSubnet.name', (SELECT count(*) FROM"
              " custom_field_value_associations WHERE object_type = 8 AND used_by = r.record_id) FROM "
              "dhcp_scopes AS s"
              " JOIN ip_ranges AS r ON r.scope_id = s.record_id JOIN ip_blocks AS b ON b.record_id = "
              "r.parent_block_id"
              " WHERE s.scope_id = x'20010db8006100000000000000000000'",
     .rows = "6|3|20010DB800610000FFFFFFFFFFFFFFFF|0|1|2001:db8:61::/64|2"},
    {.name = "MakesADhcpv6ScopeWithBounds",
     .operation = "CreateDhcpScope",
     .parameters =
         "scope { " NEW_SCOPE_V6 "scope_id: '2001:db8:61::' start_address: '2001:db8:61::1' end_address:"
         " '2001:db8:61::9' prefix_length: 64 v6 {} }",
     .events = "start; +1 Scope 2001:db8:61::; +2 Address range 2001:db8:61::1 to 2001:db8:61::9; >1; =1 ok; "
               "50%; >2; "
               "=2 ok; 100%; success"},
    {.name = "NeedsTheType",
     .operation = "CreateDhcpScope",
     .parameters = "scope { " SCOPE("0", "255.255.255.0", "24") "}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAPrefixLength",
     .operation = "CreateDhcpScope",
     .parameters = "scope { " SCOPE("0", "255.255.255.0", "0") "v4 {} }",
     .events = "start; failure IpamApiInvalidPrefixLength"},
    {.name = "NeedsAPrefixOfAtMost30Bits",
     .operation = "CreateDhcpScope",
     .parameters = "scope { " SCOPE("0", "255.255.255.254", "31") "v4 {} }",
     .events = "start; failure IpamApiInvalidPrefixLength"},
    {.name = "NeedsTheMaskOfThePrefixLength",
     .operation = "CreateDhcpScope",
     .parameters = "scope { " SCOPE("0", "255.255.0.0", "24") "v4 {} }",
     .events = "start; failure IpamApiInvalidSubnetMask"},
    {.name = "NeedsAMaskWithoutHoles",
     .operation = "CreateDhcpScope",
     .parameters = "scope { " SCOPE("0", "255.0.255.255", "24") "v4 {} }",
     .events = "start; failure IpamApiInvalidSubnetMask"},
    {.name = "NeedsAPrefixOfAtMost127Bits",
     .operation = "CreateDhcpScope",
     .parameters = "scope { " NEW_SCOPE_V6 "scope_id: '2001:db8:61::' prefix_length: 128 v6 {} }",
     .events = "start; failure IpamApiInvalidPrefixLength"},
    {.name = "NeedsAScopeIdThatIsThePrefix",
     .operation = "CreateDhcpScope",
     .parameters = "scope { " NEW_SCOPE_V6 "scope_id: '2001:db8:61::1' prefix_length: 64 v6 {} }",
     .events = "start; failure IpamApiInvalidScopePrefix"},
    {.name = "NeedsBothBoundsOrNone",
     .operation = "CreateDhcpScope",
     .parameters = "scope { " NEW_SCOPE_V6
                   "scope_id: '2001:db8:61::' start_address: '2001:db8:61::1' prefix_length: 64 v6 {} }",
     .events = "start; failure IpamApiInvalidScopeEndAddress"},
    {.name = "NeedsBoundsInsideOfThePrefix",
     .operation = "CreateDhcpScope",
     .parameters =
         "scope { " NEW_SCOPE_V6 "scope_id: '2001:db8:61::' start_address: '2001:db8:62::1' end_address:"
         " '2001:db8:62::9' prefix_length: 64 v6 {} }",
     .events = "start; failure IpamApiInvalidScopeStartAddress"},
};
INSTANTIATE_TEST_SUITE_P(NewScopes, DelegateCases, ::testing::ValuesIn(kScopeCases), CaseName);

#define PARENT(id, third) \
  "parent_scope { record_id: " id " scope_id: '172.20." third ".0' subnet_mask: '255.255.255.0' v4 {} } "
#define CLIENT "v4 { mac_address: '00-50-56-8a-11-f9' serving_clients_type: DHCP_SERVING_CLIENTS_TYPE_BOTH } "
#define ROUTER                         \
  "options { operation_tracker { " ADD \
  "value { option_definition { option_id: 3 name: 'Router' } v4 {} } } } "
#define RESERVED_801 "scope_record_id: 220 reservation { record_id: 801 address: '172.20.0.77' "
#define OPTION_OF_801                                                                                        \
  "INSERT INTO dhcp_options (record_id, server_id, scope_id, reservation_id, option_definition_id, details)" \
  " VALUES (499, 17, 220, 801, 43, '{\"optionDefinition\":{\"recordId\":\"43\"},\"v4\":{}}')"
#define MOVED                                                                                                \
  "SELECT r.scope_id, r.address_id, o.server_id, o.scope_id, o.option_definition_id FROM dhcp_reservations " \
  "AS r JOIN"                                                                                                \
  " dhcp_options AS o ON o.reservation_id = r.record_id WHERE r.record_id = 801"

constexpr DelegateCase kReservationCases[] = {
    {.name = "MakesTheReservationOfAnAddress",
     .operation = "CreateDhcpReservation",
     .parameters = "scope_record_id: 220 reservation { record_id: 4711 address: '172.20.0.77' name: 'new' "
                   "dns_update_type: DHCP_DNS_UPDATE_TYPE_NEVER " PARENT("220", "0") CLIENT ROUTER "}",
     .events = "start; +1 Reservation 172.20.0.77 new; +2 DNS settings of 172.20.0.77; +3 Option 3 Router; "
               ">1; =1 ok; "
               "33%; >2; =2 ok; 66%; >3; =3 ok; 100%; success",
     .query =
         "SELECT r.record_id, r.scope_id, r.address_id, r.details ->> 'dnsUpdateType', o.scope_id,"
         " o.option_definition_id FROM dhcp_reservations AS r JOIN dhcp_options AS o ON o.reservation_id ="
         " r.record_id WHERE r.scope_id = 220",
     .rows = "861|220|901|DHCP_DNS_UPDATE_TYPE_NEVER|220|43",
     .setup = "DELETE FROM dhcp_reservations WHERE scope_id = 220"},
    {.name = "MakesOneOfDhcpv6",
     .operation = "CreateDhcpReservation",
     .parameters =
         "scope_record_id: 260 reservation { address: '2001:db8:60::8' name: 'new' v6 { duid:"
         " '00:01:00:01:aa:bb' iaid: 9 } parent_scope { record_id: 260 scope_id: '2001:db8:60::' v6 {} } }",
     .events = "start; +1 Reservation 2001:db8:60::8 new; >1; =1 ok; 100%; success",
     .query = "SELECT af, scope_id, details ->> '$.v6.iaid' FROM dhcp_reservations WHERE record_id > 860",
     .rows = "6|260|9"},
    {.name = "StopsWhereTheScopeHasOneOfTheAddress",
     .operation = "CreateDhcpReservation",
     .parameters = "scope_record_id: 220 reservation { address: '172.20.0.77' name: 'new' " PARENT("220", "0")
         CLIENT ROUTER "modified_properties: 'DnsUpdateType' }",
     .events =
         "start; +1 Reservation 172.20.0.77 new; +2 DNS settings of 172.20.0.77; +3 Option 3 Router; >1; "
         "=1 IpamApiReservationFailedToCreateInDatabase; 33%; =2 not run; 66%; =3 not run; 100%; failure "
         "IpamApiReservationFailedToCreateInDatabase",
     .query = "SELECT count(*) FROM dhcp_reservations WHERE scope_id = 220",
     .rows = "2"},
    {.name = "GoesOnAfterAnOptionThatFails",
     .operation = "CreateDhcpReservation",
     .parameters = "scope_record_id: 221 reservation { address: '172.20.1.77' name: 'new' " PARENT("221", "1")
         CLIENT "options { operation_tracker { " ADD
                "value { option_definition { option_id: 99 name: 'No' } v4 {} } } operation_tracker { " ADD
                "value { option_definition { option_id: 3 name: 'Router' } v4 {} } } } }",
     .events =
         "start; +1 Reservation 172.20.1.77 new; +2 Option 99 No; +3 Option 3 Router; >1; =1 ok; 33%; >2; "
         "=2 IpamApiOptionAssociatedOptionDefinitionNotFound; 66%; >3; =3 ok; 100%; failure "
         "IpamApiOptionAssociatedOptionDefinitionNotFound",
     .query = "SELECT count(*) FROM dhcp_options WHERE reservation_id IS NOT NULL",
     .rows = "1"},
    {.name = "NeedsAScopeOfTheFamily",
     .operation = "CreateDhcpReservation",
     .parameters = "scope_record_id: 260 reservation { address: '172.20.0.99' name: 'new' " PARENT("260", "0")
         CLIENT "}",
     .events = "start; failure IpamApiDhcpScopeNotFoundInDB"},
    {.name = "NeedsAMaskOfTheFamily",
     .operation = "CreateDhcpReservation",
     .parameters =
         "scope_record_id: 220 reservation { address: '172.20.0.99' name: 'new' parent_scope { record_id: 220"
         " scope_id: '172.20.0.0' subnet_mask: 'ffff::' v4 {} } " CLIENT "}",
     .events = "start; failure IpamApiInvalidSubnetMask"},
    {.name = "NeedsADuidOfHex",
     .operation = "CreateDhcpReservation",
     .parameters =
         "scope_record_id: 260 reservation { address: '2001:db8:60::8' name: 'new' v6 { duid: '00-0x' }"
         " parent_scope { record_id: 260 scope_id: '2001:db8:60::' v6 {} } }",
     .events = "start; failure IpamApiInvalidDuidFormat"},

    {.name = "TakesItsOptionsToAnotherScope",
     .operation = "SetDhcpReservation",
     .parameters =
         "scope_record_id: 220 reservation { record_id: 801 address: '172.20.1.77' name: 'x' " PARENT(
             "221", "1") CLIENT "}",
     .events = "start; +1 Reservation 172.20.1.77 x; >1; =1 ok; 100%; success",
     .query = MOVED,
     .rows = "221|NULL|17|221|43",
     .setup = OPTION_OF_801},
    {.name = "TakesItsOptionsToAnotherServer",
     .operation = "SetDhcpReservation",
     .parameters = RESERVED_801 "name: 'x' " PARENT("320", "0") CLIENT "}",
     .events = "start; +1 Reservation 172.20.0.77 x; >1; =1 ok; 100%; success",
     .query = MOVED,
     .rows = "320|NULL|18|320|43",
     .setup = OPTION_OF_801},
    {.name = "StaysWhereTheOtherServerDoesNotHaveItsOptions",
     .operation = "SetDhcpReservation",
     .parameters = RESERVED_801 "name: 'x' " PARENT("320", "0") CLIENT ROUTER "}",
     .events = "start; +1 Reservation 172.20.0.77 x; +2 Option 3 Router; >1; "
               "=1 IpamApiOptionAssociatedOptionDefinitionNotFound; 50%; =2 not run; 100%; failure "
               "IpamApiOptionAssociatedOptionDefinitionNotFound",
     .query = MOVED,
     .rows = "220|901|17|220|43",
     .setup = OPTION_OF_801 "; DELETE FROM dhcp_option_definitions WHERE server_id = 18 AND record_id = 43"},
    {.name = "ChangesOneOfDhcpv6",
     .operation = "SetDhcpReservation",
     .parameters = "scope_record_id: 260 reservation { record_id: 860 address: '2001:db8:60::7' name: 'x' v6 "
                   "{ duid: 'aa'"
                   " } parent_scope { record_id: 260 scope_id: '2001:db8:60::' v6 {} } }",
     .events = "start; +1 Reservation 2001:db8:60::7 x; >1; =1 ok; 100%; success",
     .query =
         "SELECT details ->> 'name', details ->> '$.v6.duid' FROM dhcp_reservations WHERE record_id = 860",
     .rows = "x|aa"},
    {.name = "NeedsAReservation",
     .operation = "SetDhcpReservation",
     .parameters = "scope_record_id: 220",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "ValidatesTheAddress",
     .operation = "SetDhcpReservation",
     .parameters =
         "scope_record_id: 220 reservation { record_id: 801 name: 'x' " PARENT("220", "0") CLIENT "}",
     .events = "start; failure IpamApiInvalidIPAddress"},
    {.name = "ValidatesTheParentScope",
     .operation = "SetDhcpReservation",
     .parameters = RESERVED_801 "name: 'x' " CLIENT "}",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheRecordIdOfTheParentScope",
     .operation = "SetDhcpReservation",
     .parameters = RESERVED_801 "name: 'x' " PARENT("0", "0") CLIENT "}",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheName",
     .operation = "SetDhcpReservation",
     .parameters = RESERVED_801 "name: ' ' " PARENT("220", "0") CLIENT "}",
     .events = "start; failure IpamApiInvalidReservationName"},
    {.name = "ValidatesTheServingClientsType",
     .operation = "SetDhcpReservation",
     .parameters = RESERVED_801 "name: 'x' " PARENT("220", "0") "v4 { mac_address: '0050568a11f9' } }",
     .events = "start; failure IpamApiInvalidIPv4ReservationType"},
    {.name = "NeedsAScopeThatIsThere",
     .operation = "SetDhcpReservation",
     .parameters = RESERVED_801 "name: 'x' " PARENT("99", "0") CLIENT "}",
     .events = "start; failure IpamApiDhcpScopeNotFoundInDB"},
};
INSTANTIATE_TEST_SUITE_P(NewReservations, DelegateCases, ::testing::ValuesIn(kReservationCases), CaseName);

}  // namespace
}  // namespace ipam::engine
