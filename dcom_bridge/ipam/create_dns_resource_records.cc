// CreateDnsResourceRecordsDelegate, [MS-IPAMM2] 3.19.4.4.1.38: one entity for each record.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/ipam/validate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

using Data = v1::DnsResourceRecordData;

// The steps that a record belongs to, by discrepancies F.11: 6 others, 7 A, 8 AAAA, 9 PTR; of a reverse
// lookup zone 9 comes before the others.
int StepOf(const v1::DnsResourceRecord& record, Lookup lookup) {
  switch (record.record_type()) {
    case v1::DNS_RESOURCE_RECORD_TYPE_A:
      return 7;
    case v1::DNS_RESOURCE_RECORD_TYPE_AAAA:
      return 8;
    case v1::DNS_RESOURCE_RECORD_TYPE_PTR:
      return lookup == Lookup::kReverse ? 5 : 9;
    default:
      return 6;
  }
}

// The variants of RecordData by DnsResourceRecordType, whose values are 0, 1, 2 ...
constexpr std::array<Data::VariantCase, 22> kVariants = {
    Data::VARIANT_NOT_SET, Data::kA,     Data::kAaaa,  Data::kPtr,  Data::kSoa, Data::kNs,
    Data::kCname,          Data::kDname, Data::kMx,    Data::kSrv,  Data::kTxt, Data::kAfsdb,
    Data::kAtma,           Data::kDhcid, Data::kHinfo, Data::kIsdn, Data::kRp,  Data::kRt,
    Data::kWins,           Data::kWinsr, Data::kWks,   Data::kX25};

class CreateDnsResourceRecords final : public Delegate {
 public:
  explicit CreateDnsResourceRecords(const v1::CreateDnsResourceRecordsParameters& parameters)
      : parameters_(parameters),
        lookup_(parameters.zone_type() == v1::ZONE_LOOKUP_TYPE_DNS_REVERSE_LOOKUP_ZONE ? Lookup::kReverse
                                                                                       : Lookup::kForward) {}

  absl::Status Prepare(Store& store) override;
  std::size_t size() const override { return order_.size(); }
  Entity Describe(std::size_t index) const override;
  absl::StatusOr<std::int64_t> Apply(std::size_t index, Store& store) override;

 private:
  const v1::DnsResourceRecord& Record(std::size_t index) const {
    return parameters_.resource_records(order_[index]);
  }
  absl::Status CheckRecord(const v1::DnsResourceRecord& record) const;
  absl::Status MapPtr(RecordColumns& columns, Store& store) const;

  const v1::CreateDnsResourceRecordsParameters& parameters_;
  const Lookup lookup_;
  std::int64_t zone_id_ = 0;
  std::string zone_name_;
  std::string server_name_;
  std::vector<int> order_;  // places in resource_records
};

absl::Status CreateDnsResourceRecords::Prepare(Store& store) {
  if (parameters_.resource_records().empty() || parameters_.server_zone_id() == 0 ||
      parameters_.zone_type() == v1::ZONE_LOOKUP_TYPE_NONE) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 "ResourceRecords, ServerZoneId and ZoneType are mandatory.");
  }
  IPAM_ASSIGN_OR_RETURN(const auto server_zone,
                        store.dns.GetServerZone(lookup_, parameters_.server_zone_id()));
  if (!server_zone) {
    return Fault(lookup_ == Lookup::kForward
                     ? v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_ZONE_FAILED_TO_FETCH
                     : v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_REVERSE_ZONE_FAILED_TO_FETCH,
                 absl::StrFormat("There is no server zone %d.", parameters_.server_zone_id()));
  }
  zone_id_ = server_zone->zone_id;
  IPAM_ASSIGN_OR_RETURN(const auto zone, store.dns.GetZone(lookup_, zone_id_));
  zone_name_ = zone->name();
  IPAM_ASSIGN_OR_RETURN(server_name_, store.servers.NameOfDnsServer(server_zone->server_id));

  order_.resize(static_cast<std::size_t>(parameters_.resource_records_size()));
  for (std::size_t i = 0; i < order_.size(); ++i) {
    order_[i] = static_cast<int>(i);
    IPAM_RETURN_IF_ERROR(CheckRecord(Record(i)));
  }
  std::stable_sort(order_.begin(), order_.end(), [this](int a, int b) {
    return StepOf(parameters_.resource_records(a), lookup_) <
           StepOf(parameters_.resource_records(b), lookup_);
  });
  return absl::OkStatus();
}

absl::Status CreateDnsResourceRecords::CheckRecord(const v1::DnsResourceRecord& record) const {
  IPAM_RETURN_IF_ERROR(ValidateDnsResourceRecord(record));
  // The text does not say so, but data of another type has no place in the row.
  if (record.record_data().variant_case() != kVariants[static_cast<std::size_t>(record.record_type())]) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_RESOURCE_RECORD_TYPE,
                 absl::StrFormat("The data of the record %s is not of its type %s.", record.name(),
                                 v1::DnsResourceRecordType_Name(record.record_type())));
  }
  if (record.zone_record_id() != 0 && record.zone_record_id() != zone_id_) {
    return Fault(
        v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_ZONE_RECORD_ID,
        absl::StrFormat("The record %s is of the zone %d, the server zone %d of the zone %d.", record.name(),
                        record.zone_record_id(), parameters_.server_zone_id(), zone_id_));
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

Entity CreateDnsResourceRecords::Describe(std::size_t index) const {
  const v1::DnsResourceRecord& record = Record(index);
  auto details = std::make_shared<v1::DnsResourceRecordFormatter>();
  details->set_record_name(record.name());
  if (!server_name_.empty()) details->set_server_name(server_name_);
  details->set_zone_name(zone_name_);
  const std::string type = v1::DnsResourceRecordType_Name(record.record_type());
  return {
      .kind = SubtaskKind::kAddDnsResourceRecord,
      .name = absl::StrFormat("%s %s", type.substr(type.rfind('_') + 1), FullName(record.name(), zone_name_)),
      .details = std::move(details),
      .object_type = v1::IPAM_OBJECT_TYPE_DNS_RESOURCE_RECORD,
      .record_type = record.record_type()};
}

absl::StatusOr<std::int64_t> CreateDnsResourceRecords::Apply(std::size_t index, Store& store) {
  v1::DnsResourceRecord record = Record(index);
  record.clear_record_id();  // the store assigns it (3.1.1.1.12.1)
  record.set_zone_record_id(zone_id_);
  record.set_zone_name(zone_name_);
  record.set_zone_type(parameters_.zone_type());
  RecordColumns columns;
  columns.lookup = lookup_;
  columns.zone_id = zone_id_;
  FillRecordColumns(record, zone_name_, columns);
  if (record.record_type() == v1::DNS_RESOURCE_RECORD_TYPE_PTR) {
    IPAM_RETURN_IF_ERROR(MapPtr(columns, store));
  } else if (columns.address) {  // A and AAAA
    auto& address_id = Family(*columns.address) == 4 ? columns.ipv4_address_id : columns.ipv6_address_id;
    IPAM_ASSIGN_OR_RETURN(address_id, store.dns.FindAddressOfPtr(*columns.address));
  }
  const absl::StatusOr<std::int64_t> id = store.dns.PutRecord(record, columns);
  if (id.status().code() == absl::StatusCode::kAlreadyExists) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_ADD_RESOURCE_RECORD,
                 absl::StrFormat("The zone %s has the record %s already.", zone_name_, Describe(index).name));
  }
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_ADD_RESOURCE_RECORD, id.status()));
  IPAM_RETURN_IF_ERROR(store.access.CreateAssociation(v1::IPAM_OBJECT_TYPE_DNS_RESOURCE_RECORD, *id));
  return id;
}

// Steps of PTR records: the address that the record is for, made if a range of the zone encloses it.
absl::Status CreateDnsResourceRecords::MapPtr(RecordColumns& columns, Store& store) const {
  const std::optional<IpOctets>& address = columns.address;
  if (lookup_ != Lookup::kReverse || !address) return absl::OkStatus();
  IPAM_ASSIGN_OR_RETURN(const auto ranges, store.dns.ListRangesOfZone(zone_id_));
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
      IPAM_ASSIGN_OR_RETURN(id, store.addresses.PutAddress(made));
    }
    (Family(*address) == 4 ? columns.ipv4_address_id : columns.ipv6_address_id) = id;
    break;
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateDnsResourceRecords(
    const v1::CreateDnsResourceRecordsParameters& parameters) {
  return std::make_unique<CreateDnsResourceRecords>(parameters);
}

}  // namespace ipam::engine
