// Each rule of 3.1.4 and of the delegates' first steps: a sample that breaks it ends with its fault, without
// a subtask.
#include <gmock/gmock.h>

#include <functional>
#include <string>

#include "delegate_harness.h"

namespace ipam::engine {
namespace {

using ::testing::ElementsAre;

struct Case {
  const char* name;
  const char* sample;
  std::function<void(v1::OperationParameters&)> breaks;
  const char* fault;
};

v1::DhcpScope& Scope(v1::OperationParameters& p) { return *p.mutable_create_dhcp_scope()->mutable_scope(); }
v1::DhcpReservation& Reservation(v1::OperationParameters& p) {
  return *p.mutable_create_dhcp_reservation()->mutable_reservation();
}
v1::DhcpFailoverWithScopesParameters& Failover(v1::OperationParameters& p) {
  return *p.mutable_dhcp_failover_with_scopes();
}
v1::IpamIPAddress& Address(v1::OperationParameters& p) {
  return *p.mutable_create_ipam_ip_address()->mutable_address();
}
v1::CreateDnsResourceRecordsParameters& Records(v1::OperationParameters& p) {
  return *p.mutable_create_dns_resource_records();
}
v1::DnsResourceRecord& Record(v1::OperationParameters& p) { return *Records(p).mutable_resource_records(0); }
v1::CreateDnsZoneParameters& Zone(v1::OperationParameters& p) { return *p.mutable_create_dns_zone(); }
v1::BaseDnsServerZone& ServerZone(v1::OperationParameters& p) { return *Zone(p).mutable_server_zone(); }

// As a secondary zone with all that it needs.
v1::BaseDnsServerZone& Secondary(v1::OperationParameters& p) {
  v1::BaseDnsServerZone& zone = ServerZone(p);
  zone.set_zone_type(v1::ZONE_HOSTING_DNS_SERVER_TYPE_SECONDARY);
  zone.set_zone_configuration(v1::ZONE_CONFIGURATION_FILE_BACKED);
  zone.set_zone_file_name("plant.dns");
  zone.clear_replication_scope();
  zone.add_master_servers("172.16.0.6");
  zone.clear_notify_secondaries();
  zone.clear_secure_secondaries();
  return zone;
}

v1::BaseDnsServerZone& Stub(v1::OperationParameters& p) {
  Secondary(p).set_zone_type(v1::ZONE_HOSTING_DNS_SERVER_TYPE_STUB);
  return ServerZone(p);
}

constexpr char kScope[] = "CreateDhcpScope";
constexpr char kReservation[] = "CreateDhcpReservation";
constexpr char kFailover[] = "CreateDhcpFailover";
constexpr char kAddress[] = "CreateIpamIPAddress";
constexpr char kRecords[] = "CreateDnsResourceRecords";
constexpr char kZone[] = "CreateDnsZone";

const Case kCases[] = {
    {"no scope", kScope, [](auto& p) { p.mutable_create_dhcp_scope()->clear_scope(); },
     "IpamApiInvalidParameter"},
    {"unknown DHCP server", kScope, [](auto& p) { Scope(p).set_parent_dhcp_server_record_id(99); },
     "IpamApiInvalidDhcpServerRecordId"},
    {"DHCP server of the other family", kScope, [](auto& p) { Scope(p).mutable_v6(); },
     "IpamApiInvalidDhcpServerRecordId"},
    {"record id of a scope that exists", kScope, [](auto& p) { Scope(p).set_record_id(208); },
     "IpamApiDhcpScopeFailedToAddInIpamDatabase"},
    {"scope id of a scope that exists", kScope, [](auto& p) { Scope(p).set_scope_id("192.168.9.0"); },
     "IpamApiDhcpScopeFailedToAddInIpamDatabase"},
    {"no scope id", kScope, [](auto& p) { Scope(p).clear_scope_id(); }, "IpamApiInvalidScopePrefix"},
    {"scope id of the other family", kScope, [](auto& p) { Scope(p).set_scope_id("2001:db8::"); },
     "IpamApiInvalidScopePrefix"},
    {"no subnet mask", kScope, [](auto& p) { Scope(p).clear_subnet_mask(); }, "IpamApiInvalidSubnetMask"},
    {"no start", kScope, [](auto& p) { Scope(p).clear_start_address(); }, "IpamApiInvalidScopeStartAddress"},
    {"start outside", kScope, [](auto& p) { Scope(p).set_start_address("172.16.39.255"); },
     "IpamApiInvalidScopeStartAddress"},
    {"no end", kScope, [](auto& p) { Scope(p).clear_end_address(); }, "IpamApiInvalidScopeEndAddress"},
    {"end outside", kScope, [](auto& p) { Scope(p).set_end_address("172.16.44.0"); },
     "IpamApiInvalidScopeEndAddress"},
    {"start at end", kScope, [](auto& p) { Scope(p).set_end_address(Scope(p).start_address()); },
     "IpamApiStartIPGreaterThanEndIP"},

    {"no reservation", kReservation,
     [](auto& p) { p.mutable_create_dhcp_reservation()->clear_reservation(); }, "IpamApiInvalidParameter"},
    {"no reserved address", kReservation, [](auto& p) { Reservation(p).clear_address(); },
     "IpamApiInvalidIPAddress"},
    {"reserved address of the other family", kReservation,
     [](auto& p) { Reservation(p).set_address("2001:db8::1"); }, "IpamApiInvalidIPAddress"},
    {"no parent scope", kReservation, [](auto& p) { Reservation(p).clear_parent_scope(); },
     "IpamApiMandatoryFieldNotSpecified"},
    {"parent scope without mask", kReservation,
     [](auto& p) { Reservation(p).mutable_parent_scope()->clear_subnet_mask(); }, "IpamApiInvalidSubnetMask"},
    {"parent scope without id", kReservation,
     [](auto& p) { Reservation(p).mutable_parent_scope()->clear_scope_id(); }, "IpamApiInvalidScopePrefix"},
    {"parent scope without record id", kReservation,
     [](auto& p) { Reservation(p).mutable_parent_scope()->clear_record_id(); },
     "IpamApiMandatoryFieldNotSpecified"},
    {"blank name", kReservation, [](auto& p) { Reservation(p).set_name(" \t"); },
     "IpamApiInvalidReservationName"},
    {"no MAC address", kReservation, [](auto& p) { Reservation(p).mutable_v4()->clear_mac_address(); },
     "IpamApiInvalidMacAddress"},
    {"MAC address that is not hex", kReservation,
     [](auto& p) { Reservation(p).mutable_v4()->set_mac_address("0050568a11fg"); },
     "IpamApiInvalidMacAddress"},
    {"MAC address of 131 octets", kReservation,
     [](auto& p) { Reservation(p).mutable_v4()->set_mac_address(std::string(262, 'a')); },
     "IpamApiInvalidMacAddress"},
    {"no serving clients type", kReservation,
     [](auto& p) { Reservation(p).mutable_v4()->clear_serving_clients_type(); },
     "IpamApiInvalidIPv4ReservationType"},
    {"no DUID", kReservation,
     [](auto& p) {
       Reservation(p).mutable_v6();
       Reservation(p).set_address("2001:db8::1");
       Reservation(p).mutable_parent_scope()->set_scope_id("2001:db8::");
     },
     "IpamApiInvalidDuidFormat"},
    {"unknown scope", kReservation,
     [](auto& p) { p.mutable_create_dhcp_reservation()->set_scope_record_id(7); },
     "IpamApiDhcpScopeNotFoundInDB"},

    {"no relationship", kFailover, [](auto& p) { Failover(p).clear_failover(); }, "IpamApiInvalidParameter"},
    {"no scopes", kFailover, [](auto& p) { Failover(p).clear_scope_ids(); }, "IpamApiInvalidParameter"},

    {"no address", kAddress, [](auto& p) { p.mutable_create_ipam_ip_address()->clear_address(); },
     "IpamApiInvalidParameter"},
    {"empty address", kAddress, [](auto& p) { Address(p).clear_address(); }, "IpamApiInvalidIPAddress"},
    {"no hardware address", kAddress, [](auto& p) { Address(p).clear_mac_address(); },
     "IpamApiMandatoryFieldNotSpecified"},
    {"missing custom field", kAddress,
     [](auto& p) { Address(p).mutable_custom_field_values()->RemoveLast(); },
     "IpamApiMandatoryCustomFieldsNotSpecified"},
    {"forward server without zone", kAddress, [](auto& p) { Address(p).clear_dns_zone_id(); },
     "IpamApiDnsServerSpecifiedWithNoDnsZone"},
    {"reverse server without zone", kAddress, [](auto& p) { Address(p).clear_dns_reverse_lookup_zone_id(); },
     "IpamApiDnsServerSpecifiedWithNoDnsZone"},
    {"forward server of another zone", kAddress,
     [](auto& p) { Address(p).set_dns_forward_lookup_zone_dns_server_id(315); },
     "IpamApiForwardLookUpDnsServerDoesNotBelongToZone"},
    {"unknown reverse server", kAddress,
     [](auto& p) { Address(p).set_dns_reverse_lookup_zone_dns_server_id(311); },
     "IpamApiReverseLookUpDnsServerDoesNotBelongToZone"},
    {"unknown reverse zone", kAddress,
     [](auto& p) {
       Address(p).set_dns_reverse_lookup_zone_id(9);
       Address(p).clear_dns_reverse_lookup_zone_dns_server_id();
     },
     "IpamApiInvalidDnsReverseLookupZoneRecordId"},
    {"outside of the reverse zone", kAddress, [](auto& p) { Address(p).set_address("10.98.255.255"); },
     "IpamApiIPAddressOutsideReverseLookupZoneBounds"},
    {"expires before it is assigned", kAddress,
     [](auto& p) { Address(p).mutable_expiry_date()->set_seconds(1); }, "IpamApiInvalidAddressExpiryDate"},

    {"no records", kRecords, [](auto& p) { Records(p).clear_resource_records(); }, "IpamApiInvalidParameter"},
    {"no server zone", kRecords, [](auto& p) { Records(p).clear_server_zone_id(); },
     "IpamApiInvalidParameter"},
    {"no zone type", kRecords, [](auto& p) { Records(p).clear_zone_type(); }, "IpamApiInvalidParameter"},
    {"unknown server zone", kRecords, [](auto& p) { Records(p).set_server_zone_id(316); },
     "IpamApiDnsServerZoneFailedToFetch"},
    {"unknown reverse server zone", kRecords,
     [](auto& p) { Records(p).set_zone_type(v1::ZONE_LOOKUP_TYPE_DNS_REVERSE_LOOKUP_ZONE); },
     "IpamApiDnsServerReverseZoneFailedToFetch"},
    {"blank record name", kRecords, [](auto& p) { Record(p).set_name("  "); },
     "IpamApiMandatoryFieldNotSpecified"},
    {"no record type", kRecords, [](auto& p) { Record(p).clear_record_type(); },
     "IpamApiInvalidDnsResourceRecordType"},
    {"no record data", kRecords, [](auto& p) { Record(p).clear_record_data(); },
     "IpamApiMandatoryFieldNotSpecified"},
    {"data of another type", kRecords, [](auto& p) { Record(p).mutable_record_data()->mutable_mx(); },
     "IpamApiInvalidDnsResourceRecordType"},
    {"IPv6 address in an A record", kRecords,
     [](auto& p) { Record(p).mutable_record_data()->mutable_a()->set_address("::5"); },
     "IpamApiInvalidIPAddress"},
    {"record of another zone", kRecords, [](auto& p) { Record(p).set_zone_record_id(301); },
     "IpamApiInvalidDnsZoneRecordId"},

    {"no server zone to create", kZone, [](auto& p) { Zone(p).clear_server_zone(); },
     "IpamApiInvalidParameter"},
    {"no zone", kZone, [](auto& p) { ServerZone(p).mutable_dns_server_zone()->clear_zone(); },
     "IpamApiInvalidParameter"},
    {"no server", kZone, [](auto& p) { Zone(p).clear_server_id(); }, "IpamApiInvalidParameter"},
    {"unknown server", kZone, [](auto& p) { Zone(p).set_server_id(33); }, "IpamApiInvalidDnsServerId"},
    {"blank zone name", kZone,
     [](auto& p) { ServerZone(p).mutable_dns_server_zone()->mutable_zone()->set_name(" "); },
     "IpamApiInvalidDnsZoneName"},
    {"no type of zone", kZone, [](auto& p) { ServerZone(p).clear_zone_type(); }, "IpamApiInvalidZoneType"},
    {"no zone configuration", kZone, [](auto& p) { ServerZone(p).clear_zone_configuration(); },
     "IpamApiInvalidZoneConfiguration"},
    {"integrated without scope", kZone, [](auto& p) { ServerZone(p).clear_replication_scope(); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"file without name", kZone,
     [](auto& p) { ServerZone(p).set_zone_configuration(v1::ZONE_CONFIGURATION_FILE_BACKED); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"primary with masters", kZone, [](auto& p) { ServerZone(p).add_master_servers("10.0.0.1"); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"integrated primary with file", kZone, [](auto& p) { ServerZone(p).set_zone_file_name("f"); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"file backed primary with scope", kZone,
     [](auto& p) {
       ServerZone(p).set_zone_configuration(v1::ZONE_CONFIGURATION_FILE_BACKED);
       ServerZone(p).set_zone_file_name("f");
     },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"secondary without file", kZone, [](auto& p) { Secondary(p).clear_zone_file_name(); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"integrated secondary", kZone,
     [](auto& p) {
       Secondary(p).set_zone_configuration(v1::ZONE_CONFIGURATION_AD_INTEGRATED);
       ServerZone(p).set_replication_scope("Forest");
     },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"secondary with partition", kZone, [](auto& p) { Secondary(p).set_directory_partition_name("d"); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"secondary with scope", kZone, [](auto& p) { Secondary(p).set_replication_scope("Forest"); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"secondary without masters", kZone, [](auto& p) { Secondary(p).clear_master_servers(); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"secondary that notifies", kZone,
     [](auto& p) { Secondary(p).set_notify_secondaries(v1::DNS_NOTIFY_SECONDARIES_SETTING_NOTIFY); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"secondary with notified servers", kZone, [](auto& p) { Secondary(p).add_notify_servers("10.0.0.1"); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"secondary that secures", kZone,
     [](auto& p) { Secondary(p).set_secure_secondaries(v1::DNS_SECURE_SECONDARIES_SETTING_NO_TRANSFER); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"secondary with secondaries", kZone, [](auto& p) { Secondary(p).add_secondary_servers("10.0.0.1"); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"stub without masters", kZone, [](auto& p) { Stub(p).clear_master_servers(); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"stub that notifies", kZone,
     [](auto& p) { Stub(p).set_notify_secondaries(v1::DNS_NOTIFY_SECONDARIES_SETTING_NOTIFY); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"stub with secondaries", kZone, [](auto& p) { Stub(p).add_secondary_servers("10.0.0.1"); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
    {"stub without file", kZone, [](auto& p) { Stub(p).clear_zone_file_name(); },
     "IpamApiInvalidZoneHostingServerConfiguration"},
};

TEST_F(EngineTest, FaultsOfPreparationEndTheOperationWithoutASubtask) {
  Open();
  const std::string before = Query("SELECT count(*) FROM dhcp_scopes, dhcp_reservations");
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    v1::OperationParameters parameters = Sample(c.sample);
    c.breaks(parameters);
    const auto events = Run(parameters);
    EXPECT_THAT(Describe(events),
                ElementsAre("StartProgressCallback", "SetOverallStatus CompletedWithFailure"));
    EXPECT_EQ(FailureOf(events), c.fault);
  }
}

// The same rules hold where what they are of is changed or deleted: `other` gives the parameters of such an operation
// from those of the sample.
class SameFaults : public EngineTest {
 protected:
  void Expect(const char* sample, const std::function<bool(const Case&)>& applies,
              const std::function<void(const v1::OperationParameters&, v1::OperationParameters&)>& other) {
    int applied = 0;
    for (const Case& c : kCases) {
      if (std::string(c.sample) != sample || !applies(c)) continue;
      SCOPED_TRACE(c.name);
      ++applied;
      v1::OperationParameters broken = Sample(sample);
      c.breaks(broken);
      v1::OperationParameters parameters;
      other(broken, parameters);
      EXPECT_EQ(Tell(Run(parameters)), std::string("start; failure ") + c.fault);
    }
    EXPECT_GT(applied, 2);
  }
};

TEST_F(SameFaults, OfAnAddressThatIsUpdated) {
  Open();
  EXPECT_EQ(FailureOf(Run(Sample(kAddress))), "");
  Expect(
      kAddress, [](const Case&) { return true; },
      [](const v1::OperationParameters& broken, v1::OperationParameters& parameters) {
        parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_UPDATE_IPAM_IP_ADDRESS);
        v1::UpdateIpamIPAddressParameters& update = *parameters.mutable_update_ipam_ip_address();
        update.mutable_old_address()->set_record_id(1);
        update.mutable_old_address()->mutable_v4();
        if (!broken.create_ipam_ip_address().has_address()) return;
        *update.mutable_address() = broken.create_ipam_ip_address().address();
        update.mutable_address()->add_modified_properties("Notes");
      });
}

bool IsOfRecord(const Case& c) {
  const std::string_view name = c.name;
  return name == "blank record name" || name == "no record type" || name == "no record data" ||
         name == "unknown server zone" || name == "no records" || name == "no server zone" ||
         name == "no zone type";
}

TEST_F(SameFaults, OfRecordsThatAreUpdated) {
  Open();
  Expect(kRecords, IsOfRecord,
         [](const v1::OperationParameters& broken, v1::OperationParameters& parameters) {
           parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_UPDATE_DNS_RESOURCE_RECORDS);
           const auto& create = broken.create_dns_resource_records();
           v1::MultiUpdateDnsResourceRecordParameters& update =
               *parameters.mutable_multi_update_dns_resource_record();
           *update.mutable_resource_records() = create.resource_records();
           for (auto& record : *update.mutable_resource_records()) record.set_record_id(1);
           update.set_server_zone_id(create.server_zone_id());
           update.set_zone_type(create.zone_type());
         });
}

TEST_F(SameFaults, OfRecordsThatAreDeleted) {
  Open();
  Expect(kRecords, IsOfRecord,
         [](const v1::OperationParameters& broken, v1::OperationParameters& parameters) {
           parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_DELETE_DNS_RESOURCE_RECORDS);
           const auto& create = broken.create_dns_resource_records();
           v1::DeleteDnsResourceRecordsParameters& gone = *parameters.mutable_delete_dns_resource_records();
           *gone.mutable_resource_records() = create.resource_records();
           for (auto& record : *gone.mutable_resource_records()) record.set_record_id(1);
           gone.set_server_zone_id(create.server_zone_id());
           gone.set_zone_type(create.zone_type());
         });
}

TEST_F(SameFaults, OfZonesThatAreUpdated) {
  Open();
  Expect(
      kZone,
      [](const Case& c) {  // of ValidateBaseDnsServerZone
        const std::string_view fault = c.fault;
        return fault == "IpamApiInvalidZoneType" || fault == "IpamApiInvalidZoneConfiguration" ||
               fault == "IpamApiInvalidZoneHostingServerConfiguration";
      },
      [](const v1::OperationParameters& broken, v1::OperationParameters& parameters) {
        parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_UPDATE_DNS_ZONES);
        *parameters.mutable_update_dns_zones()->add_server_zones_tuple()->mutable_server_zone() =
            broken.create_dns_zone().server_zone();
      });
}

TEST_F(EngineTest, AcceptsASecondaryZone) {
  Open();
  v1::OperationParameters parameters = Sample(kZone);
  Secondary(parameters);
  EXPECT_EQ(FailureOf(Run(parameters)), "");
}

TEST_F(EngineTest, RefusesAddressesForSpecialUse) {
  Open();
  v1::OperationParameters parameters = Sample(kAddress);
  Address(parameters).clear_dns_reverse_lookup_zone_id();
  Address(parameters).clear_dns_reverse_lookup_zone_dns_server_id();
  for (const char* address : {"0.1.2.3", "127.0.0.1", "169.254.1.1", "255.255.255.255"}) {
    Address(parameters).set_address(address);
    EXPECT_EQ(FailureOf(Run(parameters)), "IpamApiInvalidIPAddress") << address;
  }
  Address(parameters).mutable_v6();
  for (const char* address : {"::", "::1", "fe80::1", "fec0::1", "ff02::1"}) {
    Address(parameters).set_address(address);
    EXPECT_EQ(FailureOf(Run(parameters)), "IpamApiInvalidIPAddress") << address;
  }
  Address(parameters).set_address("2001:db8::20");
  EXPECT_EQ(FailureOf(Run(parameters)), "");
}

}  // namespace
}  // namespace ipam::engine
