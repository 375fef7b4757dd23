// CreateDhcpReservationDelegate, [MS-IPAMM2] 3.19.4.4.1.18: the reservation, its DNS settings, each of its
// options, as ReservationOperations (2.2.5.84) tells them apart.
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/option_step.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/ipam/validate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

bool HasDnsSettings(const v1::DhcpReservation& reservation) {
  return reservation.discard_dns_record_on_lease_deletion_status() !=
             v1::DHCP_DISCARD_DNS_RECORD_ON_LEASE_DELETION_STATUS_NONE ||
         reservation.dns_name_protection_status() != v1::DHCP_DNS_NAME_PROTECTION_STATUS_NONE ||
         reservation.dns_update_type() != v1::DHCP_DNS_UPDATE_TYPE_NONE ||
         reservation.v4().dns_disable_dynamic_ptr_updates() != v1::DNS_DISABLE_DYNAMIC_PTR_UPDATE_TYPE_NONE ||
         reservation.v4().dns_not_requesting_clients_update_type() !=
             v1::DHCP_DNS_NOT_REQUESTING_CLIENTS_UPDATE_TYPE_NONE;
}

void ClearDnsSettings(v1::DhcpReservation& reservation) {
  reservation.clear_discard_dns_record_on_lease_deletion_status();
  reservation.clear_dns_name_protection_status();
  reservation.clear_dns_update_type();
  if (reservation.has_v4()) {
    reservation.mutable_v4()->clear_dns_disable_dynamic_ptr_updates();
    reservation.mutable_v4()->clear_dns_not_requesting_clients_update_type();
  }
}

class CreateDhcpReservation final : public Delegate {
 public:
  explicit CreateDhcpReservation(const v1::CreateDhcpReservationParameters& parameters)
      : parameters_(parameters) {}

  absl::Status Prepare(Store& store) override;
  std::size_t size() const override { return steps_.size(); }
  Entity Describe(std::size_t index) const override;
  absl::StatusOr<std::int64_t> Apply(std::size_t index, Store& store) override;

 private:
  enum class Kind { kReservation, kDns, kOption };
  struct Step {
    Kind kind;
    int place = 0;  // in the operation tracker
  };

  const v1::DhcpReservation& reservation() const { return parameters_.reservation(); }
  absl::StatusOr<std::int64_t> Put(v1::DhcpReservation row, Store& store) const;

  const v1::CreateDhcpReservationParameters& parameters_;
  std::int64_t server_id_ = 0;
  std::string scope_id_;
  std::string server_name_;
  std::optional<std::int64_t> address_id_;
  std::vector<Step> steps_;
  std::int64_t record_id_ = 0;  // of the row that the first step made
};

absl::Status CreateDhcpReservation::Prepare(Store& store) {
  if (!parameters_.has_reservation()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, "Reservation is mandatory.");
  }
  IPAM_RETURN_IF_ERROR(ValidateDhcpReservation(reservation()));
  IPAM_ASSIGN_OR_RETURN(const auto scope, store.dhcp.GetScope(parameters_.scope_record_id()));
  if (!scope || scope->has_v6() != reservation().has_v6()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SCOPE_NOT_FOUND_IN_DB,
                 absl::StrFormat("There is no DHCPv%d scope %d.", reservation().has_v6() ? 6 : 4,
                                 parameters_.scope_record_id()));
  }
  server_id_ = scope->parent_dhcp_server_record_id();
  scope_id_ = scope->scope_id();
  IPAM_ASSIGN_OR_RETURN(server_name_, store.servers.NameOfDhcpServer(server_id_));
  // Reservation.Address has no record id (discrepancies D.8, E.6): the row of the address in the scope's
  // range.
  IPAM_ASSIGN_OR_RETURN(const auto range, store.addresses.FindRangeOfScope(parameters_.scope_record_id()));
  if (range) {
    IPAM_ASSIGN_OR_RETURN(address_id_,
                          store.addresses.FindAddressInRange(*range, *ParseIp(reservation().address())));
  }

  steps_ = {{Kind::kReservation}};
  if (HasDnsSettings(reservation())) steps_.push_back({Kind::kDns});
  const auto& options = reservation().options().operation_tracker();
  for (int i = 0; i < options.size(); ++i) {
    if (IsOptionStep(options[i])) steps_.push_back({Kind::kOption, i});
  }
  return absl::OkStatus();
}

Entity CreateDhcpReservation::Describe(std::size_t index) const {
  Entity entity;
  entity.object_type = reservation().has_v6() ? v1::IPAM_OBJECT_TYPE_DHCP_RESERVATIONV6
                                              : v1::IPAM_OBJECT_TYPE_DHCP_RESERVATIONV4;
  if (index != 0) entity.needs = 0;
  const Step& step = steps_[index];
  if (step.kind == Kind::kOption) {
    DescribeReservationOption(reservation().options().operation_tracker(step.place), scope_id_,
                              reservation().address(), server_name_, entity);
    return entity;
  }
  auto details = std::make_shared<v1::ReservationDataFormatter>();
  details->set_reservation_address(reservation().address());
  details->set_scope_id(scope_id_);
  details->set_server_name(server_name_);
  entity.details = std::move(details);
  if (step.kind == Kind::kReservation) {
    entity.kind = SubtaskKind::kAddDhcpReservation;
    entity.name = absl::StrFormat("Reservation %s %s", reservation().address(), reservation().name());
  } else {
    entity.kind = SubtaskKind::kSetDhcpDnsSetting;
    entity.name = absl::StrFormat("DNS settings of %s", reservation().address());
    entity.operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE;
  }
  return entity;
}

absl::StatusOr<std::int64_t> CreateDhcpReservation::Apply(std::size_t index, Store& store) {
  const Step& step = steps_[index];
  switch (step.kind) {
    case Kind::kReservation: {
      v1::DhcpReservation row = reservation();
      row.clear_record_id();
      ClearDnsSettings(row);
      IPAM_ASSIGN_OR_RETURN(record_id_, Put(std::move(row), store));
      return record_id_;
    }
    case Kind::kDns: {
      v1::DhcpReservation row = reservation();
      row.set_record_id(record_id_);
      return Put(std::move(row), store);
    }
    case Kind::kOption:
      return ApplyOption(
          reservation().options().operation_tracker(step.place),
          {.server_id = server_id_, .scope_id = parameters_.scope_record_id(), .reservation_id = record_id_},
          store);
  }
  return absl::InternalError("step");
}

absl::StatusOr<std::int64_t> CreateDhcpReservation::Put(v1::DhcpReservation row, Store& store) const {
  row.clear_modified_properties();
  row.clear_set_properties();
  const absl::StatusOr<std::int64_t> id =
      store.dhcp.PutReservation(parameters_.scope_record_id(), address_id_, row);
  if (absl::IsAlreadyExists(id.status())) {
    return Fault(
        v1::IPAM_EXCEPTION_ID_IPAM_API_RESERVATION_FAILED_TO_CREATE_IN_DATABASE,
        absl::StrFormat("The scope %s has a reservation of %s.", scope_id_, reservation().address()));
  }
  IPAM_RETURN_IF_ERROR(
      AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_RESERVATION_FAILED_TO_CREATE_IN_DATABASE, id.status()));
  return id;
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateDhcpReservation(const v1::CreateDhcpReservationParameters& parameters) {
  return std::make_unique<CreateDhcpReservation>(parameters);
}

}  // namespace ipam::engine
