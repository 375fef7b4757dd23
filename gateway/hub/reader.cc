#include "gateway/hub/reader.h"

#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "gateway/hub/store.h"

namespace ipam::hub {

struct Reader::Statements {
  explicit Statements(Database& db)
      : all(db,
            "SELECT offset, operation, state, body FROM events WHERE offset > ? AND offset <= ? ORDER BY "
            "offset"),
        of_operation(db,
                     "SELECT offset, operation, state, body FROM events WHERE operation = ? AND sequence > ?"
                     " ORDER BY sequence LIMIT ?"),
        subtasks(db, "SELECT subtasks FROM operations WHERE number = ?"),
        completion_status(db, "SELECT completion_status FROM operations WHERE number = ?"),
        parameters(db, "SELECT parameters FROM operations WHERE number = ?") {}

  Statement all, of_operation, subtasks, completion_status, parameters;
};

Reader::Reader(Database db) : db_(std::move(db)), statements_(std::make_unique<Statements>(db_)) {}
Reader::~Reader() = default;

absl::StatusOr<std::unique_ptr<Reader>> Reader::Open(const std::string& path) {
  IPAM_ASSIGN_OR_RETURN(Database db, Database::Open(path, /*read_only=*/true));
  return std::unique_ptr<Reader>(new Reader(std::move(db)));
}

absl::StatusOr<std::vector<JournalRow>> Reader::Collect(Statement& statement, std::size_t max_bytes) {
  std::vector<JournalRow> rows;
  std::size_t bytes = 0;
  while (bytes < max_bytes && statement.Step()) {
    rows.push_back(JournalRow{statement.Uint(0), statement.Uint(1),
                              static_cast<v1::OperationState>(statement.Int(2)), statement.Bytes(3)});
    bytes += rows.back().body.size();
  }
  const absl::Status status = statement.status();
  statement.Reset();
  IPAM_RETURN_IF_ERROR(status);
  return rows;
}

absl::StatusOr<std::vector<JournalRow>> Reader::Read(std::uint64_t after, std::uint64_t last,
                                                     std::size_t max_bytes) {
  base::MutexLock lock(mutex_);
  statements_->all.Bind(after).Bind(last);
  return Collect(statements_->all, max_bytes);
}

absl::StatusOr<std::vector<JournalRow>> Reader::ReadOperation(std::uint64_t number, std::uint64_t after,
                                                              std::size_t limit, std::size_t max_bytes) {
  base::MutexLock lock(mutex_);
  statements_->of_operation.Bind(number).Bind(after).Bind(std::uint64_t{limit});
  return Collect(statements_->of_operation, max_bytes);
}

absl::StatusOr<SubtaskList> Reader::ReadSubtasks(std::uint64_t number) {
  std::string bytes;
  {
    base::MutexLock lock(mutex_);
    Statement& read = statements_->subtasks;
    read.Bind(number);
    if (read.Step()) bytes = read.Bytes(0);
    const absl::Status status = read.status();
    read.Reset();
    IPAM_RETURN_IF_ERROR(status);
  }
  auto subtasks = UnpackSubtasks(bytes);
  if (!subtasks.has_value()) return absl::DataLossError("the subtasks of an operation are damaged");
  return *std::move(subtasks);
}

absl::StatusOr<std::optional<std::string>> Reader::ReadCompletionStatus(std::uint64_t number) {
  base::MutexLock lock(mutex_);
  return ReadOne(statements_->completion_status, number);
}

absl::StatusOr<std::optional<std::string>> Reader::ReadParameters(std::uint64_t number) {
  base::MutexLock lock(mutex_);
  return ReadOne(statements_->parameters, number);
}

absl::StatusOr<std::optional<std::string>> Reader::ReadOne(Statement& read, std::uint64_t number) {
  read.Bind(number);
  std::optional<std::string> result;
  if (read.Step() && !read.IsNull(0)) result = read.Bytes(0);
  const absl::Status status = read.status();
  read.Reset();
  IPAM_RETURN_IF_ERROR(status);
  return result;
}

}  // namespace ipam::hub
