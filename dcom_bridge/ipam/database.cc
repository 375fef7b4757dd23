#include "dcom_bridge/ipam/database.h"

#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/postgres.h"
#include "dcom_bridge/ipam/sql_driver.h"
#include "dcom_bridge/ipam/sqlite.h"

namespace ipam::engine {

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& store, StoreUse use) {
  std::unique_ptr<SqlDriver> driver;
  if (IsPostgresUri(store)) {
    IPAM_ASSIGN_OR_RETURN(driver, OpenPostgres(store, use));
  } else {
    IPAM_ASSIGN_OR_RETURN(driver, OpenSqlite(store));
  }
  return std::make_unique<Database>(std::move(driver));
}

Database::Database(std::unique_ptr<SqlDriver> driver) : driver_(std::move(driver)) {}
Database::~Database() = default;

absl::Status Database::ExecuteScript(const char* sql) { return driver_->ExecuteScript(sql); }
absl::Status Database::Begin() { return driver_->Begin(); }
absl::Status Database::BeginSnapshot() { return driver_->BeginSnapshot(); }
absl::Status Database::Commit() { return driver_->Commit(); }
void Database::Rollback() { driver_->Rollback(); }
std::int64_t Database::changes() const { return driver_->changes(); }

Cursor::Cursor(StatementDriver* rows, absl::Status status) : rows_(rows), status_(std::move(status)) {}

Cursor::Cursor(Cursor&& other) noexcept
    : rows_(std::exchange(other.rows_, nullptr)), status_(std::move(other.status_)) {}

Cursor::~Cursor() {
  if (rows_ != nullptr) rows_->Finish();
}

bool Cursor::Next() { return status_.ok() && rows_ != nullptr && rows_->Next(status_); }

int Cursor::columns() const { return rows_->columns(); }
std::int64_t Cursor::Int64(int column) const { return rows_->Int64(column); }
double Cursor::Real(int column) const { return rows_->Real(column); }
std::string Cursor::Text(int column) const { return rows_->Text(column); }
base::Bytes Cursor::Blob(int column) const { return rows_->Blob(column); }
bool Cursor::IsNull(int column) const { return rows_->IsNull(column); }

std::optional<std::int64_t> Cursor::OptionalInt64(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Int64(column));
}

std::optional<std::string> Cursor::OptionalText(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Text(column));
}

Statement::Statement(Database& db, std::string_view sql, RowCount count)
    : driver_(db.driver().Prepare(sql, count)) {}

Statement::~Statement() = default;

Cursor Statement::Start(const Value* values, std::size_t count) {
  absl::Status started = driver_->Start(values, count);
  StatementDriver* rows = started.ok() ? driver_.get() : nullptr;
  return Cursor(rows, std::move(started));
}

}  // namespace ipam::engine
