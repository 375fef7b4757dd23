// Addresses: the delegates of [MS-IPAMM2] 3.19.4.4.1.36 and .37.
#include <gmock/gmock.h>

#include "delegate_harness.h"

namespace ipam::engine {
namespace {

#define VALUES(device, by, entity)                                                                       \
  " mac_address: '0050568a11f2' custom_field_values { parent_custom_field_record_id: 8"                  \
  " parent_custom_field_number: 7 value: '" device                                                       \
  "' } custom_field_values { parent_custom_field_record_id: 9 parent_custom_field_number: 8 value: '" by \
  "' } custom_field_values { parent_custom_field_record_id: 10 parent_custom_field_number: 9 value: "    \
  "'" entity                                                                                             \
  "' } custom_field_values { parent_custom_field_record_id: 11 parent_custom_field_number: 10"           \
  " value: 'In-Use' } "
#define DHCP1 VALUES("Host", "MS DHCP", "dhcp1.ad.example.org") "v4 {} "
#define IPAM_VALUES VALUES("Host", "IPAM", "Localhost")
#define IPAM IPAM_VALUES "v4 {} "
#define OLD_901 " old_address { record_id: 901 address: '172.20.0.77' v4 {} owner: 'me' }"
#define OLD_902 " old_address { record_id: 902 address: '10.99.4.21' v4 {} }"
#define TWO_STEPS(address) \
  "start; +1 Address " address "; +2 Custom fields of " address "; >1; =1 ok; 50%; >2; =2 ok; 100%; success"
#define REFUSED(address)                                        \
  "start; +1 Address " address "; +2 Custom fields of " address \
  "; >1; =1 IpamApiInvalidIPAddressConflict; 50%; =2 not run; 100%; failure IpamApiInvalidIPAddressConflict"

constexpr DelegateCase kCases[] = {
    {.name = "TakesOverWhatDiffersOfWhatWasModified",
     .operation = "UpdateIpamIPAddress",
     .parameters =
         "address { record_id: 901 address: '172.20.0.77' notes: 'new' owner: 'me' asset_tag: 'no'"
         " is_duplicate: true parent_ip_range_record_id: 501 modified_properties: ['Notes', 'Owner',"
         " 'IsDuplicate', 'ParentIPRangeRecordId', 'RecordId', 'ManagedByValue'] " DHCP1 "}" OLD_901,
     .events = TWO_STEPS("172.20.0.77"),
     .query =
         "SELECT details ->> 'notes', details ->> 'owner', details ->> 'assetTag', is_duplicate, range_id,"
         " (SELECT count(*) FROM custom_field_value_associations WHERE object_type = 9 AND used_by = 901)"
         " FROM ip_addresses WHERE record_id = 901",
     .rows = "new|NULL|NULL|0|520|4"},
    {.name = "DoesNothingWhereNothingWasModified",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { record_id: 901 address: '172.20.0.78' " DHCP1 "}" OLD_901,
     .events = "start; 100%; success",
     .query = "SELECT hex(address) FROM ip_addresses WHERE record_id = 901",
     .rows = "AC14004D"},
    {.name = "MovesWithinItsRange",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '172.20.0.90' modified_properties: 'Address' " DHCP1 "}" OLD_901,
     .events = TWO_STEPS("172.20.0.90"),
     .query = "SELECT hex(address), details ->> 'address', range_id FROM ip_addresses WHERE record_id = 901",
     .rows = "AC14005A|172.20.0.90|520"},
    {.name = "MovesToTheRangeOfItsNewOwner",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '10.99.4.60' modified_properties: 'Address' " IPAM "}" OLD_901,
     .events = TWO_STEPS("10.99.4.60"),
     .query = "SELECT range_id FROM ip_addresses WHERE record_id = 901",
     .rows = "501"},
    {.name = "MovesOutOfEveryRange",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '192.0.2.60' modified_properties: 'Address' " IPAM "}" OLD_902,
     .events = TWO_STEPS("192.0.2.60"),
     .query = "SELECT range_id FROM ip_addresses WHERE record_id = 902",
     .rows = "NULL"},
    {.name = "LeavesTheRangeOfAnOwnerThatItHasNoMore",
     .operation = "UpdateIpamIPAddress",
     .parameters =
         "address { address: '10.99.4.21' modified_properties: 'CustomFieldValues' " DHCP1 "}" OLD_902,
     .events = TWO_STEPS("10.99.4.21"),
     .query = "SELECT range_id FROM ip_addresses WHERE record_id = 902",
     .rows = "NULL"},
    {.name = "LeavesNoDuplicateBehind",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '10.99.4.31' modified_properties: 'Address' " IPAM
                   "} old_address { record_id: 904 address: '10.99.4.30' v4 {} }",
     .events = TWO_STEPS("10.99.4.31"),
     .query = "SELECT record_id, is_duplicate, range_id FROM ip_addresses WHERE record_id IN (904, 905)",
     .rows = "904|0|501; 905|0|NULL"},
    {.name = "BecomesADuplicateOfAnotherOwner",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '172.20.0.77' modified_properties: 'Address' " IPAM "}" OLD_902,
     .events = TWO_STEPS("172.20.0.77"),
     .query = "SELECT record_id, is_duplicate, range_id FROM ip_addresses WHERE record_id IN (901, 902)",
     .rows = "901|1|520; 902|1|NULL"},
    {.name = "StaysADuplicateUnderItsNewOwner",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '10.99.4.30' modified_properties: 'ManagedByEntityValue' " VALUES(
         "Host", "MS DHCP",
         "dhcp2.ad.example.org") "v4 {} } old_address { record_id: 905 address: '10.99.4.30' v4 {} }",
     .events = TWO_STEPS("10.99.4.30"),
     .query = "SELECT record_id, is_duplicate FROM ip_addresses WHERE record_id IN (904, 905)",
     .rows = "904|1; 905|1"},
    {.name = "RefusesAnAddressThatItsOwnerHas",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '10.99.4.30' modified_properties: 'Address' " IPAM "}" OLD_902,
     .events = REFUSED("10.99.4.30"),
     .query = "SELECT hex(address), is_duplicate FROM ip_addresses WHERE record_id = 902",
     .rows = "0A630415|0"},
    {.name = "RefusesTheOwnerOfItsDuplicate",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '10.99.4.30' notes: 'x' modified_properties: 'Notes' " IPAM
                   "} old_address { record_id: 905 address: '10.99.4.30' v4 {} }",
     .events = REFUSED("10.99.4.30"),
     .query = "SELECT details ->> 'notes' FROM ip_addresses WHERE record_id = 905",
     .rows = "NULL"},
    {.name = "HasASubtaskForReservationAndEachLookup",
     .operation = "UpdateIpamIPAddress",
     .parameters =
         "create_dhcp_reservation: true create_dns_record: true address { record_id: 902"
         " address: '10.99.4.21' device_name: 'plc' dhcp_scope_id: 222 dns_zone_id: 301"
         " dns_forward_lookup_zone_dns_server_id: 311 dns_reverse_lookup_zone_id: 302"
         " dns_reverse_lookup_zone_dns_server_id: 312 modified_properties: 'DeviceName' " IPAM "}" OLD_902,
     .events =
         "start; +1 Address 10.99.4.21; +2 Reservation of 10.99.4.21; +3 Forward lookup of 10.99.4.21; "
         "+4 Reverse lookup of 10.99.4.21; +5 Custom fields of 10.99.4.21; >1; =1 ok; 20%; >2; =2 ok; 40%; "
         ">3; =3 ok; 60%; >4; =4 ok; 80%; >5; =5 ok; 100%; success",
     .query =
         "SELECT r.scope_id, r.details ->> 'name', f.zone_id, f.server_zone_id, f.sync_status, b.zone_id,"
         " b.server_zone_id, b.sync_status FROM dhcp_reservations AS r JOIN address_dns_forward_lookups AS f"
         " ON f.address_id = r.address_id JOIN address_dns_reverse_lookups AS b ON b.address_id = "
         "r.address_id"
         " WHERE r.address_id = 902",
     .rows = "222|plc|301|311|1|302|312|1"},
    {.name = "ChangesTheReservationAndTheLookupThatItHas",
     .operation = "UpdateIpamIPAddress",
     .parameters = "create_dhcp_reservation: true create_dns_record: true address { address: '172.20.0.77'"
                   " reservation_record_id: 801 dhcp_scope_id: 220 reservation_description: 'by the door'"
                   " dns_zone_id: 306 modified_properties: 'Notes' " DHCP1 "}" OLD_901,
     .events =
         "start; +1 Address 172.20.0.77; +2 Reservation of 172.20.0.77; +3 Forward lookup of 172.20.0.77; "
         "+4 Custom fields of 172.20.0.77; >1; =1 ok; 25%; >2; =2 ok; 50%; >3; =3 ok; 75%; >4; =4 ok; 100%; "
         "success",
     .query =
         "SELECT r.record_id, r.address_id, r.details ->> 'name', r.details ->> 'description', f.zone_id,"
         " f.server_zone_id, f.sync_status, (SELECT count(*) FROM address_dns_forward_lookups)"
         " FROM dhcp_reservations AS r JOIN address_dns_forward_lookups AS f ON f.address_id = r.address_id",
     .rows = "801|901|printer|by the door|306|NULL|0|1"},
    {.name = "GoesOnAfterAReservationThatFails",
     .operation = "UpdateIpamIPAddress",
     .parameters = "create_dhcp_reservation: true address { address: '10.99.4.21' dhcp_scope_id: 222"
                   " reservation_record_id: 4242 notes: 'x' modified_properties: 'Notes' " IPAM "}" OLD_902,
     .events =
         "start; +1 Address 10.99.4.21; +2 Reservation of 10.99.4.21; +3 Custom fields of 10.99.4.21; >1; "
         "=1 ok; 33%; >2; =2 IpamApiReservationFailedToGetFromDatabase; 66%; >3; =3 ok; 100%; failure "
         "IpamApiReservationFailedToGetFromDatabase",
     .query = "SELECT details ->> 'notes' FROM ip_addresses WHERE record_id = 902",
     .rows = "x"},
    {.name = "KeepsTheOldValuesOfCustomFieldsThatAreNotValid",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '10.99.4.21' notes: 'x' modified_properties: 'Notes' " VALUES(
         "Spaceship", "IPAM", "Localhost") "v4 {} }" OLD_902,
     .events = "start; +1 Address 10.99.4.21; +2 Custom fields of 10.99.4.21; >1; =1 ok; 50%; >2; "
               "=2 IpamApiCustomFieldValueForMultiValueCustomFieldDoesntExist; 100%; failure "
               "IpamApiCustomFieldValueForMultiValueCustomFieldDoesntExist",
     .query = "SELECT group_concat(value) FROM custom_field_value_associations WHERE object_type = 9 AND "
              "used_by = 902",
     .rows = "IPAM,Localhost"},
    {.name = "SaysThatItHasExpired",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '10.99.4.21' expiry_date { seconds: 1600000000 } modified_properties: "
                   "'ExpiryDate' " IPAM "}" OLD_902,
     .events = TWO_STEPS("10.99.4.21"),
     .query = "SELECT details ->> 'isExpired', details ->> 'inWarningPeriod' FROM ip_addresses WHERE "
              "record_id = 902",
     .rows = "1|NULL"},
    {.name = "NeedsAnAddress",
     .operation = "UpdateIpamIPAddress",
     .parameters = OLD_902,
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsTheOldAddress",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '10.99.4.21' " IPAM "}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAValidAddress",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '127.0.0.1' modified_properties: 'Address' " IPAM "}" OLD_902,
     .events = "start; failure IpamApiInvalidIPAddress"},
    {.name = "NeedsAZoneForItsServer",
     .operation = "UpdateIpamIPAddress",
     .parameters =
         "address { address: '10.99.4.21' dns_forward_lookup_zone_dns_server_id: 311 " IPAM "}" OLD_902,
     .events = "start; failure IpamApiDnsServerSpecifiedWithNoDnsZone"},
    {.name = "NeedsARowThatIsThere",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '10.99.4.21' modified_properties: 'Notes' " IPAM
                   "} old_address { record_id: 4242 v4 {} }",
     .events = "start; failure IpamApiObjectNotFoundInDatabase"},
    {.name = "NeedsARowOfItsFamily",
     .operation = "UpdateIpamIPAddress",
     .parameters = "address { address: '2001:db8::1' modified_properties: 'Address' " IPAM_VALUES
                   "v6 {} } old_address { record_id: 901 v6 {} }",
     .events = "start; failure IpamApiObjectNotFoundInDatabase"},
    {.name = "NeedsOneRowNotTwo",
     .operation = "UpdateIpamIPAddress",
     .parameters =
         "address { record_id: 901 address: '10.99.4.21' modified_properties: 'Notes' " IPAM "}" OLD_902,
     .events = "start; failure IpamApiInvalidParameter"},
};
INSTANTIATE_TEST_SUITE_P(Addresses, DnsCases, ::testing::ValuesIn(kCases), CaseName);

constexpr DelegateCase kCreateCases[] = {
    {.name = "HasASubtaskForReservationAndEachLookup",
     .operation = "CreateIpamIPAddress",
     .parameters =
         "create_dhcp_reservation: true create_dns_record: true address { record_id: 4 address: '10.99.4.40'"
         " device_name: 'plc' dhcp_scope_id: 222 dns_zone_id: 301 parent_ip_range_record_id: 520"
         " dns_forward_lookup_zone_dns_server_id: 311 dns_reverse_lookup_zone_id: 302"
         " dns_reverse_lookup_zone_dns_server_id: 312 is_duplicate: true modified_properties: 'Notes' " IPAM
         "}",
     .events =
         "start; +1 Address 10.99.4.40; +2 Reservation of 10.99.4.40; +3 Forward lookup of 10.99.4.40; "
         "+4 Reverse lookup of 10.99.4.40; +5 Custom fields of 10.99.4.40; >1; =1 ok; 20%; >2; =2 ok; 40%; "
         ">3; =3 ok; 60%; >4; =4 ok; 80%; >5; =5 ok; 100%; success",
     .query = "SELECT a.range_id, a.is_duplicate, a.address_space_id, a.details ->> 'modifiedProperties', "
              "r.scope_id,"
              " hex(r.address), r.details ->> 'name', r.details ->> '$.v4.macAddress', f.zone_id, "
              "f.server_zone_id,"
              " f.sync_status, b.zone_id, b.server_zone_id, b.sync_status,"
              " (SELECT group_concat(value) FROM custom_field_value_associations WHERE object_type = 9 AND "
              "used_by ="
              " a.record_id) FROM ip_addresses AS a JOIN dhcp_reservations AS r ON r.address_id = a.record_id"
              " JOIN address_dns_forward_lookups AS f ON f.address_id = a.record_id"
              " JOIN address_dns_reverse_lookups AS b ON b.address_id = a.record_id WHERE a.record_id > 906",
     .rows = "501|0|1|NULL|222|0A630428|plc|0050568a11f2|301|311|1|302|312|1|Host,IPAM,Localhost,In-Use"},
    {.name = "StoresAnIPv6AddressWithItsReservation",
     .operation = "CreateIpamIPAddress",
     .parameters = "create_dhcp_reservation: true address { address: '2001:db8:60::9' dhcp_scope_id: 260"
                   " reservation_name: 'cell' " IPAM_VALUES "v6 { duid: '0001000a' iaid: 9 } }",
     .events = "start; +1 Address 2001:db8:60::9; +2 Reservation of 2001:db8:60::9; +3 Custom fields of "
               "2001:db8:60::9; "
               ">1; =1 ok; 33%; >2; =2 ok; 66%; >3; =3 ok; 100%; success",
     .query = "SELECT a.af, hex(a.address), a.range_id, r.af, r.scope_id, r.details ->> 'name',"
              " r.details ->> '$.v6.duid', r.details ->> '$.v6.iaid', (SELECT count(*) FROM"
              " custom_field_value_associations WHERE object_type = 10 AND used_by = a.record_id) FROM "
              "ip_addresses AS a"
              " JOIN dhcp_reservations AS r ON r.address_id = a.record_id WHERE a.record_id > 906",
     .rows = "6|20010DB8006000000000000000000009|NULL|6|260|cell|0001000a|9|4"},
    {.name = "ChangesTheReservationThatItNames",
     .operation = "CreateIpamIPAddress",
     .parameters = "create_dhcp_reservation: true address { address: '172.20.0.78' dhcp_scope_id: 220"
                   " reservation_record_id: 802 reservation_description: 'by the door' " DHCP1 "}",
     .events =
         "start; +1 Address 172.20.0.78; +2 Reservation of 172.20.0.78; +3 Custom fields of 172.20.0.78; "
         ">1; =1 ok; 33%; >2; =2 ok; 66%; >3; =3 ok; 100%; success",
     .query = "SELECT a.range_id, r.record_id, r.details ->> 'name', r.details ->> 'description', (SELECT "
              "count(*) FROM"
              " dhcp_reservations) FROM ip_addresses AS a JOIN dhcp_reservations AS r ON r.address_id = "
              "a.record_id"
              " WHERE a.record_id > 906",
     .rows = "520|802|press|by the door|3"},
    {.name = "RegistersNothingWithoutAZone",
     .operation = "CreateIpamIPAddress",
     .parameters =
         "create_dhcp_reservation: true create_dns_record: true address { address: '192.0.2.60' " IPAM "}",
     .events = TWO_STEPS("192.0.2.60"),
     .query = "SELECT range_id, is_duplicate FROM ip_addresses WHERE record_id > 906",
     .rows = "NULL|0"},
    {.name = "BecomesADuplicateOfOtherOwners",
     .operation = "CreateIpamIPAddress",
     .parameters = "address { address: '10.99.4.33' " IPAM "}",
     .events = TWO_STEPS("10.99.4.33"),
     .query = "SELECT range_id, is_duplicate FROM ip_addresses WHERE record_id > 905",
     .rows = "NULL|1; 501|1"},
    {.name = "RefusesAnAddressThatItsOwnerHas",
     .operation = "CreateIpamIPAddress",
     .parameters = "address { address: '10.99.4.30' " IPAM "}",
     .events = REFUSED("10.99.4.30"),
     .query = "SELECT count(*) FROM ip_addresses WHERE record_id > 906",
     .rows = "0"},
    {.name = "RunsNothingAfterAnAddressThatIsRefused",
     .operation = "CreateIpamIPAddress",
     .parameters = "create_dhcp_reservation: true create_dns_record: true address { address: '10.99.4.30'"
                   " dhcp_scope_id: 222 dns_zone_id: 301 " IPAM "}",
     .events =
         "start; +1 Address 10.99.4.30; +2 Reservation of 10.99.4.30; +3 Forward lookup of 10.99.4.30; "
         "+4 Custom fields of 10.99.4.30; >1; =1 IpamApiInvalidIPAddressConflict; 25%; =2 not run; 50%; "
         "=3 not run; 75%; =4 not run; 100%; failure IpamApiInvalidIPAddressConflict",
     .query = "SELECT count(*) FROM dhcp_reservations",
     .rows = "3"},
    {.name = "GoesOnAfterAReservationAndALookupThatFail",
     .operation = "CreateIpamIPAddress",
     .parameters = "create_dhcp_reservation: true create_dns_record: true address { address: '10.99.4.40'"
                   " dhcp_scope_id: 260 dns_zone_id: 4242 dns_reverse_lookup_zone_id: 302 " IPAM "}",
     .events =
         "start; +1 Address 10.99.4.40; +2 Reservation of 10.99.4.40; +3 Forward lookup of 10.99.4.40; "
         "+4 Reverse lookup of 10.99.4.40; +5 Custom fields of 10.99.4.40; >1; =1 ok; 20%; >2; "
         "=2 IpamApiReservationFailedToCreateInDatabase; 40%; >3; =3 IpamApiFailedToRegisterIPAddress; 60%; "
         ">4; =4 ok; 80%; >5; =5 ok; 100%; failure IpamApiReservationFailedToCreateInDatabase",
     .query = "SELECT (SELECT count(*) FROM dhcp_reservations), (SELECT count(*) FROM "
              "address_dns_forward_lookups),"
              " zone_id, server_zone_id FROM address_dns_reverse_lookups",
     .rows = "3|1|302|NULL"},
    {.name = "KeepsTheOwnerWhereACustomFieldIsNotValid",
     .operation = "CreateIpamIPAddress",
     .parameters = "address { address: '10.99.4.40' " VALUES("Spaceship", "IPAM", "Localhost") "v4 {} }",
     .events = "start; +1 Address 10.99.4.40; +2 Custom fields of 10.99.4.40; >1; =1 ok; 50%; >2; "
               "=2 IpamApiCustomFieldValueForMultiValueCustomFieldDoesntExist; 100%; failure "
               "IpamApiCustomFieldValueForMultiValueCustomFieldDoesntExist",
     .query = "SELECT group_concat(value) FROM custom_field_value_associations WHERE object_type = 9 AND "
              "used_by > 906",
     .rows = "IPAM,Localhost"},
    {.name = "FailsInAnAddressSpaceThatIsNotThere",
     .operation = "CreateIpamIPAddress",
     .parameters = "address { address: '10.99.4.40' address_space_record_id: 4242 " IPAM "}",
     .events = "start; +1 Address 10.99.4.40; +2 Custom fields of 10.99.4.40; >1; =1 "
               "IpamApiFailedToAddAddress; 50%; "
               "=2 not run; 100%; failure IpamApiFailedToAddAddress"},
};
INSTANTIATE_TEST_SUITE_P(NewAddresses, DnsCases, ::testing::ValuesIn(kCreateCases), CaseName);

}  // namespace
}  // namespace ipam::engine
