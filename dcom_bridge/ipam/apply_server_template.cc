// ApplyDhcpServerConfigurationDelegate, [MS-IPAMM2] 3.19.4.4.1.2. The server ids are those of DHCP servers
// (discrepancies E.3). What goes goes before what comes, and what is referred to comes first, so that a template can
// bring an option and its definition.
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/dns_settings.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/option_step.h"
#include "dcom_bridge/ipam/server_steps.h"

namespace ipam::engine {
namespace {

using Template = v1::DhcpServerTemplateConfiguration;

// The members of the template that are not None as a change of a server.
std::shared_ptr<const v1::DhcpServer> ChangeOf(const Template& configuration) {
  auto change = std::make_shared<v1::DhcpServer>();
  if (configuration.has_v6()) {
    change->mutable_v6();
  } else {
    change->mutable_v4();
  }
  const auto modify = [&change](const char* name) { change->add_modified_properties(name); };
  const DnsSettings settings = DnsSettingsOf(configuration);
  SetDnsSettings(settings, *change);
  if (settings != DnsSettings{}) modify("DnsUpdateType");
  change->set_audit_logging_status(configuration.audit_logging_status());
  if (configuration.audit_logging_status() != v1::DHCP_AUDIT_LOGGING_STATUS_NONE)
    modify("AuditLoggingStatus");
  change->set_dns_registration_credential_domain_name(
      configuration.dns_registration_credential_domain_name());
  change->set_dns_registration_credential_user_name(configuration.dns_registration_credential_user_name());
  if (!configuration.dns_registration_credential_domain_name().empty() ||
      !configuration.dns_registration_credential_user_name().empty()) {
    modify("DnsRegistrationCredentialUserName");
  }
  const v1::DhcpServerV4TemplateConfiguration& v4 = configuration.v4();
  if (v4.policy_activation_state() != v1::POLICY_STATE_NONE) {
    change->mutable_v4()->set_policy_activation_state(v4.policy_activation_state());
    modify("PolicyActivationState");
  }
  if (v4.allow_filter_enabled() != v1::DHCP_OPERATION_STATE_NONE ||
      v4.deny_filter_enabled() != v1::DHCP_OPERATION_STATE_NONE) {
    change->mutable_v4()->set_allow_filter_enabled(v4.allow_filter_enabled());
    change->mutable_v4()->set_deny_filter_enabled(v4.deny_filter_enabled());
    modify("AllowFilterEnabled");
  }
  const v1::DhcpServerV6TemplateConfiguration& v6 = configuration.v6();
  if (v6.stateless_client_inventory_status() != v1::DHCP_STATELESS_CLIENT_INVENTORY_STATUS_NONE ||
      v6.purge_interval().seconds() != 0 || v6.purge_interval().nanos() != 0) {
    change->mutable_v6()->set_stateless_client_inventory_status(v6.stateless_client_inventory_status());
    *change->mutable_v6()->mutable_purge_interval() = v6.purge_interval();
    modify("StatelessClientInventoryStatus");
  }
  return change;
}

// UserClassApplyType has no Append (discrepancies D.2); Create is that.
std::optional<ListChange> ChangeOf(v1::DhcpUserClassApplyType type) {
  switch (type) {
    case v1::DHCP_USER_CLASS_APPLY_TYPE_CREATE:
      return ListChange::kAdd;
    case v1::DHCP_USER_CLASS_APPLY_TYPE_ADD_OR_OVERWRITE:
      return ListChange::kPut;
    case v1::DHCP_USER_CLASS_APPLY_TYPE_DELETE:
      return ListChange::kDelete;
    default:
      return std::nullopt;
  }
}

std::optional<ListChange> ChangeOf(v1::DhcpVendorClassApplyType type) {
  switch (type) {
    case v1::DHCP_VENDOR_CLASS_APPLY_TYPE_CREATE:
      return ListChange::kAdd;
    case v1::DHCP_VENDOR_CLASS_APPLY_TYPE_ADD_OR_OVERWRITE:
      return ListChange::kPut;
    case v1::DHCP_VENDOR_CLASS_APPLY_TYPE_DELETE:
      return ListChange::kDelete;
    default:
      return std::nullopt;
  }
}

std::optional<ListChange> ChangeOf(v1::DhcpOptionDefinitionApplyType type) {
  switch (type) {
    case v1::DHCP_OPTION_DEFINITION_APPLY_TYPE_APPEND:
      return ListChange::kAdd;
    case v1::DHCP_OPTION_DEFINITION_APPLY_TYPE_ADD_OR_OVERWRITE:
      return ListChange::kPut;
    case v1::DHCP_OPTION_DEFINITION_APPLY_TYPE_DELETE:
      return ListChange::kDelete;
    default:
      return std::nullopt;
  }
}

class ApplyServerTemplate final : public StepDelegate {
 public:
  explicit ApplyServerTemplate(const v1::ApplyDhcpServerConfigurationParameters& parameters)
      : parameters_(parameters), family_(FamilyOf(parameters.server_address_family())) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  void AddServer(const std::shared_ptr<const v1::DhcpServer>& change, const ServerPlace& place,
                 StepList& steps) const;
  template <typename Items, typename Type>
  static void AddList(bool deletions, const Items& items, Type type, const ServerPlace& place,
                      StepList& steps) {
    const auto change = ChangeOf(type);
    if (!change || (*change == ListChange::kDelete) != deletions) return;
    for (const auto& item : items) AddListStep(*change, ListSource::kTemplate, item, place, steps);
  }
  void AddOptions(const ServerPlace& place, StepList& steps) const;

  const Template& configuration() const { return parameters_.server_template(); }

  const v1::ApplyDhcpServerConfigurationParameters& parameters_;
  const int family_;
};

absl::Status ApplyServerTemplate::ListSteps(Store& store, StepList& steps) {
  if (parameters_.server_ids().empty() || !parameters_.has_server_template() || family_ == 0) {
    return InvalidParameter("ServerIds, ServerTemplate and ServerAddressFamily are mandatory.");
  }
  if ((family_ == 4 && configuration().has_v6()) || (family_ == 6 && configuration().has_v4())) {
    return InvalidParameter("ServerTemplate is of another address family than ServerAddressFamily.");
  }
  const auto change = ChangeOf(configuration());
  for (const std::int64_t id : parameters_.server_ids()) {
    ServerPlace place{.server = id, .family = family_};
    IPAM_ASSIGN_OR_RETURN(place.server_name, NameOfServer(store, id));
    const absl::Status found = RequireServer(store, family_, id).status();
    if (found.ok()) {
      AddServer(change, place, steps);
      continue;
    }
    if (!IsFault(found)) return found;
    steps.AddFailure({.kind = SubtaskKind::kSetDhcpDnsSetting,
                      .name = absl::StrFormat("DHCP server %d", id),
                      .object_type = ServerType(family_),
                      .operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE},
                     found);
  }
  return absl::OkStatus();
}

void ApplyServerTemplate::AddServer(const std::shared_ptr<const v1::DhcpServer>& change,
                                    const ServerPlace& place, StepList& steps) const {
  const Template& t = configuration();
  if (t.option_apply_type() == v1::DHCP_OPTION_APPLY_TYPE_DELETE) AddOptions(place, steps);
  AddList(true, t.option_definitions(), t.option_definition_apply_type(), place, steps);
  AddList(true, t.vendor_classes(), t.vendor_class_apply_type(), place, steps);
  AddList(true, t.user_classes(), t.user_class_apply_type(), place, steps);
  AddList(false, t.user_classes(), t.user_class_apply_type(), place, steps);
  AddList(false, t.vendor_classes(), t.vendor_class_apply_type(), place, steps);
  AddList(false, t.option_definitions(), t.option_definition_apply_type(), place, steps);
  if (t.option_apply_type() != v1::DHCP_OPTION_APPLY_TYPE_DELETE) AddOptions(place, steps);
  AddServerPropertySteps(change, Take::kOverwrite, place, steps);
}

void ApplyServerTemplate::AddOptions(const ServerPlace& place, StepList& steps) const {
  const Template& t = configuration();
  AddOptionTemplateSteps(
      t.option_apply_type(), t.options(), t.find_and_replace_options(),
      {.server = place.server, .server_name = place.server_name, .object_type = ServerType(family_)}, steps);
}

}  // namespace

std::unique_ptr<Delegate> MakeApplyServerTemplate(
    const v1::ApplyDhcpServerConfigurationParameters& parameters) {
  return std::make_unique<ApplyServerTemplate>(parameters);
}

}  // namespace ipam::engine
