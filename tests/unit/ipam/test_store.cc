#include "test_store.h"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/ipam/postgres_sql.h"
#include "dcom_bridge/ipam/sql_driver.h"
#include "dcom_bridge/ipam/store.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

// What SQLite has.
constexpr char kWords[] = R"sql(
CREATE FUNCTION joined(so_far text, value anyelement) RETURNS text IMMUTABLE LANGUAGE sql
  AS $$ SELECT CASE WHEN value IS NULL THEN so_far ELSE concat_ws(',', so_far, value) END $$;
CREATE AGGREGATE group_concat(anyelement) (SFUNC = joined, STYPE = text);
CREATE FUNCTION joined_by(so_far text, value anyelement, separator text) RETURNS text IMMUTABLE LANGUAGE sql
  AS $$ SELECT CASE WHEN value IS NULL THEN so_far ELSE concat_ws(separator, so_far, value) END $$;
CREATE AGGREGATE group_concat(anyelement, text) (SFUNC = joined_by, STYPE = text);
CREATE FUNCTION hex(bytes bytea) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT coalesce(upper(encode(bytes, 'hex')), '') $$;
CREATE FUNCTION zeroblob(size int) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$ SELECT decode(repeat('00', size), 'hex') $$;
CREATE FUNCTION steps(path text) RETURNS text[] IMMUTABLE LANGUAGE sql AS $$
  SELECT string_to_array(replace(replace(regexp_replace(path, '^\$\.', ''), '[', '.'), ']', ''), '.') $$;
CREATE FUNCTION json_extract(details text, path text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
  SELECT CASE jsonb_typeof(found) WHEN 'string' THEN found #>> '{}'
    ELSE replace(replace(found::text, ', ', ','), ': ', ':') END FROM (SELECT details::jsonb #> steps(path) AS found) AS f $$;
CREATE FUNCTION json_set(details text, path text, value text) RETURNS text IMMUTABLE LANGUAGE sql
  AS $$ SELECT jsonb_set(details::jsonb, steps(path), to_jsonb(value))::text $$;
CREATE FUNCTION of_json(details text, path text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
  SELECT CASE value WHEN 'true' THEN '1' WHEN 'false' THEN '0' ELSE value END
    FROM (SELECT details::jsonb #>> steps(path) AS value) AS found $$;
CREATE OPERATOR ->> (LEFTARG = text, RIGHTARG = text, FUNCTION = of_json);
CREATE OPERATOR -> (LEFTARG = text, RIGHTARG = text, FUNCTION = of_json);
)sql";
constexpr char kEmpty[] = "empty";
constexpr char kPlant[] = "plant";

const std::string& Cluster() {
  static const std::string uri = [] {
    const char* set = std::getenv("IPAM_TEST_STORE");
    return std::string(set == nullptr ? "" : set);
  }();
  return uri;
}

std::string UriOf(const std::string& database) {
  std::string uri = Cluster();
  return uri.insert(uri.find("@/") + 2, database);
}

std::string DatabaseOf(const std::string& uri) {
  const std::size_t begin = uri.find("@/") + 2;
  return uri.substr(begin, uri.find('?') - begin);
}

// A connection by itself, without the lock of a writer.
class Session {
 public:
  explicit Session(const std::string& uri) : connection_(PQconnectdb(uri.c_str())) {
    EXPECT_EQ(PQstatus(connection_), CONNECTION_OK) << PQerrorMessage(connection_);
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr);
  }
  ~Session() { PQfinish(connection_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The first value; empty: none.
  std::string Run(const std::string& sql) {
    PGresult* result = PQexec(connection_, sql.c_str());
    error_ = PQresultErrorMessage(result);
    std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    PQclear(result);
    return value;
  }
  const std::string& error() const { return error_; }

 private:
  PGconn* connection_;
  std::string error_;
};

// Makes the database that tests take copies of, once.
template <typename Fill>
void MakeOnce(Session& session, const std::string& name, Fill fill) {
  session.Run("SELECT pg_advisory_lock(1)");
  if (session.Run(absl::StrFormat("SELECT 1 FROM pg_database WHERE datname = '%s'", name)).empty()) {
    const std::string making = name + "_making";
    session.Run(absl::StrFormat("DROP DATABASE IF EXISTS %s WITH (FORCE)", making));
    fill(making);
    session.Run(absl::StrFormat("ALTER DATABASE %s RENAME TO %s", making, name));
    EXPECT_EQ(session.error(), "");
  }
  session.Run("SELECT pg_advisory_unlock(1)");
}

void MakeEmpty(Session& session) {
  MakeOnce(session, kEmpty, [&session](const std::string& database) {
    session.Run(absl::StrFormat("CREATE DATABASE %s TEMPLATE template0", database));
    Session made(UriOf(database));
    made.Run(kWords);
    EXPECT_EQ(made.error(), "");
  });
}

std::string MakeDatabase(const std::string& source) {
  static int number = 0;
  const std::string database = absl::StrFormat("t%d_%d", getpid(), ++number);
  Session session(UriOf("postgres"));
  MakeEmpty(session);
  session.Run(absl::StrFormat("CREATE DATABASE %s TEMPLATE %s", database, source));
  EXPECT_EQ(session.error(), "");
  return UriOf(database);
}

// The rows of the tables that the query names, as SQLite has them.
void PutInOrder(const std::string& store, const std::string& sql) {
  Session session(store);
  const std::string tables = session.Run(
      "SELECT string_agg(relname, ' ') FROM pg_class WHERE relkind = 'r' AND relname !~ "
      "'^(ipam_store|last_ids)$'"
      " AND relnamespace = current_schema()::regnamespace");
  for (const absl::string_view table : absl::StrSplit(tables, ' ')) {
    if (!absl::StrContains(sql, absl::StrCat(" ", table))) continue;
    session.Run(absl::StrFormat("CLUSTER %s USING %s_pkey", table, table));
    EXPECT_EQ(session.error(), "");
  }
}

void ImportPlant(const std::string& store) {
  EXPECT_OK(ImportYaml(store, IPAM_SOURCE_DIR "/deploy/samples/network.yaml"));
  EXPECT_OK(ImportYaml(store, IPAM_SOURCE_DIR "/tests/unit/ipam/plant.yaml"));
}

}  // namespace

bool OnPostgres() { return !Cluster().empty(); }

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "ipam_test_XXXXXX").string();
  path_ = mkdtemp(name.data());
}

TempDir::~TempDir() {
  if (!databases_.empty()) {
    Session session(UriOf("postgres"));
    for (const auto& [name, uri] : databases_) {
      session.Run(absl::StrFormat("DROP DATABASE %s WITH (FORCE)", DatabaseOf(uri)));
    }
  }
  std::filesystem::remove_all(path_);
}

std::string TempDir::Store(const std::string& name) {
  if (!OnPostgres()) return File(name);
  std::string& uri = databases_[name];
  if (uri.empty()) uri = MakeDatabase(kEmpty);
  return uri;
}

std::string TempDir::CopyOf(const std::string& store, const std::string& name) {
  if (!OnPostgres()) {
    std::filesystem::copy_file(store, File(name));
    return File(name);
  }
  return databases_[name] = MakeDatabase(DatabaseOf(store));
}

std::string PlantStore() {
  static TempDir dir;
  static const std::string store = [] {
    if (!OnPostgres()) {
      ImportPlant(dir.File("plant.db"));
      return dir.File("plant.db");
    }
    Session session(UriOf("postgres"));
    MakeEmpty(session);
    MakeOnce(session, kPlant, [&session](const std::string& database) {
      session.Run(absl::StrFormat("CREATE DATABASE %s TEMPLATE %s", database, kEmpty));
      ImportPlant(UriOf(database));
    });
    return UriOf(kPlant);
  }();
  return store;
}

std::vector<std::string> ListRows(const std::string& store, const std::string& sql) {
  if (OnPostgres() && sql.find("ORDER BY") == std::string::npos) PutInOrder(store, sql);
  const auto db = Database::Open(store, StoreUse::kRead);
  EXPECT_OK(db);
  if (!db.ok()) return {"no store"};
  const std::unique_ptr<StatementDriver> query = (*db)->driver().Prepare(sql, RowCount::kFew);
  const absl::Status started = query->Start(nullptr, 0);
  EXPECT_OK(started) << sql;
  if (!started.ok()) return {"no rows"};
  std::vector<std::string> rows;
  absl::Status status;
  while (query->Next(status)) {
    std::vector<std::string> columns;
    for (int i = 0; i < query->columns(); ++i) columns.push_back(query->IsNull(i) ? "NULL" : query->Text(i));
    rows.push_back(absl::StrJoin(columns, "|"));
  }
  EXPECT_OK(status);
  query->Finish();
  return rows;
}

std::string RowsOf(const std::string& store, const std::string& sql) {
  return absl::StrJoin(ListRows(store, sql), "; ");
}

std::map<std::string, std::string> Dump(const std::string& store) {
  // Who writes the store is not of it.
  const std::string tables = RowsOf(
      store, OnPostgres() ? "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname != 'ipam_store'"
                            " AND relnamespace = current_schema()::regnamespace"
                          : "SELECT name FROM sqlite_schema WHERE type = 'table'");
  std::map<std::string, std::string> rows;
  for (const absl::string_view table : absl::StrSplit(tables, "; ")) {
    std::string columns = absl::StrFormat("%s::text", table);
    if (!OnPostgres()) {
      columns = RowsOf(store, absl::StrFormat("SELECT group_concat('quote(' || name || ')', ', ')"
                                              " FROM pragma_table_info('%s')",
                                              table));
    }
    rows[std::string(table)] =
        RowsOf(store, absl::StrFormat("SELECT %s FROM %s ORDER BY %s", columns, table, columns));
  }
  return rows;
}

absl::Status ExecuteOn(const std::string& store, const std::string& sql) {
  if (!OnPostgres()) {
    const auto db = Database::Open(store);
    return db.ok() ? (*db)->ExecuteScript(sql.c_str()) : db.status();
  }
  Session session(store);
  for (const std::string& statement : ScriptToPostgres(sql)) {
    session.Run(statement);
    if (!session.error().empty()) return absl::InternalError(session.error());
  }
  return absl::OkStatus();
}

namespace {

// `of_sqlite` is the action, `of_postgres` the condition of the refusal.
void MakeTrigger(const std::string& store, const std::string& event, const std::string& table,
                 const std::string& when, const std::string& message, const std::string& of_sqlite,
                 const std::string& of_postgres) {
  if (!OnPostgres()) {
    EXPECT_OK(ExecuteOn(
        store, absl::StrCat("CREATE TRIGGER deny BEFORE ", event, " ON ", table, when.empty() ? "" : " WHEN ",
                            when, " BEGIN SELECT RAISE(", of_sqlite, ", '", message, "'); END")));
    return;
  }
  Session session(store);
  session.Run(absl::StrCat(
      "CREATE OR REPLACE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE '", message,
      "' USING ERRCODE = '", of_postgres, "'; END $$; CREATE TRIGGER deny BEFORE ", event, " ON ", table,
      " FOR EACH ROW ", when.empty() ? "" : absl::StrCat("WHEN (", when, ")"), " EXECUTE FUNCTION deny()"));
  EXPECT_EQ(session.error(), "");
}

}  // namespace

void Deny(const std::string& store, const std::string& event, const std::string& table,
          const std::string& when) {
  MakeTrigger(store, event, table, when, "the store is broken", "ROLLBACK", "disk_full");
}

void Refuse(const std::string& store, const std::string& change, const std::string& message) {
  const std::vector<std::string> parts = absl::StrSplit(change, " WHEN ");
  const std::vector<std::string> event = absl::StrSplit(parts.front(), " ON ");
  MakeTrigger(store, event.front(), event.back(), parts.size() > 1 ? parts.back() : "", message, "ABORT",
              "check_violation");
}

void Allow(const std::string& store) {
  EXPECT_OK(ExecuteOn(store, OnPostgres() ? "DROP FUNCTION deny CASCADE" : "DROP TRIGGER deny"));
}

}  // namespace ipam::engine
