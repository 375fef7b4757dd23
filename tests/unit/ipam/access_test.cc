// Which operation of which object [MS-IPAMM2] 3.19.6.1 asks for, by operation and parameters.
#include <gmock/gmock.h>

#include "absl/strings/str_format.h"
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
};

constexpr auto kServer = v1::IPAM_OBJECT_TYPE_DHCP_SERVERV4;
constexpr auto kScope = v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV4;
constexpr auto kScopeV6 = v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV6;
constexpr auto kSuperscope = v1::IPAM_OBJECT_TYPE_DHCP_SUPERSCOPE_V4;
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
     "MsmDhcpEditServerPolicy"},
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
    {"CreateDhcpFilters", "dhcp_server_ids: [17, 18]", kServer, 18, "MsmDhcpCreateEditFilter"},
    {"UpdateDhcpFilter", "filter { server_record_id: 18 }", kServer, 18, "MsmDhcpCreateEditFilter"},
    {"UpdateDhcpFilters", "filters { server_record_id: 17 } filters { server_record_id: 18 }", kServer, 18,
     "MsmDhcpCreateEditFilter"},
    {"DeleteDhcpFilters", "filters { server_record_id: 17 } filters { server_record_id: 18 }", kServer, 18,
     "MsmDhcpDeleteFilter"},
};

// May do all in the global access scope; only the object of the case belongs to another.
TEST_F(DelegateTest, EachOperationAsksForTheAccessScopeOfItsObjects) {
  Open();
  Execute(
      "INSERT INTO user_access_policies (record_id, user_name, details) VALUES (1, 'dora', '{}');"
      "INSERT INTO policy_maps (policy_id, role_id, access_scope_id) VALUES (1, 8, 1);"
      "INSERT INTO access_scopes (record_id, parent_id, label, details) VALUES (7, 1, 'Plant', '{}')");
  for (const AccessCase& one : kCases) {
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

}  // namespace
}  // namespace ipam::engine
