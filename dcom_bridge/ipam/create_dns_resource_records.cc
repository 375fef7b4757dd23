// CreateDnsResourceRecordsDelegate, [MS-IPAMM2] 3.19.4.4.1.38: one entity for each record.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dns_records.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/store.h"

namespace ipam::engine {
namespace {

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

class CreateDnsResourceRecords final : public Delegate {
 public:
  explicit CreateDnsResourceRecords(const v1::CreateDnsResourceRecordsParameters& parameters)
      : parameters_(parameters), lookup_(LookupOf(parameters.zone_type())) {}

  absl::Status Prepare(Store& store) override;
  std::size_t size() const override { return order_.size(); }
  Entity Describe(std::size_t index) const override;
  absl::StatusOr<std::int64_t> Apply(std::size_t index, Store& store) override;
  void Restore(std::size_t, std::int64_t) override {}
  bool PrepareSeesChanges() const override { return false; }  // it reads the zone and its server

 private:
  const v1::DnsResourceRecord& Record(std::size_t index) const {
    return parameters_.resource_records(order_[index]);
  }

  const v1::CreateDnsResourceRecordsParameters& parameters_;
  const Lookup lookup_;
  HostedZone zone_;
  std::vector<int> order_;  // places in resource_records
};

absl::Status CreateDnsResourceRecords::Prepare(Store& store) {
  if (parameters_.resource_records().empty() || parameters_.server_zone_id() == 0 ||
      parameters_.zone_type() == v1::ZONE_LOOKUP_TYPE_NONE) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 "ResourceRecords, ServerZoneId and ZoneType are mandatory.");
  }
  IPAM_ASSIGN_OR_RETURN(zone_, RequireHostedZone(store, lookup_, parameters_.server_zone_id()));
  order_.resize(static_cast<std::size_t>(parameters_.resource_records_size()));
  for (std::size_t i = 0; i < order_.size(); ++i) {
    order_[i] = static_cast<int>(i);
    IPAM_RETURN_IF_ERROR(CheckRecord(Record(i), zone_));
  }
  std::stable_sort(order_.begin(), order_.end(), [this](int a, int b) {
    return StepOf(parameters_.resource_records(a), lookup_) <
           StepOf(parameters_.resource_records(b), lookup_);
  });
  return absl::OkStatus();
}

Entity CreateDnsResourceRecords::Describe(std::size_t index) const {
  return RecordEntity(SubtaskKind::kAddDnsResourceRecord, v1::ENTITY_OPERATION_TYPE_ADD, Record(index),
                      zone_);
}

absl::StatusOr<std::int64_t> CreateDnsResourceRecords::Apply(std::size_t index, Store& store) {
  v1::DnsResourceRecord record = Record(index);
  record.clear_record_id();  // the store assigns it (3.1.1.1.12.1)
  record.set_zone_record_id(zone_.zone_id);
  record.set_zone_name(zone_.name);
  record.set_zone_type(parameters_.zone_type());
  RecordColumns columns;
  columns.lookup = lookup_;
  columns.zone_id = zone_.zone_id;
  FillRecordColumns(record, zone_.name, columns);
  IPAM_RETURN_IF_ERROR(MapRecord(record.record_type(), columns, store));
  const absl::StatusOr<std::int64_t> id = store.dns.PutRecord(record, columns);
  if (id.status().code() == absl::StatusCode::kAlreadyExists) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_ADD_RESOURCE_RECORD,
                 absl::StrFormat("The zone %s has the record %s already.", zone_.name, Describe(index).name));
  }
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_ADD_RESOURCE_RECORD, id.status()));
  IPAM_RETURN_IF_ERROR(store.access.CreateAssociation(v1::IPAM_OBJECT_TYPE_DNS_RESOURCE_RECORD, *id));
  return id;
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateDnsResourceRecords(
    const v1::CreateDnsResourceRecordsParameters& parameters) {
  return std::make_unique<CreateDnsResourceRecords>(parameters);
}

}  // namespace ipam::engine
