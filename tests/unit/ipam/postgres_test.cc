// What only PostgreSQL has: its words, and connections that break.
#include "dcom_bridge/ipam/postgres.h"

#include <gmock/gmock.h>

#include "dcom_bridge/ipam/postgres_connection.h"
#include "dcom_bridge/ipam/postgres_sql.h"
#include "dcom_bridge/ipam/store.h"
#include "test_store.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ToPostgres, NumbersParametersOutsideOfQuotes) {
  const PostgresText text =
      ToPostgres("SELECT ? -- what?\nFROM t WHERE a = '?' AND \"b?\" = ? AND c = 'it''s ?'");
  EXPECT_EQ(text.sql, "SELECT $1  \nFROM t WHERE a = '?' AND \"b?\" = $2 AND c = 'it''s ?'");
  EXPECT_EQ(text.parameters, 2u);
  EXPECT_EQ(ToPostgres("SELECT ?2, ?1, ?2, x'0aFF', max(x)").sql,
            "SELECT $2, $1, $2, '\\x0aFF'::bytea, max(x)");
  EXPECT_EQ(ToPostgres("SELECT ?2, ?1").parameters, 2u);
  EXPECT_EQ(ToPostgres("SELECT 'open").sql, "SELECT 'open");
}

TEST(ToPostgres, KnowsTheTypesOfTables) {
  EXPECT_THAT(
      ScriptToPostgres(
          "CREATE TABLE t (a INTEGER NOT NULL, b BLOB, c REAL, d TEXT UNIQUE COLLATE NOCASE,"
          " e TEXT CHECK (e != 'TEXT;')) WITHOUT ROWID;\n-- end; of it\nPRAGMA user_version = 12;"),
      ElementsAre(
          AllOf(HasSubstr("a BIGINT NOT NULL, b BYTEA, c DOUBLE PRECISION, d TEXT UNIQUE COLLATE NOCASE"),
                HasSubstr("e TEXT COLLATE \"C\" CHECK (e != 'TEXT;')"), Not(HasSubstr("ROWID"))),
          HasSubstr("UPDATE ipam_store SET version = 12")));
  EXPECT_THAT(ScriptToPostgres("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER)"),
              ElementsAre(HasSubstr("id BIGINT PRIMARY KEY ,")));
  EXPECT_THAT(ScriptToPostgres("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER)"),
              ElementsAre(HasSubstr("NEW.id := greatest((SELECT max(id) FROM t)")));
  EXPECT_THAT(ScriptToPostgres("SELECT INTEGER; ;"), ElementsAre("SELECT INTEGER"));
}

TEST(PostgresStatus, TellsConstraintsAndWhatPassesFromFaults) {
  EXPECT_EQ(PostgresStatus("23505", "x").code(), absl::StatusCode::kAlreadyExists);
  for (const char* state : {"23503", "23502", "23514"}) {
    EXPECT_EQ(PostgresStatus(state, "x").code(), absl::StatusCode::kFailedPrecondition) << state;
  }
  for (const char* state : {"08006", "25006", "40001", "40P01", "53100", "55P03", "57P01", "58030"}) {
    EXPECT_EQ(PostgresStatus(state, "x").code(), absl::StatusCode::kUnavailable) << state;
  }
  for (const char* state : {"42601", "08P01", "22021", "XX000", ""}) {
    EXPECT_EQ(PostgresStatus(state, "x").code(), absl::StatusCode::kInternal) << state;
  }
}

TEST(OpenPostgres, TellsNothingOfAUriThatItCannotRead) {
  const absl::Status status = OpenPostgres("postgresql://u:s3cret@[::1/x", StoreUse::kRead).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("s3cret")));
}

class PostgresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!OnPostgres()) GTEST_SKIP() << "no PostgreSQL";
    store_ = dir_.Store("a.db");
    db_ = OpenDatabase(store_).value();
    put_.emplace(*db_, "INSERT INTO common_properties (name, value) VALUES (?, 'x')");
    count_.emplace(*db_, "SELECT count(*) FROM common_properties WHERE value = 'x'");
  }
  // Ends the session of the store.
  void Break() {
    EXPECT_OK(ExecuteOn(store_,
                        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid != pg_backend_pid()"));
  }

  TempDir dir_;
  std::string store_;
  std::unique_ptr<Database> db_;
  std::optional<Statement> put_;
  std::optional<Statement> count_;
};

TEST_F(PostgresTest, ComesBackBehindALostConnectionWithoutWhatWasNotCommitted) {
  ASSERT_OK(put_->Run("a"));
  ASSERT_OK(db_->Begin());
  ASSERT_OK(put_->Run("b"));
  Break();
  EXPECT_THAT(put_->Run("c"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(put_->Run("d"), StatusIs(absl::StatusCode::kUnavailable)) << "the transaction is gone";
  EXPECT_THAT(db_->Commit(), StatusIs(absl::StatusCode::kUnavailable));
  db_->Rollback();
  ASSERT_OK(db_->Begin());
  ASSERT_OK(put_->Run("b"));
  ASSERT_OK(db_->Commit());
  EXPECT_EQ(count_->Lookup().value(), 2);
  Break();
  EXPECT_THAT(count_->Lookup(), StatusIs(absl::StatusCode::kUnavailable));  // notices it
  EXPECT_EQ(count_->Lookup().value(), 2);
}

TEST_F(PostgresTest, AsksWhatBecameOfACommitThatWasCutOff) {
  ASSERT_OK(ExecuteOn(store_, "CREATE TABLE dies (a INTEGER)"));
  const auto connection = PostgresConnection::Create(store_);
  ASSERT_OK((*connection)->Connect());
  ASSERT_OK((*connection)
                ->Execute("CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                          " PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); END $$;"
                          "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON dies DEFERRABLE INITIALLY DEFERRED"
                          " FOR EACH ROW EXECUTE FUNCTION die()"));
  ASSERT_OK(db_->Begin());
  ASSERT_OK(put_->Run("a"));
  ASSERT_OK(db_->Execute("INSERT INTO dies VALUES (1)"));
  EXPECT_THAT(db_->Commit(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(count_->Lookup().value(), 0);
}

TEST_F(PostgresTest, DoesNotGoOnWhereAnotherServerWroteMeanwhile) {
  ASSERT_OK(db_->Begin());
  Break();
  ASSERT_OK(OpenDatabase(store_));
  db_->Rollback();
  EXPECT_THAT(db_->Begin(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(std::string(db_->Begin().message()), HasSubstr("another server"));
}

}  // namespace
}  // namespace ipam::engine
