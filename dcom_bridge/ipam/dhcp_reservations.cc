// DeleteDhcpReservationDelegate, DeleteDhcpReservationCollectionDelegate and SetDhcpReservationCollectionDelegate,
// [MS-IPAMM2] 3.19.4.4.1.19, .20 and .22. Beyond the steps of the first two, Flag does what 2.2.5.30 says of it
// (discrepancies F.9): ReservationOperations (2.2.5.84) has a value for each step of it.
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_entities.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/dns_settings.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/option_step.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

using Ids = google::protobuf::RepeatedField<std::int64_t>;

// A reservation with its scope.
struct Row {
  v1::DhcpReservation reservation;
  v1::DhcpScope scope;
  std::string server_name;

  static absl::StatusOr<Row> Read(Store& store, int family, std::int64_t id) {
    Row row;
    IPAM_ASSIGN_OR_RETURN(row.reservation, RequireReservation(store, family, id));
    IPAM_ASSIGN_OR_RETURN(row.scope, RequireScope(store, family, row.reservation.parent_scope().record_id()));
    IPAM_ASSIGN_OR_RETURN(row.server_name,
                          store.servers.NameOfDhcpServer(row.scope.parent_dhcp_server_record_id()));
    return row;
  }
};

absl::Status AddMissing(SubtaskKind kind, v1::EntityOperationType type, int family, std::int64_t id,
                        const absl::Status& status, StepList& steps) {
  if (!IsFault(status)) return status;
  steps.AddFailure({.kind = kind,
                    .name = absl::StrFormat("Reservation %d", id),
                    .object_type = ReservationType(family),
                    .operation_type = type},
                   status);
  return absl::OkStatus();
}

class DeleteDhcpReservations final : public StepDelegate {
 public:
  DeleteDhcpReservations(Ids ids, v1::AddressFamily family, v1::DhcpReservationDeletionFlag flag)
      : ids_(std::move(ids)),
        family_(FamilyOf(family)),
        knows_flag_(v1::DhcpReservationDeletionFlag_IsValid(flag)),
        with_records_(flag == v1::DHCP_RESERVATION_DELETION_FLAG_DELETE_DNS_RECORD ||
                      flag == v1::DHCP_RESERVATION_DELETION_FLAG_DELETE_IP_ADDRESS_AND_DNS_RECORD),
        with_address_(flag == v1::DHCP_RESERVATION_DELETION_FLAG_DELETE_IP_ADDRESS_RECORD ||
                      flag == v1::DHCP_RESERVATION_DELETION_FLAG_DELETE_IP_ADDRESS_AND_DNS_RECORD) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  absl::Status AddDelete(std::int64_t id, Store& store, StepList& steps) const;
  Entity DescribeAddress(SubtaskKind kind, const char* what, const Row& row, std::size_t needs) const;

  const Ids ids_;
  const int family_;
  const bool knows_flag_;
  const bool with_records_;
  const bool with_address_;
};

absl::Status DeleteDhcpReservations::ListSteps(Store& store, StepList& steps) {
  // A record id of 0 is NULL (discrepancies F.8).
  if (ids_.empty() || family_ == 0 || ids_.Get(0) == 0) {
    return InvalidParameter("The record ids of reservations and their Family are mandatory.");
  }
  if (!knows_flag_) {
    return InvalidParameter("Flag is none of DhcpReservationDeletionFlag.");
  }
  for (const std::int64_t id : ids_) IPAM_RETURN_IF_ERROR(AddDelete(id, store, steps));
  return absl::OkStatus();
}

absl::Status DeleteDhcpReservations::AddDelete(std::int64_t id, Store& store, StepList& steps) const {
  constexpr auto kKind = SubtaskKind::kRemoveDhcpReservation;
  const auto row = Row::Read(store, family_, id);
  if (!row.ok()) {
    return AddMissing(kKind, v1::ENTITY_OPERATION_TYPE_DELETE, family_, id, row.status(), steps);
  }
  const std::size_t first = steps.Add(ReservationEntity(kKind, v1::ENTITY_OPERATION_TYPE_DELETE,
                                                        row->reservation, row->scope, row->server_name),
                                      [id, family = family_](Store& s) -> absl::StatusOr<std::int64_t> {
                                        IPAM_RETURN_IF_ERROR(RequireReservation(s, family, id).status());
                                        IPAM_RETURN_IF_ERROR(s.dhcp.DeleteReservation(id));
                                        return id;
                                      });
  IPAM_ASSIGN_OR_RETURN(const auto address, store.dhcp.AddressOfReservation(id));
  if (!address) return absl::OkStatus();
  if (with_records_) {
    steps.Add(DescribeAddress(SubtaskKind::kRemoveDnsRecordsOfAddress, "DNS records of", *row, first),
              [address](Store& s) -> absl::StatusOr<std::int64_t> {
                IPAM_RETURN_IF_ERROR(s.dns.DeleteRecordsOfAddress(*address));
                IPAM_RETURN_IF_ERROR(s.addresses.DeleteRegistrations(*address));
                return *address;
              });
  }
  if (with_address_) {
    Entity entity = DescribeAddress(SubtaskKind::kRemoveIpamAddress, "Address", *row, first);
    entity.operation_type = v1::ENTITY_OPERATION_TYPE_DELETE;
    steps.Add(std::move(entity), [address, family = family_](Store& s) -> absl::StatusOr<std::int64_t> {
      // 3.1.1.1.5.1, IPAddressRecordId: on delete no action
      IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_DELETE_ADDRESS,
                                   s.addresses.DeleteAddress(family, *address)));
      return *address;
    });
  }
  return absl::OkStatus();
}

Entity DeleteDhcpReservations::DescribeAddress(SubtaskKind kind, const char* what, const Row& row,
                                               std::size_t needs) const {
  auto details = std::make_shared<v1::IpamIPAddressDataFormatter>();
  details->set_address(row.reservation.address());
  details->set_server_name(row.server_name);
  return {.kind = kind,
          .name = absl::StrFormat("%s %s", what, row.reservation.address()),
          .details = std::move(details),
          .needs = needs,
          .object_type = AddressType(family_),
          .operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE};
}

// The template stands where the details of a reservation do (discrepancies E.6): what it names in
// ModifiedProperties, or where it names nothing what has a value, is taken over; the rest stays.
class SetDhcpReservations final : public StepDelegate {
 public:
  explicit SetDhcpReservations(const v1::SetDhcpReservationCollectionParameters& parameters)
      : parameters_(parameters), family_(FamilyOf(parameters.family())) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  absl::Status AddSet(std::int64_t id, Store& store, StepList& steps) const;
  bool Takes(const char* name, bool has_value) const {
    const auto& names = change().modified_properties();
    return names.empty() ? has_value : Names(names, name);
  }
  bool TakesProperties() const;
  absl::StatusOr<std::int64_t> Set(std::int64_t id,
                                   void (SetDhcpReservations::*set)(v1::DhcpReservation&) const,
                                   Store& store) const;
  void SetProperties(v1::DhcpReservation& row) const;
  void SetDns(v1::DhcpReservation& row) const;

  const v1::DhcpReservationTemplateConfiguration& change() const { return parameters_.configuration(); }

  const v1::SetDhcpReservationCollectionParameters& parameters_;
  const int family_;
};

absl::Status SetDhcpReservations::ListSteps(Store& store, StepList& steps) {
  if (parameters_.reservation_record_ids().empty() || !parameters_.has_configuration() || family_ == 0) {
    return InvalidParameter("ReservationRecordIds, Configuration and Family are mandatory.");
  }
  for (const std::int64_t id : parameters_.reservation_record_ids()) {
    IPAM_RETURN_IF_ERROR(AddSet(id, store, steps));
  }
  return absl::OkStatus();
}

absl::Status SetDhcpReservations::AddSet(std::int64_t id, Store& store, StepList& steps) const {
  constexpr auto kKind = SubtaskKind::kSetDhcpReservation;
  const auto row = Row::Read(store, family_, id);
  if (!row.ok()) {
    return AddMissing(kKind, v1::ENTITY_OPERATION_TYPE_UPDATE, family_, id, row.status(), steps);
  }
  const Entity entity = ReservationEntity(kKind, v1::ENTITY_OPERATION_TYPE_UPDATE, row->reservation,
                                          row->scope, row->server_name);
  if (TakesProperties()) {
    steps.Add(entity, [this, id](Store& s) { return Set(id, &SetDhcpReservations::SetProperties, s); });
  }
  if (DnsSettingsOf(change()) != DnsSettings{}) {
    Entity dns = entity;
    dns.kind = SubtaskKind::kSetDhcpDnsSetting;
    dns.name = absl::StrFormat("DNS settings of %s", row->reservation.address());
    steps.Add(std::move(dns), [this, id](Store& s) { return Set(id, &SetDhcpReservations::SetDns, s); });
  }
  AddOptionTemplateSteps(change().option_apply_type(), change().options(),
                         change().find_and_replace_options(),
                         {.server = row->scope.parent_dhcp_server_record_id(),
                          .scope = row->scope.record_id(),
                          .reservation = id,
                          .server_name = row->server_name,
                          .scope_id = row->scope.scope_id(),
                          .reservation_address = row->reservation.address(),
                          .object_type = ReservationType(family_)},
                         steps);
  return absl::OkStatus();
}

bool SetDhcpReservations::TakesProperties() const {
  return Takes("Name", change().has_name()) || Takes("Description", change().has_description()) ||
         Takes("Status", change().status() != v1::DHCP_RESERVATION_STATUS_INACTIVE) ||
         Takes("ServingClientsType",
               change().v4().serving_clients_type() != v1::DHCP_SERVING_CLIENTS_TYPE_NONE);
}

void SetDhcpReservations::SetProperties(v1::DhcpReservation& row) const {
  if (Takes("Name", change().has_name())) row.set_name(change().name());
  if (Takes("Description", change().has_description())) row.set_description(change().description());
  // Inactive is the absent value as well: only ModifiedProperties can say it.
  if (Takes("Status", change().status() != v1::DHCP_RESERVATION_STATUS_INACTIVE)) {
    row.set_status(change().status());
  }
  const auto serving = change().v4().serving_clients_type();
  if (row.has_v4() && Takes("ServingClientsType", serving != v1::DHCP_SERVING_CLIENTS_TYPE_NONE)) {
    row.mutable_v4()->set_serving_clients_type(serving);
  }
}

void SetDhcpReservations::SetDns(v1::DhcpReservation& row) const {
  SetDnsSettings(Overwrite(DnsSettingsOf(row), DnsSettingsOf(change())), row);
}

absl::StatusOr<std::int64_t> SetDhcpReservations::Set(std::int64_t id,
                                                      void (SetDhcpReservations::*set)(v1::DhcpReservation&)
                                                          const,
                                                      Store& store) const {
  IPAM_ASSIGN_OR_RETURN(auto row, RequireReservation(store, family_, id));
  IPAM_ASSIGN_OR_RETURN(const auto address, store.dhcp.AddressOfReservation(id));
  const std::int64_t scope = row.parent_scope().record_id();
  (this->*set)(row);
  const auto put = store.dhcp.PutReservation(scope, address, row);
  IPAM_RETURN_IF_ERROR(
      AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_RESERVATION_FAILED_TO_UPDATE_IN_DATABASE, put.status()));
  return put;
}

}  // namespace

std::unique_ptr<Delegate> MakeDeleteDhcpReservation(const v1::DeleteDhcpReservationParameters& parameters) {
  Ids ids;
  ids.Add(parameters.reservation_record_id());
  return std::make_unique<DeleteDhcpReservations>(std::move(ids), parameters.family(), parameters.flag());
}

std::unique_ptr<Delegate> MakeDeleteDhcpReservationCollection(
    const v1::DeleteDhcpReservationCollectionParameters& parameters) {
  return std::make_unique<DeleteDhcpReservations>(parameters.reservation_record_ids(), parameters.family(),
                                                  parameters.flag());
}

std::unique_ptr<Delegate> MakeSetDhcpReservationCollection(
    const v1::SetDhcpReservationCollectionParameters& parameters) {
  return std::make_unique<SetDhcpReservations>(parameters);
}

}  // namespace ipam::engine
