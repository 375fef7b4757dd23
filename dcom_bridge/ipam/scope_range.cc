#include "dcom_bridge/ipam/scope_range.h"

#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/range_mapping.h"

namespace ipam::engine {
namespace {

absl::Status SetManagement(const std::string& server_name, v1::IPRange& range, Store& store) {
  CustomFieldValues values;
  IPAM_ASSIGN_OR_RETURN(*values.Add(),
                        store.custom_fields.BuiltIn(v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY, kManagedByMsDhcp));
  // dhcpServer.ServerName (discrepancies D.1)
  if (!server_name.empty()) {
    IPAM_ASSIGN_OR_RETURN(
        *values.Add(), store.custom_fields.BuiltIn(v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY_ENTITY, server_name));
  }
  for (const v1::CustomFieldValue& value : range.custom_field_values()) {
    if (value.parent_custom_field_number() != v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY &&
        value.parent_custom_field_number() != v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY_ENTITY) {
      *values.Add() = value;
    }
  }
  range.mutable_custom_field_values()->Swap(&values);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::int64_t> PutRangeOfScope(const v1::DhcpScope& scope, std::int64_t id,
                                             const std::string& server_name, Store& store) {
  v1::IPRange range;
  IPAM_ASSIGN_OR_RETURN(const auto range_id, store.addresses.FindRangeOfScope(id));
  if (range_id) {
    IPAM_ASSIGN_OR_RETURN(auto row, store.addresses.GetRange(*range_id));
    range = *std::move(row);
    IPAM_RETURN_IF_ERROR(ResetRangeMapping(range, store));
  } else {
    range.set_address_assignment(v1::ADDRESS_ASSIGNMENT_DYNAMIC);
    range.set_address_space_record_id(kDefaultAddressSpace);
    if (scope.has_v6()) {
      range.mutable_v6();
    } else {
      range.mutable_v4();
    }
  }
  const IpInterval bounds = BoundsOf(scope);
  range.set_start_ip_address(FormatIp(bounds.start));
  range.set_end_ip_address(FormatIp(bounds.end));
  range.set_prefix_length(scope.prefix_length());
  range.set_subnet_id(scope.scope_id());
  range.set_subnet_mask(scope.subnet_mask());
  range.set_scope_record_id(id);
  range.set_description(scope.description());
  IPAM_RETURN_IF_ERROR(SetManagement(server_name, range, store));
  return MapRange(std::move(range), store);
}

}  // namespace ipam::engine
