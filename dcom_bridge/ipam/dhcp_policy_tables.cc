#include "dcom_bridge/ipam/dhcp_policy_tables.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {
namespace {

void PolicyColumns(const Cursor& row, v1::DhcpPolicyV4& policy) {
  policy.set_policy_id(row.Int64(1));
  policy.set_server_record_id(row.Int64(2));
  policy.mutable_server()->set_record_id(row.Int64(2));
  policy.mutable_server()->mutable_v4();
  if (const auto scope = row.OptionalInt64(3)) {
    policy.set_scope_record_id(*scope);
    policy.mutable_scope()->set_record_id(*scope);
    policy.mutable_scope()->mutable_v4();
  }
  policy.set_processing_order(static_cast<std::uint32_t>(row.Int64(4)));
}

}  // namespace

DhcpPolicyTables::DhcpPolicyTables(Database& db, DhcpOptionTables& options)
    : options_(options),
      put_(db,
           "INSERT INTO dhcp_policies (policy_id, server_id, scope_id, name, processing_order, details)"
           " VALUES (nullif(?, 0), nullif(?, 0), nullif(?, 0), ?, ?, ?) ON CONFLICT (policy_id) DO UPDATE SET"
           " server_id = excluded.server_id, scope_id = excluded.scope_id, name = excluded.name,"
           " processing_order = excluded.processing_order, details = excluded.details RETURNING policy_id"),
      get_(db,
           "SELECT details, policy_id, server_id, scope_id, processing_order FROM dhcp_policies"
           " WHERE policy_id = ?"),
      list_(db,
            "SELECT details, policy_id, server_id, scope_id, processing_order FROM dhcp_policies"
            " ORDER BY policy_id"),
      list_of_scope_(db,
                     "SELECT details, policy_id, server_id, scope_id, processing_order FROM dhcp_policies"
                     " WHERE scope_id = ? ORDER BY policy_id"),
      delete_(db, "DELETE FROM dhcp_policies WHERE policy_id = ?"),
      find_by_order_(db,
                     "SELECT policy_id FROM dhcp_policies WHERE server_id = ? AND scope_id IS NOT DISTINCT "
                     "FROM nullif(?, 0)"
                     " AND processing_order = ? ORDER BY policy_id LIMIT 1"),
      last_order_(db,
                  "SELECT coalesce(max(processing_order), 0) FROM dhcp_policies WHERE server_id = ?"
                  " AND scope_id IS NOT DISTINCT FROM ?"),
      set_order_(db, "UPDATE dhcp_policies SET processing_order = ? WHERE policy_id = ?"),
      put_condition_(db, "INSERT INTO dhcp_policy_conditions (policy_id, details) VALUES (?, ?)"),
      delete_conditions_(db, "DELETE FROM dhcp_policy_conditions WHERE policy_id = ?"),
      list_conditions_(
          db, "SELECT details FROM dhcp_policy_conditions WHERE policy_id = ? ORDER BY record_id LIMIT 1"),
      put_range_(db,
                 "INSERT INTO dhcp_policy_subranges (record_id, policy_id, start_address, end_address)"
                 " VALUES (nullif(?, 0), ?, ?, ?) RETURNING record_id"),
      delete_range_(
          db,
          "DELETE FROM dhcp_policy_subranges WHERE policy_id = ? AND start_address = ? AND end_address = ?"),
      delete_ranges_(db, "DELETE FROM dhcp_policy_subranges WHERE policy_id = ?"),
      list_ranges_(db,
                   "SELECT record_id, start_address, end_address FROM dhcp_policy_subranges"
                   " WHERE policy_id = ? ORDER BY start_address, end_address") {}

absl::StatusOr<std::int64_t> DhcpPolicyTables::Put(const v1::DhcpPolicyV4& policy) {
  v1::DhcpPolicyV4 row = policy;
  row.clear_modified_properties();
  row.clear_set_properties();
  row.clear_operation_tracker();
  row.clear_condition();
  row.clear_ranges();
  row.clear_options();
  row.clear_server();
  row.clear_server_record_id();
  row.clear_scope();
  row.clear_scope_record_id();
  return ReturnedId(put_.Lookup(policy.policy_id(), policy.server_record_id(), policy.scope_record_id(),
                                policy.policy_name(), static_cast<std::int64_t>(policy.processing_order()),
                                ToJson(row)));
}

absl::StatusOr<std::optional<v1::DhcpPolicyV4>> DhcpPolicyTables::Get(std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(std::optional<v1::DhcpPolicyV4> policy,
                        ReadRow<v1::DhcpPolicyV4>(get_.Query(id), PolicyColumns));
  if (policy) IPAM_RETURN_IF_ERROR(ReadParts(*policy));
  return policy;
}

absl::Status DhcpPolicyTables::ReadParts(v1::DhcpPolicyV4& policy) {
  IPAM_ASSIGN_OR_RETURN(auto condition,
                        ReadRow<v1::DhcpPolicyConditionV4>(list_conditions_.Query(policy.policy_id()),
                                                           [](const Cursor&, v1::DhcpPolicyConditionV4&) {}));
  if (condition) *policy.mutable_condition() = *std::move(condition);
  IPAM_ASSIGN_OR_RETURN(auto ranges, ListRanges(policy.policy_id()));
  for (auto& range : ranges) *policy.add_ranges() = std::move(range);
  return absl::OkStatus();
}

absl::Status DhcpPolicyTables::Delete(const v1::DhcpPolicyV4& policy) {
  IPAM_RETURN_IF_ERROR(options_.DeleteAll(OwnerOf(policy)));
  return delete_.Run(policy.policy_id());  // on delete cascade takes the other two along
}

absl::StatusOr<std::int64_t> DhcpPolicyTables::PutWhole(const v1::DhcpPolicyV4& policy) {
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id, Put(policy));
  IPAM_RETURN_IF_ERROR(PutCondition(id, policy.condition()));
  IPAM_RETURN_IF_ERROR(delete_ranges_.Run(id));
  for (const v1::DhcpPolicyRangeV4& range : policy.ranges()) {
    const auto start = ParseIp(range.start_ip_address());
    const auto end = ParseIp(range.end_ip_address());
    if (!start || !end) return absl::InvalidArgumentError("ranges: not IP addresses");
    IPAM_RETURN_IF_ERROR(PutRange(id, {*start, *end}, range.record_id()).status());
  }
  OptionOwner owner = OwnerOf(policy);
  owner.policy_id = id;
  IPAM_RETURN_IF_ERROR(options_.DeleteAll(owner));
  for (const v1::DhcpOption& option : policy.options().options_in_collection()) {
    IPAM_RETURN_IF_ERROR(options_.Put(owner, option).status());
  }
  return id;
}

absl::StatusOr<std::vector<v1::DhcpPolicyV4>> DhcpPolicyTables::ListWhole() {
  return ReadWhole(list_.Query());
}

absl::StatusOr<std::vector<v1::DhcpPolicyV4>> DhcpPolicyTables::WholeOfScope(std::int64_t scope) {
  return ReadWhole(list_of_scope_.Query(scope));
}

absl::StatusOr<std::vector<v1::DhcpPolicyV4>> DhcpPolicyTables::ReadWhole(Cursor rows) {
  IPAM_ASSIGN_OR_RETURN(std::vector<v1::DhcpPolicyV4> policies,
                        ReadRows<v1::DhcpPolicyV4>(std::move(rows), PolicyColumns));
  for (v1::DhcpPolicyV4& policy : policies) {
    policy.clear_server();  // server_record_id says it
    policy.clear_scope();
    IPAM_RETURN_IF_ERROR(ReadParts(policy));
    IPAM_ASSIGN_OR_RETURN(auto options, options_.List(OwnerOf(policy)));
    for (auto& option : options) *policy.mutable_options()->add_options_in_collection() = std::move(option);
  }
  return policies;
}

absl::StatusOr<std::optional<std::int64_t>> DhcpPolicyTables::FindByOrder(const v1::DhcpPolicyV4& like,
                                                                          std::int64_t order) {
  return find_by_order_.Lookup(like.server_record_id(), like.scope_record_id(), order);
}

absl::StatusOr<std::int64_t> DhcpPolicyTables::LastOrder(std::int64_t server,
                                                         std::optional<std::int64_t> scope) {
  return ReturnedId(last_order_.Lookup(server, scope));
}

absl::Status DhcpPolicyTables::SetOrder(std::int64_t id, std::int64_t order) {
  return set_order_.Run(order, id);
}

absl::Status DhcpPolicyTables::PutCondition(std::int64_t policy, const v1::DhcpPolicyConditionV4& condition) {
  IPAM_RETURN_IF_ERROR(delete_conditions_.Run(policy));
  v1::DhcpPolicyConditionV4 row = condition;
  row.clear_modified_properties();
  row.clear_set_properties();
  return put_condition_.Run(policy, ToJson(row));
}

absl::StatusOr<std::int64_t> DhcpPolicyTables::PutRange(std::int64_t policy, const IpInterval& range,
                                                        std::int64_t record_id) {
  return ReturnedId(put_range_.Lookup(record_id, policy, range.start, range.end));
}

absl::Status DhcpPolicyTables::DeleteRange(std::int64_t policy, const IpInterval& range) {
  return delete_range_.Run(policy, range.start, range.end);
}

absl::StatusOr<std::vector<v1::DhcpPolicyRangeV4>> DhcpPolicyTables::ListRanges(std::int64_t policy) {
  std::vector<v1::DhcpPolicyRangeV4> ranges;
  Cursor rows = list_ranges_.Query(policy);
  while (rows.Next()) {
    v1::DhcpPolicyRangeV4& range = ranges.emplace_back();
    range.set_record_id(rows.Int64(0));
    range.set_start_ip_address(FormatIp(rows.Blob(1)));
    range.set_end_ip_address(FormatIp(rows.Blob(2)));
  }
  IPAM_RETURN_IF_ERROR(rows.status());
  return ranges;
}

OptionOwner DhcpPolicyTables::OwnerOf(const v1::DhcpPolicyV4& policy) {
  return {.server_id = policy.server_record_id(), .policy_id = policy.policy_id()};
}

}  // namespace ipam::engine
