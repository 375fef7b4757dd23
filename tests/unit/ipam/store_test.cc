// The keys and on-delete rules of [MS-IPAMM2] 3.1.1.1.
#include "dcom_bridge/ipam/store.h"

#include <gmock/gmock.h>

#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/import_export.h"
#include "harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::ipam::test_support::StatusIs;

TEST(SqliteStatement, BindsAndReadsEveryKindOfValue) {
  auto db = Database::Open(":memory:");
  ASSERT_OK(db);
  ASSERT_OK((*db)->Execute("CREATE TABLE t (a, b, c, d, e)"));
  Statement insert(**db, "INSERT INTO t VALUES (?, ?, ?, ?, ?)");
  const base::Bytes blob = {0, 1, 255};
  ASSERT_OK(insert.Run(std::int64_t{-7}, 1.5, std::string("x\0y", 3), blob, nullptr));
  ASSERT_OK(insert.Run(std::optional<std::int64_t>(), false, "", base::Bytes(), std::optional(3)));
  Statement select(**db, "SELECT a, b, c, d, e FROM t");
  Cursor rows = select.Query();
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Int64(0), -7);
  EXPECT_EQ(rows.Real(1), 1.5);
  EXPECT_EQ(rows.Text(2), std::string("x\0y", 3));
  EXPECT_EQ(rows.Blob(3), blob);
  EXPECT_TRUE(rows.IsNull(4));
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.OptionalInt64(0), std::nullopt);
  EXPECT_EQ(rows.OptionalText(2), "");  // empty is not absent
  EXPECT_FALSE(rows.IsNull(3));
  EXPECT_EQ(rows.OptionalInt64(4), 3);
  EXPECT_FALSE(rows.Next());
  EXPECT_OK(rows.status());
}

TEST(SqliteStatement, TellsConstraintsFromFailures) {
  auto db = Database::Open(":memory:");
  ASSERT_OK(db);
  ASSERT_OK(
      (*db)->Execute("CREATE TABLE p (a INTEGER PRIMARY KEY); CREATE TABLE c (a REFERENCES p, b NOT NULL)"));
  Statement parent(**db, "INSERT INTO p VALUES (?)");
  Statement child(**db, "INSERT INTO c VALUES (?, ?)");
  ASSERT_OK(parent.Run(1));
  EXPECT_THAT(parent.Run(1), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(child.Run(2, 2), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(child.Run(1, nullptr), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(child.Run(1), StatusIs(absl::StatusCode::kInternal));  // a parameter is missing
  Statement wrong(**db, "SELECT nothing FROM nowhere");
  EXPECT_THAT(wrong.Run(), StatusIs(absl::StatusCode::kInternal));
}

TEST(SqliteStatus, AStoreThatCannotBeWrittenIsNobodysFault) {
  TempDir dir;
  auto first = Database::Open(dir.File("a.db"));
  ASSERT_OK(first);
  ASSERT_OK((*first)->Execute("CREATE TABLE t (a); PRAGMA query_only = ON"));
  const absl::Status read_only = (*first)->Execute("INSERT INTO t VALUES (1)");
  EXPECT_THAT(read_only, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(IsFault(read_only));
  EXPECT_TRUE(IsFault(Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, "x")));
}

TEST(Fault, KeepsTheIdThatItHas) {
  const absl::Status made = Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_ZONE, "x");
  EXPECT_EQ(FaultId(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, made)),
            v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_ZONE);
  EXPECT_EQ(FaultId(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, absl::AlreadyExistsError("x"))),
            v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER);
  EXPECT_EQ(FaultId(absl::AlreadyExistsError("x")),
            v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_WITH_UNIQUE_KEY_VIOLATION);
  EXPECT_EQ(FaultId(absl::InternalError("x")), v1::IPAM_EXCEPTION_ID_IPAM_API_GENERIC_DATABASE_ERROR);
  EXPECT_EQ(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, absl::UnavailableError("x")).code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(EngineTest, DeletingAServerTakesItsScopesAndTheirRangesAlong) {
  Open();
  EXPECT_EQ(FailureOf(Run(Sample("CreateDhcpFailover"))), "");
  Close();
  // A relationship keeps its servers (no action) ...
  auto db = OpenDatabase(options_.database);
  ASSERT_OK(db);
  EXPECT_THAT((*db)->Execute("DELETE FROM servers WHERE record_id = 1"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  // ... and goes with no scope.
  ASSERT_OK((*db)->Execute("DELETE FROM dhcp_scopes WHERE record_id = 208"));
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_scope_failovers"), "2");
  EXPECT_EQ(Query("SELECT count(*) FROM ip_ranges WHERE record_id = 502"), "0");
  ASSERT_OK((*db)->Execute("DELETE FROM dhcp_failover_relations; DELETE FROM servers WHERE record_id = 1"));
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_scope_failovers"), "0");
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_scopes"), "0");
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_options WHERE server_id = 17"), "0");
}

TEST_F(EngineTest, DeletingZonesFollowsTheirRules) {
  Open();
  EXPECT_EQ(FailureOf(Run(Sample("CreateIpamIPAddress"))), "");
  Close();
  auto db = OpenDatabase(options_.database);
  ASSERT_OK(db);
  // A zone that a server hosts stays; the address keeps its registration without the server.
  EXPECT_THAT((*db)->Execute("DELETE FROM dns_zones WHERE record_id = 301"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_OK((*db)->Execute("DELETE FROM dns_server_zones WHERE record_id = 311"));
  EXPECT_EQ(Query("SELECT zone_id || coalesce(server_zone_id, '-') FROM address_dns_forward_lookups"),
            "301-");
  // An address with a registration stays.
  EXPECT_THAT((*db)->Execute("DELETE FROM ip_addresses"), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(EngineTest, ANewStoreIsProvisioned) {
  import_network_ = false;
  Open();
  EXPECT_EQ(Query("SELECT value FROM common_properties WHERE name = 'ExpiryAlertThreshold'"), "10");
  EXPECT_EQ(Query("SELECT label FROM access_scopes"), "Global");
  EXPECT_EQ(Query("SELECT count(*) FROM custom_fields"), "18");
  EXPECT_EQ(Query("SELECT f.number || ' ' || v.value FROM custom_field_values AS v JOIN custom_fields AS f"
                  " ON f.record_id = v.custom_field_id WHERE v.record_id = 329"),
            "8 MS DHCP");
  EXPECT_EQ(
      Query("SELECT details ->> 'builtInCustomFieldValueId' FROM custom_field_values WHERE value = 'Switch'"),
      "8");
  EXPECT_EQ(Query("SELECT count(*) FROM role_definitions"), "9");
  EXPECT_EQ(Query("SELECT count(*) FROM role_operations WHERE role_id = 9"), "12");
}

}  // namespace
}  // namespace ipam::engine
