#include "dcom_bridge/ipam/address_tables.h"

#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {
namespace {

absl::StatusOr<IpInterval> Bounds(const std::string& start_text, const std::string& end_text) {
  const auto start = ParseIp(start_text);
  const auto end = ParseIp(end_text);
  if (!start) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_START_IP_ADDRESS,
                 absl::StrFormat("Not an IP address: \"%s\".", start_text));
  }
  if (!end || end->size() != start->size() || *end < *start) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_END_IP_ADDRESS,
                 absl::StrFormat("Not the end of a range from %s: \"%s\".", start_text, end_text));
  }
  return IpInterval{*start, *end};
}

RangeRow ReadRange(const Cursor& row) {
  return {.id = row.Int64(0),
          .bounds = {row.Blob(1), row.Blob(2)},
          .space = row.Int64(3),
          .scope_id = row.OptionalInt64(4),
          .use_for_utilization = row.Int64(5) != 0};
}

absl::StatusOr<std::vector<RangeRow>> ReadRanges(Cursor rows) {
  std::vector<RangeRow> ranges;
  while (rows.Next()) ranges.push_back(ReadRange(rows));
  IPAM_RETURN_IF_ERROR(rows.status());
  return ranges;
}

std::optional<std::int64_t> NonZero(std::int64_t id) { return id == 0 ? std::nullopt : std::optional(id); }

void RangeColumns(const Cursor& row, v1::IPRange& range) {
  range.set_record_id(row.Int64(1));
  range.set_is_overlapping(row.Int64(2) != 0);
  range.set_use_for_utilization(row.Int64(3) != 0);
}

}  // namespace

v1::IpamObjectType RangeType(int family) {
  return family == 4 ? v1::IPAM_OBJECT_TYPE_IPV4_RANGE : v1::IPAM_OBJECT_TYPE_IPV6_RANGE;
}

v1::IpamObjectType AddressType(int family) {
  return family == 4 ? v1::IPAM_OBJECT_TYPE_IPV4_ADDRESS : v1::IPAM_OBJECT_TYPE_IPV6_ADDRESS;
}

AddressTables::AddressTables(Database& db, CustomFieldTables& custom_fields)
    : custom_fields_(custom_fields),
      put_space_(
          db,
          "INSERT INTO address_spaces (record_id, name, provider_id, details) VALUES (nullif(?, 0), ?, ?, ?)"
          " ON CONFLICT (record_id) DO UPDATE SET name = excluded.name, provider_id = excluded.provider_id,"
          " details = excluded.details RETURNING record_id"),
      list_spaces_(db, "SELECT details, record_id FROM address_spaces ORDER BY record_id"),
      put_block_(
          db,
          "INSERT INTO ip_blocks (record_id, af, is_subnet, address_space_id, parent_id, start_address,"
          " end_address, prefix_length, details) VALUES (nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?)"
          " ON CONFLICT (record_id) DO UPDATE SET af = excluded.af, is_subnet = excluded.is_subnet,"
          " address_space_id = excluded.address_space_id, parent_id = excluded.parent_id,"
          " start_address = excluded.start_address, end_address = excluded.end_address,"
          " prefix_length = excluded.prefix_length, details = excluded.details RETURNING record_id"),
      list_blocks_(db, "SELECT details, record_id FROM ip_blocks ORDER BY record_id"),
      find_parent_block_(
          db,
          "SELECT record_id FROM ip_blocks WHERE af = ? AND start_address <= ? AND end_address >= ?"
          " AND prefix_length <= ? AND coalesce(address_space_id, 1) = ?"
          " ORDER BY start_address DESC, end_address, prefix_length DESC, is_subnet DESC LIMIT 1"),
      put_range_(
          db,
          "INSERT INTO ip_ranges (record_id, af, parent_block_id, address_space_id, scope_id, start_address,"
          " end_address, is_overlapping, use_for_utilization, details)"
          " VALUES (nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
          " af = excluded.af, parent_block_id = excluded.parent_block_id,"
          " address_space_id = excluded.address_space_id, scope_id = excluded.scope_id,"
          " start_address = excluded.start_address, end_address = excluded.end_address,"
          " is_overlapping = excluded.is_overlapping, use_for_utilization = excluded.use_for_utilization,"
          " details = excluded.details RETURNING record_id"),
      list_ranges_(
          db, "SELECT details, record_id, is_overlapping, use_for_utilization FROM ip_ranges ORDER BY 2"),
      get_range_(db,
                 "SELECT details, record_id, is_overlapping, use_for_utilization FROM ip_ranges WHERE "
                 "record_id = ?"),
      find_range_of_scope_(db,
                           "SELECT record_id FROM ip_ranges WHERE scope_id = ? ORDER BY record_id LIMIT 1"),
      ranges_within_(
          db,
          "SELECT record_id, start_address, end_address, address_space_id, scope_id, use_for_utilization"
          " FROM ip_ranges"
          " WHERE af = ? AND start_address <= ? AND end_address >= ? AND address_space_id = ?"
          " AND record_id != ? ORDER BY record_id"),
      mark_overlapping_(db, "UPDATE ip_ranges SET is_overlapping = 1 WHERE record_id = ?"),
      set_overlap_(db,
                   "UPDATE ip_ranges SET is_overlapping = ?, use_for_utilization = ? WHERE record_id = ?"),
      unmap_addresses_(db, "UPDATE ip_addresses SET range_id = NULL WHERE range_id = ?"),
      ranges_inside_(
          db,
          "SELECT record_id, start_address, end_address, address_space_id, scope_id, use_for_utilization"
          " FROM ip_ranges"
          " WHERE af = ? AND start_address >= ? AND end_address <= ? ORDER BY record_id"),
      ranges_around_(
          db,
          "SELECT record_id FROM ip_ranges WHERE af = ?1 AND start_address <= ?2 AND end_address >= ?2"
          " AND address_space_id = ?3 ORDER BY record_id"),
      put_address_(
          db,
          "INSERT INTO ip_addresses (record_id, af, range_id, address_space_id, address, is_duplicate,"
          " details) VALUES (nullif(?, 0), ?, ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
          " af = excluded.af, range_id = excluded.range_id, address_space_id = excluded.address_space_id,"
          " address = excluded.address, is_duplicate = excluded.is_duplicate, details = excluded.details"
          " RETURNING record_id"),
      list_addresses_(db,
                      "SELECT details, a.record_id, a.range_id, a.is_duplicate,"
                      " (SELECT record_id FROM dhcp_reservations WHERE address_id = a.record_id)"
                      " FROM ip_addresses AS a ORDER BY a.record_id",
                      RowCount::kMany),
      find_addresses_(
          db,
          "SELECT record_id FROM ip_addresses WHERE af = ? AND address = ? AND address_space_id = ?"
          " ORDER BY record_id"),
      get_address_(db,
                   "SELECT details, a.record_id, a.range_id, a.is_duplicate,"
                   " (SELECT record_id FROM dhcp_reservations WHERE address_id = a.record_id)"
                   " FROM ip_addresses AS a WHERE a.record_id = ?"),
      set_duplicate_(db, "UPDATE ip_addresses SET is_duplicate = ? WHERE record_id = ?"),
      delete_address_(db, "DELETE FROM ip_addresses WHERE record_id = ?"),
      find_in_range_(db, "SELECT record_id FROM ip_addresses WHERE range_id = ? AND address = ? LIMIT 1"),
      addresses_within_(db,
                        "SELECT record_id FROM ip_addresses WHERE af = ? AND address BETWEEN ? AND ?"
                        " AND address_space_id = ? ORDER BY record_id"),
      set_range_(db, "UPDATE ip_addresses SET range_id = ? WHERE record_id = ?"),
      put_forward_(
          db,
          "INSERT INTO address_dns_forward_lookups (record_id, af, address_id, zone_id, server_zone_id,"
          " sync_status) VALUES (nullif(?, 0), ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
          " af = excluded.af, address_id = excluded.address_id, zone_id = excluded.zone_id,"
          " server_zone_id = excluded.server_zone_id RETURNING record_id"),
      put_reverse_(
          db,
          "INSERT INTO address_dns_reverse_lookups (record_id, af, address_id, zone_id, server_zone_id,"
          " sync_status) VALUES (nullif(?, 0), ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
          " af = excluded.af, address_id = excluded.address_id, zone_id = excluded.zone_id,"
          " server_zone_id = excluded.server_zone_id RETURNING record_id"),
      get_forward_(db,
                   "SELECT zone_id, server_zone_id, sync_status FROM address_dns_forward_lookups"
                   " WHERE address_id = ? ORDER BY record_id LIMIT 1"),
      get_reverse_(db,
                   "SELECT zone_id, server_zone_id, sync_status FROM address_dns_reverse_lookups"
                   " WHERE address_id = ? ORDER BY record_id LIMIT 1"),
      find_forward_(db, "SELECT record_id FROM address_dns_forward_lookups WHERE address_id = ? LIMIT 1"),
      find_reverse_(db, "SELECT record_id FROM address_dns_reverse_lookups WHERE address_id = ? LIMIT 1"),
      clear_forward_(db, "DELETE FROM address_dns_forward_lookups WHERE address_id = ?"),
      clear_reverse_(db, "DELETE FROM address_dns_reverse_lookups WHERE address_id = ?") {}

absl::StatusOr<std::int64_t> AddressTables::PutSpace(const v1::AddressSpace& space) {
  return ReturnedId(put_space_.Lookup(
      space.record_id(), space.name(),
      NonZero(space.customer_address_space().provider_address_space_record_id()), ToJson(space)));
}

absl::StatusOr<std::vector<v1::AddressSpace>> AddressTables::ListSpaces() {
  return ReadRows<v1::AddressSpace>(list_spaces_.Query(), [](const Cursor& row, v1::AddressSpace& space) {
    space.set_record_id(row.Int64(1));
  });
}

absl::StatusOr<std::int64_t> AddressTables::PutBlock(const v1::IPBlock& block) {
  IPAM_ASSIGN_OR_RETURN(const IpInterval bounds, Bounds(block.start_ip_address(), block.end_ip_address()));
  return ReturnedId(put_block_.Lookup(block.record_id(), Family(bounds.start), block.has_ip_subnet(),
                                      NonZero(block.address_space_record_id()),
                                      NonZero(block.parent_ip_block_record_id()), bounds.start, bounds.end,
                                      block.prefix_length(), ToJson(block)));
}

absl::StatusOr<std::vector<v1::IPBlock>> AddressTables::ListBlocks() {
  return ReadRows<v1::IPBlock>(
      list_blocks_.Query(), [](const Cursor& row, v1::IPBlock& block) { block.set_record_id(row.Int64(1)); });
}

absl::StatusOr<std::optional<std::int64_t>> AddressTables::FindParentBlock(const IpInterval& bounds,
                                                                           int prefix_length,
                                                                           std::int64_t space) {
  return find_parent_block_.Lookup(Family(bounds.start), bounds.start, bounds.end, prefix_length, space);
}

absl::StatusOr<std::int64_t> AddressTables::PutRange(const v1::IPRange& range) {
  IPAM_ASSIGN_OR_RETURN(const IpInterval bounds, Bounds(range.start_ip_address(), range.end_ip_address()));
  v1::IPRange row = range;
  row.clear_custom_field_values();
  IPAM_ASSIGN_OR_RETURN(
      const std::int64_t id,
      ReturnedId(put_range_.Lookup(
          range.record_id(), Family(bounds.start), NonZero(range.parent_ip_block_record_id()),
          NonZero(range.address_space_record_id()), NonZero(range.scope_record_id()), bounds.start,
          bounds.end, range.is_overlapping(), range.use_for_utilization(), ToJson(row))));
  IPAM_RETURN_IF_ERROR(custom_fields_.Set(RangeType(Family(bounds.start)), id, range.custom_field_values()));
  return id;
}

absl::StatusOr<std::vector<v1::IPRange>> AddressTables::ListRanges() {
  IPAM_ASSIGN_OR_RETURN(std::vector<v1::IPRange> ranges,
                        ReadRows<v1::IPRange>(list_ranges_.Query(), RangeColumns));
  for (v1::IPRange& range : ranges) {
    IPAM_ASSIGN_OR_RETURN(
        *range.mutable_custom_field_values(),
        custom_fields_.Get(RangeType(FamilyOfText(range.start_ip_address())), range.record_id()));
  }
  return ranges;
}

absl::StatusOr<std::optional<v1::IPRange>> AddressTables::GetRange(std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(std::optional<v1::IPRange> range,
                        ReadRow<v1::IPRange>(get_range_.Query(id), RangeColumns));
  if (range) {
    IPAM_ASSIGN_OR_RETURN(*range->mutable_custom_field_values(),
                          custom_fields_.Get(RangeType(FamilyOfText(range->start_ip_address())), id));
  }
  return range;
}

absl::StatusOr<std::optional<std::int64_t>> AddressTables::FindRangeOfScope(std::int64_t scope_id) {
  return find_range_of_scope_.Lookup(scope_id);
}

absl::StatusOr<std::vector<RangeRow>> AddressTables::RangesWithin(const IpInterval& bounds,
                                                                  std::int64_t space, std::int64_t exclude) {
  return ReadRanges(ranges_within_.Query(Family(bounds.start), bounds.end, bounds.start, space, exclude));
}

absl::Status AddressTables::MarkOverlapping(std::int64_t range) { return mark_overlapping_.Run(range); }

absl::Status AddressTables::SetOverlap(std::int64_t range, bool is_overlapping, bool use_for_utilization) {
  return set_overlap_.Run(is_overlapping, use_for_utilization, range);
}

absl::Status AddressTables::UnmapAddresses(std::int64_t range) { return unmap_addresses_.Run(range); }

absl::StatusOr<std::vector<RangeRow>> AddressTables::RangesInside(const IpInterval& bounds) {
  return ReadRanges(ranges_inside_.Query(Family(bounds.start), bounds.start, bounds.end));
}

absl::StatusOr<std::optional<std::int64_t>> AddressTables::FindRangeOf(const IpOctets& address,
                                                                       std::int64_t space,
                                                                       const Management& owner) {
  IPAM_ASSIGN_OR_RETURN(const auto ranges, ReadIds(ranges_around_.Query(Family(address), address, space)));
  for (const std::int64_t range : ranges) {
    IPAM_ASSIGN_OR_RETURN(const Management management,
                          custom_fields_.GetManagement(RangeType(Family(address)), range));
    if (management == owner) return range;
  }
  return std::nullopt;
}

absl::StatusOr<std::int64_t> AddressTables::PutAddress(const v1::IpamIPAddress& address) {
  const auto octets = ParseIp(address.address());
  if (!octets) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS,
                 absl::StrFormat("Not an IP address: \"%s\".", address.address()));
  }
  const int family = Family(*octets);
  v1::IpamIPAddress row = address;
  row.clear_custom_field_values();
  IPAM_ASSIGN_OR_RETURN(
      const std::int64_t id,
      ReturnedId(put_address_.Lookup(
          address.record_id(), family, NonZero(address.parent_ip_range_record_id()),
          NonZero(address.address_space_record_id()), *octets, address.is_duplicate(), ToJson(row))));
  IPAM_RETURN_IF_ERROR(custom_fields_.Set(AddressType(family), id, address.custom_field_values()));
  return id;
}

absl::Status AddressTables::ForEachAddress(const std::function<absl::Status(const v1::IpamIPAddress&)>& use) {
  Cursor rows = list_addresses_.Query();
  while (rows.Next()) {
    v1::IpamIPAddress address;
    IPAM_RETURN_IF_ERROR(ReadAddress(rows, address));
    IPAM_RETURN_IF_ERROR(use(address));
  }
  return rows.status();
}

absl::StatusOr<std::optional<v1::IpamIPAddress>> AddressTables::GetAddress(std::int64_t id) {
  Cursor row = get_address_.Query(id);
  std::optional<v1::IpamIPAddress> found;
  if (row.Next()) IPAM_RETURN_IF_ERROR(ReadAddress(row, found.emplace()));
  IPAM_RETURN_IF_ERROR(row.status());
  return found;
}

absl::Status AddressTables::ReadAddress(const Cursor& row, v1::IpamIPAddress& address) {
  IPAM_RETURN_IF_ERROR(FromJson(row.Text(0), address));
  address.set_record_id(row.Int64(1));
  address.clear_parent_ip_range_record_id();
  if (const auto range = row.OptionalInt64(2)) address.set_parent_ip_range_record_id(*range);
  address.set_is_duplicate(row.Int64(3) != 0);
  address.clear_reservation_record_id();
  if (const auto reservation = row.OptionalInt64(4)) address.set_reservation_record_id(*reservation);
  IPAM_ASSIGN_OR_RETURN(
      *address.mutable_custom_field_values(),
      custom_fields_.Get(AddressType(FamilyOfText(address.address())), address.record_id()));
  return ReadRegistrations(address);
}

absl::Status AddressTables::ReadRegistrations(v1::IpamIPAddress& address) {
  address.clear_dns_zone_id();
  address.clear_dns_forward_lookup_zone_dns_server_id();
  address.clear_dns_reverse_lookup_zone_id();
  address.clear_dns_reverse_lookup_zone_dns_server_id();
  Cursor forward = get_forward_.Query(address.record_id());
  if (forward.Next()) {
    address.set_dns_zone_id(forward.Int64(0));
    if (const auto zone = forward.OptionalInt64(1)) address.set_dns_forward_lookup_zone_dns_server_id(*zone);
    address.set_dns_forward_sync_status(static_cast<v1::DnsSyncStatus>(forward.Int64(2)));
  }
  IPAM_RETURN_IF_ERROR(forward.status());
  Cursor reverse = get_reverse_.Query(address.record_id());
  if (reverse.Next()) {
    address.set_dns_reverse_lookup_zone_id(reverse.Int64(0));
    if (const auto zone = reverse.OptionalInt64(1)) address.set_dns_reverse_lookup_zone_dns_server_id(*zone);
    address.set_dns_reverse_sync_status(static_cast<v1::DnsSyncStatus>(reverse.Int64(2)));
  }
  return reverse.status();
}

absl::StatusOr<std::vector<std::int64_t>> AddressTables::FindAddresses(const IpOctets& address,
                                                                       std::int64_t space) {
  return ReadIds(find_addresses_.Query(Family(address), address, space));
}

absl::Status AddressTables::SetDuplicate(std::int64_t address, bool is_duplicate) {
  return set_duplicate_.Run(is_duplicate, address);
}

absl::Status AddressTables::DeleteRegistrations(std::int64_t address) {
  IPAM_RETURN_IF_ERROR(clear_forward_.Run(address));
  return clear_reverse_.Run(address);
}

absl::Status AddressTables::DeleteAddress(int family, std::int64_t id) {
  IPAM_RETURN_IF_ERROR(DeleteRegistrations(id));
  IPAM_RETURN_IF_ERROR(custom_fields_.Set(AddressType(family), id, {}));
  return delete_address_.Run(id);
}

absl::StatusOr<std::optional<std::int64_t>> AddressTables::FindAddressInRange(std::int64_t range,
                                                                              const IpOctets& address) {
  return find_in_range_.Lookup(range, address);
}

absl::Status AddressTables::MapAddresses(std::optional<std::int64_t> range, const IpInterval& bounds,
                                         std::int64_t space, const Management& owner) {
  const int family = Family(bounds.start);
  IPAM_ASSIGN_OR_RETURN(const auto addresses,
                        ReadIds(addresses_within_.Query(family, bounds.start, bounds.end, space)));
  for (const std::int64_t address : addresses) {
    IPAM_ASSIGN_OR_RETURN(const Management management,
                          custom_fields_.GetManagement(AddressType(family), address));
    if (management == owner) IPAM_RETURN_IF_ERROR(set_range_.Run(range, address));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::int64_t>> AddressTables::FindRegistration(Lookup lookup,
                                                                            std::int64_t address) {
  return (lookup == Lookup::kForward ? find_forward_ : find_reverse_).Lookup(address);
}

absl::StatusOr<std::int64_t> AddressTables::PutLookup(Lookup lookup, std::int64_t record_id, int family,
                                                      std::int64_t address, std::int64_t zone,
                                                      std::optional<std::int64_t> server_zone,
                                                      v1::DnsSyncStatus status) {
  if (record_id == 0) {  // one registration of each kind for an address
    IPAM_RETURN_IF_ERROR((lookup == Lookup::kForward ? clear_forward_ : clear_reverse_).Run(address));
  }
  Statement& put = lookup == Lookup::kForward ? put_forward_ : put_reverse_;
  return ReturnedId(
      put.Lookup(record_id, family, address, zone, server_zone, static_cast<std::int64_t>(status)));
}

}  // namespace ipam::engine
