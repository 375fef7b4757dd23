// The store's SQL: literals, values, statuses for errors. One text for SQLite and PostgreSQL, which a driver (sql_driver.h)
// runs. One thread at a time.
//
//   Statement insert_{db_, "INSERT INTO t (a, b) VALUES (?, ?)"};  // a named member of the type that uses it
//   IPAM_RETURN_IF_ERROR(insert_.Run(7, "x"));
//   Cursor rows = select_.Query(7);
//   while (rows.Next()) Use(rows.Int64(0));
//   IPAM_RETURN_IF_ERROR(rows.status());
//
// Errors: a unique or primary key is kAlreadyExists, every other constraint kFailedPrecondition; a store that is locked,
// full, away or cannot be written is kUnavailable; the rest is kInternal. A statement that fails changes nothing, and its
// transaction goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::engine {

class SqlDriver;
class StatementDriver;

// kWrite: the one that changes the store; of PostgreSQL there is one at a time. kRead: beside it.
enum class StoreUse { kWrite, kRead };

// A foreign key of `table` that names no row of `target`; `row` is the record id of the row that has it.
struct BrokenReference {
  std::string table;
  std::optional<std::int64_t> row;
  std::string target;
};

class Database {
 public:
  // A file of SQLite, or postgresql://... (postgres://...), a URI of libpq. A commit survives the end of the process;
  // foreign keys are enforced.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& store,
                                                        StoreUse use = StoreUse::kWrite);
  explicit Database(std::unique_ptr<SqlDriver> driver);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // A script of statements without parameters.
  template <std::size_t N>
  absl::Status Execute(const char (&sql)[N]) {
    return ExecuteScript(sql);
  }
  // An embedded file.
  absl::Status ExecuteScript(const char* sql);

  absl::Status Begin();          // to write
  absl::Status BeginSnapshot();  // one state of the store, whatever a writer does
  absl::Status Commit();
  void Rollback();  // also where no transaction is open any more
  // Of the rows that the last statement inserted, changed or deleted.
  std::int64_t changes() const;

  SqlDriver& driver() { return *driver_; }

 private:
  const std::unique_ptr<SqlDriver> driver_;
};

// What can be bound to a parameter. The text or blob outlives the call that binds it.
class Value {
 public:
  enum class Kind : char { kNull = 'n', kInteger = 'i', kReal = 'r', kText = 't', kBlob = 'b' };

  Value(std::nullptr_t) {}                                       // NOLINT: NULL
  Value(std::int64_t v) : kind_(Kind::kInteger), integer_(v) {}  // NOLINT
  Value(int v) : kind_(Kind::kInteger), integer_(v) {}           // NOLINT
  Value(bool v) : kind_(Kind::kInteger), integer_(v ? 1 : 0) {}  // NOLINT
  Value(double v) : kind_(Kind::kReal), real_(v) {}              // NOLINT
  Value(std::string_view v) : kind_(Kind::kText), text_(v) {}    // NOLINT
  Value(const std::string& v) : kind_(Kind::kText), text_(v) {}  // NOLINT
  Value(const char* v) : kind_(Kind::kText), text_(v) {}         // NOLINT
  Value(base::ByteView v) : kind_(Kind::kBlob), blob_(v) {}      // NOLINT
  Value(const base::Bytes& v) : kind_(Kind::kBlob), blob_(v) {}  // NOLINT
  template <typename T>
  Value(const std::optional<T>& v) : Value(v ? Value(*v) : Value(nullptr)) {}  // NOLINT

  Kind kind() const { return kind_; }
  std::int64_t integer() const { return integer_; }
  double real() const { return real_; }
  std::string_view text() const { return text_; }
  base::ByteView blob() const { return blob_; }

 private:
  Kind kind_ = Kind::kNull;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string_view text_;
  base::ByteView blob_;
};

class Statement;

// The rows of one Query; the statement can be used again when the cursor is gone.
class Cursor {
 public:
  Cursor(Cursor&& other) noexcept;
  ~Cursor();

  // False: no more rows, or an error, which status() tells.
  bool Next();
  const absl::Status& status() const { return status_; }

  int columns() const;
  std::int64_t Int64(int column) const;
  double Real(int column) const;
  std::string Text(int column) const;
  base::Bytes Blob(int column) const;
  bool IsNull(int column) const;
  std::optional<std::int64_t> OptionalInt64(int column) const;
  std::optional<std::string> OptionalText(int column) const;

 private:
  friend class Statement;
  Cursor(StatementDriver* rows, absl::Status status);

  StatementDriver* rows_;  // null: failed before the first row
  absl::Status status_;
};

// How many rows a query may have: those of kMany are fetched while the cursor goes over them, within a transaction.
enum class RowCount { kFew, kMany };

// A prepared statement. A literal that the database refuses is reported by its first use.
class Statement {
 public:
  template <std::size_t N>
  Statement(Database& db, const char (&sql)[N], RowCount count = RowCount::kFew)
      : Statement(db, std::string_view(sql, N - 1), count) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // For statements without rows.
  template <typename... Args>
  absl::Status Run(const Args&... args) {
    Cursor cursor = Query(args...);
    while (cursor.Next()) {
    }
    return cursor.status();
  }
  template <typename... Args>
  Cursor Query(const Args&... args) {
    const Value values[] = {Value(nullptr), Value(args)...};  // never empty
    return Start(values + 1, sizeof...(args));
  }
  // The first column of the only row; absent: no row, or NULL.
  template <typename... Args>
  absl::StatusOr<std::optional<std::int64_t>> Lookup(const Args&... args) {
    Cursor cursor = Query(args...);
    std::optional<std::int64_t> found;
    if (cursor.Next()) found = cursor.OptionalInt64(0);
    if (!cursor.status().ok()) return cursor.status();
    return found;
  }

 private:
  Statement(Database& db, std::string_view sql, RowCount count);
  Cursor Start(const Value* values, std::size_t count);

  const std::unique_ptr<StatementDriver> driver_;
};

}  // namespace ipam::engine
