#include "dcom_bridge/ipam/postgres.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/postgres_connection.h"
#include "dcom_bridge/ipam/postgres_sql.h"
#include "dcom_bridge/ipam/schema_sql.h"
#include "dcom_bridge/ipam/watched_tables.h"

namespace ipam::engine {
namespace {

using Steady = std::chrono::steady_clock;

// The session of a server that was killed ends when the statement that it ran does.
constexpr std::chrono::seconds kLockTime(5);
constexpr std::chrono::milliseconds kLockInterval(50);
constexpr std::chrono::seconds kDoubtInterval(1);
constexpr int kCommitsToVacuum = 1000;  // tables of a session are not vacuumed by others
constexpr Oid kBool = 16;

constexpr char kSession[] = "SET bytea_output = 'hex'; SET jit = off";
constexpr char kWriterSession[] =
    "CREATE TEMP TABLE recorded_changes (number bigint GENERATED ALWAYS AS IDENTITY, name text NOT NULL,"
    " row_was jsonb, row_is jsonb)";
// 0x4950414d is "IPAM"; a database may have a store in each of its schemas.
constexpr char kLock[] = "SELECT pg_try_advisory_lock(1229996365, current_schema()::regnamespace::oid::int4)";
constexpr char kLockHolder[] =
    "SELECT application_name, coalesce(host(client_addr), 'a local socket') FROM pg_locks JOIN "
    "pg_stat_activity"
    " USING (pid) WHERE locktype = 'advisory' AND granted AND classid = 1229996365 AND objsubid = 2"
    " AND objid = current_schema()::regnamespace AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())";
constexpr char kMark[] =
    "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
    "CREATE TABLE ipam_store (version bigint NOT NULL, writer text);"
    "INSERT INTO ipam_store (version) VALUES (1);"
    "CREATE TABLE last_ids (name text PRIMARY KEY, last bigint NOT NULL)";

std::string_view Field(const PGresult* result, int row, int column) {
  return {PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))};
}

int Hex(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

class PostgresDriver;

class PostgresStatement final : public StatementDriver {
 public:
  PostgresStatement(PostgresDriver& driver, std::string_view sql, RowCount count);

  absl::Status Start(const Value* values, std::size_t count) override;
  bool Next(absl::Status& status) override;
  void Finish() override;

  int columns() const override { return PQnfields(result_.get()); }
  bool IsNull(int column) const override { return PQgetisnull(result_.get(), row_, column) == 1; }
  double Real(int column) const override { return std::strtod(Text(column).c_str(), nullptr); }
  std::int64_t Int64(int column) const override { return std::strtoll(Text(column).c_str(), nullptr, 10); }
  std::string Text(int column) const override {
    const std::string_view text = Field(result_.get(), row_, column);
    if (PQftype(result_.get(), column) == kBool) return text == "t" ? "1" : text == "f" ? "0" : "";
    return std::string(text);
  }
  base::Bytes Blob(int column) const override {
    std::string_view hex = Field(result_.get(), row_, column);
    base::Bytes bytes;
    if (!hex.starts_with("\\x")) return bytes;
    for (hex.remove_prefix(2); hex.size() >= 2; hex.remove_prefix(2)) {
      bytes.push_back(static_cast<std::uint8_t>(Hex(hex[0]) << 4 | Hex(hex[1])));
    }
    return bytes;
  }

 private:
  absl::Status StartPortal(const PostgresValues& values);
  absl::Status Fetch();

  PostgresDriver& driver_;
  const PostgresText text_;
  const RowCount count_;
  const std::string id_;
  bool writes_ = false;
  std::uint64_t generation_ = 0;
  std::map<std::string, std::string> prepared_;  // names by kinds of values
  PostgresResult result_;
  int row_ = -1;
  bool more_ = false;  // behind result_, in the portal
};

class PostgresDriver final : public SqlDriver {
 public:
  PostgresDriver(std::unique_ptr<PostgresConnection> connection, StoreUse use)
      : connection_(std::move(connection)), use_(use) {}

  // The first time; again where the connection broke. Whole, or not connected.
  absl::Status Connect();

  const std::string& name() const override { return connection_->name(); }
  bool read_only() const override { return use_ == StoreUse::kRead; }
  std::unique_ptr<StatementDriver> Prepare(std::string_view sql, RowCount count) override {
    return std::make_unique<PostgresStatement>(*this, sql, count);
  }
  absl::Status ExecuteScript(const char* sql) override;

  absl::Status Begin() override { return Begin(read_only() ? "BEGIN READ ONLY" : "BEGIN"); }
  absl::Status BeginSnapshot() override { return Begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); }
  absl::Status Commit() override;
  void Rollback() override;
  std::int64_t changes() const override { return changes_; }
  void StopWaiting() override { stopped_ = true; }

  absl::Status DeferReferences() override;
  absl::StatusOr<std::optional<BrokenReference>> FindBrokenReference() override;

  absl::StatusOr<StoreMark> ReadMark() override;
  absl::Status MarkStore() override;
  absl::Status FinishSchema() override { return connection_->Execute(kPostgresSql).status(); }
  absl::Status Claim() override;
  absl::Status Watch() override;
  std::unique_ptr<ChangesDriver> Record() override;
  absl::Status Undo(base::ByteView changes) override;

  // Before a statement.
  absl::Status Ready();
  bool in_transaction() const { return transaction_ == Transaction::kOpen; }
  bool with_savepoints() const { return in_transaction() && !references_deferred_; }
  PostgresConnection& connection() { return *connection_; }
  std::string NextId() { return absl::StrCat("s", ++last_id_); }
  void set_changes(std::int64_t changes) { changes_ = changes; }

 private:
  enum class Transaction { kNone, kOpen };

  absl::Status Begin(const char* how);
  absl::Status MakeSession();
  absl::Status TakeLock();
  absl::Status CheckClaim();
  absl::Status WatchAgain();
  absl::Status AskForCommit(const std::string& transaction);
  void Vacuum();
  absl::StatusOr<std::string> One(const char* sql);

  const std::unique_ptr<PostgresConnection> connection_;
  const StoreUse use_;
  Transaction transaction_ = Transaction::kNone;
  bool references_deferred_ = false;
  std::int64_t changes_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t commits_ = 0;
  std::string claim_;  // empty: not yet made
  bool watching_ = false;
  std::atomic<bool> stopped_ = false;
};

PostgresStatement::PostgresStatement(PostgresDriver& driver, std::string_view sql, RowCount count)
    : driver_(driver), text_(ToPostgres(sql)), count_(count), id_(driver.NextId()) {
  for (const std::string_view verb : {"INSERT", "UPDATE", "DELETE"}) writes_ |= sql.starts_with(verb);
}

absl::Status PostgresStatement::Start(const Value* values, std::size_t count) {
  if (count != text_.parameters) {
    return absl::InternalError(absl::StrFormat("%d parameters for: %s", count, text_.sql));
  }
  IPAM_RETURN_IF_ERROR(driver_.Ready());
  PostgresConnection& connection = driver_.connection();
  const PostgresValues parameters(values, count);
  row_ = -1;
  more_ = false;
  if (count_ == RowCount::kMany && driver_.in_transaction()) return StartPortal(parameters);
  if (generation_ != connection.generation()) prepared_.clear();
  generation_ = connection.generation();
  std::string kinds;
  for (std::size_t i = 0; i < count; ++i) kinds.push_back(static_cast<char>(values[i].kind()));
  auto found = prepared_.find(kinds);
  if (found == prepared_.end()) {
    const std::string name = absl::StrCat(id_, kinds);
    if (const absl::Status made = connection.Prepare(name, text_.sql, parameters); !made.ok()) {
      return absl::Status(made.code(), absl::StrCat(text_.sql, ": ", std::string(made.message())));
    }
    found = prepared_.emplace(kinds, name).first;
  }
  IPAM_ASSIGN_OR_RETURN(result_, writes_ && driver_.with_savepoints()
                                     ? connection.RunInSavepoint(found->second, parameters)
                                     : connection.Run(found->second, parameters));
  if (writes_) driver_.set_changes(std::strtoll(PQcmdTuples(result_.get()), nullptr, 10));
  return absl::OkStatus();
}

absl::Status PostgresStatement::StartPortal(const PostgresValues& values) {
  IPAM_RETURN_IF_ERROR(
      driver_.connection()
          .Execute(absl::StrCat("DECLARE ", id_, " NO SCROLL CURSOR FOR ", text_.sql), values)
          .status());
  more_ = true;
  return Fetch();
}

absl::Status PostgresStatement::Fetch() {
  constexpr int kRows = 1000;
  IPAM_ASSIGN_OR_RETURN(result_, driver_.connection().Execute(absl::StrCat("FETCH ", kRows, " FROM ", id_)));
  row_ = -1;
  if (PQntuples(result_.get()) == kRows) return absl::OkStatus();
  more_ = false;
  return driver_.connection().Execute(absl::StrCat("CLOSE ", id_)).status();
}

bool PostgresStatement::Next(absl::Status& status) {
  if (row_ + 1 >= PQntuples(result_.get()) && more_) {
    if (absl::Status fetched = Fetch(); !fetched.ok()) {
      status = std::move(fetched);
      more_ = false;
      return false;
    }
  }
  if (row_ + 1 >= PQntuples(result_.get())) return false;
  ++row_;
  return true;
}

void PostgresStatement::Finish() {
  if (more_) (void)driver_.connection().Execute(absl::StrCat("CLOSE ", id_));
  more_ = false;
  result_.reset();
}

absl::Status PostgresDriver::Connect() {
  absl::Status made = MakeSession();
  if (!made.ok()) connection_->Close();
  return made;
}

absl::Status PostgresDriver::MakeSession() {
  IPAM_RETURN_IF_ERROR(connection_->Connect());
  IPAM_RETURN_IF_ERROR(connection_->Execute(kSession).status());
  if (use_ == StoreUse::kRead) return absl::OkStatus();
  IPAM_RETURN_IF_ERROR(TakeLock());
  IPAM_RETURN_IF_ERROR(connection_->Execute(kWriterSession).status());
  if (!claim_.empty()) IPAM_RETURN_IF_ERROR(CheckClaim());
  return watching_ ? WatchAgain() : absl::OkStatus();
}

absl::Status PostgresDriver::TakeLock() {
  const auto limit = Steady::now() + kLockTime;
  while (true) {
    IPAM_ASSIGN_OR_RETURN(const std::string taken, One(kLock));
    if (taken == "t") return absl::OkStatus();
    if (Steady::now() > limit || stopped_) break;
    std::this_thread::sleep_for(kLockInterval);
  }
  IPAM_ASSIGN_OR_RETURN(const PostgresResult holder, connection_->Execute(kLockHolder));
  if (PQntuples(holder.get()) == 0) return absl::UnavailableError("another server writes the store");
  return absl::UnavailableError(absl::StrFormat("another server writes the store: %s, by %s",
                                                Field(holder.get(), 0, 0), Field(holder.get(), 0, 1)));
}

absl::Status PostgresDriver::Claim() {
  IPAM_ASSIGN_OR_RETURN(claim_,
                        One("UPDATE ipam_store SET writer = gen_random_uuid()::text RETURNING writer"));
  return absl::OkStatus();
}

// What this server has in its memory is of no use where another one wrote meanwhile.
absl::Status PostgresDriver::CheckClaim() {
  IPAM_ASSIGN_OR_RETURN(const std::string writer, One("SELECT writer FROM ipam_store"));
  return writer == claim_ ? absl::OkStatus()
                          : absl::UnavailableError("another server has taken over the store: start anew");
}

absl::StatusOr<std::string> PostgresDriver::One(const char* sql) {
  IPAM_ASSIGN_OR_RETURN(const PostgresResult result, connection_->Execute(sql));
  return PQntuples(result.get()) == 0 ? std::string() : std::string(Field(result.get(), 0, 0));
}

absl::Status PostgresDriver::Ready() {
  if (connection_->connected()) return absl::OkStatus();
  if (in_transaction()) return absl::UnavailableError("store: the connection was lost");
  return Connect();
}

absl::Status PostgresDriver::ExecuteScript(const char* sql) {
  IPAM_RETURN_IF_ERROR(Ready());
  std::string script;
  for (const std::string& statement : ScriptToPostgres(sql)) absl::StrAppend(&script, statement, ";\n");
  return connection_->Execute(script).status();
}

absl::Status PostgresDriver::Begin(const char* how) {
  Rollback();
  IPAM_RETURN_IF_ERROR(Ready());
  IPAM_RETURN_IF_ERROR(connection_->Execute(how).status());
  transaction_ = Transaction::kOpen;
  return absl::OkStatus();
}

void PostgresDriver::Rollback() {
  if (in_transaction() && connection_->connected()) (void)connection_->Execute("ROLLBACK");
  transaction_ = Transaction::kNone;
  references_deferred_ = false;
}

absl::Status PostgresDriver::Commit() {
  IPAM_RETURN_IF_ERROR(Ready());
  IPAM_ASSIGN_OR_RETURN(const std::string transaction, One("SELECT pg_current_xact_id_if_assigned()"));
  absl::StatusOr<PostgresResult> committed = connection_->Execute("COMMIT");
  // A transaction in which a statement failed is ended by a rollback, which is no error.
  if (committed.ok() && std::string_view(PQcmdStatus(committed->get())) != "COMMIT") {
    committed = absl::InternalError("store: the transaction had failed");
  }
  transaction_ = Transaction::kNone;
  references_deferred_ = false;
  if (!committed.ok() && !connection_->connected() && !transaction.empty()) return AskForCommit(transaction);
  IPAM_RETURN_IF_ERROR(committed.status());
  if (use_ == StoreUse::kWrite && ++commits_ % kCommitsToVacuum == 0) Vacuum();
  return absl::OkStatus();
}

absl::Status PostgresDriver::AskForCommit(const std::string& transaction) {
  const std::string ask = absl::StrCat("SELECT pg_xact_status('", transaction, "')");
  while (!stopped_) {
    // The lock is ours again when the session that had it is gone, and its transaction with it.
    if (Ready().ok()) {
      const absl::StatusOr<std::string> fate = One(ask.c_str());
      if (fate.ok() && *fate == "committed") return absl::OkStatus();
      if (fate.ok())
        return absl::UnavailableError("store: the connection was lost, and the transaction with it");
    }
    std::this_thread::sleep_for(kDoubtInterval);
  }
  return absl::UnavailableError("store: the connection was lost in a commit");
}

void PostgresDriver::Vacuum() {
  (void)connection_->Execute("VACUUM recorded_changes");
  if (!watching_) return;
  for (const char* table : {"dhcp_servers", "record_sets", "server_zones", "forwarders"}) {
    (void)connection_->Execute(absl::StrCat("VACUUM touched_", table));
  }
}

absl::Status PostgresDriver::DeferReferences() {
  references_deferred_ = true;
  return connection_->Execute("SET CONSTRAINTS ALL DEFERRED").status();
}

absl::StatusOr<std::optional<BrokenReference>> PostgresDriver::FindBrokenReference() {
  IPAM_RETURN_IF_ERROR(connection_->Execute("SAVEPOINT references_checked").status());
  const absl::Status checked = connection_->Execute("SET CONSTRAINTS ALL IMMEDIATE").status();
  if (checked.ok()) return std::nullopt;
  if (!absl::IsFailedPrecondition(checked)) return checked;
  IPAM_RETURN_IF_ERROR(connection_->Execute("ROLLBACK TO references_checked").status());
  // A query for each foreign key, which gives the first row whose columns, all of them set, name no row.
  IPAM_ASSIGN_OR_RETURN(
      const PostgresResult keys,
      connection_->Execute(
          "SELECT format('SELECT %s FROM %s AS c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s AS p WHERE %s)"
          " ORDER BY 1 LIMIT 1', (SELECT CASE count(*) WHEN 1 THEN min('c.' || quote_ident(attname)) ELSE "
          "'NULL' END"
          " FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)"
          " WHERE indrelid = conrelid AND indisprimary), conrelid::regclass, string_agg(format('c.%I IS NOT "
          "NULL',"
          " child.attname), ' AND '), confrelid::regclass, string_agg(format('p.%I = c.%I', parent.attname,"
          " child.attname), ' AND ')), conrelid::regclass, confrelid::regclass FROM pg_constraint"
          " CROSS JOIN unnest(conkey, confkey) AS pair (child, parent)"
          " JOIN pg_attribute AS child ON child.attrelid = conrelid AND child.attnum = pair.child"
          " JOIN pg_attribute AS parent ON parent.attrelid = confrelid AND parent.attnum = pair.parent"
          " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
          " GROUP BY pg_constraint.oid, conrelid, confrelid ORDER BY conrelid, pg_constraint.oid"));
  for (int i = 0; i < PQntuples(keys.get()); ++i) {
    IPAM_ASSIGN_OR_RETURN(const PostgresResult row,
                          connection_->Execute(std::string(Field(keys.get(), i, 0))));
    if (PQntuples(row.get()) == 0) continue;
    BrokenReference broken{.table = std::string(Field(keys.get(), i, 1)),
                           .row = std::nullopt,
                           .target = std::string(Field(keys.get(), i, 2))};
    if (PQgetisnull(row.get(), 0, 0) == 0)
      broken.row = std::strtoll(PQgetvalue(row.get(), 0, 0), nullptr, 10);
    return broken;
  }
  return checked;
}

absl::StatusOr<StoreMark> PostgresDriver::ReadMark() {
  StoreMark mark;
  IPAM_ASSIGN_OR_RETURN(const std::string schema, One("SELECT current_schema()"));
  if (schema.empty())
    return absl::FailedPreconditionError("has no schema of those that its search_path names");
  IPAM_ASSIGN_OR_RETURN(const std::string tables,
                        One("SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')"
                            " AND relnamespace = current_schema()::regnamespace"));
  IPAM_ASSIGN_OR_RETURN(const std::string ours,
                        One("SELECT count(*) FROM pg_class WHERE relname = 'ipam_store' AND relkind = 'r'"
                            " AND relnamespace = current_schema()::regnamespace"));
  mark.is_empty = tables == "0";
  mark.is_ours = ours == "1";
  if (!mark.is_ours) return mark;
  IPAM_ASSIGN_OR_RETURN(const std::string version, One("SELECT version FROM ipam_store"));
  mark.version = std::strtoll(version.c_str(), nullptr, 10);
  return mark;
}

absl::Status PostgresDriver::MarkStore() {
  IPAM_ASSIGN_OR_RETURN(const std::string encoding, One("SHOW server_encoding"));
  if (encoding != "UTF8") {
    return absl::FailedPreconditionError(
        absl::StrFormat("the database has the encoding %s, a store wants UTF8", encoding));
  }
  return connection_->Execute(kMark).status();
}

absl::Status PostgresDriver::Watch() {
  std::string script;
  for (const WatchedChange& change : WatchedChanges()) {
    const std::string name = absl::StrCat("touch_", change.table, "_", absl::AsciiStrToLower(change.event));
    absl::StrAppend(
        &script, "CREATE OR REPLACE FUNCTION ", name, "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ",
        change.statement, "; RETURN NULL; END $$;\nCREATE OR REPLACE TRIGGER ", name, " AFTER ", change.event,
        " ON ", change.table,
        " FOR EACH ROW WHEN (current_setting('ipam.watching', true) = '1') EXECUTE FUNCTION ", name, "();\n");
  }
  IPAM_RETURN_IF_ERROR(Ready());
  IPAM_RETURN_IF_ERROR(connection_->Execute(script).status());
  watching_ = true;
  return WatchAgain();
}

absl::Status PostgresDriver::WatchAgain() {
  std::string script = "SET ipam.watching = '1';\n";
  for (const std::string& table : ScriptToPostgres(kChangeLogSql)) absl::StrAppend(&script, table, ";\n");
  return connection_->Execute(script).status();
}

// The rows that the triggers of postgres.sql wrote down, as a JSON array that undo_changes() takes.
class PostgresChanges final : public ChangesDriver {
 public:
  explicit PostgresChanges(PostgresConnection& connection)
      : connection_(connection),
        begun_(connection.Execute("DELETE FROM recorded_changes; SET ipam.recording = '1'").status()) {}
  // Where the transaction failed, it ends with the savepoint in which it began.
  ~PostgresChanges() override { (void)connection_.Execute("SET ipam.recording = ''"); }

  absl::StatusOr<base::Bytes> Take() override {
    IPAM_RETURN_IF_ERROR(begun_);
    IPAM_ASSIGN_OR_RETURN(
        const PostgresResult result,
        connection_.Execute(
            "SELECT jsonb_agg(jsonb_build_object('name', name, 'row_was', row_was, 'row_is', row_is)"
            " ORDER BY number DESC) FROM recorded_changes"));
    const std::string_view changes = Field(result.get(), 0, 0);
    return base::Bytes(changes.begin(), changes.end());
  }

 private:
  PostgresConnection& connection_;
  const absl::Status begun_;
};

std::unique_ptr<ChangesDriver> PostgresDriver::Record() {
  return std::make_unique<PostgresChanges>(*connection_);
}

absl::Status PostgresDriver::Undo(base::ByteView changes) {
  IPAM_RETURN_IF_ERROR(connection_->Execute("SET CONSTRAINTS ALL DEFERRED").status());
  const Value text = std::string_view(reinterpret_cast<const char*>(changes.data()), changes.size());
  return connection_->Execute("SELECT undo_changes($1::jsonb)", PostgresValues(&text, 1)).status();
}

}  // namespace

bool IsPostgresUri(std::string_view store) {
  return store.starts_with("postgresql://") || store.starts_with("postgres://");
}

absl::StatusOr<std::unique_ptr<SqlDriver>> OpenPostgres(const std::string& uri, StoreUse use) {
  IPAM_ASSIGN_OR_RETURN(std::unique_ptr<PostgresConnection> connection, PostgresConnection::Create(uri));
  auto driver = std::make_unique<PostgresDriver>(std::move(connection), use);
  if (const absl::Status connected = driver->Connect(); !connected.ok()) {
    return absl::Status(connected.code(),
                        absl::StrFormat("cannot open the store %s: %s", driver->name(), connected.message()));
  }
  return driver;
}

}  // namespace ipam::engine
