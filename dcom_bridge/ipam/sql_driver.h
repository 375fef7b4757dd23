// What a database has to be able to do for the store: one connection, and the statements prepared on it. The thread of the
// Database, but for StopWaiting().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/ipam/database.h"

namespace ipam::engine {

// A statement and, between Start() and Finish(), its rows.
class StatementDriver {
 public:
  virtual ~StatementDriver() = default;

  // Finish() follows where it is ok.
  virtual absl::Status Start(const Value* values, std::size_t count) = 0;
  // False: no more rows, or an error, which is put into `status`.
  virtual bool Next(absl::Status& status) = 0;
  virtual void Finish() = 0;

  virtual int columns() const = 0;
  virtual std::int64_t Int64(int column) const = 0;
  virtual double Real(int column) const = 0;
  virtual std::string Text(int column) const = 0;
  virtual base::Bytes Blob(int column) const = 0;
  virtual bool IsNull(int column) const = 0;
};

// Records the changes of rows as long as it lives.
class ChangesDriver {
 public:
  virtual ~ChangesDriver() = default;
  // Empty: nothing was changed.
  virtual absl::StatusOr<base::Bytes> Take() = 0;
};

// What a database says about the store in it.
struct StoreMark {
  bool is_empty = false;
  bool is_ours = false;
  std::int64_t version = 0;
};

class SqlDriver {
 public:
  virtual ~SqlDriver() = default;

  // Of the store, for people: without secrets.
  virtual const std::string& name() const = 0;
  // Cannot bring the store to another version.
  virtual bool read_only() const { return false; }
  virtual std::unique_ptr<StatementDriver> Prepare(std::string_view sql, RowCount count) = 0;
  virtual absl::Status ExecuteScript(const char* sql) = 0;

  virtual absl::Status Begin() = 0;
  virtual absl::Status BeginSnapshot() = 0;
  virtual absl::Status Commit() = 0;
  virtual void Rollback() = 0;
  virtual std::int64_t changes() const = 0;
  // Another thread's: what waits for the database to come back gives up.
  virtual void StopWaiting() {}

  // Within a transaction: foreign keys are checked at its end, and it may end with a statement that fails.
  virtual absl::Status DeferReferences() = 0;
  virtual absl::StatusOr<std::optional<BrokenReference>> FindBrokenReference() = 0;

  // Of the schema. A new store is marked before its tables are made; migrations set its version.
  virtual absl::StatusOr<StoreMark> ReadMark() = 0;
  virtual absl::Status MarkStore() = 0;
  // Behind the migrations of a store, in their transaction: what the tables need beside the schema.
  virtual absl::Status FinishSchema() = 0;
  // In the transaction of OpenDatabase: from now on this server is the one that writes.
  virtual absl::Status Claim() { return absl::OkStatus(); }

  // change_log.h: tables of this connection, and the triggers that fill them.
  virtual absl::Status Watch() = 0;
  // change_set.h
  virtual std::unique_ptr<ChangesDriver> Record() = 0;
  virtual absl::Status Undo(base::ByteView changes) = 0;
};

}  // namespace ipam::engine
