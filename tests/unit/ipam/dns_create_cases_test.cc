// New zones and resource records: the delegates of [MS-IPAMM2] 3.19.4.4.1.38 and .42.
#include "delegate_harness.h"
#include "dns_texts.h"

namespace ipam::engine {
namespace {

#define RECORD(name, rest) " resource_records { name: '" name "' " rest "}"
#define OF(type, data) " record_type: DNS_RESOURCE_RECORD_TYPE_" type " record_data { " data " }"
#define REVERSE_RECORDS REVERSE "server_zone_id: 312 "

constexpr DelegateCase kRecordCases[] = {
    {.name = "StoresOthersBeforeAddressesAndThosePointersLast",
     .operation = "CreateDnsResourceRecords",
     .parameters = LAB RECORD("p", PTR("a.")) RECORD("b", AAAA("2001:db8::9")) RECORD(
         "a", A("192.0.2.9") "record_id: 5 ttl { seconds: 60 } zone_name: 'else'") RECORD("c", CNAME("a.")),
     .events =
         "start; +1 CNAME c.lab.example.org; +2 A a.lab.example.org; +3 AAAA b.lab.example.org; "
         "+4 PTR p.lab.example.org; >1; =1 ok; 25%; >2; =2 ok; 50%; >3; =3 ok; 75%; >4; =4 ok; 100%; success",
     .query =
         "SELECT name, record_type, fqdn, hex(address), ipv4_address_id, forward_zone_id, details ->> 'ttl',"
         " details ->> 'zoneName' FROM dns_resource_records WHERE record_id > 964 ORDER BY record_id",
     .rows = "c|6|c.lab.example.org||NULL|306|NULL|lab.example.org; "
             "a|1|a.lab.example.org|C0000209|NULL|306|60s|lab.example.org; "
             "b|2|b.lab.example.org|20010DB8000000000000000000000009|NULL|306|NULL|lab.example.org; "
             "p|3|p.lab.example.org||NULL|306|NULL|lab.example.org"},
    {.name = "StoresTheHostThatARecordNames",
     .operation = "CreateDnsResourceRecords",
     .parameters = LAB RECORD("a", OF("NS", "ns { name_server: 'ns.' }")) RECORD(
         "b", OF("MX", "mx { mail_server: 'mx.' }")) RECORD("c", OF("SRV", "srv { server_name: 'srv.' }"))
         RECORD("d", OF("AFSDB", "afsdb { server_name: 'afs.' }"))
             RECORD("e", OF("RP", "rp { responsible_person: 'rp.' }"))
                 RECORD("f", OF("RT", "rt { intermediate_host: 'rt.' }"))
                     RECORD("g", OF("TXT", "txt { text: 'text' }")),
     .events = "start; +1 NS a.lab.example.org; +2 MX b.lab.example.org; +3 SRV c.lab.example.org; "
               "+4 AFSDB d.lab.example.org; +5 RP e.lab.example.org; +6 RT f.lab.example.org; "
               "+7 TXT g.lab.example.org; >1; =1 ok; 14%; >2; =2 ok; 28%; >3; =3 ok; 42%; >4; =4 ok; 57%; "
               ">5; =5 ok; "
               "71%; >6; =6 ok; 85%; >7; =7 ok; 100%; success",
     .query = "SELECT group_concat(coalesce(host_name, '-')) FROM dns_resource_records WHERE record_id > 964",
     .rows = "ns.,mx.,srv.,afs.,rp.,rt.,-"},
    {.name = "MapsAnARecordToTheAddressOfThePtrRecord",
     .operation = "CreateDnsResourceRecords",
     .parameters = LAB RECORD("plc", A("10.99.4.21")),
     .events = ONE("A plc.lab.example.org"),
     .query = "SELECT ipv4_address_id, ipv6_address_id FROM dns_resource_records WHERE record_id > 964",
     .rows = "902|NULL"},
    {.name = "MapsPtrRecordsBeforeTheOthersOfAReverseZone",
     .operation = "CreateDnsResourceRecords",
     .parameters = REVERSE_RECORDS RECORD("x", CNAME("y.")) RECORD("21.4", PTR("h."))
         RECORD("9.200", PTR("h.")) RECORD("4", PTR("h.")),
     .events =
         "start; +1 PTR 21.4.99.10.in-addr.arpa; +2 PTR 9.200.99.10.in-addr.arpa; +3 PTR "
         "4.99.10.in-addr.arpa; "
         "+4 CNAME x.99.10.in-addr.arpa; >1; =1 ok; 25%; >2; =2 ok; 50%; >3; =3 ok; 75%; >4; =4 ok; 100%; "
         "success",
     // The address that is there; none where no range is; none above the hosts.
     .query = "SELECT name, reverse_zone_id, hex(address), ipv4_address_id, (SELECT count(*) FROM "
              "ip_addresses WHERE"
              " record_id > 906) FROM dns_resource_records WHERE record_id > 964 ORDER BY record_id",
     .rows = "21.4|302|0A630415|902|0; 9.200|302|0A63C809|NULL|0; 4|302||NULL|0; x|302||NULL|0"},
    {.name = "MakesTheAddressOfAPtrRecordAsItsRangeIs",
     .operation = "CreateDnsResourceRecords",
     .parameters = REVERSE_RECORDS RECORD("33.4", PTR("h.")),
     .events = ONE("PTR 33.4.99.10.in-addr.arpa"),
     // Another owner has the same address.
     .query =
         "SELECT a.range_id, a.address_space_id, a.is_duplicate, a.details ->> "
         "'createdFromDnsResourceRecord',"
         " a.details ->> 'virtualizationType', (SELECT group_concat(value) FROM "
         "custom_field_value_associations"
         " WHERE object_type = 9 AND used_by = a.record_id), (SELECT is_duplicate FROM ip_addresses WHERE"
         " record_id = 906) FROM dns_resource_records AS r JOIN ip_addresses AS a ON a.record_id ="
         " r.ipv4_address_id WHERE r.record_id > 964",
     .rows = "501|1|1|1|NULL|IPAM,Localhost|1"},
    {.name = "GoesOnAfterARecordThatIsThere",
     .operation = "CreateDnsResourceRecords",
     .parameters = LAB RECORD("SHOP", CNAME("www.lab.example.org.")) RECORD("new", CNAME("x."))
         RECORD("new", CNAME("x.")),
     .events =
         "start; +1 CNAME SHOP.lab.example.org; +2 CNAME new.lab.example.org; +3 CNAME new.lab.example.org; "
         ">1; "
         "=1 IpamApiFailedToAddResourceRecord; 33%; >2; =2 ok; 66%; >3; =3 IpamApiFailedToAddResourceRecord; "
         "100%; failure IpamApiFailedToAddResourceRecord",
     .query = "SELECT r.name, a.access_scope_id FROM dns_resource_records AS r JOIN "
              "access_scope_associations AS a ON"
              " a.object_type = 29 AND a.object_id = r.record_id WHERE r.record_id > 964",
     .rows = "new|1"},
    {.name = "NeedsValidRecordsBeforeAnythingIsMade",
     .operation = "CreateDnsResourceRecords",
     .parameters = LAB RECORD("a", A("192.0.2.9")) RECORD("", A("192.0.2.10")),
     .events = "start; failure IpamApiMandatoryFieldNotSpecified",
     .query = "SELECT count(*) FROM dns_resource_records WHERE record_id > 964",
     .rows = "0"},
};
INSTANTIATE_TEST_SUITE_P(NewRecords, DnsCases, ::testing::ValuesIn(kRecordCases), CaseName);

#define ZONE(text) "dns_server_zone { zone { " text " } } "
#define REVERSE_ZONE(text, start, end)                                                                      \
  "dns_server_reverse_zone { zone { " text " dns_reverse_lookup_zone { start_ip: '" start "' end_ip: '" end \
  "' } } } "
#define TWO_STEPS(zone, server) \
  "start; +1 Zone " zone "; +2 Zone " zone " on " server "; >1; =1 ok; 50%; >2; =2 ok; 100%; success"

constexpr DelegateCase kZoneCases[] = {
    {.name = "StoresTheZoneAndTheZoneOnItsServer",
     .operation = "CreateDnsZone",
     .parameters =
         "server_id: 32 server_zone { record_id: 4 zone_type: ZONE_HOSTING_DNS_SERVER_TYPE_STUB"
         " zone_configuration: ZONE_CONFIGURATION_FILE_BACKED zone_file_name: 'new.dns'"
         " master_servers: '172.16.0.5' modified_properties: 'ZoneFileName' " ZONE(
             "record_id: 301 name: 'new.example.org' is_signed_zone: true modified_properties: 'Name'"
             " dns_zone { parent_id: 306 short_name: 'new' }") "}",
     .events = TWO_STEPS("new.example.org", "dns2.ad.example.org"),
     .query =
         "SELECT z.name, z.parent_id, z.details ->> 'isSignedZone', z.details ->> '$.dnsZone.shortName',"
         " z.details ->> 'modifiedProperties', s.server_id, s.details ->> 'zoneFileName',"
         " s.details ->> '$.masterServers[0]', s.details -> '$.dnsServerZone.zone',"
         " s.details ->> 'modifiedProperties' FROM dns_server_zones AS s JOIN dns_zones AS z ON z.record_id ="
         " s.zone_id WHERE s.record_id > 317 AND z.record_id > 306",
     .rows = "new.example.org|306|1|new|NULL|32|new.dns|172.16.0.5|NULL|NULL"},
    {.name = "TakesAZoneThatIsThereByAnySpelling",
     .operation = "CreateDnsZone",
     .parameters = "server_id: 32 server_zone { " PRIMARY ZONE("name: 'AD.example.org'") "}",
     .events = TWO_STEPS("AD.example.org", "dns2.ad.example.org"),
     .query = "SELECT server_id, zone_id, (SELECT count(*) FROM dns_zones) FROM dns_server_zones WHERE "
              "record_id > 317",
     .rows = "32|301|3"},
    {.name = "RefusesAZoneThatTheServerHas",
     .operation = "CreateDnsZone",
     .parameters = "server_id: 31 server_zone { " PRIMARY ZONE("name: 'lab.example.org'") "}",
     .events =
         "start; +1 Zone lab.example.org; +2 Zone lab.example.org on dns1.ad.example.org; >1; =1 ok; 50%; "
         ">2; "
         "=2 IpamApiForwardLookupZoneAlreadyExists; 100%; failure IpamApiForwardLookupZoneAlreadyExists",
     .query = "SELECT count(*) FROM dns_server_zones",
     .rows = "4"},
    {.name = "RunsNothingAfterAZoneThatFails",
     .operation = "CreateDnsZone",
     .parameters = "server_id: 31 server_zone { " PRIMARY ZONE(
         "name: 'new.example.org' dns_zone { parent_id: 4242 }") "}",
     .events = "start; +1 Zone new.example.org; +2 Zone new.example.org on dns1.ad.example.org; >1; "
               "=1 IpamApiDnsZoneFailedToAdd; 50%; =2 not run; 100%; failure IpamApiDnsZoneFailedToAdd",
     .query = "SELECT (SELECT count(*) FROM dns_zones), count(*) FROM dns_server_zones",
     .rows = "3|4"},
    {.name = "MapsTheRangesOfANewReverseZone",
     .operation = "CreateDnsZone",
     .parameters = "server_id: 32 server_zone { " PRIMARY REVERSE_ZONE("name: '9.168.192.in-addr.arpa'",
                                                                       "192.168.9.0", "192.168.9.255") "}",
     .events =
         "start; +1 Zone 9.168.192.in-addr.arpa; +2 Zone 9.168.192.in-addr.arpa on dns2.ad.example.org; "
         "+3 Address range 192.168.9.20 to 192.168.9.240; >1; =1 ok; 33%; >2; =2 ok; 66%; >3; =3 ok; 100%; "
         "success",
     .query = "SELECT m.range_id, z.name, z.af, hex(z.start_address), hex(z.end_address), s.server_id FROM"
              " range_dns_reverse_lookups AS m JOIN dns_reverse_zones AS z ON z.record_id = m.zone_id"
              " JOIN dns_server_reverse_zones AS s ON s.zone_id = z.record_id WHERE z.record_id > 302",
     .rows = "503|9.168.192.in-addr.arpa|4|C0A80900|C0A809FF|32"},
    // 520 and 530 overlap, 501 is mapped to another zone.
    {.name = "MapsNeitherRangesThatOverlapNorThoseOfAnotherZone",
     .operation = "CreateDnsZone",
     .parameters = "server_id: 31 server_zone { " PRIMARY REVERSE_ZONE("name: 'in-addr.arpa'", "10.0.0.0",
                                                                       "172.31.255.255") "}",
     .events = TWO_STEPS("in-addr.arpa", "dns1.ad.example.org"),
     .query = "SELECT range_id, zone_id FROM range_dns_reverse_lookups",
     .rows = "501|302"},
    {.name = "MapsNothingToAReverseZoneThatIsThere",
     .operation = "CreateDnsZone",
     .parameters = "server_id: 32 server_zone { " PRIMARY REVERSE_ZONE("name: '99.10.in-addr.arpa'",
                                                                       "10.0.0.0", "10.255.255.255") "}",
     .events = TWO_STEPS("99.10.in-addr.arpa", "dns2.ad.example.org"),
     .query = "SELECT server_id, zone_id, (SELECT hex(start_address) FROM dns_reverse_zones) FROM"
              " dns_server_reverse_zones ORDER BY record_id",
     .rows = "31|302|0A630000; 32|302|0A630000"},
    {.name = "RefusesAReverseZoneThatTheServerHas",
     .operation = "CreateDnsZone",
     .parameters = "server_id: 31 server_zone { " PRIMARY REVERSE_ZONE("name: '99.10.in-addr.arpa'",
                                                                       "10.99.0.0", "10.99.255.255") "}",
     .events =
         "start; +1 Zone 99.10.in-addr.arpa; +2 Zone 99.10.in-addr.arpa on dns1.ad.example.org; >1; =1 ok; "
         "50%; "
         ">2; =2 IpamApiReverseLookupZoneAlreadyExists; 100%; failure IpamApiReverseLookupZoneAlreadyExists"},
    {.name = "StoresAReverseZoneOfIPv6",
     .operation = "CreateDnsZone",
     .parameters = "server_id: 31 server_zone { " PRIMARY REVERSE_ZONE(
         "name: '8.b.d.0.1.0.0.2.ip6.arpa'", "2001:db8::", "2001:db8:ffff:ffff::") "}",
     .events = TWO_STEPS("8.b.d.0.1.0.0.2.ip6.arpa", "dns1.ad.example.org"),
     .query = "SELECT af, hex(start_address) FROM dns_reverse_zones WHERE record_id > 302",
     .rows = "6|20010DB8000000000000000000000000"},
    {.name = "NeedsBoundsOfOneFamily",
     .operation = "CreateDnsZone",
     .parameters =
         "server_id: 31 server_zone { " PRIMARY REVERSE_ZONE("name: 'x.arpa'", "10.0.0.0", "2001:db8::") "}",
     .events = "start; failure IpamApiInvalidIPAddress"},
};
INSTANTIATE_TEST_SUITE_P(NewZones, DnsCases, ::testing::ValuesIn(kZoneCases), CaseName);

}  // namespace
}  // namespace ipam::engine
