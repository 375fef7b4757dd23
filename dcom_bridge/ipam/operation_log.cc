#include "dcom_bridge/ipam/operation_log.h"

#include <utility>
#include <variant>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {
namespace {

// operation_events.kind, numbered as IpamProgressEventKind of the IDL.
enum Kind : std::int64_t { kStarted, kPercentageChanged, kSubtaskChanged, kOverallStatusSet, kSubtaskAdded };

struct Row {
  Kind kind = kStarted;
  std::optional<double> percent = std::nullopt;
  std::optional<std::int64_t> status = std::nullopt;
  const event::SubtaskInstance* subtask = nullptr;
  std::optional<std::string> completion = std::nullopt;
};

struct ToRow {
  Row operator()(const event::Started&) const { return {.kind = kStarted}; }
  Row operator()(const event::PercentageChanged& e) const {
    return {.kind = kPercentageChanged, .percent = e.percent};
  }
  Row operator()(const event::SubtaskAdded& e) const {
    return {
        .kind = kSubtaskAdded, .status = static_cast<std::int64_t>(e.subtask.status), .subtask = &e.subtask};
  }
  Row operator()(const event::SubtaskChanged& e) const {
    return {.kind = kSubtaskChanged,
            .percent = e.percent,
            .status = static_cast<std::int64_t>(e.status),
            .subtask = &e.subtask,
            .completion = e.completion_status_xml};
  }
  Row operator()(const event::OverallStatusSet& e) const {
    return {.kind = kOverallStatusSet,
            .status = static_cast<std::int64_t>(e.status),
            .completion = e.completion_status_xml};
  }
  template <typename Other>  // what only the holder of a session sees: never raised here
  Row operator()(const Other&) const {
    return {};
  }
};

event::SubtaskInstance ReadSubtask(const Cursor& row) {
  event::SubtaskInstance subtask;
  subtask.status = static_cast<event::SubtaskStatus>(row.Int64(4));
  subtask.instance_id = static_cast<std::int32_t>(row.Int64(5));
  subtask.unique_id = static_cast<std::int32_t>(row.Int64(6));
  subtask.name = row.OptionalText(7);
  subtask.details_xml = row.OptionalText(8);
  return subtask;
}

event::ProgressEvent ReadEvent(const Cursor& row) {
  event::ProgressEvent event;
  event.source_sequence = static_cast<std::uint64_t>(row.Int64(0));
  event.event_time = absl::FromUnixMicros(row.Int64(1));
  switch (row.Int64(2)) {
    case kStarted:
      event.change = event::Started{};
      break;
    case kPercentageChanged:
      event.change = event::PercentageChanged{.percent = row.Real(3)};
      break;
    case kSubtaskAdded:
      event.change = event::SubtaskAdded{.subtask = ReadSubtask(row)};
      break;
    case kSubtaskChanged: {
      event::SubtaskChanged changed;
      changed.subtask = ReadSubtask(row);
      changed.status = changed.subtask.status;
      changed.percent = row.Real(3);
      changed.completion_status_xml = row.OptionalText(9);
      event.change = std::move(changed);
      break;
    }
    case kOverallStatusSet:
      event.change = event::OverallStatusSet{.status = static_cast<event::OverallStatus>(row.Int64(4)),
                                             .completion_status_xml = row.OptionalText(9)};
      break;
  }
  return event;
}

}  // namespace

OperationLog::OperationLog(Database& db)
    : db_(db),
      states_(db),
      insert_(db,
              "INSERT INTO operations (guid, kind, account, initiator, created) VALUES (?, ?, ?, ?, ?)"
              " RETURNING number"),
      append_(db,
              "INSERT INTO operation_events (operation, sequence, time, kind, percent, status, subtask_id,"
              " subtask_kind, subtask_name, subtask_details, completion, record_id)"
              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      end_(db, "UPDATE operations SET ended = ? WHERE number = ?"),
      find_(db,
            "SELECT account, ended IS NOT NULL,"
            " (SELECT max(sequence) FROM operation_events WHERE operation = number)"
            " FROM operations WHERE guid = ?"),
      number_(db, "SELECT number FROM operations WHERE guid = ?"),
      read_(
          db,
          "SELECT sequence, time, kind, percent, status, subtask_id, subtask_kind, subtask_name, "
          "subtask_details,"
          " completion FROM operation_events WHERE operation = ? AND sequence > ? ORDER BY sequence LIMIT ?"),
      // Status 1 is InProgress; subtasks are added with status 0.
      open_subtasks_(db,
                     "SELECT sequence, time, kind, percent, status, subtask_id, subtask_kind, subtask_name,"
                     " subtask_details FROM operation_events AS added WHERE operation = ?1 AND kind = 4"
                     " AND subtask_id NOT IN (SELECT subtask_id FROM operation_events"
                     " WHERE operation = ?1 AND kind = 2 AND status > 1) ORDER BY sequence"),
      purge_(db,
             "DELETE FROM operations WHERE number IN"
             " (SELECT number FROM operations WHERE ended < ? ORDER BY ended LIMIT ?)") {}

absl::StatusOr<std::int64_t> OperationLog::Insert(const base::Guid& operation, const std::string& kind,
                                                  const std::string& account,
                                                  const std::optional<std::string>& initiator,
                                                  const v1::OperationParameters& parameters, absl::Time now) {
  IPAM_ASSIGN_OR_RETURN(
      const std::int64_t number,
      ReturnedId(insert_.Lookup(operation.ToString(), kind, account, initiator, absl::ToUnixMicros(now))));
  IPAM_RETURN_IF_ERROR(states_.Insert(number, parameters));
  return number;
}

absl::Status OperationLog::Append(std::int64_t number, const event::ProgressEvent& event,
                                  std::optional<std::int64_t> record_id) {
  const Row row = std::visit(ToRow{}, event.change);
  std::optional<std::int64_t> id;
  std::optional<std::int64_t> kind;
  std::optional<std::string> name;
  std::optional<std::string> details;
  if (row.subtask != nullptr) {
    id = row.subtask->instance_id;
    kind = row.subtask->unique_id;
    name = row.subtask->name;
    details = row.subtask->details_xml;
  }
  return append_.Run(number, static_cast<std::int64_t>(event.source_sequence),
                     absl::ToUnixMicros(event.event_time.value_or(absl::UnixEpoch())),
                     static_cast<std::int64_t>(row.kind), row.percent, row.status, id, kind, name, details,
                     row.completion, record_id);
}

absl::Status OperationLog::End(std::int64_t number, absl::Time now) {
  IPAM_RETURN_IF_ERROR(states_.Remove(number));
  return end_.Run(absl::ToUnixMicros(now), number);
}

absl::StatusOr<std::vector<event::ProgressEvent>> OperationLog::Read(const base::Guid& operation,
                                                                     std::uint64_t after, std::size_t max) {
  IPAM_ASSIGN_OR_RETURN(const std::optional<std::int64_t> number, number_.Lookup(operation.ToString()));
  if (!number) return absl::NotFoundError("no operation " + operation.ToString());
  std::vector<event::ProgressEvent> events;
  Cursor rows = read_.Query(*number, static_cast<std::int64_t>(after), static_cast<std::int64_t>(max));
  while (rows.Next()) events.push_back(ReadEvent(rows));
  IPAM_RETURN_IF_ERROR(rows.status());
  return events;
}

absl::StatusOr<std::optional<OperationLog::Found>> OperationLog::Find(const base::Guid& operation) {
  const std::string guid = operation.ToString();
  Cursor row = find_.Query(guid);
  std::optional<Found> found;
  if (row.Next()) found = {row.Text(0), static_cast<std::uint64_t>(row.Int64(2)), row.Int64(1) != 0};
  IPAM_RETURN_IF_ERROR(row.status());
  return found;
}

absl::StatusOr<std::vector<event::SubtaskInstance>> OperationLog::ListOpenSubtasks(std::int64_t number) {
  std::vector<event::SubtaskInstance> open;
  Cursor rows = open_subtasks_.Query(number);
  while (rows.Next()) open.push_back(ReadSubtask(rows));
  IPAM_RETURN_IF_ERROR(rows.status());
  return open;
}

absl::StatusOr<std::int64_t> OperationLog::Purge(absl::Time limit, int max) {
  IPAM_RETURN_IF_ERROR(purge_.Run(absl::ToUnixMicros(limit), max));
  return db_.changes();
}

}  // namespace ipam::engine
