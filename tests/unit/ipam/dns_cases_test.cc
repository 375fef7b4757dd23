// Zones and resource records: the delegates of [MS-IPAMM2] 3.19.4.4.1.39 to .41 and .43 to .46.
#include <gmock/gmock.h>

#include "delegate_harness.h"
#include "dns_texts.h"

namespace ipam::engine {
namespace {

TEST_P(DnsCases, RaisesItsEventsAndLeavesItsRows) { RunCase(); }

constexpr DelegateCase kZoneCases[] = {
    {.name = "TakesOverWhatWasModified",
     .operation = "UpdateDnsZones",
     .parameters =
         "server_zones_tuple { record_id: 32 server_zone { record_id: 317 " PRIMARY
         " notify_secondaries: DNS_NOTIFY_SECONDARIES_SETTING_NOTIFY zone_state: DNS_ZONE_STATUS_PAUSED"
         " modified_properties: ['ZoneFileName', 'NotifySecondaries', 'ZoneHealth', 'RecordId', 'Server',"
         " 'Zone'] dns_server_zone { zone_health: HEALTH_STATUS_HEALTHY zone { record_id: 306"
         " name: 'lab.example.org' is_signed_zone: true dynamic_update_status:"
         " DNS_DYNAMIC_UPDATE_SETTING_SECURE modified_properties: ['Name', 'DynamicUpdateStatus',"
         " 'ShortName'] dns_zone { short_name: 'laboratory' } } } } }",
     .events = "start; +1 Zone lab.example.org on dns2.ad.example.org; +2 Zone lab.example.org; >1; =1 ok; "
               "50%; >2; "
               "=2 ok; 100%; success",
     .query =
         "SELECT s.server_id, s.zone_id, s.details ->> 'zoneFileName', s.details ->> 'notifySecondaries',"
         " s.details ->> 'zoneState', s.details ->> '$.dnsServerZone.zoneHealth',"
         " s.details -> '$.dnsServerZone.zone', s.details ->> 'modifiedProperties', z.name,"
         " z.details ->> 'dynamicUpdateStatus', z.details ->> '$.dnsZone.shortName',"
         " z.details ->> 'isSignedZone' FROM dns_server_zones AS s JOIN dns_zones AS z"
         " ON z.record_id = s.zone_id WHERE s.record_id = 317",
     .rows = "32|306|new.dns|DNS_NOTIFY_SECONDARIES_SETTING_NOTIFY|DNS_ZONE_STATUS_RUNNING|HEALTH_STATUS_"
             "HEALTHY|NULL|"
             "NULL|lab.example.org|DNS_DYNAMIC_UPDATE_SETTING_SECURE|laboratory|NULL"},
    {.name = "TakesOverWhatWasModifiedOfAReverseZone",
     .operation = "UpdateDnsZones",
     .parameters = "server_zones_tuple { server_zone { record_id: 312 " PRIMARY
                   " modified_properties: ['ZoneFileName', 'ZoneConfiguration', 'ReplicationScope']"
                   " dns_server_reverse_zone { zone { record_id: 302 scavenge_stale_records: true"
                   " modified_properties: 'ScavengeStaleRecords' dns_reverse_lookup_zone {} } } } }",
     .events =
         "start; +1 Zone 99.10.in-addr.arpa on dns1.ad.example.org; +2 Zone 99.10.in-addr.arpa; >1; =1 ok; "
         "50%; >2; =2 ok; 100%; success",
     .query = "SELECT s.details ->> 'zoneFileName', s.details ->> 'replicationScope', z.details ->>"
              " 'scavengeStaleRecords', hex(z.start_address) FROM dns_server_reverse_zones AS s JOIN"
              " dns_reverse_zones AS z ON z.record_id = s.zone_id",
     .rows = "new.dns|NULL|1|0A630000"},
    {.name = "DoesNothingWhereNothingWasModified",
     .operation = "UpdateDnsZones",
     .parameters = "server_zones_tuple { server_zone { record_id: 317 " PRIMARY
                   " dns_server_zone { zone { record_id: 306 dns_zone {} } } } }",
     .events = "start; 100%; success",
     .query = "SELECT details ->> 'zoneFileName' FROM dns_server_zones WHERE record_id = 317",
     .rows = "lab.dns"},
    {.name = "GoesOnAfterZonesThatAreNotAsTheRequestSays",
     .operation = "UpdateDnsZones",
     .parameters =
         "server_zones_tuple { server_zone { record_id: 4242 " PRIMARY " dns_server_zone {} } }"
         " server_zones_tuple { server_zone { record_id: 317 " PRIMARY " dns_server_zone {} } }"
         " server_zones_tuple { server_zone { record_id: 317 " PRIMARY
         " dns_server_zone { zone { record_id: 301 dns_zone {} } } } }"
         " server_zones_tuple { record_id: 31 server_zone { record_id: 317 " PRIMARY
         " dns_server_zone { zone { record_id: 306 dns_zone {} } } } }"
         " server_zones_tuple { server_zone { record_id: 317 " PRIMARY
         " dns_server_zone { zone { record_id: 306"
         " name: 'other.example' modified_properties: 'Name' dns_zone {} } } } }"
         " server_zones_tuple { server_zone { record_id: 317 modified_properties: 'ZoneFileName' " PRIMARY
         " dns_server_zone { zone { record_id: 306 dns_zone {} } } } }",
     .events =
         "start; +1 Server zone 4242; +2 Zone lab.example.org on dns2.ad.example.org; +3 Zone "
         "lab.example.org on "
         "dns2.ad.example.org; +4 Zone lab.example.org on dns2.ad.example.org; +5 Zone lab.example.org on "
         "dns2.ad.example.org; +6 Zone lab.example.org on dns2.ad.example.org; >1; "
         "=1 IpamApiDnsServerZoneFailedToFetch; 16%; >2; =2 IpamApiDnsZoneFailedToFetch; 33%; >3; "
         "=3 IpamApiDnsZoneFailedToFetch; 50%; >4; =4 IpamApiInvalidDnsServerRecordId; 66%; >5; "
         "=5 IpamApiInvalidDnsZoneName; 83%; >6; =6 ok; 100%; failure IpamApiDnsServerZoneFailedToFetch",
     .query = "SELECT details ->> 'zoneFileName' FROM dns_server_zones WHERE record_id = 317",
     .rows = "new.dns"},
    {.name = "KeepsTheBoundsOfAReverseZone",
     .operation = "UpdateDnsZones",
     .parameters = "server_zones_tuple { server_zone { record_id: 312 " PRIMARY
                   " dns_server_reverse_zone { zone { record_id: 302 modified_properties: 'EndIP'"
                   " dns_reverse_lookup_zone { end_ip: '10.100.0.0' } } } } }",
     .events =
         "start; +1 Zone 99.10.in-addr.arpa on dns1.ad.example.org; >1; =1 IpamApiInvalidDnsZoneName; 100%; "
         "failure IpamApiInvalidDnsZoneName",
     .query = "SELECT hex(end_address) FROM dns_reverse_zones",
     .rows = "0A63FFFF"},
    {.name = "KeepsTheServerZoneWhereTheZoneFails",
     .operation = "UpdateDnsZones",
     .parameters =
         "server_zones_tuple { server_zone { record_id: 317 modified_properties: 'ZoneFileName' " PRIMARY
         " dns_server_zone { zone { record_id: 306 modified_properties: 'ParentId' dns_zone {"
         " parent_id: 4242 } } } } }",
     .events = "start; +1 Zone lab.example.org on dns2.ad.example.org; +2 Zone lab.example.org; >1; =1 ok; "
               "50%; >2; "
               "=2 IpamApiDnsZoneFailedToUpdate; 100%; failure IpamApiDnsZoneFailedToUpdate",
     .query = "SELECT parent_id FROM dns_zones WHERE record_id = 306",
     .rows = "NULL"},
    {.name = "NeedsZones",
     .operation = "UpdateDnsZones",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsValidZonesBeforeAnythingIsChanged",
     .operation = "UpdateDnsZones",
     .parameters =
         "server_zones_tuple { server_zone { record_id: 317 modified_properties: 'ZoneFileName' " PRIMARY
         " dns_server_zone { zone { record_id: 306 dns_zone {} } } } }"
         " server_zones_tuple { server_zone { record_id: 316 dns_server_zone {} } }",
     .events = "start; failure IpamApiInvalidZoneType",
     .query = "SELECT details ->> 'zoneFileName' FROM dns_server_zones WHERE record_id = 317",
     .rows = "lab.dns"},

    {.name = "KeepsAZoneThatAnotherServerHas",
     .operation = "DeleteDnsZones",
     .parameters = FORWARD "server_zone_ids: 316",
     .events = "start; +1 Zone lab.example.org on dns1.ad.example.org; >1; =1 ok; 100%; success",
     .query =
         "SELECT (SELECT group_concat(record_id) FROM dns_server_zones WHERE zone_id = 306), count(*) FROM"
         " dns_resource_records WHERE forward_zone_id = 306",
     .rows = "317|3"},
    {.name = "TakesTheZoneAndItsRecordsWithTheLastServer",
     .operation = "DeleteDnsZones",
     .parameters = FORWARD "server_zone_ids: [317, 316]",
     .events = "start; +1 Zone lab.example.org on dns2.ad.example.org; +2 Zone lab.example.org on "
               "dns1.ad.example.org; "
               "+3 Zone lab.example.org; >1; =1 ok; 33%; >2; =2 ok; 66%; >3; =3 ok; 100%; success",
     .query = "SELECT group_concat(record_id), (SELECT group_concat(record_id) FROM dns_zones), (SELECT"
              " count(*) FROM dns_resource_records) FROM dns_server_zones",
     .rows = "311,315|301,305|2"},
    {.name = "KeepsTheLastServerOfAZoneWithChildren",
     .operation = "DeleteDnsZones",
     .parameters = FORWARD "server_zone_ids: [311, 316]",
     .events = "start; +1 Zone ad.example.org on dns1.ad.example.org; +2 Zone ad.example.org; +3 Zone "
               "lab.example.org "
               "on dns1.ad.example.org; >1; =1 IpamApiDnsServerZoneFailedToDelete; 33%; =2 not run; 66%; >3; "
               "=3 ok; "
               "100%; failure IpamApiDnsServerZoneFailedToDelete",
     .query = "SELECT group_concat(record_id) FROM dns_server_zones",
     .rows = "311,315,317"},
    {.name = "TakesChildrenFirst",
     .operation = "DeleteDnsZones",
     .parameters = FORWARD "server_zone_ids: [315, 311]",
     .events =
         "start; +1 Zone plant.ad.example.org on dns2.ad.example.org; +2 Zone plant.ad.example.org; +3 Zone "
         "ad.example.org on dns1.ad.example.org; +4 Zone ad.example.org; >1; =1 ok; 25%; >2; =2 ok; 50%; >3; "
         "=3 ok; 75%; >4; =4 ok; 100%; success",
     .query =
         "SELECT (SELECT count(*) FROM address_dns_forward_lookups), group_concat(record_id) FROM dns_zones",
     .rows = "0|306"},
    {.name = "TakesTheMappingsOfAReverseZone",
     .operation = "DeleteDnsZones",
     .parameters = REVERSE "server_zone_ids: 312",
     .events =
         "start; +1 Zone 99.10.in-addr.arpa on dns1.ad.example.org; +2 Zone 99.10.in-addr.arpa; >1; =1 ok; "
         "50%; >2; =2 ok; 100%; success",
     .query =
         "SELECT (SELECT count(*) FROM range_dns_reverse_lookups), (SELECT count(*) FROM dns_reverse_zones),"
         " (SELECT count(*) FROM dns_resource_records WHERE record_id = 963), range_id FROM ip_addresses"
         " WHERE record_id = 902",
     .rows = "0|0|0|501"},
    {.name = "GoesOnAfterAZoneThatIsNotThere",
     .operation = "DeleteDnsZones",
     .parameters = FORWARD "server_zone_ids: [312, 316]",
     .events = "start; +1 Server zone 312; +2 Zone lab.example.org on dns1.ad.example.org; >1; "
               "=1 IpamApiDnsServerZoneFailedToFetch; 50%; >2; =2 ok; 100%; failure "
               "IpamApiDnsServerZoneFailedToFetch"},
    {.name = "NeedsIds",
     .operation = "DeleteDnsZones",
     .parameters = FORWARD,
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAType",
     .operation = "DeleteDnsZones",
     .parameters = "server_zone_ids: 316",
     .events = "start; failure IpamApiInvalidParameter",
     .query = "SELECT count(*) FROM dns_server_zones",
     .rows = "4"},

    {.name = "HasASubtaskForEachZone",
     .operation = "DnsZonesTransfer",
     .parameters = FORWARD "full_transfer: true server_zone_ids: [316, 4242, 317]",
     .events = "start; +1 Zone lab.example.org on dns1.ad.example.org; +2 Server zone 4242; +3 Zone "
               "lab.example.org on "
               "dns2.ad.example.org; >1; =1 ok; 33%; >2; =2 IpamApiDnsServerZoneFailedToFetch; 66%; >3; =3 "
               "ok; 100%; "
               "failure IpamApiDnsServerZoneFailedToFetch"},
    {.name = "HasASubtaskForEachReverseZone",
     .operation = "DnsZonesTransfer",
     .parameters = REVERSE "server_zone_ids: [312, 316]",
     .events =
         "start; +1 Zone 99.10.in-addr.arpa on dns1.ad.example.org; +2 Server zone 316; >1; =1 ok; 50%; >2; "
         "=2 IpamApiDnsServerReverseZoneFailedToFetch; 100%; failure "
         "IpamApiDnsServerReverseZoneFailedToFetch"},
    {.name = "NeedsIds",
     .operation = "DnsZonesTransfer",
     .parameters = FORWARD,
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAType",
     .operation = "DnsZonesTransfer",
     .parameters = "server_zone_ids: 316",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "HasASubtaskForEachZone",
     .operation = "ReloadDnsZones",
     .parameters = FORWARD "server_zone_ids: [316, 4242]",
     .events =
         "start; +1 Zone lab.example.org on dns1.ad.example.org; +2 Server zone 4242; >1; =1 ok; 50%; >2; "
         "=2 IpamApiDnsServerZoneFailedToFetch; 100%; failure IpamApiDnsServerZoneFailedToFetch"},
    {.name = "HasASubtaskForEachReverseZone",
     .operation = "ReloadDnsZones",
     .parameters = REVERSE "server_zone_ids: 312",
     .events = "start; +1 Zone 99.10.in-addr.arpa on dns1.ad.example.org; >1; =1 ok; 100%; success"},
    {.name = "NeedsIds",
     .operation = "ReloadDnsZones",
     .parameters = FORWARD,
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAType",
     .operation = "ReloadDnsZones",
     .parameters = "server_zone_ids: 316",
     .events = "start; failure IpamApiInvalidParameter"},
};
INSTANTIATE_TEST_SUITE_P(Zones, DnsCases, ::testing::ValuesIn(kZoneCases), CaseName);

#define RECORD(id)                                                                               \
  "SELECT name, host_name, fqdn, hex(address), ipv4_address_id, details ->> 'ttl', details ->> " \
  "'recordClass',"                                                                               \
  " details ->> 'timestamp' FROM dns_resource_records WHERE record_id = " #id

constexpr DelegateCase kRecordCases[] = {
    {.name = "ReplacesWhatTheSectionSays",
     .operation = "UpdateDnsResourceRecord",
     .parameters = LAB "resource_record { record_id: 962 name: 'portal' zone_name: 'else' ttl { seconds: 60 }"
                       " record_class: 'CH' " CNAME("a.lab.example.org.") "}",
     .events = ONE("CNAME portal.lab.example.org"),
     .query = RECORD(962),
     .rows = "portal|a.lab.example.org.|portal.lab.example.org||NULL|60s|CH|NULL"},
    {.name = "MapsAnARecordToTheAddressOfThePtrRecord",
     .operation = "UpdateDnsResourceRecord",
     .parameters =
         LAB "resource_record { record_id: 961 name: 'www' address: '10.99.4.21' " A("10.99.4.21") "}",
     .events = ONE("A www.lab.example.org"),
     .query = RECORD(961),
     .rows = "www|NULL|www.lab.example.org|0A630415|902|NULL|NULL|NULL"},
    {.name = "UnmapsAnARecordOfAnAddressWithoutPtrRecord",
     .operation = "UpdateDnsResourceRecord",
     .parameters =
         FORWARD "server_zone_id: 311 resource_record { record_id: 951 name: 'printer' " A("192.0.2.9") "}",
     .events = ONE("A printer.ad.example.org"),
     .query = RECORD(951),
     .rows = "printer|NULL|printer.ad.example.org|C0000209|NULL|NULL|NULL|NULL"},
    {.name = "KeepsTheMappingOfAnAddressThatStays",
     .operation = "UpdateDnsResourceRecord",
     .parameters =
         FORWARD "server_zone_id: 311 resource_record { record_id: 951 name: 'press' " A("172.20.0.77") "}",
     .events = ONE("A press.ad.example.org"),
     .query = RECORD(951),
     .rows = "press|NULL|press.ad.example.org|AC14004D|901|NULL|NULL|NULL"},
    {.name = "MapsAPtrRecordToTheAddressOfItsNewName",
     .operation = "UpdateDnsResourceRecord",
     .parameters =
         REVERSE "server_zone_id: 312 resource_record { record_id: 963 name: '30.4' " PTR("x.example.") "}",
     .events = ONE("PTR 30.4.99.10.in-addr.arpa"),
     .query = "SELECT hex(address), ipv4_address_id, record_data ->> '$.ptr.hostname' FROM "
              "dns_resource_records"
              " WHERE record_id = 963",
     .rows = "0A63041E|904|x.example."},
    {.name = "RefusesARecordThatTheZoneHas",
     .operation = "UpdateDnsResourceRecord",
     .parameters = LAB "resource_record { record_id: 962 name: 'SHOP' " CNAME("www.lab.example.org.") "}",
     .events = "start; +1 CNAME SHOP.lab.example.org; >1; =1 IpamApiFailedToUpdateResourceRecord; 100%; "
               "failure "
               "IpamApiFailedToUpdateResourceRecord",
     .query = RECORD(962),
     .rows = "web|www.lab.example.org.|web.lab.example.org||NULL|3600s|IN|2024-01-01T00:00:00Z"},
    {.name = "NeedsARecord",
     .operation = "UpdateDnsResourceRecord",
     .parameters = LAB,
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAServerZone",
     .operation = "UpdateDnsResourceRecord",
     .parameters = FORWARD "resource_record { record_id: 961 name: 'www' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAType",
     .operation = "UpdateDnsResourceRecord",
     .parameters = "server_zone_id: 317 resource_record { record_id: 961 name: 'www' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAServerZoneThatIsThere",
     .operation = "UpdateDnsResourceRecord",
     .parameters =
         REVERSE "server_zone_id: 317 resource_record { record_id: 961 name: 'www' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiDnsServerReverseZoneFailedToFetch"},
    {.name = "NeedsAName",
     .operation = "UpdateDnsResourceRecord",
     .parameters = LAB "resource_record { record_id: 961 name: ' ' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "NeedsTheTypeOfARecord",
     .operation = "UpdateDnsResourceRecord",
     .parameters = LAB "resource_record { record_id: 961 name: 'www' record_data { a {} } }",
     .events = "start; failure IpamApiInvalidDnsResourceRecordType"},
    {.name = "NeedsData",
     .operation = "UpdateDnsResourceRecord",
     .parameters =
         LAB "resource_record { record_id: 961 name: 'www' record_type: DNS_RESOURCE_RECORD_TYPE_A }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "NeedsDataOfTheType",
     .operation = "UpdateDnsResourceRecord",
     .parameters = LAB "resource_record { record_id: 961 name: 'www' record_type: DNS_RESOURCE_RECORD_TYPE_A"
                       " record_data { ns {} } }",
     .events = "start; failure IpamApiInvalidDnsResourceRecordType"},
    {.name = "NeedsOneAddressNotTwo",
     .operation = "UpdateDnsResourceRecord",
     .parameters =
         LAB "resource_record { record_id: 961 name: 'www' address: '192.0.2.2' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiInvalidIPAddress"},
    {.name = "NeedsARowThatIsThere",
     .operation = "UpdateDnsResourceRecord",
     .parameters = LAB "resource_record { record_id: 4242 name: 'www' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiFailedToFetchResourceRecord"},
    {.name = "NeedsARowOfTheZone",
     .operation = "UpdateDnsResourceRecord",
     .parameters = LAB "resource_record { record_id: 951 name: 'printer' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiInvalidDnsZoneRecordId"},
    {.name = "NeedsARowOfItsType",
     .operation = "UpdateDnsResourceRecord",
     .parameters = LAB "resource_record { record_id: 962 name: 'web' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiInvalidDnsResourceRecordType"},

    {.name = "SetsTheTtlOfThoseThatAreThere",
     .operation = "UpdateDnsResourceRecords",
     .parameters = LAB "ttl { seconds: 5 } resource_records { record_id: 961 name: 'www' " A(
         "192.0.2.1") "} resource_records { record_id: 4242 name: 'gone' " A("192.0.2.1") "} "
                                                                                          "resource_"
                                                                                          "records { "
                                                                                          "record_id:"
                                                                                          " 951 "
                                                                                          "name: "
                                                                                          "'printer'"
                                                                                          " " A(
                                                                                              "192."
                                                                                              "0.2."
                                                                                              "1") "} "
                                                                                                   "resource_"
                                                                                                   "records "
                                                                                                   "{ "
                                                                                                   "record_"
                                                                                                   "id: "
                                                                                                   "962 "
                                                                                                   "name: "
                                                                                                   "'other'"
                                                                                                   " " CNAME(
                                                                                                       "x"
                                                                                                       ".") "}",
     .events = "start; +1 A www.lab.example.org; +2 A gone.lab.example.org; +3 A "
               "printer.lab.example.org; +4 CNAME "
               "other.lab.example.org; >1; =1 ok; 25%; >2; =2 ok; 50%; >3; =3 "
               "IpamApiInvalidDnsZoneRecordId; 75%; >4; "
               "=4 ok; 100%; failure IpamApiInvalidDnsZoneRecordId",
     // The TTL alone.
     .query = "SELECT record_id, name, details ->> 'ttl', host_name, hex(address), ipv4_address_id FROM"
              " dns_resource_records",
     .rows = "951|printer|NULL|NULL|AC14004D|901; 961|www|5s|NULL|C0000250|NULL; "
             "962|web|5s|www.lab.example.org.||NULL; "
             "963|21.4|NULL|NULL|0A630415|902; 964|shop|3600s|www.lab.example.org.||NULL"},
    {.name = "NeedsRecords",
     .operation = "UpdateDnsResourceRecords",
     .parameters = LAB,
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAServerZone",
     .operation = "UpdateDnsResourceRecords",
     .parameters = FORWARD "resource_records { record_id: 961 name: 'www' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAType",
     .operation = "UpdateDnsResourceRecords",
     .parameters = "server_zone_id: 317 resource_records { record_id: 961 name: 'www' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAServerZoneThatIsThere",
     .operation = "UpdateDnsResourceRecords",
     .parameters =
         FORWARD "server_zone_id: 4242 resource_records { record_id: 961 name: 'www' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiDnsServerZoneFailedToFetch"},
    {.name = "NeedsValidRecordsBeforeAnythingIsChanged",
     .operation = "UpdateDnsResourceRecords",
     .parameters = LAB "resource_records { record_id: 961 name: 'www' " A(
         "192.0.2.1") "} resource_records { record_id: 962 " CNAME("x.") "}",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified",
     .query = "SELECT details ->> 'ttl' FROM dns_resource_records WHERE record_id = 961",
     .rows = "3600s"},

    {.name = "DeletesThoseThatAreThere",
     .operation = "DeleteDnsResourceRecords",
     .parameters = LAB "resource_records { record_id: 961 name: 'www' " A(
         "192.0.2.1") "} resource_records { record_id: "
                      "951 name: 'printer' " A("192.0.2.1") "} resource_records { record_id: 961 name: "
                                                            "'www' " A("192.0.2.1") "} "
                                                                                    "resource_records "
                                                                                    "{ record_id: 964 "
                                                                                    "name: "
                                                                                    "'shop' " CNAME("x"
                                                                                                    ".") "}",
     .events = "start; +1 A www.lab.example.org; +2 A printer.lab.example.org; +3 A www.lab.example.org; "
               "+4 CNAME "
               "shop.lab.example.org; >1; =1 ok; 25%; >2; =2 IpamApiInvalidDnsZoneRecordId; 50%; >3; =3 "
               "ok; 75%; >4; "
               "=4 ok; 100%; failure IpamApiInvalidDnsZoneRecordId",
     .query = "SELECT record_id FROM dns_resource_records ORDER BY 1",
     .rows = "951; 962; 963"},
    {.name = "DeletesPtrRecords",
     .operation = "DeleteDnsResourceRecords",
     .parameters =
         REVERSE "server_zone_id: 312 resource_records { record_id: 963 name: '21.4' " PTR("x.") "}",
     .events = ONE("PTR 21.4.99.10.in-addr.arpa"),
     // The address stays.
     .query = "SELECT count(*), (SELECT range_id FROM ip_addresses WHERE record_id = 902) FROM "
              "dns_resource_records"
              " WHERE record_id = 963",
     .rows = "0|501"},
    {.name = "NeedsRecords",
     .operation = "DeleteDnsResourceRecords",
     .parameters = LAB,
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAServerZone",
     .operation = "DeleteDnsResourceRecords",
     .parameters = FORWARD "resource_records { record_id: 961 name: 'www' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAType",
     .operation = "DeleteDnsResourceRecords",
     .parameters = "server_zone_id: 317 resource_records { record_id: 961 name: 'www' " A("192.0.2.1") "}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsRecordIdsBeforeAnythingIsDeleted",
     .operation = "DeleteDnsResourceRecords",
     .parameters = LAB "resource_records { record_id: 961 name: 'www' " A(
         "192.0.2.1") "} resource_records { name: 'shop' " CNAME("x.") "}",
     .events = "start; failure IpamApiInvalidParameter",
     .query = "SELECT count(*) FROM dns_resource_records",
     .rows = "5"},
    {.name = "NeedsValidRecords",
     .operation = "DeleteDnsResourceRecords",
     .parameters = LAB "resource_records { record_id: 961 name: 'www' }",
     .events = "start; failure IpamApiInvalidDnsResourceRecordType"},
};
INSTANTIATE_TEST_SUITE_P(Records, DnsCases, ::testing::ValuesIn(kRecordCases), CaseName);

TEST_F(DelegateTest, DeleteDnsResourceRecordsTakesTheAccessScopeOfARecordAlong) {
  constexpr char kRecord[] = "resource_records { record_id: 952 name: 'x' " A("192.0.2.1") "}";
  EXPECT_EQ(RunText("CreateDnsResourceRecords", std::string(FORWARD "server_zone_id: 311 ") + kRecord),
            ONE("A x.ad.example.org"));
  EXPECT_EQ(Rows("SELECT object_id FROM access_scope_associations"), "952");
  EXPECT_EQ(RunText("DeleteDnsResourceRecords", std::string(FORWARD "server_zone_id: 311 ") + kRecord),
            ONE("A x.ad.example.org"));
  EXPECT_EQ(Rows("SELECT object_id FROM access_scope_associations"), "");
}

TEST_F(DelegateTest, DeleteDnsZonesTakesTheAccessScopesOfZoneAndRecordsAlong) {
  EXPECT_EQ(RunText("CreateDnsResourceRecords",
                    FORWARD "server_zone_id: 315 resource_records { name: 'x' " A("192.0.2.1") "}"),
            ONE("A x.plant.ad.example.org"));
  Execute(
      "INSERT INTO access_scope_associations (object_type, object_id, access_scope_id, is_inheriting)"
      " VALUES (22, 305, 1, 0), (22, 301, 1, 0), (23, 305, 1, 0)");
  RunText("DeleteDnsZones", FORWARD "server_zone_ids: 315");
  EXPECT_EQ(Rows("SELECT object_type, object_id FROM access_scope_associations"), "22|301; 23|305");
}

}  // namespace
}  // namespace ipam::engine
