// CreateDhcpReservationDelegate and SetDhcpReservationDelegate, [MS-IPAMM2] 3.19.4.4.1.18 and .21: the
// reservation, its DNS settings, each of its options, as ReservationOperations (2.2.5.84) tells them apart.
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/dns_settings.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/option_step.h"
#include "dcom_bridge/ipam/validate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

class SaveDhcpReservation final : public StepDelegate {
 public:
  enum class Mode { kCreate, kSet };

  // `scope_id`: the record id of the scope.
  SaveDhcpReservation(const v1::DhcpReservation& reservation, bool has_reservation, std::int64_t scope_id,
                      Mode mode)
      : reservation_(reservation),
        has_reservation_(has_reservation),
        scope_record_id_(scope_id),
        mode_(mode),
        family_(reservation.has_v6() ? 6 : 4) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  absl::StatusOr<std::int64_t> FindReservation(Store& store) const;
  Entity DescribeReservation() const;
  absl::StatusOr<std::int64_t> PutReservation(Store& store) const;
  // Of a reservation that was in the other scope.
  absl::Status TakeOptionsAlong(std::int64_t old_scope, Store& store) const;
  absl::StatusOr<std::int64_t> PutDnsSettings(std::int64_t id, Store& store) const;
  absl::StatusOr<std::int64_t> Put(const v1::DhcpReservation& row, Store& store) const;

  const v1::DhcpReservation& reservation_;
  const bool has_reservation_;
  const std::int64_t scope_record_id_;
  const Mode mode_;
  const int family_;
  std::string scope_id_;
  std::string server_name_;
  std::int64_t record_id_ = 0;  // of the row to change
};

absl::Status SaveDhcpReservation::ListSteps(Store& store, StepList& steps) {
  if (!has_reservation_) {
    return InvalidParameter("Reservation is mandatory.");
  }
  IPAM_RETURN_IF_ERROR(ValidateDhcpReservation(reservation_));
  IPAM_ASSIGN_OR_RETURN(const auto scope, RequireScope(store, family_, scope_record_id_));
  scope_id_ = scope.scope_id();
  const std::int64_t server_id = scope.parent_dhcp_server_record_id();
  IPAM_ASSIGN_OR_RETURN(server_name_, store.servers.NameOfDhcpServer(server_id));
  if (mode_ == Mode::kSet) {
    IPAM_ASSIGN_OR_RETURN(record_id_, FindReservation(store));
  }

  const std::size_t first = steps.Add(DescribeReservation(), [this](Store& s) { return PutReservation(s); });
  const RowRef id(steps, first);
  steps.ReturnRowOf(first, [](Store& s, std::int64_t row) { return s.dhcp.GetReservation(row); });
  if (DnsSettingsOf(reservation_) != DnsSettings{} || NamesDnsSetting(reservation_.modified_properties())) {
    Entity entity = DescribeReservation();
    entity.kind = SubtaskKind::kSetDhcpDnsSetting;
    entity.name = absl::StrFormat("DNS settings of %s", reservation_.address());
    entity.needs = first;
    entity.operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE;
    steps.Add(std::move(entity), [this, id](Store& s) { return PutDnsSettings(id.id(), s); });
  }
  AddOptionSteps(reservation_.options(),
                 {.server = server_id,
                  .scope = scope_record_id_,
                  .reservation = id,
                  .server_name = server_name_,
                  .scope_id = scope_id_,
                  .reservation_address = reservation_.address(),
                  .object_type = ReservationType(family_),
                  .needs = first},
                 steps);
  return absl::OkStatus();
}

// 3.19.4.4.1.21 updates an existing reservation (discrepancies B.5): one without a record id is that of its
// address.
absl::StatusOr<std::int64_t> SaveDhcpReservation::FindReservation(Store& store) const {
  std::int64_t id = reservation_.record_id();
  if (id == 0) {
    IPAM_ASSIGN_OR_RETURN(const auto found,
                          store.dhcp.FindReservation(scope_record_id_, *ParseIp(reservation_.address())));
    if (!found) {
      return Fault(
          v1::IPAM_EXCEPTION_ID_IPAM_API_RESERVATION_FAILED_TO_GET_FROM_DATABASE,
          absl::StrFormat("The scope %s has no reservation of %s.", scope_id_, reservation_.address()));
    }
    id = *found;
  }
  IPAM_RETURN_IF_ERROR(RequireReservation(store, family_, id).status());
  return id;
}

Entity SaveDhcpReservation::DescribeReservation() const {
  auto details = std::make_shared<v1::ReservationDataFormatter>();
  details->set_reservation_address(reservation_.address());
  details->set_scope_id(scope_id_);
  details->set_server_name(server_name_);
  const bool create = mode_ == Mode::kCreate;
  return {.kind = create ? SubtaskKind::kAddDhcpReservation : SubtaskKind::kSetDhcpReservation,
          .name = absl::StrFormat("Reservation %s %s", reservation_.address(), reservation_.name()),
          .details = std::move(details),
          .object_type = ReservationType(family_),
          .operation_type = create ? v1::ENTITY_OPERATION_TYPE_ADD : v1::ENTITY_OPERATION_TYPE_UPDATE};
}

absl::StatusOr<std::int64_t> SaveDhcpReservation::PutReservation(Store& store) const {
  v1::DhcpReservation row = reservation_;
  row.set_record_id(record_id_);
  if (mode_ == Mode::kCreate) {
    SetDnsSettings({}, row);
    return Put(row, store);
  }
  IPAM_ASSIGN_OR_RETURN(const auto old, RequireReservation(store, family_, record_id_));
  SetDnsSettings(DnsSettingsOf(old), row);
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id, Put(row, store));
  if (old.parent_scope().record_id() != scope_record_id_) {
    IPAM_RETURN_IF_ERROR(TakeOptionsAlong(old.parent_scope().record_id(), store));
  }
  return id;
}

absl::Status SaveDhcpReservation::TakeOptionsAlong(std::int64_t old_scope, Store& store) const {
  const auto options_in = [&](std::int64_t scope_id) -> absl::StatusOr<OptionOwner> {
    IPAM_ASSIGN_OR_RETURN(const auto scope, RequireScope(store, family_, scope_id));
    return OptionOwner{.server_id = scope.parent_dhcp_server_record_id(),
                       .scope_id = scope_id,
                       .reservation_id = record_id_};
  };
  IPAM_ASSIGN_OR_RETURN(const OptionOwner from, options_in(old_scope));
  IPAM_ASSIGN_OR_RETURN(const OptionOwner to, options_in(scope_record_id_));
  IPAM_RETURN_IF_ERROR(CopyOptions(from, to, store));
  return store.options.DeleteAll(from);
}

absl::StatusOr<std::int64_t> SaveDhcpReservation::PutDnsSettings(std::int64_t id, Store& store) const {
  IPAM_ASSIGN_OR_RETURN(auto row, RequireReservation(store, family_, id));
  SetDnsSettings(DnsSettingsOf(reservation_), row);
  return Put(row, store);
}

absl::StatusOr<std::int64_t> SaveDhcpReservation::Put(const v1::DhcpReservation& row, Store& store) const {
  // Reservation.Address has no record id (discrepancies D.8, E.6): the row of the address in the scope's
  // range.
  IPAM_ASSIGN_OR_RETURN(const auto address,
                        FindAddressInScope(store, scope_record_id_, *ParseIp(row.address())));
  const auto failed = mode_ == Mode::kCreate
                          ? v1::IPAM_EXCEPTION_ID_IPAM_API_RESERVATION_FAILED_TO_CREATE_IN_DATABASE
                          : v1::IPAM_EXCEPTION_ID_IPAM_API_RESERVATION_FAILED_TO_UPDATE_IN_DATABASE;
  const absl::StatusOr<std::int64_t> id = store.dhcp.PutReservation(scope_record_id_, address, row);
  if (absl::IsAlreadyExists(id.status())) {
    return Fault(failed, absl::StrFormat("The scope %s has a reservation of %s.", scope_id_, row.address()));
  }
  IPAM_RETURN_IF_ERROR(AsFault(failed, id.status()));
  return id;
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateDhcpReservation(const v1::CreateDhcpReservationParameters& parameters) {
  return std::make_unique<SaveDhcpReservation>(parameters.reservation(), parameters.has_reservation(),
                                               parameters.scope_record_id(),
                                               SaveDhcpReservation::Mode::kCreate);
}

// Param_scopeId is that of Reservation.ParentScope; scopeRecordId is only to be there.
std::unique_ptr<Delegate> MakeSetDhcpReservation(const v1::SetDhcpReservationParameters& parameters) {
  return std::make_unique<SaveDhcpReservation>(
      parameters.reservation(), parameters.has_reservation() && parameters.scope_record_id() != 0,
      parameters.reservation().parent_scope().record_id(), SaveDhcpReservation::Mode::kSet);
}

}  // namespace ipam::engine
