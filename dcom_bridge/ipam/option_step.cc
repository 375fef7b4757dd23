#include "dcom_bridge/ipam/option_step.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

enum class NamedBy { kRecordId, kNature };

OptionOwner OwnerAt(const OptionPlace& place) {
  const auto id = [](const std::optional<RowRef>& row) {
    return row ? std::optional(row->id()) : std::nullopt;
  };
  return {.server_id = place.server.id(),
          .scope_id = place.policy ? std::nullopt : id(place.scope),
          .reservation_id = id(place.reservation),
          .policy_id = id(place.policy)};
}

// The record ids that the option's definition and user class have on the server.
template <typename Item>
absl::StatusOr<std::optional<std::int64_t>> Resolve(NamedBy named_by, std::int64_t server, const Item& item,
                                                    DhcpServerList<Item>& list) {
  IPAM_ASSIGN_OR_RETURN(const auto found, named_by == NamedBy::kRecordId && item.record_id() != 0
                                              ? list.Get(server, item.record_id())
                                              : list.FindAlike(server, item));
  return found ? std::optional(found->record_id()) : std::nullopt;
}

absl::Status ResolveOption(NamedBy named_by, std::int64_t server, v1::DhcpOption& option, Store& store) {
  v1::DhcpOptionDefinition& definition = *option.mutable_option_definition();
  IPAM_ASSIGN_OR_RETURN(const auto definition_id,
                        Resolve(named_by, server, definition, store.options.definitions));
  if (!definition_id) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_OPTION_ASSOCIATED_OPTION_DEFINITION_NOT_FOUND,
                 absl::StrFormat("The server %d has no option definition %d of option %d.", server,
                                 definition.record_id(), definition.option_id()));
  }
  definition.set_record_id(*definition_id);
  if (option.user_class().record_id() == 0 && option.user_class().name().empty()) return absl::OkStatus();
  v1::DhcpUserClass& user_class = *option.mutable_user_class();
  IPAM_ASSIGN_OR_RETURN(const auto class_id,
                        Resolve(named_by, server, user_class, store.options.user_classes));
  if (!class_id) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_OPTION_ASSOCIATED_USER_CLASS_NOT_FOUND,
                 absl::StrFormat("The server %d has no user class %d %s.", server, user_class.record_id(),
                                 user_class.name()));
  }
  user_class.set_record_id(*class_id);
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> Put(const OptionOwner& owner, v1::DhcpOption option, Store& store) {
  option.clear_record_id();
  option.clear_modified_properties();
  option.clear_set_properties();
  return store.options.Put(owner, option);
}

// Where no definition is found there is no option to delete.
absl::StatusOr<std::int64_t> Delete(NamedBy named_by, const OptionOwner& owner, v1::DhcpOption option,
                                    Store& store) {
  const absl::Status resolved = ResolveOption(named_by, owner.server_id, option, store);
  if (!resolved.ok()) return IsFault(resolved) ? absl::StatusOr<std::int64_t>(0) : resolved;
  IPAM_RETURN_IF_ERROR(store.options.Delete(owner, option));
  return 0;
}

bool Equal(const v1::AnyValue& a, const v1::AnyValue& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

absl::StatusOr<std::int64_t> Append(const OptionOwner& owner, v1::DhcpOption option, Store& store) {
  IPAM_RETURN_IF_ERROR(ResolveOption(NamedBy::kNature, owner.server_id, option, store));
  IPAM_ASSIGN_OR_RETURN(auto row, store.options.Find(owner, option));
  if (!row) return Put(owner, std::move(option), store);
  for (const v1::AnyValue& value : option.values()) {
    const bool has = std::any_of(row->values().begin(), row->values().end(),
                                 [&value](const v1::AnyValue& other) { return Equal(value, other); });
    if (!has) *row->add_values() = value;
  }
  return store.options.Put(owner, *row);
}

absl::StatusOr<std::int64_t> Replace(const OptionOwner& owner, const v1::DhcpFindAndReplaceOption& change,
                                     Store& store) {
  v1::DhcpOption option = change.option();
  const absl::Status resolved = ResolveOption(NamedBy::kNature, owner.server_id, option, store);
  if (!resolved.ok()) return IsFault(resolved) ? absl::StatusOr<std::int64_t>(0) : resolved;
  IPAM_ASSIGN_OR_RETURN(auto row, store.options.Find(owner, option));
  if (!row) return 0;
  for (v1::AnyValue& value : *row->mutable_values()) {
    if (Equal(value, change.old_value())) value = change.new_value();
  }
  return store.options.Put(owner, *row);
}

// All of the formatters have these members; the user class is none of policies'.
template <typename Formatter>
std::shared_ptr<Formatter> Details(const v1::DhcpOption& option, const OptionPlace& place) {
  auto details = std::make_shared<Formatter>();
  details->set_option_id(option.option_definition().option_id());
  details->set_server_name(place.server_name);
  if (option.option_definition().has_vendor_class()) {
    details->set_vendor_class_name(option.option_definition().vendor_class().name());
  }
  if constexpr (requires { details->set_scope_id(place.scope_id); }) details->set_scope_id(place.scope_id);
  if constexpr (requires { details->set_policy_name(place.policy_name); }) {
    details->set_policy_name(place.policy_name);
  }
  if constexpr (requires { details->set_user_class_name(option.user_class().name()); }) {
    if (option.has_user_class()) details->set_user_class_name(option.user_class().name());
  }
  return details;
}

Entity Describe(const v1::DhcpOption& option, const OptionPlace& place) {
  Entity entity{.name = absl::StrFormat("Option %d %s", option.option_definition().option_id(),
                                        option.option_definition().name()),
                .needs = place.needs,
                .object_type = place.object_type,
                .operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE};
  if (place.policy) {
    entity.kind = SubtaskKind::kSetDhcpPolicyOption;
    if (place.scope) {
      entity.details = Details<v1::ScopePolicyOptionDataFormatter>(option, place);
    } else {
      entity.details = Details<v1::ServerPolicyOptionDataFormatter>(option, place);
    }
  } else if (place.reservation) {
    auto details = Details<v1::ReservationOptionDataFormatter>(option, place);
    details->set_reservation_address(place.reservation_address);
    entity.kind = SubtaskKind::kSetDhcpReservationOption;
    entity.details = std::move(details);
  } else if (place.scope) {
    entity.kind = SubtaskKind::kSetDhcpOption;
    entity.details = Details<v1::ScopeOptionDataFormatter>(option, place);
  } else {
    entity.kind = SubtaskKind::kSetDhcpServerOption;
    entity.details = Details<v1::ServerOptionDataFormatter>(option, place);
  }
  return entity;
}

}  // namespace

void AddOptionSteps(const v1::DhcpOptionCollection& options, const OptionPlace& place, StepList& steps) {
  for (const v1::DhcpOptionOperation& operation : options.operation_tracker()) {
    const v1::DhcpOption& option = operation.value();
    switch (operation.operation()) {
      case v1::COLLECTION_OPERATIONS_ADD:
      case v1::COLLECTION_OPERATIONS_SET:
        steps.Add(Describe(option, place), [option, place](Store& store) -> absl::StatusOr<std::int64_t> {
          v1::DhcpOption resolved = option;
          IPAM_RETURN_IF_ERROR(ResolveOption(NamedBy::kRecordId, place.server.id(), resolved, store));
          return Put(OwnerAt(place), std::move(resolved), store);
        });
        break;
      case v1::COLLECTION_OPERATIONS_DELETE:
        steps.Add(Describe(option, place), [option, place](Store& store) {
          return Delete(NamedBy::kRecordId, OwnerAt(place), option, store);
        });
        break;
      default:
        break;
    }
  }
}

void AddOptionTemplateSteps(
    v1::DhcpOptionApplyType type, const google::protobuf::RepeatedPtrField<v1::DhcpOption>& options,
    const google::protobuf::RepeatedPtrField<v1::DhcpFindAndReplaceOption>& replacements,
    const OptionPlace& place, StepList& steps) {
  if (type == v1::DHCP_OPTION_APPLY_TYPE_NONE) return;
  if (type == v1::DHCP_OPTION_APPLY_TYPE_FIND_AND_REPLACE) {
    for (const v1::DhcpFindAndReplaceOption& change : replacements) {
      steps.Add(Describe(change.option(), place),
                [change, place](Store& store) { return Replace(OwnerAt(place), change, store); });
    }
    return;
  }
  for (const v1::DhcpOption& option : options) {
    steps.Add(Describe(option, place), [type, option, place](Store& store) -> absl::StatusOr<std::int64_t> {
      const OptionOwner owner = OwnerAt(place);
      if (type == v1::DHCP_OPTION_APPLY_TYPE_DELETE) return Delete(NamedBy::kNature, owner, option, store);
      if (type == v1::DHCP_OPTION_APPLY_TYPE_APPEND) return Append(owner, option, store);
      v1::DhcpOption resolved = option;
      IPAM_RETURN_IF_ERROR(ResolveOption(NamedBy::kNature, owner.server_id, resolved, store));
      return Put(owner, std::move(resolved), store);
    });
  }
}

absl::StatusOr<v1::DhcpOption> OptionOnServer(v1::DhcpOption option, std::int64_t from, std::int64_t to,
                                              Store& store) {
  IPAM_ASSIGN_OR_RETURN(auto definition,
                        store.options.definitions.Get(from, option.option_definition().record_id()));
  if (definition) *option.mutable_option_definition() = *std::move(definition);
  if (option.user_class().record_id() != 0) {
    IPAM_ASSIGN_OR_RETURN(auto user_class,
                          store.options.user_classes.Get(from, option.user_class().record_id()));
    if (user_class) *option.mutable_user_class() = *std::move(user_class);
  }
  IPAM_RETURN_IF_ERROR(ResolveOption(NamedBy::kNature, to, option, store));
  option.clear_record_id();
  return option;
}

absl::Status CopyOptions(const OptionOwner& from, const OptionOwner& to, Store& store) {
  IPAM_RETURN_IF_ERROR(store.options.DeleteAll(to));
  IPAM_ASSIGN_OR_RETURN(const auto options, store.options.List(from));
  for (const v1::DhcpOption& option : options) {
    IPAM_ASSIGN_OR_RETURN(const auto there, OptionOnServer(option, from.server_id, to.server_id, store));
    IPAM_RETURN_IF_ERROR(store.options.Put(to, there).status());
  }
  return absl::OkStatus();
}

}  // namespace ipam::engine
