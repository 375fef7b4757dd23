// DHCP options of servers, scopes, reservations and policies as entities: the entries of a collection's
// operation tracker, or what a template says of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "dcom_bridge/ipam/dhcp_option_tables.h"
#include "dcom_bridge/ipam/step_delegate.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "ipam/v1/dhcp.pb.h"
#include "ipam/v1/dhcp_template.pb.h"

namespace ipam::engine {

struct OptionPlace {
  RowRef server;
  std::optional<RowRef> scope = std::nullopt;
  std::optional<RowRef> reservation = std::nullopt;
  std::optional<RowRef> policy = std::nullopt;
  // How subtasks name them.
  std::string server_name;
  std::string scope_id;
  std::string reservation_address;
  std::string policy_name;
  // Of the owner.
  v1::IpamObjectType object_type = v1::IPAM_OBJECT_TYPE_NONE;
  std::optional<std::size_t> needs = std::nullopt;
};

// Add, Set (which the text calls Update, discrepancies D.1) and Delete; the partner values are used by no step
// (F.9). What an option refers to is named by record ids, or where those are 0 as AddOptionTemplateSteps says.
void AddOptionSteps(const v1::DhcpOptionCollection& options, const OptionPlace& place, StepList& steps);

// 2.2.5.24. Record ids are different on each server: an option definition is named by its OptionId and vendor
// class, a user class by its name.
void AddOptionTemplateSteps(
    v1::DhcpOptionApplyType type, const google::protobuf::RepeatedPtrField<v1::DhcpOption>& options,
    const google::protobuf::RepeatedPtrField<v1::DhcpFindAndReplaceOption>& replacements,
    const OptionPlace& place, StepList& steps);

// An option of the server `from` as one of the server `to`, where its definition and user class have other record ids: the
// fault of the one that the server does not have.
absl::StatusOr<v1::DhcpOption> OptionOnServer(v1::DhcpOption option, std::int64_t from, std::int64_t to,
                                              Store& store);

// The options of `to` become those of `from`, each as OptionOnServer has it.
absl::Status CopyOptions(const OptionOwner& from, const OptionOwner& to, Store& store);

}  // namespace ipam::engine
