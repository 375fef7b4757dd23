// A connection of libpq with statuses for errors. It does not come back by itself: Connect() makes it anew, and what was
// prepared on it is gone (generation()).
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"

namespace ipam::engine {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PostgresResult = std::unique_ptr<PGresult, ClearResult>;

// 23505 is kAlreadyExists, other constraints (23) kFailedPrecondition; a connection that broke, a server that stops, is full,
// read-only or chose us as the victim of a deadlock (08, 25006, 40, 53, 55P03, 57, 58) kUnavailable.
absl::Status PostgresStatus(std::string_view sqlstate, const std::string& message);

// Values as libpq takes them, all of them in binary; texts and blobs stay where they are.
class PostgresValues {
 public:
  PostgresValues(const Value* values, std::size_t count);

  int size() const { return static_cast<int>(types_.size()); }
  const Oid* types() const { return types_.data(); }
  const char* const* data() const { return data_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  std::vector<std::string> copies_;
  std::vector<Oid> types_;
  std::vector<const char*> data_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

class PostgresConnection {
 public:
  // kInvalidArgument: not a URI of libpq. Nothing of it is told, for it may have a password.
  static absl::StatusOr<std::unique_ptr<PostgresConnection>> Create(const std::string& uri);

  absl::Status Connect();
  void Close() { connection_.reset(); }
  bool connected() const { return PQstatus(connection_.get()) == CONNECTION_OK; }
  std::uint64_t generation() const { return generation_; }
  // postgresql://user@host:port/database
  const std::string& name() const { return name_; }

  // Statements without parameters; of the last one.
  absl::StatusOr<PostgresResult> Execute(const std::string& sql);
  absl::StatusOr<PostgresResult> Execute(const std::string& sql, const PostgresValues& values);
  absl::Status Prepare(const std::string& name, const std::string& sql, const PostgresValues& types);
  absl::StatusOr<PostgresResult> Run(const std::string& name, const PostgresValues& values);
  // Within a transaction, which goes on if the statement fails. One round trip if it does not.
  absl::StatusOr<PostgresResult> RunInSavepoint(const std::string& name, const PostgresValues& values);

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
  };

  PostgresConnection() = default;
  void SetName();
  absl::StatusOr<PostgresResult> Check(PostgresResult result) const;
  absl::Status Lost() const;
  absl::Status GiveUp();  // of a connection in no state to go on

  std::unique_ptr<PQconninfoOption, FreeOptions> options_;
  std::unique_ptr<PGconn, Finish> connection_;  // PQstatus takes null for a bad one
  std::uint64_t generation_ = 0;
  std::string name_;
};

}  // namespace ipam::engine
