#include "dcom_bridge/ipam/show.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <string>

#include "dcom_bridge/ipam/import_export.h"
#include "harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class ShowTest : public ::testing::Test {
 protected:
  ShowTest() {
    EXPECT_OK(ImportYaml(database_, IPAM_SOURCE_DIR "/deploy/samples/network.yaml"));
    EXPECT_OK(ImportYaml(database_, IPAM_SOURCE_DIR "/tests/unit/ipam/plant.yaml"));
  }
  absl::StatusOr<std::string> Show(ShowOptions options) {
    std::ostringstream out;
    if (absl::Status shown = ShowTable(database_, options, out); !shown.ok()) return shown;
    return out.str();
  }
  std::string Rows(const std::string& table, const std::string& filter) {
    const auto shown = Show({.table = table, .filter = filter, .json = true});
    EXPECT_OK(shown) << filter;
    return shown.value_or("");
  }

  TempDir dir_;
  const std::string database_ = dir_.Store("store.db");
};

TEST_F(ShowTest, PrintsATableWithAColumnForEachFieldThatIsSet) {
  const auto shown = Show({.table = "dhcp_scopes"});
  ASSERT_OK(shown);
  const std::string header = shown->substr(0, shown->find('\n'));
  EXPECT_THAT(header, AllOf(HasSubstr("scope_id  "), HasSubstr("start_address"),
                            HasSubstr("v4.lease_duration"), Not(HasSubstr("options"))));
  EXPECT_THAT(*shown, HasSubstr("Shipping"));
  EXPECT_THAT(*shown, Not(ContainsRegex(" \n"))) << "no blanks at the end of a line";
}

TEST_F(ShowTest, PrintsAnArrayOfRowsAsJson) {
  const std::string rows = Rows("dhcp_scopes", "scope_name = Shipping");
  EXPECT_THAT(rows, AllOf(HasSubstr("[\n{"), HasSubstr("\"scopeName\":\"Shipping\""), HasSubstr("}\n]\n")));
  EXPECT_EQ(Rows("dhcp_scopes", "scope_name = nothing"), "[]\n");
  EXPECT_EQ(*Show({.table = "dhcp_scopes", .filter = "scope_name = nothing"}), "");
}

TEST_F(ShowTest, FiltersByFieldsOfAllKinds) {
  const std::string all = Rows("dhcp_scopes", "");
  for (const char* filter :
       {"scopeName = shipping", "scope_name : SHIP", "scope_name = \"Shipping\" AND prefix_length >= 1",
        "scope_name=Shipping and status != DHCP_SCOPE_STATUS_NONE",
        "scope_name = Shipping AND record_id > 0"}) {
    EXPECT_EQ(Rows("dhcp_scopes", filter), Rows("dhcp_scopes", "scope_name = Shipping")) << filter;
  }
  EXPECT_EQ(Rows("dhcp_scopes", "prefix_length < 100"), all);
  EXPECT_EQ(Rows("dhcp_scopes", "prefix_length > 100"), "[]\n");
  EXPECT_THAT(Rows("dhcp_scopes", "scope_name != Shipping"), Not(HasSubstr("\"Shipping\"")));
  EXPECT_THAT(Rows("dhcp_servers", "serverRoleInfo.recordId = 21"), HasSubstr("\"recordId\":\"17\""));
}

TEST_F(ShowTest, SaysWhichTablesAndFieldsThereAre) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(
      Show({.table = "scopes"}),
      StatusIs(kInvalid, AllOf(HasSubstr("there is no table 'scopes'; the tables are access_scopes, "),
                               HasSubstr(", dhcp_scopes, "))));
  const auto refused = [&](const std::string& filter, const std::string& why) {
    EXPECT_THAT(Show({.table = "dhcp_scopes", .filter = filter}), StatusIs(kInvalid, HasSubstr(why)))
        << filter;
  };
  refused("colour = red", "--filter: DhcpScope has no field 'colour'; its fields are access_scope_id, ");
  refused("options = x", "options is an object; its fields are ");
  refused("scope_name.x = y", "nothing is inside of scope_name");
  refused("scope_name", "'scope_name' is not a condition");
  refused("scope_name ~ x", "one of = != : < <= > >= must follow scope_name");
  refused("scope_name =", "a value must follow scope_name");
  refused("scope_name = \"x", "a quotation mark is missing");
  refused("scope_name = x OR scope_name = y", "AND is expected, not 'OR scope_name = y'");
}

TEST_F(ShowTest, KeepsSecretsToItself) {
  const std::string path = dir_.File("secret.yaml");
  std::ofstream(path)
      << "dhcp_failover_relations:\n  - {recordId: 901, relationshipName: hidden, sharedSecret: aHVzaA==,"
         " server1RecordId: 17, server2RecordId: 18}\n";
  ASSERT_OK(ImportYaml(database_, path));
  for (const bool json : {false, true}) {
    const auto shown = Show({.table = "dhcp_failover_relations", .filter = "record_id = 901", .json = json});
    ASSERT_OK(shown);
    EXPECT_THAT(*shown, AllOf(HasSubstr("hidden"), Not(HasSubstr("aHVzaA")), Not(HasSubstr("68757368"))));
  }
}

}  // namespace
}  // namespace ipam::engine
