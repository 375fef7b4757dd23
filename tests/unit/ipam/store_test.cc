// The keys and on-delete rules of [MS-IPAMM2] 3.1.1.1.
#include "dcom_bridge/ipam/store.h"

#include <gmock/gmock.h>

#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/ipam/schema_sql.h"
#include "dcom_bridge/ipam/sql_driver.h"
#include "harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::ipam::test_support::StatusIs;

TEST(Statement, BindsAndReadsEveryKindOfValue) {
  TempDir dir;
  auto db = Database::Open(dir.Store("a.db"));
  ASSERT_OK(db);
  ASSERT_OK((*db)->Execute("CREATE TABLE t (a INTEGER, b REAL, c TEXT, d BLOB, e INTEGER)"));
  Statement insert(**db, "INSERT INTO t VALUES (?, ?, ?, ?, ?)");
  const base::Bytes blob = {0, 1, 255};
  ASSERT_OK(insert.Run(std::int64_t{-7}, 1.5, "x\ty'z", blob, nullptr));
  ASSERT_OK(insert.Run(std::optional<std::int64_t>(), false, "", base::Bytes(), std::optional(3)));
  EXPECT_EQ((*db)->changes(), 1);
  Statement select(**db, "SELECT a, b, c, d, e FROM t");
  Cursor rows = select.Query();
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Int64(0), -7);
  EXPECT_EQ(rows.Real(1), 1.5);
  EXPECT_EQ(rows.Text(2), "x\ty'z");
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

TEST(Statement, TellsConstraintsFromFailures) {
  TempDir dir;
  auto db = Database::Open(dir.Store("a.db"));
  ASSERT_OK(db);
  ASSERT_OK(
      (*db)->Execute("CREATE TABLE p (a INTEGER PRIMARY KEY);"
                     "CREATE TABLE c (a INTEGER REFERENCES p, b INTEGER NOT NULL)"));
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

// A transaction goes on behind a statement that failed, and lacks what that did.
TEST(Statement, FailsByItself) {
  TempDir dir;
  auto db = Database::Open(dir.Store("a.db"));
  ASSERT_OK(db);
  ASSERT_OK((*db)->Execute("CREATE TABLE p (a INTEGER PRIMARY KEY)"));
  Statement insert(**db, "INSERT INTO p SELECT ? UNION ALL SELECT ? ORDER BY 1");
  Statement count(**db, "SELECT count(*) FROM p");
  ASSERT_OK((*db)->Begin());
  ASSERT_OK(insert.Run(1, 2));
  EXPECT_THAT(insert.Run(2, 3), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(insert.Run(3, 2), StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_OK(insert.Run(4, 5));
  ASSERT_OK((*db)->Commit());
  EXPECT_EQ(count.Lookup().value(), 4);
}

TEST(Statement, ReadsRowsOfOneWhileThoseOfAnother) {
  TempDir dir;
  auto db = Database::Open(dir.Store("a.db"));
  ASSERT_OK(db);
  ASSERT_OK((*db)->Execute("CREATE TABLE p (a INTEGER PRIMARY KEY)"));
  Statement insert(**db, "INSERT INTO p VALUES (?)");
  Statement all(**db, "SELECT a FROM p ORDER BY a", RowCount::kMany);
  Statement next(**db, "SELECT min(a) FROM p WHERE a > ?");
  ASSERT_OK((*db)->Begin());
  for (int i = 1; i <= 2500; ++i) ASSERT_OK(insert.Run(i));
  std::int64_t expected = 0;
  {
    Cursor rows = all.Query();
    while (rows.Next()) {
      ASSERT_EQ(rows.Int64(0), ++expected);
      ASSERT_EQ(next.Lookup(rows.Int64(0)).value().value_or(2501), expected + 1);
    }
    ASSERT_OK(rows.status());
  }
  EXPECT_EQ(expected, 2500);
  Cursor again = all.Query();
  EXPECT_TRUE(again.Next());
}

// An id is not given twice, not even when its row is gone; what is undone gives it back.
TEST(Statement, GivesRowsTheIdBehindTheLast) {
  TempDir dir;
  auto db = Database::Open(dir.Store("a.db"));
  ASSERT_OK(db);
  ASSERT_OK((*db)->driver().MarkStore());
  ASSERT_OK((*db)->Execute("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)"));
  Statement insert(**db, "INSERT INTO t (id, a) VALUES (nullif(?, 0), 'x') RETURNING id");
  Statement remove(**db, "DELETE FROM t WHERE id >= ?");
  EXPECT_EQ(insert.Lookup(0).value(), 1);
  EXPECT_EQ(insert.Lookup(7).value(), 7);
  EXPECT_EQ(insert.Lookup(3).value(), 3);
  EXPECT_EQ(insert.Lookup(0).value(), 8);
  ASSERT_OK((*db)->Begin());
  EXPECT_EQ(insert.Lookup(0).value(), 9);
  (*db)->Rollback();
  ASSERT_OK(remove.Run(2));
  EXPECT_EQ(insert.Lookup(0).value(), 9);
  ASSERT_OK((*db)->Execute("INSERT INTO t (a) VALUES ('y'), ('z')"));
  EXPECT_EQ(insert.Lookup(0).value(), 12);
}

TEST(Statement, ComparesWithoutCaseWhereTheTableSaysSo) {
  TempDir dir;
  auto db = Database::Open(dir.Store("a.db"));
  ASSERT_OK(db);
  ASSERT_OK((*db)->driver().MarkStore());
  ASSERT_OK((*db)->Execute("CREATE TABLE t (a TEXT NOT NULL UNIQUE COLLATE NOCASE, b TEXT)"));
  Statement insert(**db, "INSERT INTO t (a, b) VALUES (?, ?)");
  Statement find(**db, "SELECT count(*) FROM t WHERE a = ?");
  Statement find_b(**db, "SELECT count(*) FROM t WHERE b = ?");
  Statement order(**db, "SELECT b FROM t ORDER BY b");
  ASSERT_OK(insert.Run("Example.ORG", "b"));
  ASSERT_OK(insert.Run("example.com", "C"));
  EXPECT_THAT(insert.Run("EXAMPLE.org", "d"), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(find.Lookup("example.org").value(), 1);
  EXPECT_EQ(find_b.Lookup("c").value(), 0);
  Cursor rows = order.Query();
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Text(0), "C");  // by bytes
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
  EXPECT_EQ(
      Query("SELECT zone_id || coalesce(CAST(server_zone_id AS TEXT), '-') FROM address_dns_forward_lookups"),
      "301-");
  // An address with a registration stays.
  EXPECT_THAT((*db)->Execute("DELETE FROM ip_addresses"), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(EngineTest, AServerTakesItsPoliciesAlongAndAScopeDoesNot) {
  Open();
  Close();
  auto db = OpenDatabase(options_.database);
  ASSERT_OK(db);
  ASSERT_OK((*db)->Execute(
      "INSERT INTO dhcp_policies (policy_id, server_id, scope_id, name, processing_order, details)"
      " VALUES (1, 17, NULL, 'a', 1, '{}'), (2, 17, 208, 'b', 1, '{}');"
      "INSERT INTO dhcp_policy_conditions (policy_id, details) VALUES (1, '{}'), (2, '{}');"
      "INSERT INTO dhcp_policy_subranges (policy_id, start_address, end_address)"
      " VALUES (2, x'c0a80814', x'c0a80815');"
      "INSERT INTO dhcp_options (server_id, policy_id, option_definition_id, details) VALUES (17, 2, 43, "
      "'{}')"));
  const auto refused = StatusIs(absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT((*db)->Execute("DELETE FROM dhcp_scopes WHERE record_id = 208"), refused);
  EXPECT_THAT((*db)->Execute("DELETE FROM dhcp_policies WHERE policy_id = 2"), refused);  // it has an option
  EXPECT_THAT((*db)->Execute("UPDATE dhcp_policies SET name = ''"), refused);
  EXPECT_THAT(
      (*db)->Execute("INSERT INTO dhcp_policies (server_id, scope_id, name, processing_order, details)"
                     " VALUES (17, 999, 'c', 1, '{}')"),
      refused);
  ASSERT_OK((*db)->Execute("DELETE FROM dhcp_servers WHERE record_id = 17"));
  EXPECT_EQ(
      Query("SELECT (SELECT count(*) FROM dhcp_policies) + (SELECT count(*) FROM dhcp_policy_conditions)"
            " + (SELECT count(*) FROM dhcp_policy_subranges) + (SELECT count(*) FROM dhcp_options)"),
      "0");
}

TEST(OpenDatabase, BringsAStoreOfVersion2ToTheLast) {
  if (OnPostgres()) GTEST_SKIP() << "no store of PostgreSQL is that old";
  TempDir dir;
  {
    auto old = Database::Open(dir.Store("a.db"));
    ASSERT_OK(old);
    ASSERT_OK((*old)->ExecuteScript(kSchemaSql));
    ASSERT_OK((*old)->ExecuteScript(kProvisionSql));
    ASSERT_OK((*old)->Execute(
        "PRAGMA application_id = 0x4950414d; PRAGMA user_version = 2;"
        "INSERT INTO dhcp_servers (record_id, af, details) VALUES (17, 4, '{\"v4\":{},\"vendorClasses\":"
        "{\"vendorClassesInCollection\":[{\"recordId\":\"71\",\"name\":\"MSFT\",\"v4\":{}}]}}');"
        "INSERT INTO dhcp_option_definitions VALUES (17, 43, '{}');"
        "INSERT INTO dhcp_options (record_id, server_id, option_definition_id, details) VALUES (5, 17, 43, "
        "'{}')"));
  }
  auto db = OpenDatabase(dir.Store("a.db"));
  ASSERT_OK(db);
  EXPECT_EQ((*db)->driver().ReadMark()->version, 7);
  Store store(**db);
  const auto servers = store.dhcp.ListServers();
  ASSERT_OK(servers);
  ASSERT_EQ(servers->size(), 1u);
  ASSERT_EQ((*servers)[0].vendor_classes().vendor_classes_in_collection_size(), 1);
  EXPECT_EQ((*servers)[0].vendor_classes().vendor_classes_in_collection(0).record_id(), 71);
  EXPECT_EQ((*servers)[0].vendor_classes().vendor_classes_in_collection(0).name(), "MSFT");
  EXPECT_EQ((*servers)[0].options().options_in_collection_size(), 1);
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
