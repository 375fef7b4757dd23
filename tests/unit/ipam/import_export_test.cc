#include "dcom_bridge/ipam/import_export.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <string>

#include "harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::HasSubstr;

constexpr char kNetwork[] = IPAM_SOURCE_DIR "/deploy/samples/network.yaml";

class ImportTest : public ::testing::Test {
 protected:
  absl::Status Import(const std::string& yaml) {
    const std::string path = dir_.File("in.yaml");
    std::ofstream(path) << yaml;
    return ImportYaml(database_, path);
  }
  std::string Export() {
    std::ostringstream out;
    EXPECT_OK(ExportYaml(database_, out));
    return out.str();
  }

  TempDir dir_;
  const std::string database_ = dir_.Store("store.db");
};

TEST_F(ImportTest, ExportGivesBackWhatWasImported) {
  ASSERT_OK(ImportYaml(database_, kNetwork));
  const std::string first = Export();
  EXPECT_THAT(first, HasSubstr("scopeName: \"Shipping\""));
  const std::string path = dir_.File("out.yaml");
  std::ofstream(path) << first;
  const std::string other = dir_.Store("other.db");
  ASSERT_OK(ImportYaml(other, path));
  std::ostringstream second;
  ASSERT_OK(ExportYaml(other, second));
  EXPECT_EQ(second.str(), first);
}

TEST_F(ImportTest, ExportHasEveryTableOfTheDhcpServers) {
  ASSERT_OK(ImportYaml(database_, kNetwork));
  ASSERT_OK(ImportYaml(database_, IPAM_SOURCE_DIR "/tests/unit/ipam/plant.yaml"));
  const std::string first = Export();
  for (const char* part :
       {"vendorClassesInCollection", "dhcp_policies", "startIpAddress: \"172.20.0.100\"", "userClass",
        "superscopeName: \"Lines\"", "dhcp_scope_failovers", "00-11-22-33-44-55", "partner.example"}) {
    EXPECT_THAT(first, HasSubstr(part));
  }
  const std::string path = dir_.File("out.yaml");
  std::ofstream(path) << first;
  const std::string other = dir_.Store("other.db");
  ASSERT_OK(ImportYaml(other, path));
  std::ostringstream second;
  ASSERT_OK(ExportYaml(other, second));
  EXPECT_EQ(second.str(), first);
}

TEST_F(ImportTest, TheSameFileAgainChangesNothing) {
  ASSERT_OK(ImportYaml(database_, kNetwork));
  const std::string first = Export();
  ASSERT_OK(ImportYaml(database_, kNetwork));
  EXPECT_EQ(Export(), first);
}

TEST_F(ImportTest, RowsWithTheSameIdAreReplaced) {
  ASSERT_OK(Import("servers:\n- {recordId: 1, name: old}\n"));
  ASSERT_OK(Import("servers:\n- {recordId: 1, name: new}\n"));
  EXPECT_THAT(Export(), HasSubstr("name: \"new\""));
  EXPECT_THAT(Export(), ::testing::Not(HasSubstr("name: \"old\"")));
}

TEST_F(ImportTest, ResultsOfOperationsSurviveExportAndImport) {
  class Runner : public EngineTest {
   public:
    void TestBody() override {}
    void RunAll(const std::string& database) {
      options_.database = database;
      Open();
      for (const char* name : {"CreateDhcpScope", "CreateDhcpReservation", "CreateIpamIPAddress",
                               "CreateDhcpFailover", "CreateDnsResourceRecords"}) {
        EXPECT_EQ(FailureOf(Run(Sample(name))), "");
      }
    }
  };
  Runner().RunAll(database_);
  const std::string first = Export();
  const std::string path = dir_.File("out.yaml");
  std::ofstream(path) << first;
  const std::string other = dir_.Store("other.db");
  ASSERT_OK(ImportYaml(other, path));
  std::ostringstream second;
  ASSERT_OK(ExportYaml(other, second));
  EXPECT_EQ(second.str(), first);
}

TEST_F(ImportTest, TakesNamesNumbersAndTheSchemasSpelling) {
  ASSERT_OK(
      Import("servers: [{record_id: 1, name: a}]\n"
             "server_roles:\n"
             "- {recordId: 11, parentServer: {recordId: 1}, serverRoleFlag: SERVER_ROLE_TYPE_DHCP}\n"
             "- {recordId: 12, parentServer: {recordId: 1}, serverRoleFlag: 2}\n"
             "- {recordId: 13, parentServer: {recordId: 1}, serverRoleFlag: Nps}\n"));
  EXPECT_THAT(Export(), HasSubstr("SERVER_ROLE_TYPE_NPS"));
}

TEST_F(ImportTest, AnEmptyFileIsNoError) {
  EXPECT_OK(Import("# nothing\n"));
  EXPECT_OK(Import("servers:\n"));
}

TEST_F(ImportTest, RefusesWhatIsWrongAndNamesThePlace) {
  const struct {
    const char* name;
    const char* yaml;
    const char* message;
  } cases[] = {
      {"syntax", "servers:\n - {recordId: 1\n", "in.yaml: line "},
      {"not a mapping", "- 1\n", "in.yaml: line 1: not a mapping of tables"},
      {"unknown table", "\nserver: []\n", "in.yaml: line 2: unknown table \"server\""},
      {"table twice", "servers: []\nservers: []\n", "servers: line 2: stands twice"},
      {"not a list", "servers: {recordId: 1}\n", "in.yaml: servers: line 1: not a list of rows"},
      {"not a row", "servers:\n- 7\n", "in.yaml: servers: line 2: not a mapping"},
      {"unknown field", "servers:\n- {recordId: 1, name: a}\n- recordId: 2\n  nmae: b\n",
       "in.yaml: servers: line 4: nmae: ServerInfo has no such field"},
      {"unknown field inside", "server_roles:\n- {recordId: 1, parentServer: {id: 1}}\n",
       "in.yaml: server_roles: line 2: parentServer.id: ServerInfo has no such field"},
      {"field twice", "servers:\n- {recordId: 1, record_id: 1}\n", "record_id: stands twice"},
      {"not an integer", "servers:\n- {recordId: x}\n",
       "in.yaml: servers: line 2: recordId: not an integer of its size: \"x\""},
      {"integer too large", "dns_zones:\n- {recordId: 9223372036854775808}\n", "not an integer of its size"},
      {"not a truth value", "dns_zones:\n- {recordId: 1, isSignedZone: yes}\n",
       "isSignedZone: not true or false"},
      {"unknown enumerator", "servers:\n- {recordId: 1, managementStatus: Lost}\n",
       "managementStatus: not one of None, "},
      {"not a duration", "dns_zones:\n- {recordId: 1, refreshInterval: 1h}\n",
       "not a duration such as 3600s"},
      {"not a time", "servers:\n- {recordId: 1, lastModified: today}\n", "not a time such as"},
      {"not base64", "dhcp_servers:\n- {recordId: 1, dnsRegistrationCredentialPassword: '*'}\n",
       "not base64"},
      {"list for a value", "servers:\n- {recordId: [1]}\n", "recordId: not a single value"},
      {"value for a list", "servers:\n- {recordId: 1, ipAddresses: 10.0.0.1}\n", "ipAddresses: not a list"},
      {"no record id", "servers:\n- {name: a}\n", "in.yaml: servers: line 2: a row without a record id"},
      {"record id twice", "servers:\n- {recordId: 1}\n- {recordId: 1}\n",
       "in.yaml: servers: line 3: the record id 1 stands twice"},
      {"missing parent", "server_roles:\n- {recordId: 5, parentServer: {recordId: 9}, serverRoleFlag: Dns}\n",
       "in.yaml: server_roles: line 2: the row 5 refers to a row of servers that is not there"},
      {"unique key", "servers:\n- {recordId: 1, serverGuid: a}\n- {recordId: 2, serverGuid: a}\n",
       "in.yaml: servers: line 3: "},
      {"bad address", "dhcp_servers: [{recordId: 1}]\ndhcp_scopes:\n- {recordId: 1, scopeId: 1.2.3}\n",
       "in.yaml: dhcp_scopes: line 3: Not an IP address"},
      {"zone in the wrong table", "dns_zones:\n- {recordId: 1, name: a, dnsReverseLookupZone: {}}\n",
       "belongs to dns_reverse_zones"},
      {"unknown role",
       "user_access_policies:\n- {policyId: 1, userName: a, policyDefinition: [{userRoleName: King}]}\n",
       "There is no role"},
      {"property that is a list", "common_properties: {a: []}\n", "not a name and a single value"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Import(c.yaml), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message))) << c.name;
  }
  EXPECT_THAT(ImportYaml(database_, dir_.File("missing.yaml")), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ImportTest, AFileWithAnErrorChangesNothing) {
  ASSERT_OK(Import("servers: [{recordId: 1, name: a}]\n"));
  const std::string before = Export();
  EXPECT_THAT(
      Import("servers: [{recordId: 1, name: b}, {recordId: 2, name: c}]\ndns_zones: [{recordId: x}]\n"),
      StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Export(), before);
}

TEST_F(ImportTest, RefusesAliasesThatExpandWithoutEnd) {
  std::string yaml =
      "dhcp_servers:\n- recordId: 1\n  optionDefinitions:\n    optionDefinitionsInCollection: &d\n"
      "      - {recordId: 1, values: &v [";
  for (int i = 0; i < 1000; ++i) yaml += "{text: a},";
  yaml += "]}\n";
  for (int i = 0; i < 999; ++i) yaml += "      - {recordId: 2, values: *v}\n";
  for (int i = 2; i < 40; ++i) {
    yaml +=
        "- {recordId: " + std::to_string(i) + ", optionDefinitions: {optionDefinitionsInCollection: *d}}\n";
  }
  EXPECT_THAT(Import(yaml), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too many values")));
}

TEST_F(ImportTest, CommonPropertiesAndPoliciesGoBothWays) {
  ASSERT_OK(
      Import("common_properties: {ExpiryAlertThreshold: 30}\n"
             "access_scopes:\n- {accessScopeId: 2, parentAccessScopeId: 1, label: Plant}\n"
             "access_scope_associations:\n"
             "- {associationId: 1, objectId: 17, objectType: DHCPServerv4, accessScopeId: 2}\n"
             "user_access_policies:\n- policyId: 1\n  userName: PLANT\\dora\n"
             "  policyDefinition: [{userRoleName: IPAM DNS Administrator, accessScopeId: 2}]\n"));
  const std::string exported = Export();
  EXPECT_THAT(exported, HasSubstr("ExpiryAlertThreshold: \"30\""));
  EXPECT_THAT(exported, HasSubstr("userName: \"PLANT\\\\dora\""));
  EXPECT_THAT(exported, HasSubstr("userRoleName: \"IPAM DNS Administrator\""));
  EXPECT_THAT(exported, HasSubstr("IPAM_OBJECT_TYPE_DHCP_SERVERV4"));
}

}  // namespace
}  // namespace ipam::engine
