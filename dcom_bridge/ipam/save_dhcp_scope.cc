// CreateDhcpScopeDelegate and UpdateDhcpScopeDelegate, [MS-IPAMM2] 3.19.4.4.1.3 and .4: the scope, its DNS
// settings, each option, each exclusion, and the address range that belongs to it.
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/dns_settings.h"
#include "dcom_bridge/ipam/exclusion_step.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/option_step.h"
#include "dcom_bridge/ipam/scope_range.h"
#include "dcom_bridge/ipam/validate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

// What the row keeps, whatever a request says of it: other operations set it.
void KeepColumns(const v1::DhcpScope& row, v1::DhcpScope& scope) {
  SetDnsSettings(DnsSettingsOf(row), scope);
  scope.set_access_scope_id(row.access_scope_id());
  scope.set_is_inherited_access_scope(row.is_inherited_access_scope());
  scope.set_number_of_active_leases(row.number_of_active_leases());
  if (!scope.has_v4()) return;
  v1::DhcpScopeV4& v4 = *scope.mutable_v4();
  v4.set_superscope_record_id(row.v4().superscope_record_id());
  v4.set_failover_config_sync_status(row.v4().failover_config_sync_status());
}

class SaveDhcpScope final : public StepDelegate {
 public:
  enum class Mode { kCreate, kEdit };

  SaveDhcpScope(const v1::DhcpScope& scope, bool has_scope, Mode mode)
      : scope_(scope), has_scope_(has_scope), mode_(mode), family_(scope.has_v6() ? 6 : 4) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  // The record id of the scope; 0: it is not there.
  absl::StatusOr<std::int64_t> FindScope(Store& store) const;
  Entity DescribeScope(SubtaskKind kind, const char* what) const;
  Entity DescribeRange() const;
  absl::StatusOr<std::int64_t> PutScope(Store& store) const;
  absl::StatusOr<std::int64_t> PutDnsSettings(std::int64_t id, Store& store) const;

  const v1::DhcpScope& scope_;
  const bool has_scope_;
  const Mode mode_;
  const int family_;
  std::int64_t server_id_ = 0;
  std::string server_name_;
  std::int64_t record_id_ = 0;  // of the row to edit
};

absl::Status SaveDhcpScope::ListSteps(Store& store, StepList& steps) {
  if (!has_scope_) return InvalidParameter("Scope is mandatory.");
  server_id_ = scope_.parent_dhcp_server_record_id();
  if (mode_ == Mode::kCreate || server_id_ != 0) {
    IPAM_RETURN_IF_ERROR(RequireServer(store, family_, server_id_).status());
  }
  IPAM_ASSIGN_OR_RETURN(record_id_, FindScope(store));
  if (mode_ == Mode::kCreate && record_id_ != 0) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SCOPE_FAILED_TO_ADD_IN_IPAM_DATABASE,
                 absl::StrFormat("The scope %s exists.", scope_.scope_id()));
  }
  if (mode_ == Mode::kEdit) {
    IPAM_ASSIGN_OR_RETURN(const auto row, RequireScope(store, family_, record_id_));
    if (server_id_ != 0 && row.parent_dhcp_server_record_id() != server_id_) {
      return Fault(
          v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SCOPE_NOT_FOUND_IN_DB,
          absl::StrFormat("The server %d has no DHCPv%d scope %d.", server_id_, family_, record_id_));
    }
    server_id_ = row.parent_dhcp_server_record_id();
  }
  IPAM_ASSIGN_OR_RETURN(server_name_, store.servers.NameOfDhcpServer(server_id_));
  IPAM_RETURN_IF_ERROR(ValidateDhcpScope(scope_));

  const bool create = mode_ == Mode::kCreate;
  const std::size_t first =
      steps.Add(DescribeScope(create ? SubtaskKind::kAddDhcpScope : SubtaskKind::kSetDhcpScope, "Scope"),
                [this](Store& s) { return PutScope(s); });
  const RowRef id(steps, first);
  steps.ReturnRowOf(first, [](Store& s, std::int64_t row) { return s.dhcp.GetScope(row); });
  if (NamesDnsSetting(scope_.modified_properties())) {
    Entity entity = DescribeScope(SubtaskKind::kSetDhcpDnsSetting, "DNS settings of");
    entity.needs = first;
    entity.operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE;
    steps.Add(std::move(entity), [this, id](Store& s) { return PutDnsSettings(id.id(), s); });
  }
  AddOptionSteps(scope_.options(),
                 {.server = server_id_,
                  .scope = id,
                  .server_name = server_name_,
                  .scope_id = scope_.scope_id(),
                  .object_type = ScopeType(family_),
                  .needs = first},
                 steps);
  AddExclusionSteps(scope_.exclusion_ranges(),
                    {.scope = id,
                     .scope_id = scope_.scope_id(),
                     .bounds = BoundsOf(scope_),
                     .server_name = server_name_,
                     .needs = first},
                    steps);
  // Not only "if the ExclusionRanges is modified": the bounds may have been (discrepancies F.4).
  Entity range = DescribeRange();
  range.needs = first;
  steps.Add(std::move(range),
            [this, id](Store& s) { return PutRangeOfScope(scope_, id.id(), server_name_, s); });
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> SaveDhcpScope::FindScope(Store& store) const {
  if (scope_.record_id() != 0) {
    IPAM_ASSIGN_OR_RETURN(const auto row, store.dhcp.GetScope(scope_.record_id()));
    return row ? scope_.record_id() : 0;
  }
  const auto scope_id = ParseIp(scope_.scope_id());
  if (!scope_id) return 0;
  // Which of two partners is edited, its server says.
  IPAM_ASSIGN_OR_RETURN(const auto found,
                        store.dhcp.FindScope(family_, *scope_id, mode_ == Mode::kEdit ? server_id_ : 0));
  return found.value_or(0);
}

Entity SaveDhcpScope::DescribeScope(SubtaskKind kind, const char* what) const {
  auto details = std::make_shared<v1::ScopeDataFormatter>();
  details->set_scope_id(scope_.scope_id());
  details->set_server_name(server_name_);
  return {.kind = kind,
          .name = absl::StrFormat("%s %s", what, scope_.scope_id()),
          .details = std::move(details),
          .object_type = ScopeType(family_),
          .operation_type =
              mode_ == Mode::kCreate ? v1::ENTITY_OPERATION_TYPE_ADD : v1::ENTITY_OPERATION_TYPE_UPDATE};
}

Entity SaveDhcpScope::DescribeRange() const {
  const IpInterval bounds = BoundsOf(scope_);
  auto details = std::make_shared<v1::IPRangeDataFormatter>();
  details->set_start_ip(FormatIp(bounds.start));
  details->set_end_ip(FormatIp(bounds.end));
  details->set_prefix_length(scope_.prefix_length());
  details->set_managed_by_service(kManagedByMsDhcp);
  details->set_service_instance(server_name_);
  std::string name = absl::StrFormat("Address range %s to %s", details->start_ip(), details->end_ip());
  return {.kind = SubtaskKind::kMapIpRange,
          .name = std::move(name),
          .details = std::move(details),
          .object_type = RangeType(family_),
          .operation_type =
              mode_ == Mode::kCreate ? v1::ENTITY_OPERATION_TYPE_ADD : v1::ENTITY_OPERATION_TYPE_UPDATE};
}

absl::StatusOr<std::int64_t> SaveDhcpScope::PutScope(Store& store) const {
  // The lists of members to store leave out addresses, masks and everything of DHCPv6 (discrepancies F.5).
  v1::DhcpScope scope = scope_;
  scope.clear_modified_properties();
  scope.clear_set_properties();
  scope.set_parent_dhcp_server_record_id(server_id_);
  if (mode_ == Mode::kCreate) {
    scope.clear_record_id();  // the store assigns it (F.5)
    SetDnsSettings({}, scope);
  } else {
    IPAM_ASSIGN_OR_RETURN(const auto row, RequireScope(store, family_, record_id_));
    scope.set_record_id(record_id_);
    KeepColumns(row, scope);
  }
  const absl::StatusOr<std::int64_t> id = store.dhcp.PutScope(scope);
  IPAM_RETURN_IF_ERROR(AsFault(
      mode_ == Mode::kCreate ? v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SCOPE_FAILED_TO_ADD_IN_IPAM_DATABASE
                             : v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SCOPE_FAILED_TO_UPDATE_IN_IPAM_DATABASE,
      id.status()));
  return id;
}

absl::StatusOr<std::int64_t> SaveDhcpScope::PutDnsSettings(std::int64_t id, Store& store) const {
  IPAM_ASSIGN_OR_RETURN(auto row, RequireScope(store, family_, id));
  SetDnsSettings(DnsSettingsOf(scope_), row);
  return store.dhcp.PutScope(row);
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateDhcpScope(const v1::CreateDhcpScopeParameters& parameters) {
  return std::make_unique<SaveDhcpScope>(parameters.scope(), parameters.has_scope(),
                                         SaveDhcpScope::Mode::kCreate);
}

std::unique_ptr<Delegate> MakeEditDhcpScope(const v1::UpdateDhcpScopeParameters& parameters) {
  return std::make_unique<SaveDhcpScope>(parameters.scope(), parameters.has_scope(),
                                         SaveDhcpScope::Mode::kEdit);
}

}  // namespace ipam::engine
