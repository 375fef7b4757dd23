// SQLite with statuses for errors and literals for SQL. One thread at a time.
//
//   Statement insert_{db_, "INSERT INTO t (a, b) VALUES (?, ?)"};  // a named member of the type that uses it
//   IPAM_RETURN_IF_ERROR(insert_.Run(7, "x"));
//   Cursor rows = select_.Query(7);
//   while (rows.Next()) Use(rows.Int64(0));
//   IPAM_RETURN_IF_ERROR(rows.status());
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

struct sqlite3;
struct sqlite3_stmt;

namespace ipam::engine {

// The one table from SQLite's codes: a unique or primary key is kAlreadyExists, every other constraint
// kFailedPrecondition; a file that is locked, full or cannot be read or written kUnavailable; the rest
// kInternal.
absl::Status SqliteStatus(sqlite3* db, int code, std::string_view what);

class Database {
 public:
  // WAL mode; a commit survives the end of the process (synchronous = NORMAL), foreign keys are enforced.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);
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
  std::int64_t last_insert_id() const;
  // Rows that the last statement inserted, changed or deleted.
  std::int64_t changes() const;
  sqlite3* handle() const { return db_; }

 private:
  explicit Database(sqlite3* db) : db_(db) {}
  sqlite3* db_;
};

// What can be bound to a parameter. The text or blob outlives the call that binds it.
class Value {
 public:
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

 private:
  friend class Statement;
  enum class Kind { kNull, kInteger, kReal, kText, kBlob };
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

  std::int64_t Int64(int column) const;
  double Real(int column) const;
  std::string Text(int column) const;
  base::Bytes Blob(int column) const;
  bool IsNull(int column) const;
  std::optional<std::int64_t> OptionalInt64(int column) const;
  std::optional<std::string> OptionalText(int column) const;

 private:
  friend class Statement;
  Cursor(sqlite3_stmt* statement, absl::Status status);

  sqlite3_stmt* statement_;  // null: failed before the first row
  absl::Status status_;
};

// A prepared statement. A literal that SQLite refuses is reported by its first use.
class Statement {
 public:
  template <std::size_t N>
  Statement(Database& db, const char (&sql)[N]) : Statement(db, std::string_view(sql, N - 1)) {}
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
  Statement(Database& db, std::string_view sql);
  Cursor Start(const Value* values, std::size_t count);

  sqlite3_stmt* statement_ = nullptr;
  absl::Status prepared_;
};

}  // namespace ipam::engine
