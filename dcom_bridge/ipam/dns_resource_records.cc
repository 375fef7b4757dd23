// UpdateDnsResourceRecordsDelegate and DeleteDnsResourceRecordsDelegate, [MS-IPAMM2] 3.19.4.4.1.40 and .41: one
// entity for each record, of which there may be very many.
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dns_records.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/validate.h"

namespace ipam::engine {
namespace {

using Records = google::protobuf::RepeatedPtrField<v1::DnsResourceRecord>;

class ChangeDnsResourceRecords : public Delegate {
 public:
  ChangeDnsResourceRecords(const Records& records, std::int64_t server_zone_id, v1::ZoneLookupType zone_type,
                           SubtaskKind kind, v1::EntityOperationType type)
      : records_(records), server_zone_id_(server_zone_id), zone_type_(zone_type), kind_(kind), type_(type) {}

  absl::Status Prepare(Store& store) final;
  std::size_t size() const final { return static_cast<std::size_t>(records_.size()); }
  Entity Describe(std::size_t index) const final {
    return RecordEntity(kind_, type_, records_[static_cast<int>(index)], zone_);
  }
  absl::StatusOr<std::int64_t> Apply(std::size_t index, Store& store) final;
  void Restore(std::size_t, std::int64_t) final {}
  bool PrepareSeesChanges() const final { return false; }  // it reads the zone and its server

 protected:
  // Of a record that is there, in the zone.
  virtual absl::Status Change(std::int64_t id, Store& store) const = 0;

 private:
  const Records& records_;
  const std::int64_t server_zone_id_;
  const v1::ZoneLookupType zone_type_;
  const SubtaskKind kind_;
  const v1::EntityOperationType type_;
  HostedZone zone_;
};

absl::Status ChangeDnsResourceRecords::Prepare(Store& store) {
  if (records_.empty() || server_zone_id_ == 0 || zone_type_ == v1::ZONE_LOOKUP_TYPE_NONE) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 "ResourceRecords, ServerZoneId and ZoneType are mandatory.");
  }
  IPAM_ASSIGN_OR_RETURN(zone_, RequireHostedZone(store, LookupOf(zone_type_), server_zone_id_));
  for (const v1::DnsResourceRecord& record : records_) {
    IPAM_RETURN_IF_ERROR(ValidateDnsResourceRecord(record));
    // The RecordId is all that finds the row.
    if (record.record_id() == 0) {
      return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                   absl::StrFormat("The record %s has no RecordId.", record.name()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> ChangeDnsResourceRecords::Apply(std::size_t index, Store& store) {
  const std::int64_t id = records_[static_cast<int>(index)].record_id();
  IPAM_ASSIGN_OR_RETURN(const auto of, store.dns.FindZoneOfRecord(id));
  if (!of) return id;  // both sections pass over what is not there
  IPAM_RETURN_IF_ERROR(CheckZoneOf(id, *of, zone_));
  IPAM_RETURN_IF_ERROR(Change(id, store));
  return id;
}

class UpdateDnsResourceRecords final : public ChangeDnsResourceRecords {
 public:
  explicit UpdateDnsResourceRecords(const v1::MultiUpdateDnsResourceRecordParameters& parameters)
      : ChangeDnsResourceRecords(parameters.resource_records(), parameters.server_zone_id(),
                                 parameters.zone_type(), SubtaskKind::kSetDnsResourceRecord,
                                 v1::ENTITY_OPERATION_TYPE_UPDATE),
        parameters_(parameters) {}

 private:
  absl::Status Change(std::int64_t id, Store& store) const override {
    IPAM_ASSIGN_OR_RETURN(auto row, store.dns.GetRecord(id));
    *row->record.mutable_ttl() = parameters_.ttl();
    return AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_UPDATE_RESOURCE_RECORD,
                   store.dns.PutRecord(row->record, row->columns).status());
  }

  const v1::MultiUpdateDnsResourceRecordParameters& parameters_;
};

class DeleteDnsResourceRecords final : public ChangeDnsResourceRecords {
 public:
  explicit DeleteDnsResourceRecords(const v1::DeleteDnsResourceRecordsParameters& parameters)
      : ChangeDnsResourceRecords(parameters.resource_records(), parameters.server_zone_id(),
                                 parameters.zone_type(), SubtaskKind::kRemoveDnsResourceRecord,
                                 v1::ENTITY_OPERATION_TYPE_DELETE) {}

 private:
  absl::Status Change(std::int64_t id, Store& store) const override {
    IPAM_RETURN_IF_ERROR(store.access.DeleteAssociation(v1::IPAM_OBJECT_TYPE_DNS_RESOURCE_RECORD, id));
    return AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_DELETE_RESOURCE_RECORD,
                   store.dns.DeleteRecord(id));
  }
};

}  // namespace

std::unique_ptr<Delegate> MakeUpdateDnsResourceRecords(
    const v1::MultiUpdateDnsResourceRecordParameters& parameters) {
  return std::make_unique<UpdateDnsResourceRecords>(parameters);
}

std::unique_ptr<Delegate> MakeDeleteDnsResourceRecords(
    const v1::DeleteDnsResourceRecordsParameters& parameters) {
  return std::make_unique<DeleteDnsResourceRecords>(parameters);
}

}  // namespace ipam::engine
