// A thin skin over the SQLite C interface: statements that close themselves, results as Status. One thread at
// a time for each Database and its statements.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ipam::hub {

class Database {
 public:
  // `read_only` connections wait for nobody: readers of a WAL are not blocked by its writer.
  static absl::StatusOr<Database> Open(const std::string& path, bool read_only);

  sqlite3* handle() const { return handle_.get(); }
  // One or more statements without results.
  template <std::size_t N>
  absl::Status Execute(const char (&sql)[N]) {
    return Run(sql);
  }
  // fsync of the write-ahead log: every commit made so far is then on the disk.
  absl::Status SyncLog();
  // kResourceExhausted where the disk is full, else kInternal.
  absl::Status Error(int code) const;

 private:
  struct Closer {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  absl::Status Run(const char* sql);

  std::unique_ptr<sqlite3, Closer> handle_;
};

// Bind in order, Step until it says false, Reset. Errors stick until Reset; ask status().
class Statement {
 public:
  template <std::size_t N>
  Statement(Database& db, const char (&sql)[N]) : db_(&db) {
    Prepare(sql);
  }

  Statement& Bind(std::int64_t value);
  Statement& Bind(std::uint64_t value) { return Bind(static_cast<std::int64_t>(value)); }
  // The bytes must live until Reset.
  Statement& BindBlob(std::string_view value);
  Statement& BindText(std::string_view value);
  Statement& BindNull();
  // True: a row is there. False: done, or failed.
  bool Step();
  // Steps to the end, resets, and says how it went.
  absl::Status Execute();
  void Reset();
  absl::Status status() const { return code_ == SQLITE_OK ? absl::OkStatus() : db_->Error(code_); }

  std::int64_t Int(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  std::uint64_t Uint(int column) const { return static_cast<std::uint64_t>(Int(column)); }
  std::string Bytes(int column) const;
  bool IsNull(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void Prepare(const char* sql);
  void Keep(int code) {
    if (code_ == SQLITE_OK) code_ = code;
  }

  Database* db_;
  std::unique_ptr<sqlite3_stmt, Finalizer> handle_;
  int next_ = 1;
  int code_ = SQLITE_OK;
};

}  // namespace ipam::hub
