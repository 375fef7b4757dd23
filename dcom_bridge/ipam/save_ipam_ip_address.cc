// SaveIpamIPAddressDelegate and UpdateIpamIPAddressDelegate, [MS-IPAMM2] 3.19.4.4.1.36 and .37: the address, on
// request its reservation and its DNS records, and its custom fields.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/dns_settings.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/modified_properties.h"
#include "dcom_bridge/ipam/step_delegate.h"
#include "dcom_bridge/ipam/validate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

bool IsOwnerField(const v1::CustomFieldValue& value) {
  return value.parent_custom_field_number() == v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY ||
         value.parent_custom_field_number() == v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY_ENTITY;
}

// What the row has by itself, whatever a request says of it.
void KeepColumns(const v1::IpamIPAddress& old, v1::IpamIPAddress& row) {
  row.set_record_id(old.record_id());
  row.set_parent_ip_range_record_id(old.parent_ip_range_record_id());
  row.set_is_duplicate(old.is_duplicate());
  row.set_in_warning_period(old.in_warning_period());
  row.set_is_expired(old.is_expired());
  *row.mutable_custom_field_values() = old.custom_field_values();
}

class SaveIpamIPAddress final : public StepDelegate {
 public:
  // CreateIpamIPAddress
  SaveIpamIPAddress(const v1::CreateIpamIPAddressParameters& parameters, base::Clock& clock)
      : address_(parameters.address()),
        is_complete_(parameters.has_address()),
        with_reservation_(parameters.create_dhcp_reservation()),
        with_records_(parameters.create_dns_record()),
        clock_(clock) {}
  // UpdateIpamIPAddress
  SaveIpamIPAddress(const v1::UpdateIpamIPAddressParameters& parameters, base::Clock& clock)
      : address_(parameters.address()),
        old_(&parameters.old_address()),
        is_complete_(parameters.has_address() && parameters.has_old_address()),
        with_reservation_(parameters.create_dhcp_reservation()),
        with_records_(parameters.create_dns_record()),
        clock_(clock) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  Entity Describe(SubtaskKind kind, const char* what) const;
  absl::StatusOr<v1::IpamIPAddress> RequireAddress(Store& store) const;
  absl::StatusOr<std::int64_t> AddAddress(Store& store) const;
  absl::StatusOr<std::int64_t> UpdateAddress(Store& store) const;
  absl::Status Place(v1::IpamIPAddress& row, Store& store) const;
  absl::Status ResetDuplicateOf(const v1::IpamIPAddress& old, Store& store) const;
  void SetOwner(v1::IpamIPAddress& row) const;
  absl::Status SetExpiry(v1::IpamIPAddress& row, Store& store) const;
  absl::StatusOr<std::int64_t> PutReservation(std::int64_t id, Store& store) const;
  absl::StatusOr<std::int64_t> PutLookup(Lookup lookup, std::int64_t id, Store& store) const;
  absl::StatusOr<std::int64_t> SetCustomFields(std::int64_t id, Store& store) const;

  const v1::IpamIPAddress& address_;
  const v1::IpamIPAddress* const old_ = nullptr;  // null: a new address
  const bool is_complete_;
  const bool with_reservation_;
  const bool with_records_;
  base::Clock& clock_;
  int family_ = 4;
  // ManagedByValue and ManagedByEntityValue are computed from the custom fields (discrepancies D.12).
  Management owner_;
  PropertyNames changed_;
};

absl::Status SaveIpamIPAddress::ListSteps(Store& store, StepList& steps) {
  if (!is_complete_) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 old_ == nullptr ? "Address is mandatory." : "Address and OldAddress are mandatory.");
  }
  IPAM_RETURN_IF_ERROR(ValidateIpamIPAddress(address_, store));
  family_ = Family(*ParseIp(address_.address()));
  owner_ = ManagementOf(address_.custom_field_values());
  if (old_ != nullptr) {
    if (address_.modified_properties().empty()) return absl::OkStatus();  // discrepancies A.17
    IPAM_RETURN_IF_ERROR(RequireAddress(store).status());
    changed_ = DifferingProperties(*old_, address_, address_.modified_properties());
  }

  Entity entity =
      Describe(old_ == nullptr ? SubtaskKind::kAddIpamAddress : SubtaskKind::kSetIpamAddress, "Address");
  if (old_ == nullptr) entity.operation_type = v1::ENTITY_OPERATION_TYPE_ADD;
  const std::size_t first = steps.Add(
      std::move(entity), [this](Store& s) { return old_ == nullptr ? AddAddress(s) : UpdateAddress(s); });
  const RowRef id(steps, first);
  steps.ReturnRowOf(first, [](Store& s, std::int64_t row) { return s.addresses.GetAddress(row); });
  const auto add = [&](SubtaskKind kind, const char* what, StepList::Action apply) {
    Entity one = Describe(kind, what);
    one.needs = first;
    steps.Add(std::move(one), std::move(apply));
  };
  if (with_reservation_ && address_.dhcp_scope_id() != 0) {
    const bool is_new = address_.reservation_record_id() == 0;
    Entity reservation = Describe(
        is_new ? SubtaskKind::kAddDhcpReservation : SubtaskKind::kSetDhcpReservation, "Reservation of");
    reservation.needs = first;
    reservation.object_type = ReservationType(family_);
    if (is_new) reservation.operation_type = v1::ENTITY_OPERATION_TYPE_ADD;
    steps.Add(std::move(reservation), [this, id](Store& s) { return PutReservation(id.id(), s); });
  }
  // Without a zone there is nothing to register the address in.
  if (with_records_ && address_.dns_zone_id() != 0) {
    add(SubtaskKind::kAddDnsForwardMapping, "Forward lookup of",
        [this, id](Store& s) { return PutLookup(Lookup::kForward, id.id(), s); });
  }
  if (with_records_ && address_.dns_reverse_lookup_zone_id() != 0) {
    add(SubtaskKind::kAddDnsReverseMapping, "Reverse lookup of",
        [this, id](Store& s) { return PutLookup(Lookup::kReverse, id.id(), s); });
  }
  add(SubtaskKind::kSetCustomFields, "Custom fields of",
      [this, id](Store& s) { return SetCustomFields(id.id(), s); });
  return absl::OkStatus();
}

Entity SaveIpamIPAddress::Describe(SubtaskKind kind, const char* what) const {
  auto details = std::make_shared<v1::IpamIPAddressDataFormatter>();
  details->set_address(address_.address());
  return {.kind = kind,
          .name = absl::StrFormat("%s %s", what, address_.address()),
          .details = std::move(details),
          .object_type = AddressType(family_),
          .operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE};
}

absl::StatusOr<v1::IpamIPAddress> SaveIpamIPAddress::RequireAddress(Store& store) const {
  IPAM_ASSIGN_OR_RETURN(auto row, store.addresses.GetAddress(old_->record_id()));
  if (!row || Family(*ParseIp(row->address())) != family_) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_OBJECT_NOT_FOUND_IN_DATABASE,
                 absl::StrFormat("There is no IPv%d address %d.", family_, old_->record_id()));
  }
  if (address_.record_id() != 0 && address_.record_id() != old_->record_id()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 absl::StrFormat("Address is the row %d, OldAddress the row %d.", address_.record_id(),
                                 old_->record_id()));
  }
  return *std::move(row);
}

absl::StatusOr<std::int64_t> SaveIpamIPAddress::AddAddress(Store& store) const {
  v1::IpamIPAddress row = address_;
  row.clear_record_id();
  row.clear_modified_properties();
  row.clear_set_properties();
  if (row.address_space_record_id() == 0) row.set_address_space_record_id(kDefaultAddressSpace);
  row.clear_custom_field_values();
  SetOwner(row);
  IPAM_RETURN_IF_ERROR(Place(row, store));
  IPAM_RETURN_IF_ERROR(SetExpiry(row, store));
  const absl::StatusOr<std::int64_t> id = store.addresses.PutAddress(row);
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_ADD_ADDRESS, id.status()));
  return id;
}

absl::StatusOr<std::int64_t> SaveIpamIPAddress::UpdateAddress(Store& store) const {
  IPAM_ASSIGN_OR_RETURN(const v1::IpamIPAddress old, RequireAddress(store));
  v1::IpamIPAddress row = old;
  CopyProperties(address_, changed_, row);
  KeepColumns(old, row);
  if (row.address_space_record_id() == 0) row.set_address_space_record_id(kDefaultAddressSpace);
  SetOwner(row);
  // All of the custom fields are set, so the owner counts whether ModifiedProperties names it or not.
  if (ParseIp(row.address()) != ParseIp(old.address()) ||
      row.address_space_record_id() != old.address_space_record_id() ||
      owner_ != ManagementOf(old.custom_field_values())) {
    IPAM_RETURN_IF_ERROR(ResetDuplicateOf(old, store));
    IPAM_RETURN_IF_ERROR(Place(row, store));
  }
  if (Names(changed_, "ExpiryDate")) IPAM_RETURN_IF_ERROR(SetExpiry(row, store));
  const absl::StatusOr<std::int64_t> id = store.addresses.PutAddress(row);
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_UPDATE_ADDRESS, id.status()));
  return id;
}

// Refuses an address that its owner has already, says which addresses are duplicates, and finds its range.
absl::Status SaveIpamIPAddress::Place(v1::IpamIPAddress& row, Store& store) const {
  const IpOctets octets = *ParseIp(row.address());
  const std::int64_t space = row.address_space_record_id();
  IPAM_ASSIGN_OR_RETURN(auto others, store.addresses.FindAddresses(octets, space));
  std::erase(others, row.record_id());
  for (const std::int64_t other : others) {
    IPAM_ASSIGN_OR_RETURN(const Management theirs,
                          store.custom_fields.GetManagement(AddressType(family_), other));
    if (theirs == owner_) {
      return Fault(
          v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS_CONFLICT,
          absl::StrFormat("The address %s of %s, %s exists.", row.address(), owner_.by, owner_.entity));
    }
  }
  row.clear_parent_ip_range_record_id();
  // Belongs to a range between its start and its end (discrepancies F.1).
  IPAM_ASSIGN_OR_RETURN(const auto range, store.addresses.FindRangeOf(octets, space, owner_));
  if (range) row.set_parent_ip_range_record_id(*range);
  row.set_is_duplicate(!others.empty());
  for (const std::int64_t other : others) IPAM_RETURN_IF_ERROR(store.addresses.SetDuplicate(other, true));
  return absl::OkStatus();
}

// The one that is left of two is no duplicate.
absl::Status SaveIpamIPAddress::ResetDuplicateOf(const v1::IpamIPAddress& old, Store& store) const {
  IPAM_ASSIGN_OR_RETURN(
      auto others, store.addresses.FindAddresses(*ParseIp(old.address()), old.address_space_record_id()));
  std::erase(others, old.record_id());
  return others.size() == 1 ? store.addresses.SetDuplicate(others.front(), false) : absl::OkStatus();
}

// Who owns the address is stored with it, for the next duplicate is found by it; a later step sets all of the
// values.
void SaveIpamIPAddress::SetOwner(v1::IpamIPAddress& row) const {
  auto& values = *row.mutable_custom_field_values();
  values.erase(std::remove_if(values.begin(), values.end(), IsOwnerField), values.end());
  for (const v1::CustomFieldValue& value : address_.custom_field_values()) {
    if (IsOwnerField(value)) *values.Add() = value;
  }
}

absl::Status SaveIpamIPAddress::SetExpiry(v1::IpamIPAddress& row, Store& store) const {
  row.clear_in_warning_period();
  row.clear_is_expired();
  if (!row.has_expiry_date()) return absl::OkStatus();
  const absl::Time now = clock_.Now();
  const absl::Time expiry =
      absl::FromUnixSeconds(row.expiry_date().seconds()) + absl::Nanoseconds(row.expiry_date().nanos());
  IPAM_ASSIGN_OR_RETURN(const std::string threshold, store.properties.Get("ExpiryAlertThreshold"));
  int days = 0;
  if (absl::SimpleAtoi(threshold, &days) && days != 0) {
    row.set_in_warning_period(now < expiry && now + absl::Hours(24 * days) > expiry);
  }
  row.set_is_expired(now > expiry);
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> SaveIpamIPAddress::PutReservation(std::int64_t id, Store& store) const {
  v1::DhcpReservation reservation;
  if (address_.reservation_record_id() != 0) {
    IPAM_ASSIGN_OR_RETURN(reservation, RequireReservation(store, family_, address_.reservation_record_id()));
  }
  // The details to copy are not members of the address (discrepancies D.12): what is there of them.
  reservation.set_address(address_.address());
  if (!address_.reservation_name().empty()) {
    reservation.set_name(address_.reservation_name());
  } else if (reservation.name().empty()) {
    reservation.set_name(address_.device_name());
  }
  if (address_.has_reservation_description()) reservation.set_description(address_.reservation_description());
  reservation.set_status(v1::DHCP_RESERVATION_STATUS_ACTIVE);
  if (family_ == 4) {
    v1::DhcpReservationV4& v4 = *reservation.mutable_v4();
    v4.set_mac_address(address_.v4().client_id().empty() ? address_.mac_address()
                                                         : address_.v4().client_id());
    v4.set_serving_clients_type(address_.v4().reservation_type());
  } else {
    v1::DhcpReservationV6& v6 = *reservation.mutable_v6();
    v6.set_duid(address_.v6().duid());
    v6.set_iaid(address_.v6().iaid());
  }
  const absl::StatusOr<std::int64_t> put =
      store.dhcp.PutReservation(address_.dhcp_scope_id(), id, reservation);
  IPAM_RETURN_IF_ERROR(AsFault(reservation.record_id() == 0
                                   ? v1::IPAM_EXCEPTION_ID_IPAM_API_RESERVATION_FAILED_TO_CREATE_IN_DATABASE
                                   : v1::IPAM_EXCEPTION_ID_IPAM_API_RESERVATION_FAILED_TO_UPDATE_IN_DATABASE,
                               put.status()));
  return put;
}

absl::StatusOr<std::int64_t> SaveIpamIPAddress::PutLookup(Lookup lookup, std::int64_t id,
                                                          Store& store) const {
  const bool forward = lookup == Lookup::kForward;
  const std::int64_t zone = forward ? address_.dns_zone_id() : address_.dns_reverse_lookup_zone_id();
  const std::int64_t server_zone = forward ? address_.dns_forward_lookup_zone_dns_server_id()
                                           : address_.dns_reverse_lookup_zone_dns_server_id();
  // Only the tables have DnsForwardLookupZoneRecordId and its like (discrepancies D.12).
  IPAM_ASSIGN_OR_RETURN(const auto registration, store.addresses.FindRegistration(lookup, id));
  const absl::StatusOr<std::int64_t> put = store.addresses.PutLookup(
      lookup, registration.value_or(0), family_, id, zone,
      server_zone == 0 ? std::nullopt : std::optional(server_zone), v1::DNS_SYNC_STATUS_NOT_ATTEMPTED);
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_REGISTER_IP_ADDRESS, put.status()));
  return id;
}

absl::StatusOr<std::int64_t> SaveIpamIPAddress::SetCustomFields(std::int64_t id, Store& store) const {
  // ValidateCustomFieldValues, not ValidateCustomField (discrepancies F.6).
  IPAM_RETURN_IF_ERROR(store.custom_fields.Validate(address_.custom_field_values()));
  IPAM_RETURN_IF_ERROR(store.custom_fields.Set(AddressType(family_), id, address_.custom_field_values()));
  return id;
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateIpamIPAddress(const v1::CreateIpamIPAddressParameters& parameters,
                                                  base::Clock& clock) {
  return std::make_unique<SaveIpamIPAddress>(parameters, clock);
}

std::unique_ptr<Delegate> MakeUpdateIpamIPAddress(const v1::UpdateIpamIPAddressParameters& parameters,
                                                  base::Clock& clock) {
  return std::make_unique<SaveIpamIPAddress>(parameters, clock);
}

}  // namespace ipam::engine
