#include "dcom_bridge/model/failed_part.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/strings.h"
#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/entry_outcomes.h"
#include "dcom_bridge/model/operations.h"
#include "ipam/v1/parameters.pb.h"
#include "ipam/v1/status.pb.h"

namespace ipam::model {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// SubTaskUniqueId, as the server numbers them.
enum Kind : int {
  kSetDnsSetting = 2,
  kSetScopeOption = 3,
  kAddExclusion = 4,
  kAddReservation = 6,
  kSetReservationOption = 7,
  kAddFailoverScope = 9,
  kAddServerZone = 16,
  kSetUserClass = 23,
  kSetVendorClass = 24,
  kSetOptionDefinition = 25,
  kSetServerOption = 26,
  kAddSuperscope = 30,
  kAddScopeToSuperscope = 31,
  kRemoveScopeFromSuperscope = 32,
  kRemoveSuperscope = 34,
  kAddPolicy = 36,
  kSetPolicy = 37,
  kRemovePolicy = 38,
  kSetPolicyOption = 41,
  kSetReservation = 43,
  kRemoveReservation = 44,
  kRemoveFailoverScope = 48,
  kSetFilter = 53,
  kRemoveFilter = 54,
  kRemoveServerZone = 60,
  kTransferZone = 62,
  kReloadZone = 63,
};

// The operations whose parameters are a list of entities.
struct EntityList {
  std::string_view operation;
  std::string_view field;  // the list
  std::string_view name;   // of an entry, where its subtasks say it
  std::string_view id;     // path to the record id of an entry that is a message
  EntryPlan plan;
};
const EntityList kLists[] = {
    {"ApplyServerConfigurationTemplate",
     "server_ids",
     "",
     "",
     {.grouping = Grouping::kObject, .may_skip = true}},
    {"ApplyScopeConfigurationTemplate",
     "scope_id",
     "",
     "",
     {.grouping = Grouping::kObject, .may_skip = true}},
    {"AddScopesToSuperscope",
     "scope_ids",
     "",
     "",
     {.grouping = Grouping::kPartners, .anchor = kAddScopeToSuperscope}},
    {"RemoveScopesFromSuperscope",
     "scope_ids",
     "",
     "",
     {.grouping = Grouping::kPartners, .anchor = kRemoveScopeFromSuperscope}},
    {"DeleteSuperscopes",
     "superscopes",
     "",
     "",
     {.grouping = Grouping::kEnd, .anchor = kRemoveSuperscope, .settles = true}},
    {"SetSuperscopeActivationStatus",
     "superscopes",
     "",
     "record_id",
     {.grouping = Grouping::kOwner, .may_skip = true}},
    {"CreateDhcpServerPolicy", "server_list", "", "", {.anchor = kAddPolicy, .settles = true}},
    {"CreateDhcpScopePolicy", "scope_list", "", "", {.anchor = kAddPolicy, .settles = true}},
    {"DeletePolicy", "policies", "", "", {.anchor = kRemovePolicy}},
    {"UpdatePolicyProperty", "policies", "", "", {.anchor = kSetPolicy}},
    {"DeleteDhcpReservationCollection",
     "reservation_record_ids",
     "",
     "",
     {.anchor = kRemoveReservation, .settles = true}},
    {"SetDhcpReservationCollection",
     "reservation_record_ids",
     "",
     "",
     {.grouping = Grouping::kObject, .may_skip = true}},
    {"AddDhcpFailoverScopes", "scope_ids", "", "", {.anchor = kAddFailoverScope}},
    {"RemoveDhcpFailoverScopes", "scope_ids", "", "", {.anchor = kRemoveFailoverScope}},
    {"ResetConfigSyncStatus", "scopes", "scope_id", "", {.may_skip = true, .in_name = true}},
    {"ReplicateScope", "scopes", "scope_id", "", {.may_skip = true, .in_name = true}},
    {"UpdateDhcpFilters", "filters", "mac_address", "", {.anchor = kSetFilter}},
    {"DeleteDhcpFilters", "filters", "mac_address", "", {.anchor = kRemoveFilter, .may_skip = true}},
    {"CreateDnsResourceRecords", "resource_records", "name", "", {}},
    {"UpdateDnsResourceRecords", "resource_records", "name", "", {}},
    {"DeleteDnsResourceRecords", "resource_records", "name", "", {}},
    {"UpdateDnsZones",
     "server_zones_tuple",
     "",
     "server_zone.record_id",
     {.grouping = Grouping::kObject, .may_skip = true}},
    {"DeleteDnsZones", "server_zone_ids", "", "", {.anchor = kRemoveServerZone, .settles = true}},
    {"DnsZonesTransfer", "server_zone_ids", "", "", {.anchor = kTransferZone}},
    {"ReloadDnsZones", "server_zone_ids", "", "", {.anchor = kReloadZone}},
    {"CreateDnsConditionalForwarders", "conditional_forwarders", "name", "", {}},
    {"UpdateDnsConditionalForwarders", "conditional_forwarders", "name", "", {}},
    {"DeleteDnsConditionalForwarders", "conditional_forwarders", "name", "", {}},
};

// Changes of one entity that are harmless a second time, but for the entries of these operation trackers that are done.
struct Tracker {
  std::string_view operation;
  std::string_view collection;  // path; empty: no tracker
  int kind;                     // of the subtasks of its entries
  bool sets = true;             // has subtasks for Set as well
};
constexpr Tracker kChanges[] = {
    {"EditDhcpServer", "server.user_classes", kSetUserClass},
    {"EditDhcpServer", "server.vendor_classes", kSetVendorClass},
    {"EditDhcpServer", "server.option_definitions", kSetOptionDefinition},
    {"EditDhcpServer", "server.options", kSetServerOption},
    {"EditDhcpScope", "scope.options", kSetScopeOption},
    {"EditDhcpScope", "scope.exclusion_ranges", kAddExclusion, false},
    {"SetDhcpReservation", "reservation.options", kSetReservationOption},
    {"UpdatePolicy", "policy.options", kSetPolicyOption},
    {"RenameSuperscope", "", 0},
    {"MovePolicyProcessingOrder", "", 0},
    {"EditDhcpFailover", "", 0},
    {"ReplicateRelation", "", 0},
    {"ReplicateServer", "", 0},
    {"UpdateDhcpFilter", "", 0},
    {"UpdateIpamIPAddress", "", 0},
    {"UpdateDnsResourceRecord", "", 0},
};

// One entity that is made or gone when its first step succeeded.
struct Once {
  std::string_view operation;
  std::string_view why;
};
constexpr Once kOnce[] = {
    {"CreateDhcpScope", "the scope is made; EditDhcpScope gives it what it lacks"},
    {"DeleteDhcpScope", "the scope is gone"},
    {"CreateDhcpReservation", "the reservation is made; SetDhcpReservation gives it what it lacks"},
    {"DeleteDhcpReservation", "the reservation is gone"},
    {"CreateDhcpFailover",
     "the relationship is made; AddDhcpFailoverScopes gives it the scopes that it lacks"},
    {"DeleteDhcpFailover", "the relationship is gone"},
    {"CreateIpamIPAddress", "the address is made; UpdateIpamIPAddress gives it what it lacks"},
    {"CreateDnsZone", "the zone is made"},
};

absl::Status CannotTell(std::string why) { return absl::FailedPreconditionError(std::move(why)); }

// The message at a path, or that which holds the value at its end; null: it is not there.
Message* At(Message& root, std::string_view path) {
  Message* at = &root;
  for (const absl::string_view name : absl::StrSplit(base::ToAbsl(path), '.')) {
    const FieldDescriptor* field = at->GetDescriptor()->FindFieldByName(std::string(name));
    if (field == nullptr || !at->GetReflection()->HasField(*at, field)) return nullptr;
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return at;
    at = at->GetReflection()->MutableMessage(at, field);
  }
  return at;
}

std::vector<Entry> EntriesOf(Message& own, const FieldDescriptor& list, const EntityList& entities) {
  std::vector<Entry> entries;
  const Reflection& reflection = *own.GetReflection();
  for (int i = 0; i < reflection.FieldSize(own, &list); ++i) {
    Entry& entry = entries.emplace_back();
    if (list.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      entry.id = reflection.GetRepeatedInt64(own, &list, i);
      continue;
    }
    Message& message = *reflection.MutableRepeatedMessage(&own, &list, i);
    if (!entities.name.empty()) {
      const FieldDescriptor* name = message.GetDescriptor()->FindFieldByName(std::string(entities.name));
      entry.name = absl::AsciiStrToLower(message.GetReflection()->GetString(message, name));
    }
    const Message* holder = entities.id.empty() ? nullptr : At(message, entities.id);
    if (holder == nullptr) continue;
    entry.id =
        holder->GetReflection()->GetInt64(*holder, holder->GetDescriptor()->FindFieldByName("record_id"));
  }
  return entries;
}

void KeepEntries(const std::vector<bool>& kept, const FieldDescriptor& list, Message& own) {
  const Reflection& reflection = *own.GetReflection();
  int count = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) reflection.SwapElements(&own, &list, static_cast<int>(i), count++);
  }
  while (reflection.FieldSize(own, &list) > count) reflection.RemoveLast(&own, &list);
}

absl::Status KeepLeftEntries(const EntityList& entities, const std::vector<SubtaskOutcome>& subtasks,
                             Message& own) {
  const FieldDescriptor& list = *own.GetDescriptor()->FindFieldByName(std::string(entities.field));
  EntryPlan plan = entities.plan;
  plan.named = !entities.name.empty();
  const std::vector<Entry> entries = EntriesOf(own, list, entities);
  const auto left = EntriesLeft(entries, plan, subtasks);
  if (!left) {
    return CannotTell(absl::StrCat("its subtasks do not tell which of the ", entries.size(), " ",
                                   std::string(entities.field), " failed"));
  }
  if (std::ranges::find(*left, true) == left->end()) {
    return CannotTell(plan.settles ? "what failed are later steps of entries that are made or gone already"
                                   : "all its entries are done; what failed is none of them");
  }
  KeepEntries(*left, list, own);
  return absl::OkStatus();
}

// Filters times servers: the filters that failed anywhere, on the servers where any did.
absl::Status KeepLeftFilters(const std::vector<SubtaskOutcome>& subtasks,
                             v1::CreateDhcpFiltersParameters& own) {
  const auto servers = static_cast<std::size_t>(own.dhcp_server_ids_size());
  std::vector<bool> filters(static_cast<std::size_t>(own.filters_size()));
  std::vector<bool> on(servers);
  if (subtasks.size() != filters.size() * servers) {
    return CannotTell("its subtasks do not tell which of the filters failed");
  }
  for (std::size_t i = 0; i < subtasks.size(); ++i) {
    if (subtasks[i].succeeded) continue;
    filters[i / servers] = on[i % servers] = true;
  }
  KeepEntries(filters, *own.GetDescriptor()->FindFieldByName("filters"), own);
  KeepEntries(on, *own.GetDescriptor()->FindFieldByName("dhcp_server_ids"), own);
  return absl::OkStatus();
}

// Takes the entries of the tracker away that are done.
absl::Status KeepLeftOperations(const Tracker& tracker, const std::vector<SubtaskOutcome>& subtasks,
                                Message& own) {
  Message* found = tracker.collection.empty() ? nullptr : At(own, tracker.collection);
  if (found == nullptr) return absl::OkStatus();
  Message& collection = *found;
  const FieldDescriptor& list = *collection.GetDescriptor()->FindFieldByName("operation_tracker");
  const Reflection& reflection = *collection.GetReflection();
  std::vector<bool> left;
  auto subtask = subtasks.begin();
  const auto next = [&] {
    return subtask = std::find_if(subtask, subtasks.end(),
                                  [&](const SubtaskOutcome& one) { return one.kind == tracker.kind; });
  };
  for (int i = 0; i < reflection.FieldSize(collection, &list); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(collection, &list, i);
    const int operation =
        entry.GetReflection()->GetEnumValue(entry, entry.GetDescriptor()->FindFieldByName("operation"));
    const bool has_subtask = operation == v1::COLLECTION_OPERATIONS_ADD ||
                             operation == v1::COLLECTION_OPERATIONS_DELETE ||
                             (tracker.sets && operation == v1::COLLECTION_OPERATIONS_SET);
    left.push_back(true);
    if (!has_subtask) continue;
    if (next() == subtasks.end())
      return CannotTell("its subtasks do not tell which of its collections failed");
    left.back() = !(subtask++)->succeeded;
  }
  if (next() != subtasks.end()) return CannotTell("its subtasks do not tell which of its collections failed");
  KeepEntries(left, list, collection);
  return absl::OkStatus();
}

// The record id of what the operation made, by its completion status; 0: it does not say.
template <typename Made>
std::int64_t IdOfMade(std::string_view completion_status_xml) {
  const auto status = FromXml<v1::DhcpMsmOverallCompletionStatus>(completion_status_xml);
  Made made;
  return status.ok() && status->return_object().UnpackTo(&made) ? made.record_id() : 0;
}

// What an operation on a list or of changes makes before those, it does not make again.
absl::Status NameWhatIsMade(const std::vector<SubtaskOutcome>& subtasks,
                            std::string_view completion_status_xml, v1::OperationParameters& parameters) {
  const SubtaskOutcome& first = subtasks.front();
  std::int64_t id = 0;
  if (parameters.has_add_scopes_to_superscope() && first.kind == kAddSuperscope && first.succeeded) {
    id = IdOfMade<v1::DhcpSuperscopeV4>(completion_status_xml);
    parameters.mutable_add_scopes_to_superscope()->mutable_superscope()->set_record_id(id);
  } else if (parameters.has_update_dhcp_server() && first.kind == kSetDnsSetting && first.succeeded &&
             absl::StartsWith(first.name, "DHCP server ")) {
    id = IdOfMade<v1::DhcpServer>(completion_status_xml);
    parameters.mutable_update_dhcp_server()->mutable_server()->set_record_id(id);
  } else {
    return absl::OkStatus();
  }
  if (id != 0) return absl::OkStatus();
  return CannotTell(absl::StrCat(first.name, " is made, and its record id is not known"));
}

bool Succeeded(const std::vector<SubtaskOutcome>& subtasks, int kind) {
  return std::ranges::any_of(subtasks,
                             [kind](const SubtaskOutcome& one) { return one.kind == kind && one.succeeded; });
}

absl::Status KeepLeft(std::string_view operation, const std::vector<SubtaskOutcome>& subtasks,
                      std::string_view completion_status_xml, v1::OperationParameters& parameters,
                      Message& own) {
  IPAM_RETURN_IF_ERROR(NameWhatIsMade(subtasks, completion_status_xml, parameters));
  if (parameters.has_create_dhcp_filters()) {
    return KeepLeftFilters(subtasks, *parameters.mutable_create_dhcp_filters());
  }
  const auto* entities = std::ranges::find(kLists, operation, &EntityList::operation);
  if (entities != std::end(kLists)) return KeepLeftEntries(*entities, subtasks, own);
  // A reservation that is made is there.
  if (parameters.has_update_ipam_ip_address() &&
      (Succeeded(subtasks, kAddReservation) || Succeeded(subtasks, kSetReservation))) {
    parameters.mutable_update_ipam_ip_address()->set_create_dhcp_reservation(false);
  }
  // A forward zone that is there is taken, a reverse zone is refused.
  const bool takes_zone = parameters.create_dns_zone().server_zone().has_dns_server_zone();
  if (takes_zone && !Succeeded(subtasks, kAddServerZone)) return absl::OkStatus();
  const auto* once = std::ranges::find(kOnce, operation, &Once::operation);
  if (once != std::end(kOnce)) {
    const auto succeeded = std::ranges::count(subtasks, true, &SubtaskOutcome::succeeded);
    return CannotTell(absl::StrCat(std::string(operation), " is about one entity, for which ", succeeded,
                                   " of ", subtasks.size(), " steps succeeded: ", std::string(once->why)));
  }
  for (const Tracker& tracker : kChanges) {
    if (tracker.operation != operation) continue;
    IPAM_RETURN_IF_ERROR(KeepLeftOperations(tracker, subtasks, own));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> FailedPart(std::string_view parameters_xml,
                                       const std::vector<SubtaskOutcome>& subtasks,
                                       std::string_view completion_status_xml) {
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
  Message& own = *parameters.GetReflection()->MutableMessage(&parameters, variant);
  IPAM_RETURN_IF_ERROR(KeepLeft(operation->name, subtasks, completion_status_xml, parameters, own));
  return ToXml(body, kParametersRoot);
}

}  // namespace ipam::model
