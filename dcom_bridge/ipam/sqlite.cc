#include "dcom_bridge/ipam/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::engine {
namespace {

// Another process that imports holds the write lock for at most its one transaction.
constexpr int kBusyTimeoutMs = 10'000;

constexpr char kPragmas[] = R"sql(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA temp_store = MEMORY;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA cache_size = -32768;
)sql";

}  // namespace

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

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> db(new Database(handle));
  if (code != SQLITE_OK) return SqliteStatus(handle, code, absl::StrFormat("cannot open the store %s", path));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  IPAM_RETURN_IF_ERROR(db->Execute(kPragmas));
  return db;
}

Database::~Database() { sqlite3_close_v2(db_); }

absl::Status Database::ExecuteScript(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteStatus(db_, code, "store");
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(db_); }
std::int64_t Database::changes() const { return sqlite3_changes64(db_); }

Cursor::Cursor(sqlite3_stmt* statement, absl::Status status)
    : statement_(statement), status_(std::move(status)) {}

Cursor::Cursor(Cursor&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), status_(std::move(other.status_)) {}

Cursor::~Cursor() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Cursor::Next() {
  if (!status_.ok() || statement_ == nullptr) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) status_ = SqliteStatus(sqlite3_db_handle(statement_), code, "store");
  return false;
}

std::int64_t Cursor::Int64(int column) const { return sqlite3_column_int64(statement_, column); }
double Cursor::Real(int column) const { return sqlite3_column_double(statement_, column); }
bool Cursor::IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::string Cursor::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr
             ? std::string()
             : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

base::Bytes Cursor::Blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return data == nullptr ? base::Bytes() : base::Bytes(data, data + sqlite3_column_bytes(statement_, column));
}

std::optional<std::int64_t> Cursor::OptionalInt64(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Int64(column));
}

std::optional<std::string> Cursor::OptionalText(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Text(column));
}

Statement::Statement(Database& db, std::string_view sql) {
  const int code = sqlite3_prepare_v3(db.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) prepared_ = SqliteStatus(db.handle(), code, sql);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Cursor Statement::Start(const Value* values, std::size_t count) {
  if (!prepared_.ok()) return Cursor(nullptr, prepared_);
  if (static_cast<int>(count) != sqlite3_bind_parameter_count(statement_)) {
    return Cursor(nullptr, absl::InternalError(
                               absl::StrFormat("%d parameters for: %s", count, sqlite3_sql(statement_))));
  }
  int code = SQLITE_OK;
  for (std::size_t i = 0; i < count && code == SQLITE_OK; ++i) {
    const Value& value = values[i];
    const int index = static_cast<int>(i) + 1;
    switch (value.kind_) {
      case Value::Kind::kNull:
        code = sqlite3_bind_null(statement_, index);
        break;
      case Value::Kind::kInteger:
        code = sqlite3_bind_int64(statement_, index, value.integer_);
        break;
      case Value::Kind::kReal:
        code = sqlite3_bind_double(statement_, index, value.real_);
        break;
      case Value::Kind::kText:
        // Copied: a cursor may live longer than the full expression that made its arguments.
        code = sqlite3_bind_text64(statement_, index, value.text_.data() == nullptr ? "" : value.text_.data(),
                                   value.text_.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
      case Value::Kind::kBlob:
        code = value.blob_.empty() ? sqlite3_bind_zeroblob(statement_, index, 0)
                                   : sqlite3_bind_blob64(statement_, index, value.blob_.data(),
                                                         value.blob_.size(), SQLITE_TRANSIENT);
        break;
    }
  }
  if (code != SQLITE_OK) return Cursor(nullptr, SqliteStatus(sqlite3_db_handle(statement_), code, "store"));
  return Cursor(statement_, absl::OkStatus());
}

}  // namespace ipam::engine
