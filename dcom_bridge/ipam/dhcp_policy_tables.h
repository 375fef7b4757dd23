// DHCP policies with their conditions and subranges, [MS-IPAMM2] 3.1.1.1.30 to 32. The engine's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/dhcp_option_tables.h"
#include "dcom_bridge/ipam/ip.h"
#include "ipam/v1/dhcp.pb.h"

namespace ipam::engine {

class DhcpPolicyTables {
 public:
  DhcpPolicyTables(Database& db, DhcpOptionTables& options);

  // The policy alone, of server_record_id and, where it is one of a scope, scope_record_id.
  absl::StatusOr<std::int64_t> Put(const v1::DhcpPolicyV4& policy);
  // GetPolicyById, 3.1.1.1.30.2.1, with condition and ranges.
  absl::StatusOr<std::optional<v1::DhcpPolicyV4>> Get(std::int64_t id);
  // With its options, condition and subranges.
  absl::Status Delete(const v1::DhcpPolicyV4& policy);
  // The policies as import puts them and export lists them: with all that belongs to them.
  absl::StatusOr<std::int64_t> PutWhole(const v1::DhcpPolicyV4& policy);
  absl::StatusOr<std::vector<v1::DhcpPolicyV4>> ListWhole();
  absl::StatusOr<std::vector<v1::DhcpPolicyV4>> WholeOfScope(std::int64_t scope);

  // The policy of the same server and, where it is one of a scope, of the same scope.
  absl::StatusOr<std::optional<std::int64_t>> FindByOrder(const v1::DhcpPolicyV4& like, std::int64_t order);
  absl::StatusOr<std::int64_t> LastOrder(std::int64_t server, std::optional<std::int64_t> scope);
  absl::Status SetOrder(std::int64_t id, std::int64_t order);

  // Takes the place of the condition that is there.
  absl::Status PutCondition(std::int64_t policy, const v1::DhcpPolicyConditionV4& condition);
  absl::StatusOr<std::int64_t> PutRange(std::int64_t policy, const IpInterval& range, std::int64_t record_id);
  absl::Status DeleteRange(std::int64_t policy, const IpInterval& range);
  absl::StatusOr<std::vector<v1::DhcpPolicyRangeV4>> ListRanges(std::int64_t policy);

  static OptionOwner OwnerOf(const v1::DhcpPolicyV4& policy);

 private:
  absl::StatusOr<std::vector<v1::DhcpPolicyV4>> ReadWhole(Cursor rows);
  absl::Status ReadParts(v1::DhcpPolicyV4& policy);

  DhcpOptionTables& options_;
  Statement put_;
  Statement get_;
  Statement list_;
  Statement list_of_scope_;
  Statement delete_;
  Statement find_by_order_;
  Statement last_order_;
  Statement set_order_;
  Statement put_condition_;
  Statement delete_conditions_;
  Statement list_conditions_;
  Statement put_range_;
  Statement delete_range_;
  Statement delete_ranges_;
  Statement list_ranges_;
};

}  // namespace ipam::engine
