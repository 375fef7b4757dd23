// ApplyDhcpScopeConfigurationDelegate, [MS-IPAMM2] 3.19.4.4.1.6. Beyond its steps the other members of the template
// (2.2.4.149, 2.2.4.152, 2.2.4.154) are applied too, in the way of the others.
#include <algorithm>
#include <utility>
#include <vector>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_entities.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/dns_settings.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/option_step.h"

namespace ipam::engine {
namespace {

using Properties = google::protobuf::RepeatedPtrField<std::string>;

void ApplyV4(const v1::DhcpScopeV4TemplateConfiguration& change, const Properties& names,
             v1::DhcpScopeV4& scope) {
  if (Names(names, "BootpLeaseDuration"))
    *scope.mutable_bootp_lease_duration() = change.bootp_lease_duration();
  if (Names(names, "BootpLeaseDurationType")) {
    scope.set_bootp_lease_duration_type(change.bootp_lease_duration_type());
  }
  if (Names(names, "LeaseDuration")) *scope.mutable_lease_duration() = change.lease_duration();
  if (Names(names, "LeaseDurationType")) scope.set_lease_duration_type(change.lease_duration_type());
  if (Names(names, "PolicyActivationState")) {
    scope.set_policy_activation_state(change.policy_activation_state());
  }
  if (Names(names, "ServingClientsType")) scope.set_serving_clients_type(change.serving_clients_type());
  if (Names(names, "SubnetDelay")) scope.set_subnet_delay(change.subnet_delay());
}

void ApplyV6(const v1::DhcpScopeV6TemplateConfiguration& change, const Properties& names,
             v1::DhcpScopeV6& scope) {
  if (Names(names, "PreferredLeaseTime"))
    *scope.mutable_preferred_lease_time() = change.preferred_lease_time();
  if (Names(names, "PurgeInterval")) *scope.mutable_purge_interval() = change.purge_interval();
  if (Names(names, "ScopePreference")) scope.set_scope_preference(change.scope_preference());
  if (Names(names, "StatelessClientInventoryStatus")) {
    scope.set_stateless_client_inventory_status(change.stateless_client_inventory_status());
  }
  if (Names(names, "ValidLeaseTime")) *scope.mutable_valid_lease_time() = change.valid_lease_time();
}

DnsSettings ApplyDnsSettings(const DnsSettings& change, const Properties& names, DnsSettings settings) {
  if (Names(names, "DnsUpdateType")) settings.update_type = change.update_type;
  if (Names(names, "DnsNameProtectionStatus")) settings.name_protection = change.name_protection;
  if (Names(names, "DiscardDnsRecordOnLeaseDeletionStatus")) {
    settings.discard_on_deletion = change.discard_on_deletion;
  }
  if (Names(names, "DnsNotRequestingClientsUpdateType")) {
    settings.not_requesting_clients = change.not_requesting_clients;
  }
  if (Names(names, "DnsDisableDynamicPtrUpdatesType")) settings.disable_ptr = change.disable_ptr;
  return settings;
}

class ApplyScopeTemplate final : public StepDelegate {
 public:
  explicit ApplyScopeTemplate(const v1::ApplyDhcpScopeConfigurationParameters& parameters)
      : parameters_(parameters), family_(FamilyOf(parameters.scope_address_family())) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  absl::Status AddScope(const v1::DhcpScope& scope, Store& store, StepList& steps) const;
  absl::StatusOr<std::int64_t> Apply(std::int64_t id, Store& store) const;

  const v1::DhcpScopeTemplateConfiguration& change() const { return parameters_.scope_template(); }

  const v1::ApplyDhcpScopeConfigurationParameters& parameters_;
  const int family_;
};

absl::Status ApplyScopeTemplate::ListSteps(Store& store, StepList& steps) {
  if (parameters_.scope_id().empty() || !parameters_.has_scope_template() || family_ == 0) {
    return InvalidParameter("ScopeId, ScopeTemplate and ScopeAddressFamily are mandatory.");
  }
  if ((family_ == 4 && change().has_v6()) || (family_ == 6 && change().has_v4())) {
    return InvalidParameter("ScopeTemplate is of another address family than ScopeAddressFamily.");
  }
  std::vector<std::int64_t> partners;
  for (const std::int64_t id : parameters_.scope_id()) {
    // Of two scopes of a relationship the first is changed.
    if (std::find(partners.begin(), partners.end(), id) != partners.end()) continue;
    const auto scope = RequireScope(store, family_, id);
    if (!scope.ok()) {
      if (!IsFault(scope.status())) return scope.status();
      steps.AddFailure(MissingScope(SubtaskKind::kSetDhcpScope, family_, id), scope.status());
      continue;
    }
    IPAM_ASSIGN_OR_RETURN(const auto partner, store.failover.PartnerOf(id));
    if (partner) partners.push_back(*partner);
    IPAM_RETURN_IF_ERROR(AddScope(*scope, store, steps));
  }
  return absl::OkStatus();
}

absl::Status ApplyScopeTemplate::AddScope(const v1::DhcpScope& scope, Store& store, StepList& steps) const {
  const std::int64_t server = scope.parent_dhcp_server_record_id();
  IPAM_ASSIGN_OR_RETURN(const std::string server_name, store.servers.NameOfDhcpServer(server));
  std::optional<std::size_t> properties;
  if (!change().modified_properties().empty()) {
    properties = steps.Add(
        ScopeEntity(SubtaskKind::kSetDhcpScope, v1::ENTITY_OPERATION_TYPE_UPDATE, scope, server_name),
        [this, id = scope.record_id()](Store& s) { return Apply(id, s); });
  }
  AddOptionTemplateSteps(change().option_apply_type(), change().options(),
                         change().find_and_replace_options(),
                         {.server = server,
                          .scope = scope.record_id(),
                          .server_name = server_name,
                          .scope_id = scope.scope_id(),
                          .object_type = ScopeType(family_),
                          .needs = properties},
                         steps);
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> ApplyScopeTemplate::Apply(std::int64_t id, Store& store) const {
  IPAM_ASSIGN_OR_RETURN(auto scope, RequireScope(store, family_, id));
  const Properties& names = change().modified_properties();
  if (Names(names, "Status")) scope.set_status(change().status());
  if (Names(names, "Description")) scope.set_description(change().description());
  SetDnsSettings(ApplyDnsSettings(DnsSettingsOf(change()), names, DnsSettingsOf(scope)), scope);
  if (change().has_v4() && scope.has_v4()) ApplyV4(change().v4(), names, *scope.mutable_v4());
  if (change().has_v6() && scope.has_v6()) ApplyV6(change().v6(), names, *scope.mutable_v6());
  return store.dhcp.PutScope(scope);
}

}  // namespace

std::unique_ptr<Delegate> MakeApplyScopeTemplate(
    const v1::ApplyDhcpScopeConfigurationParameters& parameters) {
  return std::make_unique<ApplyScopeTemplate>(parameters);
}

}  // namespace ipam::engine
