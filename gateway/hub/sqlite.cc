#include "gateway/hub/sqlite.h"

#include "absl/strings/str_cat.h"

namespace ipam::hub {

absl::StatusOr<Database> Database::Open(const std::string& path, bool read_only) {
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_NOMUTEX | (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database db(handle);
  if (code != SQLITE_OK) {
    return absl::UnavailableError(
        absl::StrCat("cannot open the journal ", path, ": ",
                     handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle)));
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 5000);
  return db;
}

absl::Status Database::Run(const char* sql) {
  const int code = sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::Status Database::SyncLog() {
  sqlite3_file* log = nullptr;
  int code = sqlite3_file_control(handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (code == SQLITE_OK && log != nullptr && log->pMethods != nullptr) {
    code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  }
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::Status Database::Error(int code) const {
  const std::string text = absl::StrCat("journal: ", sqlite3_errstr(code), ": ", sqlite3_errmsg(handle()));
  return (code & 0xff) == SQLITE_FULL ? absl::ResourceExhaustedError(text) : absl::InternalError(text);
}

void Statement::Prepare(const char* sql) {
  sqlite3_stmt* handle = nullptr;
  Keep(sqlite3_prepare_v3(db_->handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr));
  handle_.reset(handle);
}

Statement& Statement::Bind(std::int64_t value) {
  Keep(sqlite3_bind_int64(handle_.get(), next_++, value));
  return *this;
}

Statement& Statement::BindBlob(std::string_view value) {
  Keep(sqlite3_bind_blob64(handle_.get(), next_++, value.data() == nullptr ? "" : value.data(), value.size(),
                           SQLITE_STATIC));
  return *this;
}

Statement& Statement::BindText(std::string_view value) {
  Keep(sqlite3_bind_text64(handle_.get(), next_++, value.data() == nullptr ? "" : value.data(), value.size(),
                           SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::BindNull() {
  Keep(sqlite3_bind_null(handle_.get(), next_++));
  return *this;
}

bool Statement::Step() {
  if (code_ != SQLITE_OK) return false;
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) Keep(code);
  return false;
}

absl::Status Statement::Execute() {
  while (Step()) {
  }
  absl::Status result = status();
  Reset();
  return result;
}

void Statement::Reset() {
  if (handle_ == nullptr) return;
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  next_ = 1;
  code_ = SQLITE_OK;
}

std::string Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return data == nullptr ? std::string()
                         : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

}  // namespace ipam::hub
