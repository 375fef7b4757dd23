#include "dcom_bridge/ipam/operation_states.h"

#include <google/protobuf/io/coded_stream.h>

#include <limits>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/change_set.h"
#include "dcom_bridge/model/operations.h"

namespace ipam::engine {
namespace {

constexpr int kMaxDepth = 300;  // above that of a document

base::ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool Parse(const base::Bytes& bytes, v1::OperationParameters& parameters) {
  if (bytes.size() > std::numeric_limits<int>::max()) return false;
  google::protobuf::io::CodedInputStream input(bytes.data(), static_cast<int>(bytes.size()));
  input.SetRecursionLimit(kMaxDepth);
  return parameters.ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
}

}  // namespace

// Kinds of events: 1 SetCompletionPercentage, 2 SetSubTaskStatus, 4 AddSubTask; status 1 is InProgress, those above
// are ends.
OperationStates::OperationStates(Database& db)
    : db_(db),
      insert_(db, "INSERT INTO operation_states (operation, parameters) VALUES (?, ?)"),
      answer_(db, "UPDATE operation_states SET answered = 1 WHERE operation = ? AND answered = 0"),
      cancel_(db, "UPDATE operation_states SET cancelled = ?2 WHERE operation = ?1"),
      put_changes_(db, "INSERT INTO operation_changes (operation, entity, changes) VALUES (?, ?, ?)"),
      put_actuation_(db,
                     "INSERT INTO operation_actuations (operation, touched) VALUES (?, ?)"
                     " ON CONFLICT (operation) DO UPDATE SET touched = excluded.touched"),
      remove_actuation_(db, "DELETE FROM operation_actuations WHERE operation = ?"),
      remove_(db, "DELETE FROM operation_states WHERE operation = ?"),
      list_(db,
            "SELECT number, guid, kind, coalesce(answered, 0), cancelled,"
            " (SELECT max(sequence) FROM operation_events WHERE operation = number),"
            " (SELECT max(percent) FROM operation_events WHERE operation = number AND kind = 1),"
            " (SELECT count(*) FROM operation_events WHERE operation = number AND kind = 4),"
            " (SELECT count(*) FROM operation_events WHERE operation = number AND kind = 2 AND status > 1),"
            " (SELECT status = 1 FROM operation_events WHERE operation = number AND kind = 2"
            "  ORDER BY sequence DESC LIMIT 1),"
            " (SELECT touched FROM operation_actuations WHERE operation_actuations.operation = number)"
            " FROM operations LEFT JOIN operation_states ON operation = number"
            " WHERE ended IS NULL ORDER BY number"),
      parameters_(db, "SELECT parameters FROM operation_states WHERE operation = ?"),
      announced_(db,
                 "SELECT subtask_id, subtask_kind, subtask_name FROM operation_events"
                 " WHERE operation = ? AND kind = 4 ORDER BY sequence"),
      outcomes_(db,
                "SELECT status, coalesce(record_id, 0), completion FROM operation_events"
                " WHERE operation = ? AND kind = 2 AND status > 1 ORDER BY sequence"),
      changes_(db, "SELECT changes FROM operation_changes WHERE operation = ? ORDER BY entity DESC") {}

absl::Status OperationStates::Insert(std::int64_t number, const v1::OperationParameters& parameters) {
  return insert_.Run(number, AsBytes(parameters.SerializeAsString()));
}

absl::Status OperationStates::Answer(std::int64_t number) { return answer_.Run(number); }

absl::Status OperationStates::Cancel(std::int64_t number, const std::string& reason) {
  return cancel_.Run(number, reason);
}

absl::Status OperationStates::PutChanges(std::int64_t number, std::size_t entity,
                                         const base::Bytes& changes) {
  return changes.empty() ? absl::OkStatus()
                         : put_changes_.Run(number, static_cast<std::int64_t>(entity), changes);
}

absl::Status OperationStates::PutActuation(std::int64_t number, const std::string& touched) {
  return put_actuation_.Run(number, touched);
}

absl::Status OperationStates::RemoveActuation(std::int64_t number) { return remove_actuation_.Run(number); }

absl::Status OperationStates::Remove(std::int64_t number) { return remove_.Run(number); }

absl::StatusOr<std::vector<SavedOperation>> OperationStates::List() {
  std::vector<SavedOperation> operations;
  Cursor rows = list_.Query();
  while (rows.Next()) {
    operations.push_back({.number = rows.Int64(0),
                          .guid = rows.Text(1),
                          .kind = rows.Text(2),
                          .answered = rows.Int64(3) != 0,
                          .cancelled = rows.OptionalText(4),
                          .last_sequence = static_cast<std::uint64_t>(rows.Int64(5)),
                          .percent = static_cast<int>(rows.Int64(6)),
                          .announced = static_cast<std::size_t>(rows.Int64(7)),
                          .ended = static_cast<std::size_t>(rows.Int64(8)),
                          .at_work = rows.Int64(9) != 0,
                          .actuation = rows.OptionalText(10)});
    operations.back().answered |= operations.back().announced > 0;
  }
  IPAM_RETURN_IF_ERROR(rows.status());
  return operations;
}

absl::StatusOr<v1::OperationParameters> OperationStates::GetParameters(const SavedOperation& operation) {
  v1::OperationParameters parameters;
  Cursor row = parameters_.Query(operation.number);
  const bool read = row.Next() && Parse(row.Blob(0), parameters);
  IPAM_RETURN_IF_ERROR(row.status());
  const model::Operation* kind = model::FindOperation(static_cast<int>(parameters.operation_id()));
  if (!read || kind == nullptr || kind->name != operation.kind) {
    return absl::DataLossError(absl::StrCat("the parameters of ", operation.guid, " cannot be read"));
  }
  return parameters;
}

absl::StatusOr<std::vector<event::SubtaskInstance>> OperationStates::ListAnnounced(std::int64_t number) {
  std::vector<event::SubtaskInstance> announced;
  Cursor rows = announced_.Query(number);
  while (rows.Next()) {
    event::SubtaskInstance& subtask = announced.emplace_back();
    subtask.instance_id = static_cast<std::int32_t>(rows.Int64(0));
    subtask.unique_id = static_cast<std::int32_t>(rows.Int64(1));
    subtask.name = rows.OptionalText(2);
  }
  IPAM_RETURN_IF_ERROR(rows.status());
  return announced;
}

absl::StatusOr<std::vector<SavedOutcome>> OperationStates::ListOutcomes(std::int64_t number) {
  std::vector<SavedOutcome> outcomes;
  Cursor rows = outcomes_.Query(number);
  while (rows.Next()) {
    outcomes.push_back({.status = static_cast<event::SubtaskStatus>(rows.Int64(0)),
                        .record_id = rows.Int64(1),
                        .completion_status_xml = rows.OptionalText(2)});
  }
  IPAM_RETURN_IF_ERROR(rows.status());
  return outcomes;
}

absl::Status OperationStates::UndoAll(std::int64_t number) {
  Cursor rows = changes_.Query(number);
  while (rows.Next()) IPAM_RETURN_IF_ERROR(UndoChanges(db_, rows.Blob(0)));
  return rows.status();
}

}  // namespace ipam::engine
