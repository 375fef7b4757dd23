#include "gateway/ctl/results.h"

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/xml_types.h"
#include "gateway/ctl/table.h"
#include "gateway/ctl/text.h"
#include "ipam/v1/status.pb.h"

namespace ipam::ctl {
namespace {

using Stub = v1::ProgressService::Stub;
using ipam::v1::EntityStatus;

bool HasFailed(v1::SubtaskStatus status) {
  return status == v1::SUBTASK_STATUS_COMPLETED_WITH_ERROR || status == v1::SUBTASK_STATUS_NOT_RUN;
}

bool HasSucceeded(v1::SubtaskStatus status) {
  return status == v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS ||
         status == v1::SUBTASK_STATUS_COMPLETED_WITH_WARNING;
}

// The entities of a completion status; none where there is none, or one of another shape.
std::vector<EntityStatus> ReadEntities(const std::string& completion_status_xml) {
  const auto status = model::FromXml<ipam::v1::DhcpMsmOverallCompletionStatus>(completion_status_xml);
  ipam::v1::EntityStatusCollection collection;
  if (!status.ok() || !status->entity_status_collection_object().UnpackTo(&collection)) return {};
  return {collection.entity_status_list().begin(), collection.entity_status_list().end()};
}

// An entity of the completion status for each subtask, null where there is none. They have no name: those that
// failed, and those that succeeded, each come in the order of their subtasks, unless it has others than those.
std::vector<const EntityStatus*> Match(const google::protobuf::RepeatedPtrField<v1::Subtask>& subtasks,
                                       const std::vector<EntityStatus>& entities) {
  std::vector<const EntityStatus*> out(static_cast<std::size_t>(subtasks.size()));
  std::vector<const EntityStatus*> lists[2];
  for (const EntityStatus& entity : entities) lists[entity.is_successful() ? 1 : 0].push_back(&entity);
  std::size_t ended[2] = {};
  for (const v1::Subtask& subtask : subtasks) {
    if (HasFailed(subtask.status())) ++ended[0];
    if (HasSucceeded(subtask.status())) ++ended[1];
  }
  std::size_t next[2] = {};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const v1::SubtaskStatus status = subtasks[static_cast<int>(i)].status();
    const int list = HasSucceeded(status) ? 1 : 0;
    if ((list == 0 && !HasFailed(status)) || lists[list].size() != ended[list]) continue;
    out[i] = lists[list][next[list]++];
  }
  return out;
}

// "DhcpScopeV4", as the schema has it.
std::string TypeName(const EntityStatus& entity) {
  const auto* value = ipam::v1::IpamObjectType_descriptor()->FindValueByNumber(entity.object_type());
  return value == nullptr || entity.object_type() == ipam::v1::IPAM_OBJECT_TYPE_NONE
             ? ""
             : model::EnumSpelling(*value);
}

std::string RecordId(const EntityStatus& entity) {
  return entity.record_id() == 0 ? "" : absl::StrCat(entity.record_id());
}

struct Row {
  const v1::Subtask* subtask = nullptr;
  std::string type;
  std::string record_id;
};

// The numbers are texts, as JSON of int64 is.
google::protobuf::Struct ToJson(const v1::Operation& operation, const std::vector<Row>& rows) {
  google::protobuf::Struct out;
  const auto put = [](google::protobuf::Struct& object, const std::string& name, const std::string& value) {
    if (!value.empty()) (*object.mutable_fields())[name].set_string_value(value);
  };
  put(out, "operation", operation.name());
  put(out, "kind", operation.kind());
  put(out, "state", v1::OperationState_Name(operation.state()));
  put(out, "error", operation.error().message());
  auto& entities = *(*out.mutable_fields())["entities"].mutable_list_value();
  for (const Row& row : rows) {
    google::protobuf::Struct& entity = *entities.add_values()->mutable_struct_value();
    put(entity, "name", row.subtask->name());
    put(entity, "outcome", v1::SubtaskStatus_Name(row.subtask->status()));
    put(entity, "type", row.type);
    put(entity, "recordId", row.record_id);
    put(entity, "reason", row.subtask->error().message());
  }
  return out;
}

}  // namespace

ExitCode Results(const Options& options, Client& client, const Output& output) {
  const std::string& name = options.names.front();
  v1::GetOperationRequest get;
  get.set_name(name);
  v1::Operation operation;
  if (const CallResult result = client.Call(&Stub::AsyncGetOperation, get, operation); !result.ok()) {
    return Complain(output, name, result);
  }
  v1::ListSubtasksRequest request;
  request.set_parent(name);
  request.set_page_size(kPageSize);
  v1::ListSubtasksResponse all;
  const CallResult result =
      CallPages(client, &Stub::AsyncListSubtasks, request, [&](const v1::ListSubtasksResponse& page) {
        all.mutable_subtasks()->MergeFrom(page.subtasks());
        return true;
      });
  if (!result.ok()) return Complain(output, name, result);

  const std::vector<EntityStatus> entities = ReadEntities(operation.completion_status_xml());
  const std::vector<const EntityStatus*> matched = Match(all.subtasks(), entities);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < matched.size(); ++i) {
    Row row{.subtask = &all.subtasks(static_cast<int>(i)), .type = "", .record_id = ""};
    if (options.failed && !HasFailed(row.subtask->status())) continue;
    if (matched[i] != nullptr) {
      row.type = TypeName(*matched[i]);
      row.record_id = RecordId(*matched[i]);
    }
    rows.push_back(std::move(row));
  }
  if (options.json) {
    PrintJson(output, ToJson(operation, rows));
    return kSucceeded;
  }
  PrintText(output, StateLine(operation) + "\n");
  if (rows.empty()) return kSucceeded;
  Table table({"ENTITY", "OUTCOME", "TYPE", "RECORD ID", "REASON"});
  for (const Row& row : rows) {
    table.Add({row.subtask->name(), Words(row.subtask->status()), row.type, row.record_id,
               row.subtask->error().message()});
  }
  PrintText(output, table.Text());
  return kSucceeded;
}

}  // namespace ipam::ctl
