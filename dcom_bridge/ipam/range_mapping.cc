#include "dcom_bridge/ipam/range_mapping.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"

namespace ipam::engine {
namespace {

absl::StatusOr<std::vector<IpInterval>> Applicable(const IpInterval& bounds,
                                                   std::optional<std::int64_t> scope, Store& store) {
  std::vector<IpInterval> exclusions;
  if (scope) {
    IPAM_ASSIGN_OR_RETURN(exclusions, store.dhcp.ListExclusions(*scope));
  }
  return Without(bounds, std::move(exclusions));
}

// GetOverlappingRanges, 3.1.1.1.1.2.2. Its second step looks for rows with an end inside; one that encloses
// the range overlaps it too.
absl::StatusOr<std::vector<RangeRow>> OverlappingRanges(const IpInterval& bounds,
                                                        std::optional<std::int64_t> scope, std::int64_t space,
                                                        std::int64_t exclude, Store& store) {
  IPAM_ASSIGN_OR_RETURN(const auto mine, Applicable(bounds, scope, store));
  IPAM_ASSIGN_OR_RETURN(const auto rows, store.addresses.RangesWithin(bounds, space, exclude));
  std::vector<RangeRow> overlapping;
  for (const RangeRow& row : rows) {
    IPAM_ASSIGN_OR_RETURN(const auto theirs, Applicable(row.bounds, row.scope_id, store));
    const bool overlap = std::any_of(mine.begin(), mine.end(), [&theirs](const IpInterval& a) {
      return std::any_of(theirs.begin(), theirs.end(), [&a](const IpInterval& b) { return Overlap(a, b); });
    });
    if (overlap) overlapping.push_back(row);
  }
  return overlapping;
}

absl::StatusOr<std::int64_t> AddSubnet(const v1::IPRange& range, const IpInterval& bounds, Store& store) {
  const int family = Family(bounds.start);
  const IpOctets mask = PrefixMask(family, range.prefix_length());
  const IpOctets network = Mask(bounds.start, mask);
  IpOctets last = network;
  for (std::size_t i = 0; i < last.size(); ++i) last[i] = static_cast<std::uint8_t>(last[i] | ~mask[i]);
  v1::IPBlock subnet;
  subnet.set_network_id(FormatIp(network));
  subnet.set_start_ip_address(FormatIp(network));
  subnet.set_end_ip_address(FormatIp(last));
  subnet.set_prefix_length(range.prefix_length());
  subnet.set_subnet_mask(FormatIp(mask));
  subnet.set_address_space_record_id(range.address_space_record_id());
  subnet.set_address_category(range.address_category());
  v1::IPSubnet& details = *subnet.mutable_ip_subnet();
  details.set_name(absl::StrFormat("%s/%d", FormatIp(network), range.prefix_length()));
  details.set_use_for_utilization(true);
  *details.mutable_virtualization_type() = range.virtualization_type();
  if (family == 4) {
    details.mutable_v4();
  } else {
    details.mutable_v6();
  }
  return store.addresses.PutBlock(subnet);
}

}  // namespace

absl::StatusOr<std::int64_t> MapRange(v1::IPRange range, Store& store) {
  const auto start = ParseIp(range.start_ip_address());
  const auto end = ParseIp(range.end_ip_address());
  if (!start || !end || start->size() != end->size() || *end < *start) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_ADDRESS_RANGE,
                 absl::StrFormat("Not a range of addresses: %s to %s.", range.start_ip_address(),
                                 range.end_ip_address()));
  }
  const IpInterval bounds{*start, *end};
  if (range.prefix_length() < 0 || range.prefix_length() > static_cast<int>(start->size()) * 8) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PREFIX_LENGTH,
                 absl::StrFormat("Not a prefix length: %d.", range.prefix_length()));
  }
  const std::int64_t space = range.address_space_record_id();
  const Management owner = ManagementOf(range.custom_field_values());
  const auto scope = range.scope_record_id() == 0 ? std::nullopt : std::optional(range.scope_record_id());

  IPAM_ASSIGN_OR_RETURN(const auto overlapping,
                        OverlappingRanges(bounds, scope, space, range.record_id(), store));
  bool utilized = false;
  for (const RangeRow& row : overlapping) {
    IPAM_ASSIGN_OR_RETURN(const Management theirs,
                          store.custom_fields.GetManagement(RangeType(Family(bounds.start)), row.id));
    if (theirs == owner && owner.by != kManagedByMsDhcp) {
      return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_NONADJUSTABLE_CONFLICTING_RANGES_FOUND,
                   absl::StrFormat("%s to %s overlaps the range %d of the same owner.",
                                   range.start_ip_address(), range.end_ip_address(), row.id));
    }
    utilized = utilized || row.use_for_utilization;
  }
  range.set_use_for_utilization(!utilized);
  range.set_is_overlapping(!overlapping.empty());

  IPAM_ASSIGN_OR_RETURN(auto parent, store.addresses.FindParentBlock(bounds, range.prefix_length(), space));
  if (!parent) {
    IPAM_ASSIGN_OR_RETURN(parent, AddSubnet(range, bounds, store));
  }
  range.set_parent_ip_block_record_id(*parent);
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id, store.addresses.PutRange(range));
  for (const RangeRow& row : overlapping) IPAM_RETURN_IF_ERROR(store.addresses.MarkOverlapping(row.id));
  IPAM_RETURN_IF_ERROR(store.addresses.MapAddresses(id, bounds, space, owner));
  return id;
}

absl::Status ResetRangeMapping(const v1::IPRange& range, Store& store) {
  const auto start = ParseIp(range.start_ip_address());
  const auto end = ParseIp(range.end_ip_address());
  if (!start || !end) return absl::InternalError("a range without bounds");
  const std::int64_t space = range.address_space_record_id();
  IPAM_RETURN_IF_ERROR(RecomputeOverlaps({*start, *end}, space, range.record_id(), store));
  return store.addresses.MapAddresses(std::nullopt, {*start, *end}, space,
                                      ManagementOf(range.custom_field_values()));
}

absl::Status RecomputeOverlaps(const IpInterval& bounds, std::int64_t space, std::int64_t exclude,
                               Store& store) {
  IPAM_ASSIGN_OR_RETURN(const auto rows, store.addresses.RangesWithin(bounds, space, exclude));
  for (const RangeRow& row : rows) {
    IPAM_ASSIGN_OR_RETURN(auto others, OverlappingRanges(row.bounds, row.scope_id, space, row.id, store));
    others.erase(std::remove_if(others.begin(), others.end(),
                                [exclude](const RangeRow& other) { return other.id == exclude; }),
                 others.end());
    const bool utilized = std::any_of(others.begin(), others.end(),
                                      [](const RangeRow& other) { return other.use_for_utilization; });
    IPAM_RETURN_IF_ERROR(
        store.addresses.SetOverlap(row.id, !others.empty(), row.use_for_utilization || !utilized));
  }
  return absl::OkStatus();
}

}  // namespace ipam::engine
