#include "dcom_bridge/model/failed_part.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/strings.h"
#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/operations.h"
#include "ipam/v1/parameters.pb.h"
#include "ipam/v1/status.pb.h"

namespace ipam::model {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The operations whose parameters are a list of entities.
struct EntityList {
  std::string_view operation;
  std::string_view field;  // the list
  std::string_view
      name;  // path in an entry to the name that its subtasks have too; empty for lists of record ids
};
constexpr EntityList kLists[] = {
    {"ApplyServerConfigurationTemplate", "server_ids", ""},
    {"ApplyScopeConfigurationTemplate", "scope_id", ""},
    {"AddScopesToSuperscope", "scope_ids", ""},
    {"RemoveScopesFromSuperscope", "scope_ids", ""},
    {"DeleteSuperscopes", "superscopes", "name"},
    {"SetSuperscopeActivationStatus", "superscopes", "name"},
    {"CreateDhcpServerPolicy", "server_list", ""},
    {"CreateDhcpScopePolicy", "scope_list", ""},
    {"DeletePolicy", "policies", "policy_name"},
    {"UpdatePolicyProperty", "policies", "policy_name"},
    {"DeleteDhcpReservationCollection", "reservation_record_ids", ""},
    {"SetDhcpReservationCollection", "reservation_record_ids", ""},
    {"AddDhcpFailoverScopes", "scope_ids", ""},
    {"RemoveDhcpFailoverScopes", "scope_ids", ""},
    {"ResetConfigSyncStatus", "scopes", "scope_id"},
    {"ReplicateScope", "scopes", "scope_id"},
    {"CreateDhcpFilters", "filters", "mac_address"},
    {"UpdateDhcpFilters", "filters", "mac_address"},
    {"DeleteDhcpFilters", "filters", "mac_address"},
    {"CreateDnsResourceRecords", "resource_records", "name"},
    {"UpdateDnsResourceRecords", "resource_records", "name"},
    {"DeleteDnsResourceRecords", "resource_records", "name"},
    {"DeleteDnsZones", "server_zone_ids", ""},
    {"UpdateDnsZones", "server_zones_tuple", ""},
    {"DnsZonesTransfer", "server_zone_ids", ""},
    {"ReloadDnsZones", "server_zone_ids", ""},
    {"CreateDnsConditionalForwarders", "conditional_forwarders", "name"},
    {"UpdateDnsConditionalForwarders", "conditional_forwarders", "name"},
    {"DeleteDnsConditionalForwarders", "conditional_forwarders", "name"},
};

absl::Status CannotTell(std::string why) { return absl::FailedPreconditionError(std::move(why)); }

// A part of the subtasks, in their order: those of one entry, where `begin` is its first.
struct Slot {
  bool succeeded = true;
  std::set<std::string> words;  // of the names in it, lower case
};

void AddWords(std::string_view text, std::set<std::string>& words) {
  for (const absl::string_view word : absl::StrSplit(base::ToAbsl(text), ' ')) {
    if (!word.empty()) words.insert(absl::AsciiStrToLower(word));
  }
  words.insert(absl::AsciiStrToLower(base::ToAbsl(text)));
}

void AddTexts(const xmlNode& node, std::set<std::string>& words) {
  const auto children = ChildElements(node);
  for (const xmlNode* child : children) AddTexts(*child, words);
  const std::string whole = Text(node);
  const std::string_view text = Trim(whole);
  if (children.empty() && !text.empty()) words.insert(absl::AsciiStrToLower(base::ToAbsl(text)));
}

// The kind of which there is one subtask for each entry; 0: there is none. The earliest of several.
int PrimaryKind(const std::vector<SubtaskOutcome>& subtasks, std::size_t entries) {
  std::map<int, std::size_t> count;
  for (const SubtaskOutcome& subtask : subtasks) ++count[subtask.kind];
  for (const SubtaskOutcome& subtask : subtasks) {
    if (count[subtask.kind] == entries) return subtask.kind;
  }
  return 0;
}

// One for each subtask of the kind, with those behind it; 0: one for each subtask.
std::vector<Slot> MakeSlots(const std::vector<SubtaskOutcome>& subtasks, int kind, bool named) {
  std::vector<Slot> slots;
  for (const SubtaskOutcome& subtask : subtasks) {
    const bool first = kind == 0 || subtask.kind == kind;
    if (first) slots.emplace_back();
    if (slots.empty()) continue;  // a step before all entries
    Slot& slot = slots.back();
    slot.succeeded = slot.succeeded && subtask.succeeded;
    if (!first || !named) continue;
    const auto details = ParseXml(subtask.details_xml);
    if (details.ok()) AddTexts(*xmlDocGetRootElement(details->get()), slot.words);
    // A formatter names the entity alone; the subtask's name says more, such as the type of a record.
    if (slot.words.empty()) AddWords(subtask.name, slot.words);
  }
  return slots;
}

// The name of each entry, lower case.
std::vector<std::string> NamesOf(const Message& own, const FieldDescriptor& list, std::string_view field) {
  std::vector<std::string> names;
  const Reflection& reflection = *own.GetReflection();
  for (int i = 0; i < reflection.FieldSize(own, &list); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(own, &list, i);
    const FieldDescriptor* name = entry.GetDescriptor()->FindFieldByName(std::string(field));
    names.push_back(absl::AsciiStrToLower(entry.GetReflection()->GetString(entry, name)));
  }
  return names;
}

// Whether each entry is done, by the names in the slots: all that name it succeeded, and one does. Entries of one
// name are done together or not at all.
std::vector<bool> DoneByName(const std::vector<Slot>& slots, const std::vector<std::string>& names) {
  std::map<std::string, bool> succeeded;
  for (const Slot& slot : slots) {
    for (const std::string& word : slot.words) {
      const auto [known, added] = succeeded.emplace(word, slot.succeeded);
      if (!added) known->second = known->second && slot.succeeded;
    }
  }
  std::vector<bool> done;
  for (const std::string& name : names) {
    const auto found = succeeded.find(name);
    done.push_back(!name.empty() && found != succeeded.end() && found->second);
  }
  return done;
}

absl::StatusOr<std::vector<bool>> DoneEntries(const Message& own, const FieldDescriptor& list,
                                              const EntityList& entities,
                                              const std::vector<SubtaskOutcome>& subtasks) {
  const auto count = static_cast<std::size_t>(own.GetReflection()->FieldSize(own, &list));
  const int kind = PrimaryKind(subtasks, count);
  const std::vector<Slot> slots = MakeSlots(subtasks, kind, !entities.name.empty());
  if (entities.name.empty()) {
    if (kind == 0) {
      return CannotTell(absl::StrCat("its subtasks do not tell which of the ", count, " ",
                                     std::string(entities.field), " failed"));
    }
    std::vector<bool> done;
    for (const Slot& slot : slots) done.push_back(slot.succeeded);
    return done;
  }
  const std::vector<std::string> names = NamesOf(own, list, entities.name);
  bool in_order = kind != 0;
  for (std::size_t i = 0; in_order && i < count; ++i) in_order = slots[i].words.contains(names[i]);
  if (!in_order) return DoneByName(slots, names);
  std::vector<bool> done;
  for (const Slot& slot : slots) done.push_back(slot.succeeded);
  return done;
}

void RemoveEntries(const std::vector<bool>& gone, const FieldDescriptor& list, Message& own) {
  const Reflection& reflection = *own.GetReflection();
  int kept = 0;
  for (std::size_t i = 0; i < gone.size(); ++i) {
    if (!gone[i]) reflection.SwapElements(&own, &list, static_cast<int>(i), kept++);
  }
  while (reflection.FieldSize(own, &list) > kept) reflection.RemoveLast(&own, &list);
}

}  // namespace

absl::StatusOr<std::string> FailedPart(std::string_view parameters_xml,
                                       const std::vector<SubtaskOutcome>& subtasks) {
  const auto succeeded = std::ranges::count(subtasks, true, &SubtaskOutcome::succeeded);
  if (succeeded == 0) return std::string(parameters_xml);
  if (static_cast<std::size_t>(succeeded) == subtasks.size())
    return CannotTell("none of its subtasks failed");

  IPAM_ASSIGN_OR_RETURN(auto body, FromXml<v1::InitializeOperationParameters>(parameters_xml));
  v1::OperationParameters& parameters = *body.mutable_parameters();
  const Operation* operation = FindOperation(parameters.operation_id());
  const auto* variant = parameters.GetReflection()->GetOneofFieldDescriptor(
      parameters, v1::OperationParameters::descriptor()->FindOneofByName("variant"));
  if (operation == nullptr || variant == nullptr) return absl::InternalError("parameters of no operation");
  const auto* entities = std::ranges::find(kLists, operation->name, &EntityList::operation);
  if (entities == std::end(kLists)) {
    return CannotTell(absl::StrCat(
        std::string(operation->name), " is about one entity, for which ", succeeded, " of ", subtasks.size(),
        " steps succeeded: the whole would fail at them, and there is no part of it"));
  }
  Message& own = *parameters.GetReflection()->MutableMessage(&parameters, variant);
  const FieldDescriptor& list = *own.GetDescriptor()->FindFieldByName(std::string(entities->field));
  if (own.GetReflection()->FieldSize(own, &list) == 1) return std::string(parameters_xml);
  IPAM_ASSIGN_OR_RETURN(const std::vector<bool> done, DoneEntries(own, list, *entities, subtasks));
  if (std::ranges::find(done, false) == done.end()) {
    return CannotTell("all its entries are done; what failed is none of them");
  }
  RemoveEntries(done, list, own);
  return ToXml(body, kParametersRoot);
}

}  // namespace ipam::model
