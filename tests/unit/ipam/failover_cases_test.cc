// Failover relationships and filters: the delegates of [MS-IPAMM2] 3.19.4.4.1.23 to .27 and .32 to .35.
#include <gmock/gmock.h>

#include <utility>
#include <variant>

#include "delegate_harness.h"

namespace ipam::engine {
namespace {

#define RELATIONS                                                                                     \
  "SELECT r.name, r.server1_id, r.server2_id, r.details ->> 'mode', r.details ->> 'sharedSecret',"    \
  " (SELECT group_concat(scope_id) FROM (SELECT scope_id FROM dhcp_scope_failovers WHERE relation_id" \
  " = r.record_id ORDER BY scope_id) AS members) FROM dhcp_failover_relations AS r ORDER BY r.record_id"
#define OLD_RELATION "dc1-dc2|17|18|DHCP_FAILOVER_MODE_LOAD_BALANCE|NULL|220,222,320,322"

constexpr DelegateCase kFailoverCases[] = {
    {.name = "MakesTheRelationshipAndGoesOnAfterAScopeThatIsMissing",
     .operation = "CreateDhcpFailover",
     .parameters = "failover { relationship_name: 'new' server1_record_id: 17 server2_record_id: 18"
                   " mode: DHCP_FAILOVER_MODE_HOT_STANDBY } scope_ids: [221, 99, 208]",
     .events = "start; +1 Failover relationship new; +2 Scope 172.20.1.0 Line B; +3 Scope 99; "
               "+4 Scope 192.168.8.0 Shipping; >1; =1 ok; 25%; >2; =2 ok; 50%; >3; "
               "=3 IpamApiDhcpFailoverFailedToAddScopesInIpamDatabase; 75%; >4; =4 ok; 100%; failure "
               "IpamApiDhcpFailoverFailedToAddScopesInIpamDatabase",
     .query = RELATIONS,
     .rows = OLD_RELATION "; new|17|18|DHCP_FAILOVER_MODE_HOT_STANDBY|NULL|208,221"},
    {.name = "StopsItsScopesWhereItCannotBeMade",
     .operation = "CreateDhcpFailover",
     .parameters = "failover { relationship_name: 'dc1-dc2' server1_record_id: 17 server2_record_id: 18 }"
                   " scope_ids: 221",
     .events = "start; +1 Failover relationship dc1-dc2; +2 Scope 172.20.1.0 Line B; >1; "
               "=1 IpamApiDhcpFailoverFailedToAddInIpamDatabase; 50%; =2 not run; 100%; failure "
               "IpamApiDhcpFailoverFailedToAddInIpamDatabase",
     .query = RELATIONS,
     .rows = OLD_RELATION},

    {.name = "ChangesWhatIsModified",
     .operation = "EditDhcpFailover",
     .parameters = "failover { record_id: 701 modified_properties: ['Mode', 'SharedSecret', 'RecordId']"
                   " relationship_name: 'other' mode: DHCP_FAILOVER_MODE_HOT_STANDBY shared_secret: 'key'"
                   " server1_percentage: 70 }",
     .events = "start; +1 Failover relationship dc1-dc2; >1; =1 ok; 100%; success",
     .query = RELATIONS,
     .rows = "dc1-dc2|17|18|DHCP_FAILOVER_MODE_HOT_STANDBY|a2V5|220,222,320,322"},
    {.name = "ClearsWhatIsModifiedAndAbsent",
     .operation = "EditDhcpFailover",
     .parameters = "failover { record_id: 701 modified_properties: ['RelationshipName', 'Mode']"
                   " relationship_name: 'renamed' }",
     .events = "start; +1 Failover relationship dc1-dc2; >1; =1 ok; 100%; success",
     .query = RELATIONS,
     .rows = "renamed|17|18|NULL|NULL|220,222,320,322"},
    {.name = "HasNothingToDoWithoutModifiedProperties",
     .operation = "EditDhcpFailover",
     .parameters = "failover { record_id: 701 mode: DHCP_FAILOVER_MODE_HOT_STANDBY }",
     .events = "start; 100%; success",
     .query = RELATIONS,
     .rows = OLD_RELATION},
    {.name = "RefusesANameThatTheServersHave",
     .operation = "EditDhcpFailover",
     .parameters =
         "failover { record_id: 701 modified_properties: ['RelationshipName'] relationship_name: 'other' }",
     .events = "start; +1 Failover relationship dc1-dc2; >1; "
               "=1 IpamApiDhcpFailoverFailedToUpdateInIpamDatabase; 100%; failure "
               "IpamApiDhcpFailoverFailedToUpdateInIpamDatabase",
     .query = "SELECT name FROM dhcp_failover_relations ORDER BY record_id",
     .rows = "dc1-dc2; other",
     .setup = "INSERT INTO dhcp_failover_relations (record_id, name, server1_id, server2_id, details) VALUES"
              " (702, 'other', 17, 18, '{}')"},
    {.name = "RefusesAServerThatIsNotThere",
     .operation = "EditDhcpFailover",
     .parameters =
         "failover { record_id: 701 modified_properties: ['Server2RecordId'] server2_record_id: 99 }",
     .events = "start; +1 Failover relationship dc1-dc2; >1; "
               "=1 IpamApiDhcpFailoverFailedToUpdateInIpamDatabase; 100%; failure "
               "IpamApiDhcpFailoverFailedToUpdateInIpamDatabase",
     .query = RELATIONS,
     .rows = OLD_RELATION},
    {.name = "NeedsARelationshipThatIsThere",
     .operation = "EditDhcpFailover",
     .parameters = "failover { record_id: 799 modified_properties: ['Mode'] }",
     .events = "start; failure IpamApiDhcpFailoverFailedToFetchFromIpamDatabase"},
    {.name = "NeedsARelationship",
     .operation = "EditDhcpFailover",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "GoesOnAfterAScopeThatIsMissing",
     .operation = "AddDhcpFailoverScopes",
     .parameters = "failover { record_id: 701 } scope_ids: [99, 221, 222]",
     .events = "start; +1 Scope 99; +2 Scope 172.20.1.0 Line B; +3 Scope 172.20.2.0 Line C; >1; "
               "=1 IpamApiDhcpFailoverFailedToAddScopesInIpamDatabase; 33%; >2; =2 ok; 66%; >3; =3 ok; 100%; "
               "failure IpamApiDhcpFailoverFailedToAddScopesInIpamDatabase",
     .query = "SELECT count(*), group_concat(scope_id) FROM (SELECT scope_id FROM dhcp_scope_failovers"
              " WHERE relation_id = 701 ORDER BY scope_id) AS members",
     .rows = "5|220,221,222,320,322"},
    {.name = "TakesScopesOfDhcpv4",
     .operation = "AddDhcpFailoverScopes",
     .parameters = "failover { record_id: 701 } scope_ids: 260",
     .events = "start; +1 Scope 2001:db8:60:: Cells; >1; =1 "
               "IpamApiDhcpFailoverFailedToAddScopesInIpamDatabase; 100%; "
               "failure IpamApiDhcpFailoverFailedToAddScopesInIpamDatabase",
     .query = RELATIONS,
     .rows = OLD_RELATION},
    {.name = "NeedsARelationshipThatIsThere",
     .operation = "AddDhcpFailoverScopes",
     .parameters = "failover { record_id: 799 } scope_ids: 221",
     .events = "start; failure IpamApiDhcpFailoverFailedToFetchFromIpamDatabase"},
    {.name = "NeedsARelationship",
     .operation = "AddDhcpFailoverScopes",
     .parameters = "scope_ids: 221",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsScopes",
     .operation = "AddDhcpFailoverScopes",
     .parameters = "failover { record_id: 701 }",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "LeavesThePartnersIn",
     .operation = "RemoveDhcpFailoverScopes",
     .parameters = "scope_ids: [220, 99, 221, 322]",
     .events = "start; +1 Scope 172.20.0.0 Line A; +2 Scope 99; +3 Scope 172.20.1.0 Line B; "
               "+4 Scope 172.20.2.0 Line C; >1; =1 ok; 25%; >2; =2 IpamApiDhcpScopeNotFoundInDB; 50%; >3; =3 "
               "ok; 75%; >4; =4 ok; 100%; failure IpamApiDhcpScopeNotFoundInDB",
     .query = RELATIONS,
     .rows = "dc1-dc2|17|18|DHCP_FAILOVER_MODE_LOAD_BALANCE|NULL|222,320"},
    {.name = "NeedsScopes",
     .operation = "RemoveDhcpFailoverScopes",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "TakesItsScopesOut",
     .operation = "DeleteDhcpFailover",
     .parameters = "failover { record_id: 701 }",
     .events = "start; +1 Failover relationship dc1-dc2; >1; =1 ok; 100%; success",
     .query = "SELECT (SELECT count(*) FROM dhcp_failover_relations), (SELECT count(*) FROM"
              " dhcp_scope_failovers), count(*) FROM dhcp_scopes WHERE record_id IN (220, 222, 320, 322)",
     .rows = "0|0|4"},
    {.name = "LeavesTheScopesWhereItCannotBeDeleted",
     .operation = "DeleteDhcpFailover",
     .parameters = "failover { record_id: 701 }",
     .events = "start; +1 Failover relationship dc1-dc2; >1; =1 IpamApiGenericDatabaseError; 100%; failure "
               "IpamApiGenericDatabaseError",
     .query = RELATIONS,
     .rows = OLD_RELATION,
     .deny = "DELETE ON dhcp_failover_relations"},
    {.name = "NeedsARelationshipThatIsThere",
     .operation = "DeleteDhcpFailover",
     .parameters = "failover { record_id: 799 }",
     .events = "start; failure IpamApiDhcpFailoverFailedToFetchFromIpamDatabase",
     .query = RELATIONS,
     .rows = OLD_RELATION},
    {.name = "NeedsARelationship",
     .operation = "DeleteDhcpFailover",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
};
INSTANTIATE_TEST_SUITE_P(Failovers, DelegateCases, ::testing::ValuesIn(kFailoverCases), CaseName);

#define FILTERS                                                                                           \
  "SELECT group_concat(server_id || ' ' || mac_address || ' ' || is_allow || ' ' || coalesce(details ->>" \
  " 'description', '-'), ', ') FROM (SELECT * FROM dhcp_filters ORDER BY record_id) AS filters"
#define OLD_FILTER "17 00-11-22-33-44-55 1 press"
#define DHCP1 " on dhcp1.ad.example.org"
#define DHCP2 " on dhcp2.ad.example.org"

constexpr DelegateCase kFilterCases[] = {
    {.name = "MakesOrChangesEachOnEachServer",
     .operation = "CreateDhcpFilters",
     .parameters = "dhcp_server_ids: [17, 18] filters { mac_address: '00-11-22-33-44-55' description: 'new' }"
                   " filters { record_id: 971 mac_address: '00-11-22-*' is_allow: true }",
     .events = "start; +1 Filter 00-11-22-33-44-55" DHCP1 "; +2 Filter 00-11-22-33-44-55" DHCP2
               "; +3 Filter 00-11-22-*" DHCP1 "; +4 Filter 00-11-22-*" DHCP2
               "; >1; =1 ok; 25%; >2; =2 ok; 50%; >3; =3 ok; 75%; >4; =4 ok; 100%; success",
     .query = FILTERS,
     .rows = "17 00-11-22-33-44-55 0 new, 18 00-11-22-33-44-55 0 new, 17 00-11-22-* 1 -, 18 00-11-22-* 1 -"},
    {.name = "GoesOnAfterServersThatAreMissingAndNoMacAddresses",
     .operation = "CreateDhcpFilters",
     .parameters =
         "dhcp_server_ids: [99, 19, 18] filters { mac_address: '0a-0b' } filters { mac_address: 'x' }",
     .events =
         "start; +1 Filter 0a-0b on server 99; +2 Filter 0a-0b" DHCP1 "; +3 Filter 0a-0b" DHCP2
         "; +4 Filter x on server 99; +5 Filter x" DHCP1 "; +6 Filter x" DHCP2
         "; >1; =1 IpamApiInvalidDhcpServerRecordId; 16%; >2; =2 IpamApiInvalidDhcpServerRecordId; 33%; "
         ">3; =3 ok; 50%; >4; =4 IpamApiInvalidDhcpServerRecordId; 66%; >5; "
         "=5 IpamApiInvalidDhcpServerRecordId; 83%; >6; =6 IpamApiInvalidMacAddress; 100%; failure "
         "IpamApiInvalidDhcpServerRecordId",
     .query = FILTERS,
     .rows = OLD_FILTER ", 18 0a-0b 0 -"},
    {.name = "NeedsFilters",
     .operation = "CreateDhcpFilters",
     .parameters = "dhcp_server_ids: 17",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsServers",
     .operation = "CreateDhcpFilters",
     .parameters = "filters { mac_address: '0a-0b' }",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "ChangesTheOneWithTheRecordId",
     .operation = "UpdateDhcpFilter",
     .parameters = "filter { record_id: 971 server_record_id: 17 mac_address: '00-11-22-33-44-66' }",
     .events = "start; +1 Filter 00-11-22-33-44-66" DHCP1 "; >1; =1 ok; 100%; success",
     .query = FILTERS,
     .rows = "17 00-11-22-33-44-66 0 -"},
    {.name = "ChangesTheOneWithTheMacAddress",
     .operation = "UpdateDhcpFilter",
     .parameters = "filter { server_record_id: 17 mac_address: '00-11-22-33-44-55' description: 'x' }",
     .events = "start; +1 Filter 00-11-22-33-44-55" DHCP1 "; >1; =1 ok; 100%; success",
     .query = FILTERS,
     .rows = "17 00-11-22-33-44-55 0 x"},
    {.name = "MakesOneThatIsNotOnTheServer",
     .operation = "UpdateDhcpFilter",
     .parameters = "filter { record_id: 971 server_record_id: 18 mac_address: '00-11-22-33-44-55' }",
     .events = "start; +1 Filter 00-11-22-33-44-55" DHCP2 "; >1; =1 ok; 100%; success",
     .query = FILTERS,
     .rows = OLD_FILTER ", 18 00-11-22-33-44-55 0 -"},
    {.name = "RefusesTheMacAddressOfAnother",
     .operation = "UpdateDhcpFilter",
     .parameters = "filter { record_id: 972 server_record_id: 17 mac_address: '00-11-22-33-44-55' }",
     .events = "start; +1 Filter 00-11-22-33-44-55" DHCP1
               "; >1; =1 IpamApiDhcpFilterFailedToUpdateInIpamDatabase; 100%; failure "
               "IpamApiDhcpFilterFailedToUpdateInIpamDatabase",
     .query = FILTERS,
     .rows = OLD_FILTER},
    {.name = "NeedsAFilter",
     .operation = "UpdateDhcpFilter",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "ChangesWhatEditFieldsNames",
     .operation = "UpdateDhcpFilters",
     .parameters = "edit_fields: DHCP_FILTER_MULTI_EDIT_FIELDS_DESCRIPTION description: 'many'"
                   " filters { record_id: 971 server_record_id: 17 is_allow: true description: 'press' }"
                   " filters { server_record_id: 99 mac_address: '0a' }"
                   " filters { server_record_id: 18 mac_address: '0b' is_allow: true }",
     .events = "start; +1 Filter 00-11-22-33-44-55" DHCP1 "; +2 Filter 0a on server 99; +3 Filter 0b" DHCP2
               "; >1; =1 ok; 33%; >2; =2 IpamApiInvalidDhcpServerRecordId; 66%; >3; =3 ok; 100%; failure "
               "IpamApiInvalidDhcpServerRecordId",
     .query = FILTERS,
     .rows = "17 00-11-22-33-44-55 1 many, 18 0b 1 many"},
    {.name = "DeniesThemAll",
     .operation = "UpdateDhcpFilters",
     .parameters = "edit_fields: DHCP_FILTER_MULTI_EDIT_FIELDS_ALLOW_OR_DENY description: 'no' filters {"
                   " record_id: 971 server_record_id: 17 mac_address: '00-11-22-33-44-55' is_allow: true"
                   " description: 'press' }",
     .events = "start; +1 Filter 00-11-22-33-44-55" DHCP1 "; >1; =1 ok; 100%; success",
     .query = FILTERS,
     .rows = "17 00-11-22-33-44-55 0 press"},
    {.name = "ChangesBoth",
     .operation = "UpdateDhcpFilters",
     .parameters = "edit_fields: DHCP_FILTER_MULTI_EDIT_FIELDS_BOTH description: 'both' filters {"
                   " server_record_id: 17 mac_address: '00-11-22-33-44-55' is_allow: true }",
     .events = "start; +1 Filter 00-11-22-33-44-55" DHCP1 "; >1; =1 ok; 100%; success",
     .query = FILTERS,
     .rows = "17 00-11-22-33-44-55 0 both"},
    {.name = "NeedsFilters",
     .operation = "UpdateDhcpFilters",
     .parameters = "description: 'x'",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "PassesOverWhatIsNotThere",
     .operation = "DeleteDhcpFilters",
     .parameters =
         "filters { record_id: 972 server_record_id: 17 } filters { record_id: 971 server_record_id: "
         "18 } filters { server_record_id: 17 mac_address: '00-11-22-33-44-55' }",
     .events = "start; +1 Filter 00-11-22-33-44-55" DHCP1 "; >1; =1 ok; 100%; success",
     .query = "SELECT count(*) FROM dhcp_filters",
     .rows = "0"},
    {.name = "HasNothingToDo",
     .operation = "DeleteDhcpFilters",
     .parameters = "filters { record_id: 972 server_record_id: 17 }",
     .events = "start; 100%; success",
     .query = FILTERS,
     .rows = OLD_FILTER},
    {.name = "NeedsFilters",
     .operation = "DeleteDhcpFilters",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
};
INSTANTIATE_TEST_SUITE_P(Filters, DelegateCases, ::testing::ValuesIn(kFilterCases), CaseName);

TEST_F(DelegateTest, FailoverOperationsReturnTheRelationshipWithoutItsSecret) {
  Open();
  Execute(
      "UPDATE dhcp_failover_relations SET details = json_set(details, '$.sharedSecret', 'a2V5') WHERE "
      "record_id = 701");
  const std::pair<const char*, const char*> operations[] = {
      {"EditDhcpFailover", "failover { record_id: 701 modified_properties: 'Mode' }"},
      {"AddDhcpFailoverScopes", "failover { record_id: 701 } scope_ids: 221"}};
  for (const auto& [operation, parameters] : operations) {
    v1::DhcpFailover returned;
    ASSERT_TRUE(CompletionOf(Run(ParametersOf(operation, parameters))).return_object().UnpackTo(&returned));
    EXPECT_EQ(returned.record_id(), 701);
    EXPECT_EQ(returned.relationship_name(), "dc1-dc2");
    EXPECT_FALSE(returned.has_shared_secret());
  }
  EXPECT_EQ(Rows("SELECT details ->> 'sharedSecret' FROM dhcp_failover_relations"), "a2V5");
  // Also where not all scopes came into it.
  const char* some = "failover { record_id: 701 } scope_ids: [99, 208]";
  const char* none = "failover { record_id: 701 } scope_ids: 99";
  EXPECT_TRUE(CompletionOf(Run(ParametersOf("AddDhcpFailoverScopes", some))).has_return_object());
  EXPECT_FALSE(CompletionOf(Run(ParametersOf("AddDhcpFailoverScopes", none))).has_return_object());
}

TEST_F(DelegateTest, ScopesSayTheRelationshipThatTheyAreIn) {
  Open();
  RunText("EditDhcpFailover",
          "failover { record_id: 701 modified_properties: 'RelationshipName' relationship_name: 'renamed' }");
  const auto edited = [this] {
    v1::DhcpScope scope;
    const auto events = Run(ParametersOf(
        "EditDhcpScope",
        "scope { record_id: 222 scope_id: '172.20.2.0' start_address: '172.20.2.10' end_address: "
        "'172.20.2.250' subnet_mask: '255.255.255.0' prefix_length: 24 v4 { failover_relationship_name: 'no' "
        "} }"));
    CompletionOf(events).return_object().UnpackTo(&scope);
    return scope;
  };
  EXPECT_EQ(edited().v4().failover_relationship_name(), "renamed");
  RunText("DeleteDhcpFailover", "failover { record_id: 701 }");
  EXPECT_TRUE(edited().has_v4());
  EXPECT_FALSE(edited().v4().has_failover_relationship_name());
}

TEST_F(DelegateTest, FilterOperationsReturnTheFilter) {
  Open();
  const std::pair<const char*, const char*> operations[] = {
      {"CreateDhcpFilters", "dhcp_server_ids: 18 filters { mac_address: '0a-0b' }"},
      {"UpdateDhcpFilter", "filter { server_record_id: 18 mac_address: '0a-0b' is_allow: true }"}};
  for (const auto& [operation, parameters] : operations) {
    v1::DhcpFilter returned;
    ASSERT_TRUE(CompletionOf(Run(ParametersOf(operation, parameters))).return_object().UnpackTo(&returned));
    EXPECT_EQ(returned.server_record_id(), 18);
    EXPECT_EQ(returned.mac_address(), "0a-0b");
  }
  EXPECT_EQ(Rows("SELECT is_allow FROM dhcp_filters WHERE server_id = 18"), "1");
}

TEST_F(DelegateTest, SubtasksSayWhichFilterRelationshipOrScope) {
  Open();
  struct Case {
    const char* operation;
    const char* parameters;
    const char* formatter;
    const char* name;
  };
  const Case cases[] = {
      {"DeleteDhcpFilters", "filters { record_id: 971 server_record_id: 17 }", "FilterDataFormatter",
       "00-11-22-33-44-55"},
      {"RemoveDhcpFailoverScopes", "scope_ids: 222", "FailoverDataFormatter", "dc1-dc2"},
      {"ReplicateScope", "scopes { record_id: 220 v4 {} }", "ScopeDataFormatter", "dhcp2.ad.example.org"},
      {"DeleteDhcpFailover", "failover { record_id: 701 }", "FailoverDataFormatter", "dhcp1.ad.example.org"}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.operation);
    const auto events = Run(ParametersOf(one.operation, one.parameters));
    const auto& added = std::get<event::SubtaskAdded>(events[1].change).subtask;
    EXPECT_THAT(added.details_xml.value_or(""), ::testing::HasSubstr(one.formatter));
    EXPECT_THAT(added.details_xml.value_or(""), ::testing::HasSubstr(one.name));
  }
}

}  // namespace
}  // namespace ipam::engine
