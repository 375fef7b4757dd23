#include "dcom_bridge/ipam/dns_records.h"

#include <array>
#include <optional>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/validate.h"

namespace ipam::engine {
namespace {

using Data = v1::DnsResourceRecordData;

// The variants of RecordData by DnsResourceRecordType, whose values are 0, 1, 2 ...
constexpr std::array<Data::VariantCase, 22> kVariants = {
    Data::VARIANT_NOT_SET, Data::kA,     Data::kAaaa,  Data::kPtr,  Data::kSoa, Data::kNs,
    Data::kCname,          Data::kDname, Data::kMx,    Data::kSrv,  Data::kTxt, Data::kAfsdb,
    Data::kAtma,           Data::kDhcid, Data::kHinfo, Data::kIsdn, Data::kRp,  Data::kRt,
    Data::kWins,           Data::kWinsr, Data::kWks,   Data::kX25};

// Steps of PTR records: the address that the record is for, made if a range of the zone encloses it.
absl::Status MapPtr(RecordColumns& columns, Store& store) {
  const std::optional<IpOctets>& address = columns.address;
  if (columns.lookup != Lookup::kReverse || !address) return absl::OkStatus();
  IPAM_ASSIGN_OR_RETURN(const auto ranges, store.dns.ListRangesOfZone(columns.zone_id));
  for (const std::int64_t range_id : ranges) {
    IPAM_ASSIGN_OR_RETURN(const auto range, store.addresses.GetRange(range_id));
    const auto start = ParseIp(range->start_ip_address());
    const auto end = ParseIp(range->end_ip_address());
    if (start->size() != address->size() || *address < *start || *address > *end) continue;

    IPAM_ASSIGN_OR_RETURN(auto id, store.addresses.FindAddressInRange(range_id, *address));
    if (!id) {
      v1::IpamIPAddress made;
      made.set_address(FormatIp(*address));
      if (Family(*address) == 4) {
        made.mutable_v4();
      } else {
        made.mutable_v6();
      }
      made.set_address_space_record_id(range->address_space_record_id());
      made.set_parent_ip_range_record_id(range_id);
      made.set_created_from_dns_resource_record(true);
      if (range->address_space_record_id() != kDefaultAddressSpace) {
        made.add_virtualization_type(v1::IP_VIRTUALIZATION_TYPE_FABRIC);
      }
      for (const v1::CustomFieldValue& value : range->custom_field_values()) {
        if (value.parent_custom_field_number() == v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY ||
            value.parent_custom_field_number() == v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY_ENTITY) {
          *made.add_custom_field_values() = value;
        }
      }
      // ValidateIpamIPAddress as far as it can hold: the step gives such an address neither a MAC address nor
      // a device type, which 3.1.4.8 demands.
      IPAM_RETURN_IF_ERROR(ValidateAddressValue(*address));
      // Others have the same address, of other owners.
      IPAM_ASSIGN_OR_RETURN(const auto others,
                            store.addresses.FindAddresses(*address, range->address_space_record_id()));
      made.set_is_duplicate(!others.empty());
      for (const std::int64_t other : others) {
        IPAM_RETURN_IF_ERROR(store.addresses.SetDuplicate(other, true));
      }
      IPAM_ASSIGN_OR_RETURN(id, store.addresses.PutAddress(made));
    }
    (Family(*address) == 4 ? columns.ipv4_address_id : columns.ipv6_address_id) = id;
    break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRecord(const v1::DnsResourceRecord& record, const HostedZone& zone) {
  IPAM_RETURN_IF_ERROR(ValidateDnsResourceRecord(record));
  // The text does not say so, but data of another type has no place in the row.
  if (record.record_data().variant_case() != kVariants[static_cast<std::size_t>(record.record_type())]) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_RESOURCE_RECORD_TYPE,
                 absl::StrFormat("The data of the record %s is not of its type %s.", record.name(),
                                 v1::DnsResourceRecordType_Name(record.record_type())));
  }
  if (record.zone_record_id() != 0 && record.zone_record_id() != zone.zone_id) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_ZONE_RECORD_ID,
                 absl::StrFormat("The record %s is of the zone %d, the server zone %d of the zone %d.",
                                 record.name(), record.zone_record_id(), zone.id, zone.zone_id));
  }
  const bool v4 = record.record_type() == v1::DNS_RESOURCE_RECORD_TYPE_A;
  if (v4 || record.record_type() == v1::DNS_RESOURCE_RECORD_TYPE_AAAA) {
    const std::string& text = v4 ? record.record_data().a().address() : record.record_data().aaaa().address();
    const auto address = ParseIp(text);
    if (!address || Family(*address) != (v4 ? 4 : 6)) {
      return Fault(
          v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS,
          absl::StrFormat("The record %s has no IPv%d address: \"%s\".", record.name(), v4 ? 4 : 6, text));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckZoneOf(std::int64_t record_id, const RecordZone& of, const HostedZone& zone) {
  if (of.lookup == zone.lookup && of.zone_id == zone.zone_id) return absl::OkStatus();
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_ZONE_RECORD_ID,
               absl::StrFormat("The record %d is not of the zone %s.", record_id, zone.name));
}

absl::Status MapRecord(v1::DnsResourceRecordType type, RecordColumns& columns, Store& store) {
  if (type == v1::DNS_RESOURCE_RECORD_TYPE_PTR) return MapPtr(columns, store);
  if (!columns.address) return absl::OkStatus();
  // A and AAAA
  auto& address_id = Family(*columns.address) == 4 ? columns.ipv4_address_id : columns.ipv6_address_id;
  IPAM_ASSIGN_OR_RETURN(address_id, store.dns.FindAddressOfPtr(*columns.address));
  return absl::OkStatus();
}

}  // namespace ipam::engine
