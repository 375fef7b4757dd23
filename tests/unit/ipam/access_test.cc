// Which operation of which object [MS-IPAMM2] 3.19.6.1 asks for, by operation and parameters.
#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/model/operations.h"
#include "delegate_harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::HasSubstr;

struct AccessCase {
  const char* operation;
  const char* parameters;
  v1::IpamObjectType type;
  int id;
  const char* name;
  const char* also = "";  // what it asks for besides
};

constexpr auto kServer = v1::IPAM_OBJECT_TYPE_DHCP_SERVERV4;
constexpr auto kScope = v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV4;
constexpr auto kScopeV6 = v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV6;
constexpr auto kSuperscope = v1::IPAM_OBJECT_TYPE_DHCP_SUPERSCOPE_V4;
constexpr auto kDnsServer = v1::IPAM_OBJECT_TYPE_DNS_SERVER;
constexpr auto kRange = v1::IPAM_OBJECT_TYPE_IPV4_RANGE;
constexpr auto kZone = v1::IPAM_OBJECT_TYPE_DNS_FORWARD_LOOKUP_ZONE;
constexpr auto kReverseZone = v1::IPAM_OBJECT_TYPE_DNS_REVERSE_LOOKUP_ZONE;
constexpr auto kNone = v1::IPAM_OBJECT_TYPE_NONE;  // AccessScopeAgnostic
constexpr auto kRecord = v1::IPAM_OBJECT_TYPE_DNS_RESOURCE_RECORD;
#define FORWARD "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE "
#define IN_RANGE_530                                                                                    \
  "address: '172.20.0.99' v4 {} custom_field_values { parent_custom_field_number: 8 value: 'MS DHCP' }" \
  " custom_field_values { parent_custom_field_number: 9 value: 'dhcp2.ad.example.org' } "
#define FAMILY_V4 "family: ADDRESS_FAMILY_INTER_NETWORK "

constexpr AccessCase kCases[] = {
    {"EditDhcpServer", "server { record_id: 17 v4 {} }", kServer, 17, "MsmDhcpEditServerProperties"},
    {"ApplyServerConfigurationTemplate",
     "server_address_family: ADDRESS_FAMILY_INTER_NETWORK server_ids: [17, 18]", kServer, 18,
     "MsmDhcpEditServerProperties"},
    {"CreateDhcpScope", "scope { parent_dhcp_server_record_id: 18 v4 {} }", kServer, 18,
     "MsmDhcpCreateScope"},
    {"EditDhcpScope", "scope { parent_dhcp_server_record_id: 18 scope_id: '172.20.0.0' v4 {} }", kScope, 320,
     "MsmDhcpEditScope"},
    {"DeleteDhcpScope", "scope { record_id: 260 v6 {} }", kScopeV6, 260, "MsmDhcpDeleteScope"},
    {"ApplyScopeConfigurationTemplate",
     "scope_address_family: ADDRESS_FAMILY_INTER_NETWORK scope_id: [220, 221]", kScope, 221,
     "MsmDhcpEditScope"},
    {"AddScopesToSuperscope", "superscope { record_id: 601 }", kSuperscope, 601, "MsmDhcpEditSuperscope"},
    {"AddScopesToSuperscope", "superscope { name: 'new' parent_server_id: 18 }", kServer, 18,
     "MsmDhcpEditSuperscope"},
    {"RemoveScopesFromSuperscope", "scope_ids: [222, 320]", kSuperscope, 611, "MsmDhcpEditSuperscope"},
    {"RenameSuperscope", "superscope { record_id: 602 }", kSuperscope, 602, "MsmDhcpEditSuperscope"},
    {"DeleteSuperscopes", "superscopes { record_id: 601 } superscopes { record_id: 602 }", kSuperscope, 602,
     "MsmDhcpDeleteSuperscope"},
    {"SetSuperscopeActivationStatus", "superscopes { record_id: 601 } superscopes { record_id: 602 }",
     kSuperscope, 602, "MsmDhcpEditSuperscope"},
    {"CreateDhcpServerPolicy", "server_list { record_id: 18 v4 {} }", kServer, 18,
     "MsmDhcpCreateServerPolicy"},
    {"CreateDhcpScopePolicy", "scope_list: 222", kScope, 222, "MsmDhcpCreateScopePolicy"},
    {"UpdatePolicy", "policy { policy_id: 1003 }", kScope, 220, "MsmDhcpEditScopePolicy"},
    {"UpdatePolicy", "policy { policy_id: 1003 server { record_id: 18 v4 {} } }", kServer, 18,
     "MsmDhcpEditServerPolicy", "MsmDhcpEditScopePolicy"},
    {"DeletePolicy", "policies { policy_id: 1001 }", kServer, 17, "MsmDhcpDeleteServerPolicy"},
    {"UpdatePolicyProperty", "policies { policy_id: 1003 }", kScope, 220, "MsmDhcpDeleteScopePolicy"},
    {"MovePolicyProcessingOrder", "policy { policy_id: 1002 }", kServer, 17, "MsmDhcpDeleteServerPolicy"},
    {"CreateDhcpReservation", "scope_record_id: 220 reservation { v4 {} }", kScope, 220,
     "MsmDhcpScopeCreateOrEditAddressReservation"},
    {"DeleteDhcpReservation", FAMILY_V4 "reservation_record_id: 801", kScope, 220,
     "MsmDhcpScopeDeleteAddressReservation"},
    {"DeleteDhcpReservationCollection", FAMILY_V4 "reservation_record_ids: [801, 860]", kScopeV6, 260,
     "MsmDhcpScopeDeleteAddressReservation"},
    {"SetDhcpReservation", "reservation { record_id: 801 parent_scope { record_id: 221 } v4 {} }", kScope,
     221, "MsmDhcpScopeCreateOrEditAddressReservation"},
    {"SetDhcpReservation", "reservation { record_id: 801 parent_scope { record_id: 221 } v4 {} }", kScope,
     220, "MsmDhcpScopeCreateOrEditAddressReservation"},
    {"SetDhcpReservationCollection", FAMILY_V4 "reservation_record_ids: 802", kScope, 220,
     "MsmDhcpScopeCreateOrEditAddressReservation"},
    {"CreateDhcpFailover", "failover { server1_record_id: 17 server2_record_id: 18 }", kServer, 18,
     "MsmDhcpCreateFailover"},
    {"EditDhcpFailover", "failover { record_id: 701 }", kServer, 17, "MsmDhcpEditFailover"},
    {"EditDhcpFailover", "failover { record_id: 701 server2_record_id: 19 }", kServer, 19,
     "MsmDhcpEditFailover"},
    {"AddDhcpFailoverScopes", "failover { record_id: 701 } scope_ids: 221", kServer, 18,
     "MsmDhcpEditFailover"},
    {"RemoveDhcpFailoverScopes", "scope_ids: 220", kServer, 18, "MsmDhcpEditFailover"},
    {"RemoveDhcpFailoverScopes", "scope_ids: 221", kServer, 17, "MsmDhcpEditFailover"},
    {"DeleteDhcpFailover", "failover { record_id: 701 }", kServer, 18, "MsmDhcpDeleteFailover"},
    {"ResetConfigSyncStatus", "scopes { record_id: 220 v4 {} }", kNone, 0, "MsmDhcpReplicateOperation"},
    {"ReplicateScope", "scopes { record_id: 220 v4 {} }", kNone, 0, "MsmDhcpReplicateOperation"},
    {"ReplicateRelation", "failover_relation { record_id: 701 }", kNone, 0, "MsmDhcpReplicateOperation"},
    {"ReplicateServer", "server { record_id: 17 v4 {} }", kNone, 0, "MsmDhcpReplicateOperation"},
    {"CreateDhcpFilters", "dhcp_server_ids: [17, 18]", kServer, 18, "MsmDhcpCreateEditFilter"},
    {"UpdateDhcpFilter", "filter { server_record_id: 18 }", kServer, 18, "MsmDhcpCreateEditFilter"},
    {"UpdateDhcpFilters", "filters { server_record_id: 17 } filters { server_record_id: 18 }", kServer, 18,
     "MsmDhcpCreateEditFilter"},
    {"DeleteDhcpFilters", "filters { server_record_id: 17 } filters { server_record_id: 18 }", kServer, 18,
     "MsmDhcpDeleteFilter"},
    {"CreateIpamIPAddress", "address { " IN_RANGE_530 "}", kRange, 530, "CreateIPAddress"},
    {"UpdateIpamIPAddress", "old_address { record_id: 901 v4 {} } address { address: '1.2.3.4' v4 {} }",
     kRange, 520, "UpdateIPAddress"},
    {"UpdateIpamIPAddress", "address { " IN_RANGE_530 "}", kRange, 530, "UpdateIPAddress"},
    {"CreateIpamIPAddress", "create_dhcp_reservation: true address { dhcp_scope_id: 222 " IN_RANGE_530 "}",
     kScope, 222, "MsmDhcpScopeCreateOrEditAddressReservation", "CreateIPAddress"},
    {"CreateIpamIPAddress", "create_dns_record: true address { dns_zone_id: 305 " IN_RANGE_530 "}", kZone,
     305, "CreateDnsResourceRecords", "CreateIPAddress"},
    {"UpdateIpamIPAddress",
     "create_dhcp_reservation: true old_address { record_id: 901 v4 {} } address { reservation_record_id: 801"
     " dhcp_scope_id: 222 " IN_RANGE_530 "}",
     kScope, 220, "MsmDhcpScopeCreateOrEditAddressReservation", "UpdateIPAddress"},
    {"UpdateIpamIPAddress",
     "create_dns_record: true address { dns_zone_id: 305 dns_reverse_lookup_zone_id: 302 " IN_RANGE_530 "}",
     kReverseZone, 302, "CreateDnsResourceRecords", "UpdateIPAddress"},
    {"CreateDnsResourceRecords", FORWARD "server_zone_id: 315", kZone, 305, "CreateDnsResourceRecords"},
    {"UpdateDnsResourceRecord", "resource_record { record_id: 951 }", kRecord, 951,
     "UpdateDnsResourceRecord"},
    {"UpdateDnsResourceRecords", "resource_records { record_id: 7 } resource_records { record_id: 951 }",
     kRecord, 951, "UpdateDnsResourceRecords"},
    {"DeleteDnsResourceRecords", "resource_records { record_id: 7 } resource_records { record_id: 951 }",
     kRecord, 951, "DeleteDnsResourceRecords"},
    {"CreateDnsZone", "server_id: 32 server_zone { dns_server_zone { zone { name: 'new.example' } } }",
     kDnsServer, 32, "CreateDnsZone"},
    {"CreateDnsZone", "server_id: 32 server_zone { dns_server_zone { zone { name: 'AD.example.org' } } }",
     kZone, 301, "CreateDnsZone"},
    {"UpdateDnsZones",
     "server_zones_tuple { server_zone { record_id: 312 dns_server_reverse_zone {} } } server_zones_tuple {"
     " server_zone { record_id: 315 dns_server_zone {} } }",
     kZone, 305, "UpdateDnsZones"},
    {"UpdateDnsZones", "server_zones_tuple { server_zone { record_id: 312 dns_server_reverse_zone {} } }",
     kReverseZone, 302, "UpdateDnsZones"},
    {"DeleteDnsZones", FORWARD "server_zone_ids: [311, 315]", kZone, 305, "DeleteDnsZones"},
    {"DnsZonesTransfer", FORWARD "server_zone_ids: [311, 315]", kZone, 305, "DnsZonesTransfer"},
    {"ReloadDnsZones", "zone_type: ZONE_LOOKUP_TYPE_DNS_REVERSE_LOOKUP_ZONE server_zone_ids: 312",
     kReverseZone, 302, "ReloadDnsZones"},
    {"CreateDnsConditionalForwarders", "conditional_forwarders { dns_server_id: 31 }", kDnsServer, 31,
     "CreateDnsConditionalForwarders"},
    {"UpdateDnsConditionalForwarders", "conditional_forwarders { record_id: 981 dns_server_id: 32 }",
     kDnsServer, 31, "UpdateDnsConditionalForwarders"},
    {"DeleteDnsConditionalForwarders", "conditional_forwarders { record_id: 981 dns_server_id: 32 }",
     kDnsServer, 32, "DeleteDnsConditionalForwarders"},
};

// May do all in the global access scope; only the object of the case belongs to another.
TEST_F(DelegateTest, EachOperationAsksForTheAccessScopeOfItsObjects) {
  Open();
  Execute(
      "INSERT INTO user_access_policies (record_id, user_name, details) VALUES (1, 'dora', '{}');"
      "INSERT INTO policy_maps (policy_id, role_id, access_scope_id) VALUES (1, 8, 1), (1, 9, 1);"
      "INSERT INTO access_scopes (record_id, parent_id, label, details) VALUES (7, 1, 'Plant', '{}')");
  for (const AccessCase& one : kCases) {
    if (one.type == kNone) continue;
    SCOPED_TRACE(std::string(one.operation) + " " + one.parameters);
    const Prepared prepared = Prepare(ParametersOf(one.operation, one.parameters));
    EXPECT_OK(Start(base::Guid::Random(), prepared, {"dora", "PLANT"}));
    Execute(absl::StrFormat(
        "INSERT INTO access_scope_associations (object_type, object_id, access_scope_id, is_inheriting)"
        " VALUES (%d, %d, 7, 0)",
        static_cast<int>(one.type), one.id));
    EXPECT_THAT(Start(base::Guid::Random(), prepared, {"dora", "PLANT"}),
                StatusIs(absl::StatusCode::kPermissionDenied,
                         HasSubstr(absl::StrFormat("perform %s in the access scope 7", one.name))));
    Execute("DELETE FROM access_scope_associations");
  }
}

constexpr auto kDenied = absl::StatusCode::kPermissionDenied;

// dora has one role, of the operations that a case asks for.
TEST_F(DelegateTest, EachOperationIsForThoseWhoseRoleHasItInTheAccessScope) {
  Open();
  Execute(
      "INSERT INTO access_scopes (record_id, parent_id, label, details) VALUES (7, 1, 'Plant', '{}');"
      "INSERT INTO role_definitions (record_id, name) VALUES (100, 'Exact'), (101, 'All others');"
      "INSERT INTO user_access_policies (record_id, user_name, details) VALUES (1, 'dora', '{}')");
  // What has no parent; the rest inherits from it.
  constexpr char kPlantIsOf7[] =
      "INSERT INTO access_scope_associations (object_type, object_id, access_scope_id, is_inheriting) VALUES"
      " (11, 17, 7, 0), (11, 18, 7, 0), (11, 19, 7, 0), (12, 19, 7, 0), (3, 101, 7, 0), (3, 102, 7, 0),"
      " (3, 103, 7, 0), (22, 301, 7, 0), (22, 305, 7, 0), (23, 302, 7, 0), (29, 951, 7, 0), (29, 7, 7, 0)";
  std::set<std::string> walked;
  for (const AccessCase& one : kCases) {
    SCOPED_TRACE(std::string(one.operation) + " " + one.parameters);
    const Prepared prepared = Prepare(ParametersOf(one.operation, one.parameters));
    const auto ask = [&](int role, int access_scope) {
      Execute(absl::StrFormat("DELETE FROM policy_maps; INSERT INTO policy_maps VALUES (1, %d, %d)", role,
                              access_scope));
      return Start(base::Guid::Random(), prepared, {"dora", "PLANT"});
    };
    Execute(
        absl::StrFormat("DELETE FROM role_operations WHERE role_id > 99;"
                        "INSERT INTO role_operations SELECT DISTINCT 101, operation_id FROM role_operations "
                        "WHERE operation_id != '%s';"
                        "INSERT INTO role_operations VALUES (100, '%s'), (100, '%s')",
                        one.name, one.name, one.also));
    EXPECT_OK(ask(100, 1));
    // Refused, and no operation begins that could call back.
    const std::string begun = Rows("SELECT count(*) FROM operations");
    EXPECT_THAT(ask(101, 1), StatusIs(kDenied, HasSubstr(std::string("perform ") + one.name + " in ")));
    if (one.type != kNone) {
      EXPECT_THAT(ask(100, 7), StatusIs(kDenied, HasSubstr("in the access scope 1")));
    }
    EXPECT_EQ(Rows("SELECT count(*) FROM operations"), begun);
    Execute(absl::StrFormat("%s, (%d, 31, 7, 0), (%d, 32, 7, 0)", kPlantIsOf7, static_cast<int>(kDnsServer),
                            static_cast<int>(kDnsServer)));
    EXPECT_OK(ask(100, 7));
    Execute("DELETE FROM access_scope_associations");
    walked.insert(one.operation);
  }
  EXPECT_EQ(walked.size(), model::Operations().size());
}

class AccessTest : public DelegateTest {
 protected:
  // Whether PLANT\dora may start the operation.
  absl::Status Ask(const std::string& operation, const std::string& parameters) {
    return Start(base::Guid::Random(), Prepare(ParametersOf(operation, parameters)), {"dora", "PLANT"});
  }
  void ImportMore(const std::string& yaml) {
    const std::string path = dir_.File("more.yaml");
    std::ofstream(path) << yaml;
    ASSERT_OK(ImportYaml(options_.database, path));
  }
};

constexpr char kEditScope[] = "scope { record_id: 220 v4 {} }";
constexpr char kNewScope[] = "scope { parent_dhcp_server_record_id: 17 v4 {} }";

TEST_F(AccessTest, PoliciesOfGroupsAreThoseOfTheirMembers) {
  ImportMore(
      "security_groups:\n"
      "- {recordId: 1, name: 'PLANT\\Operators', members: ['plant\\Dora', 'PLANT\\All']}\n"
      "- {recordId: 2, name: 'PLANT\\All', members: ['PLANT\\Operators']}\n"
      "- {recordId: 3, name: 'PLANT\\Others', members: ['PLANT\\fred']}\n"
      "user_access_policies:\n"
      "- {policyId: 1, userName: 'PLANT\\all', policyDefinition: [{userRoleName: IPAM DHCP Scope "
      "Administrator}]}\n"
      "- {policyId: 2, userName: 'PLANT\\Others', policyDefinition: [{userRoleName: IPAM DHCP "
      "Administrator}]}\n");
  Open();
  EXPECT_OK(Ask("CreateDhcpScope", kNewScope));
  EXPECT_THAT(Ask("EditDhcpServer", "server { record_id: 17 v4 {} }"), StatusIs(kDenied));
}

TEST_F(AccessTest, GroupsAreImportedAndExported) {
  ImportMore("security_groups: [{recordId: 3, name: Staff, members: [b, a]}, {recordId: 4, name: Empty}]\n");
  ImportMore("security_groups: [{recordId: 3, name: Staff, members: [c, a]}]\n");
  std::ostringstream exported;
  ASSERT_OK(ExportYaml(options_.database, exported));
  EXPECT_THAT(exported.str(), HasSubstr("Staff"));
  const std::string path = dir_.File("out.yaml");
  std::ofstream(path) << exported.str();
  options_.database = dir_.Store("other.db");
  ASSERT_OK(ImportYaml(options_.database, path));
  EXPECT_EQ(Rows("SELECT record_id, name, member FROM security_groups LEFT JOIN security_group_members ON"
                 " group_id = record_id ORDER BY 1, 3"),
            "3|Staff|a; 3|Staff|c; 4|Empty|NULL");
}

TEST_F(AccessTest, SecurityGroupsMayDoWhatTheirRolesSay) {
  Open();
  Execute("INSERT INTO security_groups VALUES (1, 'Some')");
  struct Case {
    const char* group;
    const char* operation;
    bool allowed;
  };
  const Case cases[] = {{"IPAM Administrators", "CreateDhcpScope", true},
                        {"IPAM Administrators", "CreateIpamIPAddress", true},
                        {"IPAM Administrators", "CreateDnsConditionalForwarders", true},
                        {"IPAM MSM Administrators", "CreateDhcpScope", true},
                        {"IPAM MSM Administrators", "CreateDhcpFilters", true},
                        {"IPAM MSM Administrators", "ReplicateRelation", true},
                        {"IPAM MSM Administrators", "CreateDhcpReservation", true},
                        {"IPAM MSM Administrators", "CreateDnsResourceRecords", true},
                        {"IPAM MSM Administrators", "CreateDnsZone", true},
                        {"IPAM MSM Administrators", "CreateIpamIPAddress", false},
                        {"IPAM MSM Administrators", "CreateDnsConditionalForwarders", false},
                        {"IPAM ASM Administrators", "CreateIpamIPAddress", true},
                        {"IPAM ASM Administrators", "CreateDhcpReservation", true},
                        {"IPAM ASM Administrators", "CreateDnsResourceRecords", true},
                        {"IPAM ASM Administrators", "CreateDhcpScope", false},
                        {"IPAM ASM Administrators", "CreateDnsZone", false},
                        {"IPAM IP Audit Administrators", "CreateDhcpScope", false},
                        {"IPAM Users", "CreateDhcpScope", false},
                        {"Some", "CreateDhcpScope", false}};
  for (const Case& one : cases) {
    SCOPED_TRACE(std::string(one.group) + " " + one.operation);
    Execute(
        absl::StrFormat("UPDATE security_groups SET name = '%s';"
                        "INSERT INTO security_group_members VALUES (1, 'PLANT\\dora')",
                        one.group));
    EXPECT_THAT(Ask(one.operation, ""), StatusIs(one.allowed ? absl::StatusCode::kOk : kDenied));
    Execute("DELETE FROM security_group_members");
    EXPECT_THAT(Ask(one.operation, ""), StatusIs(kDenied));
  }
}

TEST_F(AccessTest, SecurityGroupsAreThoseOfTheCommonProperties) {
  Open();
  Execute(
      "UPDATE common_properties SET value = 'ad\\ipam' WHERE name = 'IpamSecurityGroupIpamAdministrators';"
      "INSERT INTO security_groups VALUES (1, 'AD\\IPAM'), (2, 'IPAM Administrators');"
      "INSERT INTO security_group_members VALUES (2, 'dora')");
  EXPECT_THAT(Ask("CreateDhcpScope", kNewScope), StatusIs(kDenied));
  Execute("INSERT INTO security_group_members VALUES (1, 'dora')");
  EXPECT_OK(Ask("CreateDhcpScope", kNewScope));
}

TEST_F(AccessTest, AnAccountThatIsNamedLikeASecurityGroupIsNotInIt) {
  Open();
  EXPECT_THAT(Start(base::Guid::Random(), Prepare(ParametersOf("CreateDhcpScope", kNewScope)),
                    {"IPAM Administrators", "PLANT"}),
              StatusIs(kDenied));
}

// The scope 220 is in the superscope 601 of the server 17, the range 520 in the block 102.
TEST_F(AccessTest, WhatHasNoAccessScopeHasThatOfItsParent) {
  Open();
  Execute(
      "INSERT INTO access_scopes (record_id, parent_id, label, details) VALUES (7, 1, 'Plant', '{}');"
      "INSERT INTO user_access_policies (record_id, user_name, details) VALUES (1, 'dora', '{}');"
      "INSERT INTO policy_maps (policy_id, role_id, access_scope_id) VALUES (1, 8, 7)");
  const char* address =
      "address { address: '172.20.0.77' address_space_record_id: 1 v4 {} custom_field_values {"
      " parent_custom_field_record_id: 9 parent_custom_field_number: 8 value: 'MS DHCP' }"
      " custom_field_values { parent_custom_field_record_id: 10 parent_custom_field_number: 9"
      " value: 'dhcp1.ad.example.org' } }";
  struct Case {
    v1::IpamObjectType type;
    int id;
    const char* operation;
    const char* parameters;
  };
  const Case cases[] = {
      {kSuperscope, 601, "EditDhcpScope", kEditScope},
      {kServer, 17, "EditDhcpScope", kEditScope},
      {kServer, 17, "EditDhcpScope", "scope { record_id: 222 v4 {} }"},
      {kServer, 17, "RenameSuperscope", "superscope { record_id: 601 }"},
      {v1::IPAM_OBJECT_TYPE_DHCP_SERVERV6, 19, "EditDhcpScope", "scope { record_id: 260 v6 {} }"},
      {v1::IPAM_OBJECT_TYPE_IPV4_RANGE, 520, "CreateIpamIPAddress", address},
      {v1::IPAM_OBJECT_TYPE_IPV4_BLOCK, 102, "CreateIpamIPAddress", address}};
  for (const Case& one : cases) {
    SCOPED_TRACE(absl::StrFormat("%s %s by %d", one.operation, one.parameters, one.id));
    EXPECT_THAT(Ask(one.operation, one.parameters), StatusIs(kDenied, HasSubstr("access scope 1")));
    Execute(absl::StrFormat(
        "INSERT INTO access_scope_associations (object_type, object_id, access_scope_id, is_inheriting)"
        " VALUES (%d, %d, 7, 0)",
        static_cast<int>(one.type), one.id));
    EXPECT_OK(Ask(one.operation, one.parameters));
    Execute("DELETE FROM access_scope_associations");
  }
}

TEST_F(AccessTest, AnAccessScopeOfItsOwnIsNotThatOfTheParent) {
  Open();
  Execute(
      "INSERT INTO access_scopes (record_id, parent_id, label, details) VALUES (7, 1, 'Plant', '{}');"
      "INSERT INTO user_access_policies (record_id, user_name, details) VALUES (1, 'dora', '{}');"
      "INSERT INTO policy_maps (policy_id, role_id, access_scope_id) VALUES (1, 8, 7);"
      "INSERT INTO access_scope_associations (object_type, object_id, access_scope_id, is_inheriting) VALUES"
      " (11, 17, 7, 0), (13, 220, 1, 0)");
  EXPECT_THAT(Ask("EditDhcpScope", kEditScope), StatusIs(kDenied));
  EXPECT_OK(Ask("EditDhcpScope", "scope { record_id: 222 v4 {} }"));
}

TEST_F(AccessTest, ReplicationAsksForNoAccessScope) {
  Open();
  Execute(
      "INSERT INTO access_scopes (record_id, parent_id, label, details) VALUES (7, 1, 'Plant', '{}');"
      "INSERT INTO user_access_policies (record_id, user_name, details) VALUES (1, 'dora', '{}');"
      "INSERT INTO policy_maps (policy_id, role_id, access_scope_id) VALUES (1, 3, 7)");
  const std::pair<const char*, const char*> operations[] = {
      {"ResetConfigSyncStatus", "scopes { record_id: 220 v4 {} }"},
      {"ReplicateScope", "scopes { record_id: 220 v4 {} }"},
      {"ReplicateRelation", "failover_relation { record_id: 701 }"},
      {"ReplicateServer", "server { record_id: 17 v4 {} }"}};
  for (const auto& [operation, parameters] : operations) {
    EXPECT_THAT(Ask(operation, parameters),
                StatusIs(kDenied, HasSubstr("MsmDhcpReplicateOperation in any access scope")));
  }
  Execute("UPDATE policy_maps SET role_id = 4");
  for (const auto& [operation, parameters] : operations) EXPECT_OK(Ask(operation, parameters));
}

TEST_F(AccessTest, WhatInheritedFromADeletedObjectKeepsItsAccessScope) {
  Open();
  Execute(
      "INSERT INTO access_scopes (record_id, parent_id, label, details) VALUES (7, 1, 'Plant', '{}');"
      "INSERT INTO access_scope_associations VALUES (1, 11, 17, 7, 1, 0), (2, 18, 601, 7, 1, 1),"
      " (3, 13, 220, 7, 2, 1), (4, 18, 602, 7, 4, 0), (5, 13, 221, 7, 4, 1)");
  EXPECT_THAT(RunText("DeleteSuperscopes", "superscopes { record_id: 601 } superscopes { record_id: 602 }"),
              ::testing::EndsWith("success"));
  EXPECT_EQ(Rows("SELECT record_id, access_scope_id, inheritance_id FROM access_scope_associations"),
            "1|7|1; 3|7|1; 5|7|5");
}

}  // namespace
}  // namespace ipam::engine
