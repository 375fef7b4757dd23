// What each operation leaves in the store, and what a failed entity of it takes along.
#include <gmock/gmock.h>

#include <string>

#include "absl/strings/str_format.h"
#include "harness.h"

namespace ipam::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

std::vector<std::string> Subtasks(const std::vector<event::ProgressEvent>& events) {
  std::vector<std::string> names;
  for (const event::ProgressEvent& event : events) {
    if (const auto* added = std::get_if<event::SubtaskAdded>(&event.change))
      names.push_back(*added->subtask.name);
  }
  return names;
}

TEST_F(EngineTest, CreateDhcpScopeStoresScopeOptionsExclusionsAndRange) {
  Open();
  const auto events = Run(Sample("CreateDhcpScope"));
  EXPECT_EQ(FailureOf(events), "");
  EXPECT_THAT(
      Subtasks(events),
      ElementsAre("Scope 172.16.40.0", "DNS settings of 172.16.40.0", "Option 3 Router",
                  "Option 6 DNS Servers", "Option 15 DNS Domain Name",
                  "Exclusion 172.16.40.10 to 172.16.40.49", "Exclusion 172.16.43.200 to 172.16.43.250",
                  "Address range 172.16.40.10 to 172.16.43.250"));
  const std::string scope = Query("SELECT max(record_id) FROM dhcp_scopes");
  EXPECT_EQ(Query("SELECT server_id FROM dhcp_scopes WHERE record_id = " + scope), "17");
  EXPECT_EQ(Query("SELECT details ->> 'dnsUpdateType' FROM dhcp_scopes WHERE record_id = " + scope),
            "DHCP_DNS_UPDATE_TYPE_DYNAMIC_UPDATE_ON_REQUEST_BY_CLIENT");
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_options WHERE scope_id = " + scope), "3");
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_exclusion_ranges WHERE scope_id = " + scope), "2");
  // No subnet of the network holds the range, but its block does.
  EXPECT_EQ(Query("SELECT parent_block_id FROM ip_ranges WHERE scope_id = " + scope), "102");
  EXPECT_EQ(Query("SELECT group_concat(a.value) FROM custom_field_value_associations AS a JOIN ip_ranges AS r"
                  " ON a.object_type = 7 AND a.used_by = r.record_id WHERE r.scope_id = " +
                  scope),
            "MS DHCP,dhcp1.ad.example.org");
  EXPECT_EQ(
      Query("SELECT is_overlapping || '' || use_for_utilization FROM ip_ranges WHERE scope_id = " + scope),
      "01");
}

TEST_F(EngineTest, CreateDhcpScopeLeavesDnsSettingsThatWereNotModified) {
  Open();
  v1::OperationParameters parameters = Sample("CreateDhcpScope");
  parameters.mutable_create_dhcp_scope()->mutable_scope()->clear_modified_properties();
  const auto events = Run(parameters);
  EXPECT_EQ(FailureOf(events), "");
  EXPECT_EQ(Subtasks(events).size(), 7u);
  EXPECT_EQ(Query("SELECT details ->> 'dnsUpdateType' FROM dhcp_scopes ORDER BY record_id DESC"), "NULL");
}

TEST_F(EngineTest, CreateDhcpScopeGoesOnAfterAnOptionThatFails) {
  Open();
  v1::OperationParameters parameters = Sample("CreateDhcpScope");
  v1::DhcpScope& scope = *parameters.mutable_create_dhcp_scope()->mutable_scope();
  scope.mutable_options()
      ->mutable_operation_tracker(1)
      ->mutable_value()
      ->mutable_option_definition()
      ->set_record_id(9);
  scope.mutable_exclusion_ranges()->mutable_operation_tracker(0)->mutable_value()->set_end_address(
      "10.0.0.1");
  const auto events = Run(parameters);
  EXPECT_EQ(FailureOf(events), "IpamApiOptionAssociatedOptionDefinitionNotFound");  // the first
  EXPECT_THAT(
      Describe(events),
      IsSupersetOf(
          {"SetSubTaskStatus 3 CompletedWithSuccess 100", "SetSubTaskStatus 4 CompletedWithError 100",
           "SetSubTaskStatus 5 CompletedWithSuccess 100", "SetSubTaskStatus 6 CompletedWithError 100",
           "SetSubTaskStatus 7 CompletedWithSuccess 100", "SetSubTaskStatus 8 CompletedWithSuccess 100",
           "SetCompletionPercentage 100", "SetOverallStatus CompletedWithFailure"}));
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_scopes"), "4");
}

TEST_F(EngineTest, CreateDhcpScopeMakesASubnetWhereNoBlockEncloses) {
  Open();
  Execute("DELETE FROM ip_blocks WHERE record_id = 102");
  EXPECT_EQ(FailureOf(Run(Sample("CreateDhcpScope"))), "");
  EXPECT_EQ(
      Query(
          "SELECT details ->> '$.ipSubnet.name' FROM ip_blocks WHERE is_subnet = 1 ORDER BY record_id DESC"),
      "172.16.40.0/22");
}

TEST_F(EngineTest, CreateDhcpScopeMarksRangesThatOverlap) {
  Open();
  Execute(
      "INSERT INTO ip_ranges (record_id, af, parent_block_id, address_space_id, start_address, end_address,"
      " is_overlapping, use_for_utilization, details)"
      " VALUES (600, 4, 102, 1, x'ac102b00', x'ac102bff', 0, 1,"
      " '{\"startIpAddress\":\"172.16.43.0\",\"endIpAddress\":\"172.16.43.255\",\"v4\":{}}')");
  EXPECT_EQ(FailureOf(Run(Sample("CreateDhcpScope"))), "");
  EXPECT_EQ(Query("SELECT is_overlapping || '' || use_for_utilization FROM ip_ranges WHERE record_id = 600"),
            "11");
  EXPECT_EQ(
      Query("SELECT is_overlapping || '' || use_for_utilization FROM ip_ranges ORDER BY record_id DESC"),
      "10");
}

TEST_F(EngineTest, CreateDhcpReservationStoresTheReservation) {
  Open();
  const auto events = Run(Sample("CreateDhcpReservation"));
  EXPECT_EQ(FailureOf(events), "");
  EXPECT_THAT(Subtasks(events),
              ElementsAre("Reservation 192.168.8.77 label-printer-2", "DNS settings of 192.168.8.77"));
  EXPECT_EQ(Query("SELECT scope_id || ' ' || hex(address) || ' ' || (details ->> '$.v4.macAddress')"
                  " FROM dhcp_reservations"),
            "208 C0A8084D 0050568a11f2");
}

TEST_F(EngineTest, CreateDhcpReservationStoresItsOptions) {
  Open();
  v1::OperationParameters parameters = Sample("CreateDhcpReservation");
  v1::DhcpReservation& reservation = *parameters.mutable_create_dhcp_reservation()->mutable_reservation();
  *reservation.mutable_options() = Sample("CreateDhcpScope").create_dhcp_scope().scope().options();
  EXPECT_EQ(FailureOf(Run(parameters)), "");
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_options WHERE reservation_id IS NOT NULL AND scope_id = 208"),
            "3");
}

TEST_F(EngineTest, CreateDhcpFailoverStoresRelationshipAndScopes) {
  Open();
  const auto events = Run(Sample("CreateDhcpFailover"));
  EXPECT_EQ(FailureOf(events), "");
  EXPECT_THAT(Subtasks(events), ElementsAre("Failover relationship dc1-dc2", "Scope 192.168.8.0 Shipping",
                                            "Scope 192.168.9.0 Receiving", "Scope 192.168.14.0 Guests"));
  EXPECT_EQ(Query("SELECT group_concat(scope_id) FROM dhcp_scope_failovers"), "208,209,214");
  EXPECT_EQ(Query("SELECT server1_id || ' ' || server2_id FROM dhcp_failover_relations"), "17 18");
}

TEST_F(EngineTest, CreateDhcpFailoverGoesOnAfterAScopeThatIsMissing) {
  Open();
  v1::OperationParameters parameters = Sample("CreateDhcpFailover");
  parameters.mutable_dhcp_failover_with_scopes()->set_scope_ids(1, 7);
  const auto events = Run(parameters);
  EXPECT_EQ(FailureOf(events), "IpamApiDhcpFailoverFailedToAddScopesInIpamDatabase");
  EXPECT_EQ(Query("SELECT group_concat(scope_id) FROM dhcp_scope_failovers"), "208,214");
}

TEST_F(EngineTest, ScopesOfARelationshipThatFailedAreNotRun) {
  Open();
  v1::OperationParameters parameters = Sample("CreateDhcpFailover");
  parameters.mutable_dhcp_failover_with_scopes()->mutable_failover()->set_server2_record_id(7);
  const auto events = Run(parameters);
  EXPECT_EQ(FailureOf(events), "IpamApiDhcpFailoverFailedToAddInIpamDatabase");
  const std::vector<std::string> described = Describe(events);
  EXPECT_THAT(
      std::vector(described.begin() + 5, described.end()),
      ElementsAre("SetSubTaskStatus 1 InProgress 0", "SetSubTaskStatus 1 CompletedWithError 100",
                  "SetCompletionPercentage 25", "SetSubTaskStatus 2 NotRun 0", "SetCompletionPercentage 50",
                  "SetSubTaskStatus 3 NotRun 0", "SetCompletionPercentage 75", "SetSubTaskStatus 4 NotRun 0",
                  "SetCompletionPercentage 100", "SetOverallStatus CompletedWithFailure"));
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_scope_failovers"), "0");
}

TEST_F(EngineTest, CreateIpamIPAddressStoresAddressLookupsAndCustomFields) {
  Open();
  const auto events = Run(Sample("CreateIpamIPAddress"));
  EXPECT_EQ(FailureOf(events), "");
  EXPECT_THAT(Subtasks(events), ElementsAre("Address 10.99.4.20", "Forward lookup of 10.99.4.20",
                                            "Reverse lookup of 10.99.4.20", "Custom fields of 10.99.4.20"));
  EXPECT_EQ(Query("SELECT range_id || ' ' || is_duplicate FROM ip_addresses"), "501 0");
  EXPECT_EQ(
      Query("SELECT zone_id || ' ' || server_zone_id || ' ' || sync_status FROM address_dns_forward_lookups"),
      "301 311 1");
  EXPECT_EQ(
      Query("SELECT zone_id || ' ' || server_zone_id || ' ' || sync_status FROM address_dns_reverse_lookups"),
      "302 312 1");
  EXPECT_EQ(Query("SELECT group_concat(value) FROM custom_field_value_associations WHERE object_type = 9"),
            "Host,IPAM,Localhost,In-Use");
  // It is 2023 on this clock: neither near its end nor past it.
  EXPECT_EQ(Query("SELECT details ->> 'isExpired' FROM ip_addresses"), "NULL");
}

TEST_F(EngineTest, CreateIpamIPAddressSaysThatTheAddressExpires) {
  Open();
  v1::OperationParameters parameters = Sample("CreateIpamIPAddress");
  v1::IpamIPAddress& address = *parameters.mutable_create_ipam_ip_address()->mutable_address();
  address.clear_assigned_date();
  address.mutable_expiry_date()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(9 * 24)));
  EXPECT_EQ(FailureOf(Run(parameters)), "");
  EXPECT_EQ(Query("SELECT details ->> 'inWarningPeriod' FROM ip_addresses"), "1");
  address.set_address("10.99.4.21");
  address.mutable_expiry_date()->set_seconds(absl::ToUnixSeconds(clock_.Now()) - 1);
  EXPECT_EQ(FailureOf(Run(parameters)), "");
  EXPECT_EQ(Query("SELECT details ->> 'isExpired' FROM ip_addresses ORDER BY record_id DESC"), "1");
}

TEST_F(EngineTest, CreateIpamIPAddressMarksTheSameAddressOfAnotherOwner) {
  Open();
  v1::OperationParameters parameters = Sample("CreateIpamIPAddress");
  EXPECT_EQ(FailureOf(Run(parameters)), "");
  v1::CustomFieldValue& owner =
      *parameters.mutable_create_ipam_ip_address()->mutable_address()->mutable_custom_field_values(1);
  owner.set_value("Others");
  owner.set_record_id(332);
  EXPECT_EQ(FailureOf(Run(parameters)), "");
  EXPECT_EQ(Query("SELECT group_concat(is_duplicate) FROM ip_addresses"), "1,1");
  EXPECT_EQ(Query("SELECT count(range_id) FROM ip_addresses"), "1");  // the range has another owner
}

TEST_F(EngineTest, CreateIpamIPAddressMakesItsReservation) {
  Open();
  v1::OperationParameters parameters = Sample("CreateIpamIPAddress");
  parameters.mutable_create_ipam_ip_address()->set_create_dhcp_reservation(true);
  parameters.mutable_create_ipam_ip_address()->mutable_address()->set_dhcp_scope_id(208);
  const auto events = Run(parameters);
  EXPECT_EQ(FailureOf(events), "");
  EXPECT_THAT(Subtasks(events), Contains("Reservation of 10.99.4.20"));
  EXPECT_EQ(Query("SELECT (address_id - (SELECT record_id FROM ip_addresses)) || (details ->> 'name')"
                  " FROM dhcp_reservations"),
            "0plc-20");
}

TEST_F(EngineTest, CreateIpamIPAddressRefusesAnUnknownCustomFieldValue) {
  Open();
  v1::OperationParameters parameters = Sample("CreateIpamIPAddress");
  parameters.mutable_create_ipam_ip_address()->mutable_address()->mutable_custom_field_values(0)->set_value(
      "Toaster");
  const auto events = Run(parameters);
  EXPECT_EQ(FailureOf(events), "IpamApiCustomFieldValueForMultiValueCustomFieldDoesntExist");
  EXPECT_THAT(Describe(events), Contains("SetSubTaskStatus 4 CompletedWithError 100"));
}

TEST_F(EngineTest, CreateDnsZoneTakesAZoneThatIsThere) {
  Open();
  const auto events = Run(Sample("CreateDnsZone"));
  EXPECT_EQ(FailureOf(events), "");
  EXPECT_THAT(Subtasks(events),
              ElementsAre("Zone plant.ad.example.org", "Zone plant.ad.example.org on dns1.ad.example.org"));
  EXPECT_EQ(Query("SELECT count(*) FROM dns_zones"), "2");
  EXPECT_EQ(Query("SELECT server_id || ' ' || zone_id FROM dns_server_zones ORDER BY record_id DESC"),
            "31 305");
}

TEST_F(EngineTest, CreateDnsZoneAddsAZoneThatIsNew) {
  Open();
  v1::OperationParameters parameters = Sample("CreateDnsZone");
  parameters.mutable_create_dns_zone()
      ->mutable_server_zone()
      ->mutable_dns_server_zone()
      ->mutable_zone()
      ->set_name("new.example.org");
  EXPECT_EQ(FailureOf(Run(parameters)), "");
  EXPECT_EQ(Query("SELECT z.name FROM dns_server_zones AS s JOIN dns_zones AS z ON z.record_id = s.zone_id"
                  " ORDER BY s.record_id DESC"),
            "new.example.org");
}

v1::OperationParameters ReverseZone(const std::string& name, const std::string& start,
                                    const std::string& end) {
  v1::OperationParameters parameters = Sample("CreateDnsZone");
  v1::BaseDnsServerZone& server_zone = *parameters.mutable_create_dns_zone()->mutable_server_zone();
  v1::BaseDnsZone& zone = *server_zone.mutable_dns_server_reverse_zone()->mutable_zone();
  zone.set_name(name);
  zone.mutable_dns_reverse_lookup_zone()->set_ip_type(v1::ADDRESS_FAMILY_INTER_NETWORK);
  zone.mutable_dns_reverse_lookup_zone()->set_start_ip(start);
  zone.mutable_dns_reverse_lookup_zone()->set_end_ip(end);
  return parameters;
}

TEST_F(EngineTest, CreateDnsZoneMapsTheRangesOfANewReverseZone) {
  Open();
  // 502 to 504 lie within; 501 is mapped to 302; 503 overlaps a new one.
  Execute(
      "INSERT INTO ip_ranges (record_id, af, parent_block_id, address_space_id, start_address, end_address,"
      " is_overlapping, use_for_utilization, details)"
      " VALUES (600, 4, 113, 1, x'c0a809f0', x'c0a809f1', 1, 0, '{}')");
  const auto events = Run(ReverseZone("168.192.in-addr.arpa", "192.168.0.0", "192.168.255.255"));
  EXPECT_EQ(FailureOf(events), "");
  EXPECT_THAT(Subtasks(events),
              ElementsAre("Zone 168.192.in-addr.arpa", "Zone 168.192.in-addr.arpa on dns1.ad.example.org",
                          "Address range 192.168.8.20 to 192.168.8.240",
                          "Address range 192.168.14.20 to 192.168.14.240"));
  EXPECT_EQ(Query("SELECT group_concat(range_id) FROM range_dns_reverse_lookups WHERE zone_id != 302"),
            "502,504");
  EXPECT_EQ(FailureOf(Run(ReverseZone("168.192.in-addr.arpa", "192.168.0.0", "192.168.255.255"))),
            "IpamApiReverseLookupZoneAlreadyExists");
  EXPECT_EQ(FailureOf(Run(ReverseZone("x.in-addr.arpa", "192.168.0.0", "10.0.0.0"))),
            "IpamApiInvalidIPAddress");
}

TEST_F(EngineTest, CreateDnsResourceRecordsStoresNamesTargetsAndAddresses) {
  Open();
  EXPECT_EQ(FailureOf(Run(Sample("CreateDnsResourceRecords"))), "");
  EXPECT_EQ(
      Query("SELECT group_concat(name || ' ' || record_type || ' ' || coalesce(host_name, '-') || ' ' ||"
            " CASE WHEN address IS NULL THEN '-' ELSE hex(address) END || ' ' || fqdn, '; ') FROM "
            "dns_resource_records"),
      "historian 6 plc-20.plant.ad.example.org. - historian.plant.ad.example.org; "
      "_opcua._tcp 9 plc-20.plant.ad.example.org. - _opcua._tcp.plant.ad.example.org; "
      "plc-20 1 - 0A630414 plc-20.plant.ad.example.org; "
      "plc-20 2 - 20010DB8009900040000000000000020 plc-20.plant.ad.example.org");
  // The global access scope, inherited (29: DnsResourceRecord).
  EXPECT_EQ(
      Query("SELECT count(*) FROM access_scope_associations WHERE object_type = 29 AND access_scope_id = 1"
            " AND inheritance_id = record_id"),
      "4");
}

TEST_F(EngineTest, CreateDnsResourceRecordsMapsPtrRecordsToAddresses) {
  Open();
  EXPECT_EQ(FailureOf(Run(Sample("CreateIpamIPAddress"))), "");
  v1::OperationParameters parameters = Sample("CreateDnsResourceRecords");
  auto& create = *parameters.mutable_create_dns_resource_records();
  create.clear_resource_records();
  create.set_server_zone_id(312);
  create.set_zone_type(v1::ZONE_LOOKUP_TYPE_DNS_REVERSE_LOOKUP_ZONE);
  for (const char* name : {"20.4", "21.4", "9.200"}) {
    v1::DnsResourceRecord& record = *create.add_resource_records();
    record.set_name(name);
    record.set_record_type(v1::DNS_RESOURCE_RECORD_TYPE_PTR);
    record.mutable_record_data()->mutable_ptr()->set_hostname(absl::StrFormat("host-%s.example.org.", name));
  }
  EXPECT_EQ(FailureOf(Run(parameters)), "");
  // The address that was there; one that was made, owned as its range; none outside of the mapped range.
  EXPECT_EQ(Query("SELECT group_concat(CASE WHEN a.address IS NULL THEN '-' ELSE hex(a.address) END) FROM "
                  "dns_resource_records AS r"
                  " LEFT JOIN ip_addresses AS a ON a.record_id = r.ipv4_address_id"),
            "0A630414,0A630415,-");
  EXPECT_EQ(Query("SELECT range_id || ' ' || (details ->> 'createdFromDnsResourceRecord') FROM ip_addresses"
                  " ORDER BY record_id DESC"),
            "501 1");
  EXPECT_EQ(Query("SELECT group_concat(value) FROM custom_field_value_associations WHERE object_type = 9 AND "
                  "used_by ="
                  " (SELECT max(record_id) FROM ip_addresses)"),
            "IPAM,Localhost");

  // An A record finds the address of the PTR record.
  EXPECT_EQ(FailureOf(Run(Sample("CreateDnsResourceRecords"))), "");
  EXPECT_EQ(Query("SELECT hex(a.address) FROM dns_resource_records AS r JOIN ip_addresses AS a"
                  " ON a.record_id = r.ipv4_address_id WHERE r.record_type = 1"),
            "0A630414");
}

template <typename Object>
Object Returned(const std::vector<event::ProgressEvent>& events) {
  const v1::DhcpMsmOverallCompletionStatus status = CompletionOf(events);
  EXPECT_FALSE(status.has_ipam_update_error());
  Object object;
  EXPECT_TRUE(status.return_object().UnpackTo(&object)) << status.DebugString();
  return object;
}

TEST_F(EngineTest, CompletionStatusHasTheObjectThatWasMade) {
  Open();
  const auto scope = Returned<v1::DhcpScope>(Run(Sample("CreateDhcpScope")));
  EXPECT_EQ(absl::StrFormat("%d", scope.record_id()), Query("SELECT max(record_id) FROM dhcp_scopes"));
  EXPECT_EQ(scope.scope_id(), "172.16.40.0");
  EXPECT_EQ(Returned<v1::DhcpReservation>(Run(Sample("CreateDhcpReservation"))).address(), "192.168.8.77");
  const auto failover = Returned<v1::DhcpFailover>(Run(Sample("CreateDhcpFailover")));
  EXPECT_EQ(failover.record_id(), 1);
  EXPECT_FALSE(failover.has_shared_secret());
  EXPECT_EQ(Returned<v1::IpamIPAddress>(Run(Sample("CreateIpamIPAddress"))).record_id(), 1);
  EXPECT_EQ(
      Returned<v1::BaseDnsServerZone>(Run(Sample("CreateDnsZone"))).dns_server_zone().zone().record_id(),
      305);
}

TEST_F(EngineTest, CompletionStatusOfAFailureSaysSoAndHasNoObject) {
  Open();
  v1::OperationParameters parameters = Sample("CreateDhcpFailover");
  parameters.mutable_dhcp_failover_with_scopes()->mutable_failover()->set_server2_record_id(7);
  const v1::DhcpMsmOverallCompletionStatus status = CompletionOf(Run(parameters));
  EXPECT_TRUE(status.has_ipam_update_error());
  EXPECT_FALSE(status.has_return_object());
}

TEST_F(EngineTest, SubtasksCarryTheirFormatter) {
  Open();
  const auto events = Run(Sample("CreateDnsZone"));
  const auto& added = std::get<event::SubtaskAdded>(events[1].change).subtask;
  EXPECT_THAT(added.details_xml.value_or(""), HasSubstr("DnsZoneFormatter"));
  EXPECT_THAT(added.details_xml.value_or(""), HasSubstr("plant.ad.example.org"));
  EXPECT_EQ(added.unique_id, 15);
}

}  // namespace
}  // namespace ipam::engine
