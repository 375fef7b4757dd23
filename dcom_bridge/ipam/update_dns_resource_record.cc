// UpdateDnsResourceRecordDelegate, [MS-IPAMM2] 3.19.4.4.1.39. The data of A, AAAA and PTR records is taken over too:
// the section means the addresses of their rows, which are columns beside it here.
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dns_records.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/modified_properties.h"

namespace ipam::engine {
namespace {

class UpdateDnsResourceRecord final : public StepDelegate {
 public:
  explicit UpdateDnsResourceRecord(const v1::UpdateDnsResourceRecordParameters& parameters)
      : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  absl::StatusOr<RecordRow> RequireRow(Store& store) const;
  absl::StatusOr<std::int64_t> Put(Store& store) const;

  const v1::DnsResourceRecord& record() const { return parameters_.resource_record(); }

  const v1::UpdateDnsResourceRecordParameters& parameters_;
  HostedZone zone_;
};

absl::Status UpdateDnsResourceRecord::ListSteps(Store& store, StepList& steps) {
  if (!parameters_.has_resource_record() || parameters_.server_zone_id() == 0 ||
      parameters_.zone_type() == v1::ZONE_LOOKUP_TYPE_NONE) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 "ResourceRecord, ServerZoneId and ZoneType are mandatory.");
  }
  IPAM_ASSIGN_OR_RETURN(
      zone_, RequireHostedZone(store, LookupOf(parameters_.zone_type()), parameters_.server_zone_id()));
  IPAM_RETURN_IF_ERROR(CheckRecord(record(), zone_));
  RecordColumns columns;
  FillRecordColumns(record(), zone_.name, columns);
  // Where it is given, it is the address of the data, or of the name.
  if (!record().address().empty() && columns.address && columns.address != ParseIp(record().address())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS,
                 absl::StrFormat("The Address %s of the record %s is not that of its data.",
                                 record().address(), record().name()));
  }
  IPAM_RETURN_IF_ERROR(RequireRow(store).status());

  const std::size_t only = steps.Add(
      RecordEntity(SubtaskKind::kSetDnsResourceRecord, v1::ENTITY_OPERATION_TYPE_UPDATE, record(), zone_),
      [this](Store& s) { return Put(s); });
  steps.ReturnRowOf(only,
                    [](Store& s, std::int64_t id) -> absl::StatusOr<std::optional<v1::DnsResourceRecord>> {
                      IPAM_ASSIGN_OR_RETURN(auto row, s.dns.GetRecord(id));
                      if (!row) return std::nullopt;
                      return std::move(row->record);
                    });
  return absl::OkStatus();
}

absl::StatusOr<RecordRow> UpdateDnsResourceRecord::RequireRow(Store& store) const {
  IPAM_ASSIGN_OR_RETURN(auto row, store.dns.GetRecord(record().record_id()));
  if (!row) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_FETCH_RESOURCE_RECORD,
                 absl::StrFormat("There is no resource record %d.", record().record_id()));
  }
  IPAM_RETURN_IF_ERROR(CheckZoneOf(record().record_id(), {row->columns.lookup, row->columns.zone_id}, zone_));
  if (row->record.record_type() != record().record_type()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_RESOURCE_RECORD_TYPE,
                 absl::StrFormat("The record %d is of the type %s.", record().record_id(),
                                 v1::DnsResourceRecordType_Name(row->record.record_type())));
  }
  return *std::move(row);
}

absl::StatusOr<std::int64_t> UpdateDnsResourceRecord::Put(Store& store) const {
  IPAM_ASSIGN_OR_RETURN(RecordRow row, RequireRow(store));
  PropertyNames replaced;
  for (const char* name : {"Name", "RecordClass", "TTL", "Timestamp", "RecordData", "Address"})
    replaced.Add(name);
  CopyProperties(record(), replaced, row.record);

  const auto old_address = std::exchange(row.columns.address, std::nullopt);
  FillRecordColumns(row.record, zone_.name, row.columns);
  if (row.columns.address != old_address) {
    row.columns.ipv4_address_id.reset();
    row.columns.ipv6_address_id.reset();
    IPAM_RETURN_IF_ERROR(MapRecord(row.record.record_type(), row.columns, store));
  }
  const auto id = store.dns.PutRecord(row.record, row.columns);
  constexpr auto kFailed = v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_UPDATE_RESOURCE_RECORD;
  if (absl::IsAlreadyExists(id.status())) {
    return Fault(kFailed, absl::StrFormat("The zone %s has such a record %s already.", zone_.name,
                                          FullName(record().name(), zone_.name)));
  }
  IPAM_RETURN_IF_ERROR(AsFault(kFailed, id.status()));
  return id;
}

}  // namespace

std::unique_ptr<Delegate> MakeUpdateDnsResourceRecord(
    const v1::UpdateDnsResourceRecordParameters& parameters) {
  return std::make_unique<UpdateDnsResourceRecord>(parameters);
}

}  // namespace ipam::engine
