// CreateDhcpScopeDelegate, [MS-IPAMM2] 3.19.4.4.1.3: the scope, its DNS settings, each option, each
// exclusion, and the address range that belongs to it.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/option_step.h"
#include "dcom_bridge/ipam/range_mapping.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/ipam/validate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

// What ModifiedProperties must name one of, for the DNS settings to be stored.
constexpr std::array<std::string_view, 5> kDnsProperties = {
    "DiscardDnsRecordOnLeaseDeletionStatus", "DnsNameProtectionStatus", "DnsUpdateType",
    "DnsNotRequestingClientsUpdateType", "DnsDisableDynamicPtrUpdates"};

void ClearDnsSettings(v1::DhcpScope& scope) {
  scope.clear_discard_dns_record_on_lease_deletion_status();
  scope.clear_dns_name_protection_status();
  scope.clear_dns_update_type();
  if (scope.has_v4()) {
    scope.mutable_v4()->clear_dns_not_requesting_clients_update_type();
    scope.mutable_v4()->clear_dns_disable_dynamic_ptr_updates();
  }
}

class CreateDhcpScope final : public Delegate {
 public:
  explicit CreateDhcpScope(const v1::CreateDhcpScopeParameters& parameters)
      : scope_(parameters.scope()),
        family_(parameters.scope().has_v6() ? 6 : 4),
        has_scope_(parameters.has_scope()) {}

  absl::Status Prepare(Store& store) override;
  std::size_t size() const override { return steps_.size(); }
  Entity Describe(std::size_t index) const override;
  absl::StatusOr<std::int64_t> Apply(std::size_t index, Store& store) override;

 private:
  enum class Kind { kScope, kDns, kOption, kExclusion, kRange };
  struct Step {
    Kind kind;
    int place = 0;  // in the operation tracker
  };

  absl::Status CheckNew(Store& store) const;
  absl::StatusOr<std::int64_t> ApplyExclusion(const v1::DhcpExclusionRangeOperation& operation,
                                              Store& store) const;
  absl::StatusOr<std::int64_t> AddRange(Store& store) const;
  IpInterval Bounds() const;

  const v1::DhcpScope& scope_;
  const int family_;
  const bool has_scope_;
  std::string server_name_;
  std::vector<Step> steps_;
  std::int64_t record_id_ = 0;  // of the row that the first step made
};

absl::Status CreateDhcpScope::Prepare(Store& store) {
  if (!has_scope_) return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, "Scope is mandatory.");
  IPAM_ASSIGN_OR_RETURN(const bool has_server,
                        store.dhcp.HasServer(family_, scope_.parent_dhcp_server_record_id()));
  if (!has_server) {
    return Fault(
        v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DHCP_SERVER_RECORD_ID,
        absl::StrFormat("There is no DHCPv%d server %d.", family_, scope_.parent_dhcp_server_record_id()));
  }
  IPAM_ASSIGN_OR_RETURN(server_name_, store.servers.NameOfDhcpServer(scope_.parent_dhcp_server_record_id()));
  IPAM_RETURN_IF_ERROR(CheckNew(store));
  IPAM_RETURN_IF_ERROR(ValidateDhcpScope(scope_));

  steps_ = {{Kind::kScope}};
  if (std::any_of(
          scope_.modified_properties().begin(), scope_.modified_properties().end(), [](const auto& name) {
            return std::find(kDnsProperties.begin(), kDnsProperties.end(), name) != kDnsProperties.end();
          })) {
    steps_.push_back({Kind::kDns});
  }
  // Partner values of CollectionOperations are used by no step (discrepancies F.9).
  const auto& options = scope_.options().operation_tracker();
  for (int i = 0; i < options.size(); ++i) {
    if (IsOptionStep(options[i])) steps_.push_back({Kind::kOption, i});
  }
  const auto& exclusions = scope_.exclusion_ranges().operation_tracker();
  for (int i = 0; i < exclusions.size(); ++i) {
    if (exclusions[i].operation() == v1::COLLECTION_OPERATIONS_ADD ||
        exclusions[i].operation() == v1::COLLECTION_OPERATIONS_DELETE) {
      steps_.push_back({Kind::kExclusion, i});
    }
  }
  steps_.push_back({Kind::kRange});
  return absl::OkStatus();
}

absl::Status CreateDhcpScope::CheckNew(Store& store) const {
  bool exists = false;
  if (scope_.record_id() != 0) {
    IPAM_ASSIGN_OR_RETURN(const auto row, store.dhcp.GetScope(scope_.record_id()));
    exists = row.has_value();
  } else if (const auto scope_id = ParseIp(scope_.scope_id())) {
    IPAM_ASSIGN_OR_RETURN(const auto row, store.dhcp.FindScope(family_, *scope_id));
    exists = row.has_value();
  }
  if (!exists) return absl::OkStatus();
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SCOPE_FAILED_TO_ADD_IN_IPAM_DATABASE,
               absl::StrFormat("The scope %s exists.", scope_.scope_id()));
}

Entity CreateDhcpScope::Describe(std::size_t index) const {
  const Step& step = steps_[index];
  Entity entity;
  entity.object_type = family_ == 4 ? v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV4 : v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV6;
  if (index != 0) entity.needs = 0;
  switch (step.kind) {
    case Kind::kScope:
    case Kind::kDns: {
      const bool create = step.kind == Kind::kScope;
      auto details = std::make_shared<v1::ScopeDataFormatter>();
      details->set_scope_id(scope_.scope_id());
      details->set_server_name(server_name_);
      entity.kind = create ? SubtaskKind::kAddDhcpScope : SubtaskKind::kSetDhcpDnsSetting;
      entity.name = absl::StrFormat("%s %s", create ? "Scope" : "DNS settings of", scope_.scope_id());
      entity.details = std::move(details);
      if (!create) entity.operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE;
      break;
    }
    case Kind::kOption:
      DescribeScopeOption(scope_.options().operation_tracker(step.place), scope_.scope_id(), server_name_,
                          entity);
      break;
    case Kind::kExclusion: {
      const v1::DhcpExclusionRange& range = scope_.exclusion_ranges().operation_tracker(step.place).value();
      auto details = std::make_shared<v1::ExclusionRangeDataFormatter>();
      details->set_start_ip_address(range.start_address());
      details->set_end_ip_address(range.end_address());
      details->set_scope_id(scope_.scope_id());
      details->set_server_name(server_name_);
      entity.kind = SubtaskKind::kAddDhcpExclusionRange;
      entity.name = absl::StrFormat("Exclusion %s to %s", range.start_address(), range.end_address());
      entity.details = std::move(details);
      entity.operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE;
      break;
    }
    case Kind::kRange: {
      const IpInterval bounds = Bounds();
      auto details = std::make_shared<v1::IPRangeDataFormatter>();
      details->set_start_ip(FormatIp(bounds.start));
      details->set_end_ip(FormatIp(bounds.end));
      details->set_prefix_length(scope_.prefix_length());
      details->set_managed_by_service(kManagedByMsDhcp);
      details->set_service_instance(server_name_);
      entity.kind = SubtaskKind::kMapIpRange;
      entity.name = absl::StrFormat("Address range %s to %s", details->start_ip(), details->end_ip());
      entity.details = std::move(details);
      entity.object_type = RangeType(family_);
      break;
    }
  }
  return entity;
}

absl::StatusOr<std::int64_t> CreateDhcpScope::Apply(std::size_t index, Store& store) {
  const Step& step = steps_[index];
  switch (step.kind) {
    case Kind::kScope: {
      v1::DhcpScope row = scope_;
      row.clear_record_id();  // the store assigns it (discrepancies F.5)
      row.clear_modified_properties();
      row.clear_set_properties();
      ClearDnsSettings(row);
      const absl::StatusOr<std::int64_t> id = store.dhcp.PutScope(row);
      IPAM_RETURN_IF_ERROR(
          AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SCOPE_FAILED_TO_ADD_IN_IPAM_DATABASE, id.status()));
      record_id_ = *id;
      return id;
    }
    case Kind::kDns: {
      v1::DhcpScope row = scope_;
      row.set_record_id(record_id_);
      row.clear_modified_properties();
      row.clear_set_properties();
      return store.dhcp.PutScope(row);
    }
    case Kind::kOption:
      return ApplyOption(scope_.options().operation_tracker(step.place),
                         {.server_id = scope_.parent_dhcp_server_record_id(), .scope_id = record_id_}, store);
    case Kind::kExclusion:
      return ApplyExclusion(scope_.exclusion_ranges().operation_tracker(step.place), store);
    case Kind::kRange:
      return AddRange(store);
  }
  return absl::InternalError("step");
}

absl::StatusOr<std::int64_t> CreateDhcpScope::ApplyExclusion(const v1::DhcpExclusionRangeOperation& operation,
                                                             Store& store) const {
  const v1::DhcpExclusionRange& range = operation.value();
  const auto start = ParseIp(range.start_address());
  const auto end = ParseIp(range.end_address());
  const IpInterval scope = Bounds();
  if (!start || !end || Family(*start) != family_ || Family(*end) != family_ || *start > *end ||
      *start < scope.start || *end > scope.end) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_EXCLUSION_RANGES,
                 absl::StrFormat("%s to %s is no range of the scope %s.", range.start_address(),
                                 range.end_address(), scope_.scope_id()));
  }
  const IpInterval excluded{*start, *end};
  if (operation.operation() == v1::COLLECTION_OPERATIONS_DELETE) {
    IPAM_RETURN_IF_ERROR(store.dhcp.DeleteExclusion(record_id_, excluded));
    return record_id_;
  }
  const absl::StatusOr<std::int64_t> id = store.dhcp.PutExclusion(record_id_, excluded, 0);
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_EXCLUSION_RANGE_ALREADY_EXISTS, id.status()));
  return record_id_;
}

absl::StatusOr<std::int64_t> CreateDhcpScope::AddRange(Store& store) const {
  const IpInterval bounds = Bounds();
  v1::IPRange range;
  range.set_start_ip_address(FormatIp(bounds.start));
  range.set_end_ip_address(FormatIp(bounds.end));
  range.set_prefix_length(scope_.prefix_length());
  range.set_subnet_id(scope_.scope_id());
  range.set_subnet_mask(scope_.subnet_mask());
  range.set_scope_record_id(record_id_);
  range.set_description(scope_.description());
  range.set_address_assignment(v1::ADDRESS_ASSIGNMENT_DYNAMIC);
  range.set_address_space_record_id(kDefaultAddressSpace);
  if (family_ == 4) {
    range.mutable_v4();
  } else {
    range.mutable_v6();
  }
  IPAM_ASSIGN_OR_RETURN(*range.add_custom_field_values(),
                        store.custom_fields.BuiltIn(v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY, kManagedByMsDhcp));
  // dhcpServer.ServerName (discrepancies D.1)
  if (!server_name_.empty()) {
    IPAM_ASSIGN_OR_RETURN(
        *range.add_custom_field_values(),
        store.custom_fields.BuiltIn(v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY_ENTITY, server_name_));
  }
  return AddMappedRange(std::move(range), store);
}

// A DHCPv6 scope without bounds is its whole prefix.
IpInterval CreateDhcpScope::Bounds() const {
  const auto start = ParseIp(scope_.start_address());
  const auto end = ParseIp(scope_.end_address());
  if (start && end) return {*start, *end};
  const IpOctets mask = PrefixMask(family_, std::clamp(scope_.prefix_length(), 0, 128));
  IpInterval bounds{*ParseIp(scope_.scope_id()), *ParseIp(scope_.scope_id())};
  for (std::size_t i = 0; i < bounds.end.size(); ++i) {
    bounds.end[i] = static_cast<std::uint8_t>(bounds.end[i] | ~mask[i]);
  }
  return bounds;
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateDhcpScope(const v1::CreateDhcpScopeParameters& parameters) {
  return std::make_unique<CreateDhcpScope>(parameters);
}

}  // namespace ipam::engine
