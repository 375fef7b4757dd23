// Failover scopes and their partners: the delegates of [MS-IPAMM2] 3.19.4.4.1.28 to .31.
#include <gmock/gmock.h>

#include "delegate_harness.h"

namespace ipam::engine {
namespace {

#define LINE_A_TO_DHCP2 "Scope 172.20.0.0 Line A to dhcp2.ad.example.org"
#define LINE_C_TO_DHCP2 "Scope 172.20.2.0 Line C to dhcp2.ad.example.org"
#define SYNC_STATUS                                                                                         \
  "SELECT group_concat(record_id || ' ' || coalesce(details ->> '$.v4.failoverConfigSyncStatus', '-'), ', " \
  "')"                                                                                                      \
  " FROM dhcp_scopes WHERE record_id IN (220, 222, 320, 322)"
#define IN_SYNC " DHCP_FAILOVER_CONFIG_SYNC_STATUS_IN_SYNC"

constexpr DelegateCase kReplicateCases[] = {
    {.name = "PassesOverScopesThatAreMissing",
     .operation = "ResetConfigSyncStatus",
     .parameters =
         "scopes { record_id: 220 v4 {} } scopes { record_id: 999 v4 {} } scopes { record_id: 260 v6 {} }",
     .events = "start; +1 Scope 172.20.0.0 Line A; >1; =1 ok; 100%; success",
     .query = SYNC_STATUS,
     .rows = "220" IN_SYNC ", 222 -, 320 -, 322 -"},
    {.name = "GoesOnAfterAScopeThatFails",
     .operation = "ResetConfigSyncStatus",
     .parameters = "scopes { record_id: 220 v4 {} } scopes { record_id: 222 v4 {} }",
     .events = "start; +1 Scope 172.20.0.0 Line A; +2 Scope 172.20.2.0 Line C; >1; =1 "
               "IpamApiGenericDatabaseError; 50%; "
               ">2; =2 ok; 100%; failure IpamApiGenericDatabaseError",
     .query = SYNC_STATUS,
     .rows = "220 -, 222" IN_SYNC ", 320 -, 322 -",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 220"},
    {.name = "HasNothingToDo",
     .operation = "ResetConfigSyncStatus",
     .parameters = "scopes { record_id: 999 v4 {} }",
     .events = "start; 100%; success",
     .query = SYNC_STATUS,
     .rows = "220 -, 222 -, 320 -, 322 -"},
    {.name = "NeedsScopes",
     .operation = "ResetConfigSyncStatus",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "CopiesTheRow",
     .operation = "ReplicateScope",
     // What the request says of the scope is not what is copied.
     .parameters = "scopes { record_id: 220 description: 'no' start_address: '172.20.0.99' v4 {} }",
     .events = "start; +1 " LINE_A_TO_DHCP2 "; >1; =1 ok; 100%; success",
     .query =
         "SELECT details ->> 'startAddress', details ->> 'description', superscope_id, server_id, (SELECT"
         " group_concat(option_definition_id || ' ' || json_extract(details, '$.values[0].ipAddress')) FROM"
         " dhcp_options WHERE scope_id = 320), (SELECT p.name || ' ' || p.server_id || ' ' ||"
         " hex(r.start_address) || ' ' || (c.details ->> '$.vendorClass[0]') || ' ' || (SELECT"
         " json_extract(details, '$.values[0].ipAddress') FROM dhcp_options WHERE policy_id = p.policy_id)"
         " FROM dhcp_policies AS p JOIN dhcp_policy_subranges AS r USING (policy_id) JOIN"
         " dhcp_policy_conditions AS c USING (policy_id) WHERE p.scope_id = 320), (SELECT"
         " group_concat(hex(address) || ' ' || (details ->> 'name')) FROM dhcp_reservations WHERE scope_id ="
         " 320) FROM dhcp_scopes WHERE record_id = 320",
     .rows = "172.20.0.10|NULL|611|18|43 172.20.0.1|guests 18 AC140064 MSFT 172.20.0.2|AC14004D "
             "printer,AC14004E press"},
    {.name = "TakesAwayWhatTheSourceDoesNotHave",
     .operation = "ReplicateScope",
     .parameters = "scopes { record_id: 320 v4 {} }",
     .events = "start; +1 Scope 172.20.0.0 Line A to dhcp1.ad.example.org; >1; =1 ok; 100%; success",
     .query =
         "SELECT superscope_id, (SELECT count(*) FROM dhcp_options WHERE scope_id = 220 OR policy_id = "
         "1003),"
         " (SELECT count(*) FROM dhcp_policies WHERE scope_id = 220), (SELECT count(*) FROM"
         " dhcp_reservations WHERE scope_id = 220), (SELECT range_id FROM ip_addresses WHERE record_id = "
         "901) FROM dhcp_scopes WHERE record_id = 220",
     .rows = "601|0|0|0|520"},
    {.name = "PassesOverScopesInNoRelationshipAndReplicas",
     .operation = "ReplicateScope",
     .parameters =
         "scopes { record_id: 221 v4 {} } scopes { record_id: 999 v4 {} } scopes { record_id: 322 v4 "
         "{} } scopes { record_id: 222 v4 {} } scopes { record_id: 260 v6 {} }",
     .events = "start; +1 Scope 172.20.2.0 Line C to dhcp1.ad.example.org; >1; =1 ok; 100%; success",
     .query = SYNC_STATUS,
     .rows = "220 -, 222" IN_SYNC ", 320 -, 322" IN_SYNC},
    {.name = "HasNothingToDo",
     .operation = "ReplicateScope",
     .parameters = "scopes { record_id: 221 v4 {} }",
     .events = "start; 100%; success"},
    {.name = "NeedsScopes",
     .operation = "ReplicateScope",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "GoesFromTheFirstServer",
     .operation = "ReplicateRelation",
     .parameters = "failover_relation { record_id: 701 }",
     .events =
         "start; +1 " LINE_A_TO_DHCP2 "; +2 " LINE_C_TO_DHCP2 "; >1; =1 ok; 50%; >2; =2 ok; 100%; success",
     .query = SYNC_STATUS,
     .rows = "220" IN_SYNC ", 222" IN_SYNC ", 320" IN_SYNC ", 322" IN_SYNC},
    {.name = "GoesFromTheOwner",
     .operation = "ReplicateRelation",
     .parameters =
         "failover_relation { record_id: 701 server_owner: DHCP_FAILOVER_OPERATION_OWNER_SERVER_TWO }",
     .events = "start; +1 Scope 172.20.0.0 Line A to dhcp1.ad.example.org; "
               "+2 Scope 172.20.2.0 Line C to dhcp1.ad.example.org; >1; =1 ok; 50%; >2; =2 ok; 100%; success",
     .query = "SELECT count(*) FROM dhcp_reservations WHERE scope_id = 220",
     .rows = "0"},
    {.name = "GoesOnAfterAScopeThatThePartnerRefuses",
     .operation = "ReplicateRelation",
     .parameters = "failover_relation { record_id: 701 }",
     .events = "start; +1 " LINE_A_TO_DHCP2 "; +2 " LINE_C_TO_DHCP2
               "; >1; =1 IpamApiOptionAssociatedOptionDefinitionNotFound; 50%; >2; =2 ok; 100%; failure "
               "IpamApiOptionAssociatedOptionDefinitionNotFound",
     .query = SYNC_STATUS,
     .rows = "220 -, 222" IN_SYNC ", 320 -, 322" IN_SYNC,
     .setup = "DELETE FROM dhcp_option_definitions WHERE server_id = 18 AND record_id = 43"},
    {.name = "NeedsARelationshipThatIsThere",
     .operation = "ReplicateRelation",
     .parameters = "failover_relation { record_id: 799 }",
     .events = "start; failure IpamApiDhcpFailoverFailedToFetchFromIpamDatabase"},
    {.name = "NeedsARelationship",
     .operation = "ReplicateRelation",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "GoesFromTheServer",
     .operation = "ReplicateServer",
     .parameters = "server { record_id: 18 v4 {} }",
     .events = "start; +1 Scope 172.20.0.0 Line A to dhcp1.ad.example.org; "
               "+2 Scope 172.20.2.0 Line C to dhcp1.ad.example.org; >1; =1 ok; 50%; >2; =2 ok; 100%; success",
     .query = "SELECT count(*) FROM dhcp_reservations WHERE scope_id IN (220, 320)",
     .rows = "0"},
    {.name = "NeedsAServerThatIsThere",
     .operation = "ReplicateServer",
     .parameters = "server { record_id: 99 v4 {} }",
     .events = "start; failure IpamApiInvalidDhcpServerRecordId"},
    {.name = "NeedsAServerOfDhcpv4",
     .operation = "ReplicateServer",
     .parameters = "server { record_id: 19 v6 {} }",
     .events = "start; failure IpamApiInvalidDhcpServerRecordId"},
    {.name = "NeedsAServer",
     .operation = "ReplicateServer",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
};
INSTANTIATE_TEST_SUITE_P(Replicas, DelegateCases, ::testing::ValuesIn(kReplicateCases), CaseName);

TEST_F(DelegateTest, ReplicateServerGoesOnAfterAScopeThatThePartnerRefuses) {
  Open();
  Execute("DELETE FROM dhcp_option_definitions WHERE server_id = 18 AND record_id = 43");
  EXPECT_EQ(RunText("ReplicateServer", "server { record_id: 17 v4 {} }"),
            "start; +1 " LINE_A_TO_DHCP2 "; +2 " LINE_C_TO_DHCP2
            "; >1; =1 IpamApiOptionAssociatedOptionDefinitionNotFound; 50%; >2; =2 ok; 100%; failure "
            "IpamApiOptionAssociatedOptionDefinitionNotFound");
  EXPECT_EQ(Rows(SYNC_STATUS), "220 -, 222" IN_SYNC ", 320 -, 322" IN_SYNC);
  EXPECT_EQ(Rows("SELECT count(*) FROM dhcp_reservations WHERE scope_id = 320"), "0");
}

TEST_F(DelegateTest, ReplicateScopeNamesOptionsByTheirDefinitionAndUserClass) {
  Open();
  Execute(
      "UPDATE dhcp_option_definitions SET record_id = 143 WHERE server_id = 18 AND record_id = 43;"
      "INSERT INTO dhcp_user_classes VALUES (18, 161, '{\"name\":\"phones\",\"v4\":{}}');"
      "INSERT INTO dhcp_options (server_id, scope_id, option_definition_id, user_class_id, details) VALUES"
      " (17, 222, 43, 61, "
      "'{\"optionDefinition\":{\"recordId\":\"43\"},\"userClass\":{\"recordId\":\"61\"}}')");
  RunText("ReplicateScope", "scopes { record_id: 222 v4 {} }");
  EXPECT_EQ(Rows("SELECT server_id, option_definition_id, user_class_id, details ->> '$.userClass.name' FROM"
                 " dhcp_options WHERE scope_id = 322"),
            "18|143|161|phones");
}

TEST_F(DelegateTest, ReplicateScopeMakesOneThatThePartnerDoesNotHave) {
  RunText("AddDhcpFailoverScopes", "failover { record_id: 701 } scope_ids: 221");
  EXPECT_EQ(RunText("ReplicateScope", "scopes { record_id: 221 v4 {} }"),
            "start; +1 Scope 172.20.1.0 Line B to dhcp2.ad.example.org; >1; =1 ok; 100%; success");
  EXPECT_EQ(
      Rows("SELECT hex(s.scope_id), s.superscope_id, f.relation_id, hex(r.start_address) FROM dhcp_scopes"
           " AS s JOIN dhcp_scope_failovers AS f ON f.scope_id = s.record_id JOIN ip_ranges AS r ON"
           " r.scope_id = s.record_id WHERE s.server_id = 18 ORDER BY s.record_id DESC LIMIT 1"),
      "AC140100|NULL|701|AC14010A");
  // A second time it is that one.
  RunText("ReplicateScope", "scopes { record_id: 221 v4 {} }");
  EXPECT_EQ(Rows("SELECT count(*) FROM dhcp_scopes WHERE server_id = 18"), "3");
}

TEST_F(DelegateTest, ReplicateScopeKeepsWhatIsAlikeWithItsRecordId) {
  RunText("ReplicateScope", "scopes { record_id: 220 v4 {} }");
  const std::string ids =
      "SELECT (SELECT group_concat(policy_id) FROM dhcp_policies WHERE scope_id = 320),"
      " (SELECT group_concat(record_id) FROM dhcp_reservations WHERE scope_id = 320)";
  const std::string before = Rows(ids);
  EXPECT_EQ(RunText("ReplicateScope", "scopes { record_id: 220 v4 {} }"),
            "start; +1 " LINE_A_TO_DHCP2 "; >1; =1 ok; 100%; success");
  EXPECT_EQ(Rows(ids), before);
}

}  // namespace
}  // namespace ipam::engine
