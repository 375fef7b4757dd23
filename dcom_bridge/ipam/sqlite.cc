#include "dcom_bridge/ipam/sqlite.h"

// The session extension is in the library of Debian, its declarations only by this.
#define SQLITE_ENABLE_SESSION 1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include <sqlite3.h>

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/schema_sql.h"
#include "dcom_bridge/ipam/watched_tables.h"

namespace ipam::engine {
namespace {

// Another process that imports holds the write lock for at most its one transaction.
constexpr int kBusyTimeoutMs = 10'000;
constexpr std::int64_t kApplicationId = 0x4950414d;  // "IPAM"

constexpr char kPragmas[] = R"sql(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA temp_store = MEMORY;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA cache_size = -32768;
)sql";

absl::Status SqliteStatus(sqlite3* db, int code, std::string_view what) {
  const int extended = db == nullptr ? code : sqlite3_extended_errcode(db);
  const std::string message =
      absl::StrFormat("%s: %s", what, db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db));
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
          extended == SQLITE_CONSTRAINT_ROWID) {
        return absl::AlreadyExistsError(message);
      }
      return absl::FailedPreconditionError(message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return absl::UnavailableError(message);
    default:
      return absl::InternalError(message);
  }
}

class SqliteStatement final : public StatementDriver {
 public:
  SqliteStatement(sqlite3* db, std::string_view sql) {
    const int code = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
    if (code != SQLITE_OK) prepared_ = SqliteStatus(db, code, sql);
  }
  ~SqliteStatement() override { sqlite3_finalize(statement_); }

  absl::Status Start(const Value* values, std::size_t count) override;

  bool Next(absl::Status& status) override {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) status = SqliteStatus(sqlite3_db_handle(statement_), code, "store");
    return false;
  }

  void Finish() override {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

  int columns() const override { return sqlite3_column_count(statement_); }
  std::int64_t Int64(int column) const override { return sqlite3_column_int64(statement_, column); }
  double Real(int column) const override { return sqlite3_column_double(statement_, column); }
  bool IsNull(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

  std::string Text(int column) const override {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return text == nullptr
               ? std::string()
               : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }

  base::Bytes Blob(int column) const override {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return data == nullptr ? base::Bytes()
                           : base::Bytes(data, data + sqlite3_column_bytes(statement_, column));
  }

 private:
  int Bind(int index, const Value& value);

  sqlite3_stmt* statement_ = nullptr;
  absl::Status prepared_;
};

absl::Status SqliteStatement::Start(const Value* values, std::size_t count) {
  if (!prepared_.ok()) return prepared_;
  if (static_cast<int>(count) != sqlite3_bind_parameter_count(statement_)) {
    return absl::InternalError(absl::StrFormat("%d parameters for: %s", count, sqlite3_sql(statement_)));
  }
  int code = SQLITE_OK;
  for (std::size_t i = 0; i < count && code == SQLITE_OK; ++i)
    code = Bind(static_cast<int>(i) + 1, values[i]);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteStatus(sqlite3_db_handle(statement_), code, "store");
}

int SqliteStatement::Bind(int index, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return sqlite3_bind_null(statement_, index);
    case Value::Kind::kInteger:
      return sqlite3_bind_int64(statement_, index, value.integer());
    case Value::Kind::kReal:
      return sqlite3_bind_double(statement_, index, value.real());
    case Value::Kind::kText: {
      // Copied: a cursor may live longer than the full expression that made its arguments.
      const std::string_view text = value.text();
      return sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                                 SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    case Value::Kind::kBlob: {
      const base::ByteView blob = value.blob();
      return blob.empty()
                 ? sqlite3_bind_zeroblob(statement_, index, 0)
                 : sqlite3_bind_blob64(statement_, index, blob.data(), blob.size(), SQLITE_TRANSIENT);
    }
  }
  return SQLITE_MISUSE;
}

// A changeset of the session extension.
class SqliteChanges final : public ChangesDriver {
 public:
  explicit SqliteChanges(sqlite3* db) {
    sqlite3_session* session = nullptr;
    code_ = sqlite3session_create(db, "main", &session);
    session_.reset(session);
    if (code_ == SQLITE_OK) code_ = sqlite3session_attach(session, nullptr);
  }

  absl::StatusOr<base::Bytes> Take() override {
    int size = 0;
    void* buffer = nullptr;
    const int code = code_ == SQLITE_OK ? sqlite3session_changeset(session_.get(), &size, &buffer) : code_;
    const std::unique_ptr<void, decltype(&sqlite3_free)> owned(buffer, sqlite3_free);
    if (code != SQLITE_OK) return SqliteStatus(nullptr, code, "changes");
    const auto* data = static_cast<const std::uint8_t*>(buffer);
    return size == 0 ? base::Bytes() : base::Bytes(data, data + size);
  }

 private:
  struct Close {
    void operator()(sqlite3_session* session) const { sqlite3session_delete(session); }
  };
  int code_;  // of its beginning
  std::unique_ptr<sqlite3_session, Close> session_;
};

// Rows that were changed again since, or made again under their key, give way.
int OnConflict(void*, int kind, sqlite3_changeset_iter*) {
  return kind == SQLITE_CHANGESET_DATA || kind == SQLITE_CHANGESET_CONFLICT ? SQLITE_CHANGESET_REPLACE
                                                                            : SQLITE_CHANGESET_OMIT;
}

class SqliteDriver final : public SqlDriver {
 public:
  SqliteDriver(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  ~SqliteDriver() override { sqlite3_close_v2(db_); }

  const std::string& name() const override { return path_; }

  std::unique_ptr<StatementDriver> Prepare(std::string_view sql, RowCount) override {
    return std::make_unique<SqliteStatement>(db_, sql);
  }
  absl::Status ExecuteScript(const char* sql) override {
    const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
    return code == SQLITE_OK ? absl::OkStatus() : SqliteStatus(db_, code, "store");
  }

  absl::Status Begin() override { return ExecuteScript("BEGIN IMMEDIATE"); }
  absl::Status BeginSnapshot() override { return ExecuteScript("BEGIN"); }
  absl::Status Commit() override { return ExecuteScript("COMMIT"); }
  void Rollback() override { (void)ExecuteScript("ROLLBACK"); }  // SQLite may have done it already
  std::int64_t changes() const override { return sqlite3_changes64(db_); }

  absl::Status DeferReferences() override { return ExecuteScript("PRAGMA defer_foreign_keys = ON"); }
  absl::StatusOr<std::optional<BrokenReference>> FindBrokenReference() override;

  absl::StatusOr<StoreMark> ReadMark() override;
  absl::Status MarkStore() override {
    return ExecuteScript(absl::StrCat("PRAGMA application_id = ", kApplicationId).c_str());
  }
  absl::Status FinishSchema() override { return absl::OkStatus(); }
  absl::Status Watch() override;
  std::unique_ptr<ChangesDriver> Record() override { return std::make_unique<SqliteChanges>(db_); }
  absl::Status Undo(base::ByteView changes) override;

 private:
  absl::StatusOr<std::int64_t> Number(std::string_view sql);

  sqlite3* const db_;
  const std::string path_;
};

absl::StatusOr<std::optional<BrokenReference>> SqliteDriver::FindBrokenReference() {
  SqliteStatement check(db_, "PRAGMA foreign_key_check");
  IPAM_RETURN_IF_ERROR(check.Start(nullptr, 0));
  absl::Status status;
  std::optional<BrokenReference> broken;
  if (check.Next(status)) {
    broken = BrokenReference{.table = check.Text(0), .row = std::nullopt, .target = check.Text(2)};
    if (!check.IsNull(1)) broken->row = check.Int64(1);
  }
  check.Finish();
  if (!status.ok()) return status;
  return broken;
}

absl::StatusOr<std::int64_t> SqliteDriver::Number(std::string_view sql) {
  SqliteStatement query(db_, sql);
  IPAM_RETURN_IF_ERROR(query.Start(nullptr, 0));
  absl::Status status;
  const std::int64_t number = query.Next(status) ? query.Int64(0) : 0;
  query.Finish();
  if (!status.ok()) return status;
  return number;
}

absl::StatusOr<StoreMark> SqliteDriver::ReadMark() {
  StoreMark mark;
  IPAM_ASSIGN_OR_RETURN(const std::int64_t tables, Number("SELECT count(*) FROM sqlite_schema"));
  IPAM_ASSIGN_OR_RETURN(const std::int64_t application, Number("PRAGMA application_id"));
  IPAM_ASSIGN_OR_RETURN(mark.version, Number("PRAGMA user_version"));
  mark.is_empty = tables == 0;
  mark.is_ours = application == kApplicationId;
  return mark;
}

absl::Status SqliteDriver::Watch() {
  std::string script = kChangeLogSql;
  for (const WatchedChange& change : WatchedChanges()) {
    absl::StrAppend(&script, "CREATE TEMP TRIGGER touch_", change.table, "_", change.event, " AFTER ",
                    change.event, " ON main.", change.table, " BEGIN ", change.statement, "; END;\n");
  }
  return ExecuteScript(script.c_str());
}

absl::Status SqliteDriver::Undo(base::ByteView changes) {
  if (changes.size() > std::numeric_limits<int>::max()) return absl::InternalError("changes: too long");
  int size = 0;
  void* buffer = nullptr;
  int code = sqlite3changeset_invert(static_cast<int>(changes.size()), changes.data(), &size, &buffer);
  const std::unique_ptr<void, decltype(&sqlite3_free)> inverse(buffer, sqlite3_free);
  if (code == SQLITE_OK) code = sqlite3changeset_apply(db_, size, buffer, nullptr, OnConflict, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteStatus(nullptr, code, "changes");
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqlDriver>> OpenSqlite(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  auto driver = std::make_unique<SqliteDriver>(handle, path);
  if (code != SQLITE_OK) return SqliteStatus(handle, code, absl::StrFormat("cannot open the store %s", path));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  IPAM_RETURN_IF_ERROR(driver->ExecuteScript(kPragmas));
  return driver;
}

}  // namespace ipam::engine
