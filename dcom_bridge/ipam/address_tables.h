// Address spaces, blocks, ranges and addresses, [MS-IPAMM2] 3.1.1.1.1, 3, 4, 6, 7, 33 and 34. The engine's
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/custom_fields.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/dns_tables.h"
#include "dcom_bridge/ipam/ip.h"
#include "ipam/v1/address.pb.h"

namespace ipam::engine {

inline constexpr std::int64_t kDefaultAddressSpace = 1;  // DefaultProviderAddressSpaceRecordId

v1::IpamObjectType RangeType(int family);
v1::IpamObjectType AddressType(int family);

struct RangeRow {
  std::int64_t id = 0;
  IpInterval bounds;
  std::int64_t space = 0;
  std::optional<std::int64_t> scope_id;
  bool use_for_utilization = false;
};

class AddressTables {
 public:
  AddressTables(Database& db, CustomFieldTables& custom_fields);

  absl::StatusOr<std::int64_t> PutSpace(const v1::AddressSpace& space);
  absl::StatusOr<std::vector<v1::AddressSpace>> ListSpaces();

  absl::StatusOr<std::int64_t> PutBlock(const v1::IPBlock& block);
  absl::StatusOr<std::vector<v1::IPBlock>> ListBlocks();
  // GetParentBlockIdForRange, 3.1.1.1.4.2.1; absent: no block encloses it.
  absl::StatusOr<std::optional<std::int64_t>> FindParentBlock(const IpInterval& bounds, int prefix_length,
                                                              std::int64_t space);

  // With its custom field values. The parent block is there.
  absl::StatusOr<std::int64_t> PutRange(const v1::IPRange& range);
  absl::StatusOr<std::vector<v1::IPRange>> ListRanges();
  absl::StatusOr<std::optional<v1::IPRange>> GetRange(std::int64_t id);
  absl::StatusOr<std::optional<std::int64_t>> FindRangeOfScope(std::int64_t scope_id);
  // Rows of the address space whose bounds meet `bounds`, but `exclude`; exclusions are not looked at.
  absl::StatusOr<std::vector<RangeRow>> RangesWithin(const IpInterval& bounds, std::int64_t space,
                                                     std::int64_t exclude);
  // Marks a range that overlaps a new one.
  absl::Status MarkOverlapping(std::int64_t range);
  absl::Status SetOverlap(std::int64_t range, bool is_overlapping, bool use_for_utilization);
  // The addresses of the range belong to none.
  absl::Status UnmapAddresses(std::int64_t range);
  // Ranges that lie wholly within, of every address space.
  absl::StatusOr<std::vector<RangeRow>> RangesInside(const IpInterval& bounds);
  // The range that an address of this owner belongs to (discrepancies F.1).
  absl::StatusOr<std::optional<std::int64_t>> FindRangeOf(const IpOctets& address, std::int64_t space,
                                                          const Management& owner);

  // With its custom field values and DNS registrations.
  absl::StatusOr<std::int64_t> PutAddress(const v1::IpamIPAddress& address);
  absl::Status ForEachAddress(const std::function<absl::Status(const v1::IpamIPAddress&)>& use);
  absl::StatusOr<std::vector<std::int64_t>> FindAddresses(const IpOctets& address, std::int64_t space);
  absl::StatusOr<std::optional<v1::IpamIPAddress>> GetAddress(std::int64_t id);
  absl::Status SetDuplicate(std::int64_t address, bool is_duplicate);
  // With its custom field values and DNS registrations; a reservation that refers to it keeps it.
  absl::Status DeleteAddress(int family, std::int64_t id);
  absl::Status DeleteRegistrations(std::int64_t address);
  absl::StatusOr<std::optional<std::int64_t>> FindAddressInRange(std::int64_t range, const IpOctets& address);
  // AdjustIPAddressRangeMapping, 3.1.1.1.3.2.1; absent: unmaps.
  absl::Status MapAddresses(std::optional<std::int64_t> range, const IpInterval& bounds, std::int64_t space,
                            const Management& owner);

  // The record id of the registration of an address, as PutLookup takes it.
  absl::StatusOr<std::optional<std::int64_t>> FindRegistration(Lookup lookup, std::int64_t address);
  // AddOrUpdateAddressDNSForwardLookupTable and its reverse, 3.1.1.1.6.2 and 7.2: NotAttempted when new.
  absl::StatusOr<std::int64_t> PutLookup(Lookup lookup, std::int64_t record_id, int family,
                                         std::int64_t address, std::int64_t zone,
                                         std::optional<std::int64_t> server_zone, v1::DnsSyncStatus status);

 private:
  absl::Status ReadAddress(const Cursor& row, v1::IpamIPAddress& address);
  absl::Status ReadRegistrations(v1::IpamIPAddress& address);

  CustomFieldTables& custom_fields_;
  Statement put_space_;
  Statement list_spaces_;
  Statement put_block_;
  Statement list_blocks_;
  Statement find_parent_block_;
  Statement put_range_;
  Statement list_ranges_;
  Statement get_range_;
  Statement find_range_of_scope_;
  Statement ranges_within_;
  Statement mark_overlapping_;
  Statement set_overlap_;
  Statement unmap_addresses_;
  Statement ranges_inside_;
  Statement ranges_around_;
  Statement put_address_;
  Statement list_addresses_;
  Statement find_addresses_;
  Statement get_address_;
  Statement set_duplicate_;
  Statement delete_address_;
  Statement find_in_range_;
  Statement addresses_within_;
  Statement set_range_;
  Statement put_forward_;
  Statement put_reverse_;
  Statement get_forward_;
  Statement get_reverse_;
  Statement find_forward_;
  Statement find_reverse_;
  Statement clear_forward_;
  Statement clear_reverse_;
};

}  // namespace ipam::engine
