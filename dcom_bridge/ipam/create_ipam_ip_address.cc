// SaveIpamIPAddressDelegate, [MS-IPAMM2] 3.19.4.4.1.36: the address, on request its reservation and its DNS
// records, and its custom fields.
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/ipam/validate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

class CreateIpamIPAddress final : public Delegate {
 public:
  CreateIpamIPAddress(const v1::CreateIpamIPAddressParameters& parameters, base::Clock& clock)
      : parameters_(parameters), clock_(clock) {}

  absl::Status Prepare(Store& store) override;
  std::size_t size() const override { return steps_.size(); }
  Entity Describe(std::size_t index) const override;
  absl::StatusOr<std::int64_t> Apply(std::size_t index, Store& store) override;
  absl::StatusOr<ReturnObject> Return(Store& store) override;

 private:
  enum class Step { kAddress, kReservation, kForward, kReverse, kCustomFields };

  const v1::IpamIPAddress& address() const { return parameters_.address(); }
  int family() const { return Family(octets_); }
  absl::StatusOr<std::int64_t> AddAddress(Store& store) const;
  absl::Status SetExpiry(v1::IpamIPAddress& row, Store& store) const;
  absl::StatusOr<std::int64_t> AddReservation(Store& store) const;
  absl::StatusOr<std::int64_t> AddLookup(Lookup lookup, Store& store) const;
  absl::StatusOr<std::int64_t> SetCustomFields(Store& store) const;

  const v1::CreateIpamIPAddressParameters& parameters_;
  base::Clock& clock_;
  IpOctets octets_;
  std::int64_t space_ = kDefaultAddressSpace;
  std::vector<Step> steps_;
  std::int64_t record_id_ = 0;  // of the row that the first step made
};

absl::Status CreateIpamIPAddress::Prepare(Store& store) {
  if (!parameters_.has_address()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, "Address is mandatory.");
  }
  IPAM_RETURN_IF_ERROR(ValidateIpamIPAddress(address(), store));
  octets_ = *ParseIp(address().address());
  if (address().address_space_record_id() != 0) space_ = address().address_space_record_id();

  steps_ = {Step::kAddress};
  if (parameters_.create_dhcp_reservation() && address().dhcp_scope_id() != 0)
    steps_.push_back(Step::kReservation);
  if (parameters_.create_dns_record()) {
    // Without a zone there is nothing to register the address in.
    if (address().dns_zone_id() != 0) steps_.push_back(Step::kForward);
    if (address().dns_reverse_lookup_zone_id() != 0) steps_.push_back(Step::kReverse);
  }
  steps_.push_back(Step::kCustomFields);
  return absl::OkStatus();
}

Entity CreateIpamIPAddress::Describe(std::size_t index) const {
  auto details = std::make_shared<v1::IpamIPAddressDataFormatter>();
  details->set_address(address().address());
  Entity entity;
  entity.details = std::move(details);
  entity.object_type = AddressType(family());
  if (index != 0) {
    entity.needs = 0;
    entity.operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE;
  }
  switch (steps_[index]) {
    case Step::kAddress:
      entity.kind = SubtaskKind::kAddIpamAddress;
      entity.name = absl::StrFormat("Address %s", address().address());
      break;
    case Step::kReservation:
      entity.kind = SubtaskKind::kAddDhcpReservation;
      entity.name = absl::StrFormat("Reservation of %s", address().address());
      entity.object_type =
          family() == 4 ? v1::IPAM_OBJECT_TYPE_DHCP_RESERVATIONV4 : v1::IPAM_OBJECT_TYPE_DHCP_RESERVATIONV6;
      entity.operation_type = v1::ENTITY_OPERATION_TYPE_ADD;
      break;
    case Step::kForward:
      entity.kind = SubtaskKind::kAddDnsForwardMapping;
      entity.name = absl::StrFormat("Forward lookup of %s", address().address());
      break;
    case Step::kReverse:
      entity.kind = SubtaskKind::kAddDnsReverseMapping;
      entity.name = absl::StrFormat("Reverse lookup of %s", address().address());
      break;
    case Step::kCustomFields:
      entity.kind = SubtaskKind::kSetCustomFields;
      entity.name = absl::StrFormat("Custom fields of %s", address().address());
      break;
  }
  return entity;
}

absl::StatusOr<std::int64_t> CreateIpamIPAddress::Apply(std::size_t index, Store& store) {
  switch (steps_[index]) {
    case Step::kAddress: {
      record_id_ = 0;  // of a transaction that was undone
      IPAM_ASSIGN_OR_RETURN(record_id_, AddAddress(store));
      return record_id_;
    }
    case Step::kReservation:
      return AddReservation(store);
    case Step::kForward:
      return AddLookup(Lookup::kForward, store);
    case Step::kReverse:
      return AddLookup(Lookup::kReverse, store);
    case Step::kCustomFields:
      return SetCustomFields(store);
  }
  return absl::InternalError("step");
}

absl::StatusOr<ReturnObject> CreateIpamIPAddress::Return(Store&) {
  if (record_id_ == 0) return nullptr;
  auto made = std::make_shared<v1::IpamIPAddress>(address());
  made->set_record_id(record_id_);
  return made;
}

absl::StatusOr<std::int64_t> CreateIpamIPAddress::AddAddress(Store& store) const {
  // ManagedByValue and ManagedByEntityValue are computed from the custom fields (discrepancies D.12).
  const Management owner = ManagementOf(address().custom_field_values());
  IPAM_ASSIGN_OR_RETURN(const auto others, store.addresses.FindAddresses(octets_, space_));
  for (const std::int64_t other : others) {
    IPAM_ASSIGN_OR_RETURN(const Management theirs,
                          store.custom_fields.GetManagement(AddressType(family()), other));
    if (theirs == owner) {
      return Fault(
          v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS_CONFLICT,
          absl::StrFormat("The address %s of %s, %s exists.", address().address(), owner.by, owner.entity));
    }
  }
  v1::IpamIPAddress row = address();
  row.clear_record_id();
  row.clear_modified_properties();
  row.clear_set_properties();
  row.set_address_space_record_id(space_);
  row.clear_parent_ip_range_record_id();
  // Belongs to a range between its start and its end (discrepancies F.1).
  IPAM_ASSIGN_OR_RETURN(const auto range, store.addresses.FindRangeOf(octets_, space_, owner));
  if (range) row.set_parent_ip_range_record_id(*range);
  row.set_is_duplicate(!others.empty());
  for (const std::int64_t other : others) IPAM_RETURN_IF_ERROR(store.addresses.MarkDuplicate(other));
  IPAM_RETURN_IF_ERROR(SetExpiry(row, store));
  // Who owns the address is stored with it, for the next duplicate is found by it; a later step sets all of
  // the values.
  row.clear_custom_field_values();
  for (const v1::CustomFieldValue& value : address().custom_field_values()) {
    if (value.parent_custom_field_number() == v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY ||
        value.parent_custom_field_number() == v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY_ENTITY) {
      *row.add_custom_field_values() = value;
    }
  }
  const absl::StatusOr<std::int64_t> id = store.addresses.PutAddress(row);
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_ADD_ADDRESS, id.status()));
  return id;
}

absl::Status CreateIpamIPAddress::SetExpiry(v1::IpamIPAddress& row, Store& store) const {
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

absl::StatusOr<std::int64_t> CreateIpamIPAddress::AddReservation(Store& store) const {
  // The details to copy are not members of the address (discrepancies D.12): what is there of them.
  v1::DhcpReservation reservation;
  reservation.set_record_id(address().reservation_record_id());
  reservation.set_address(address().address());
  reservation.set_name(address().reservation_name().empty() ? address().device_name()
                                                            : address().reservation_name());
  reservation.set_description(address().reservation_description());
  reservation.set_status(v1::DHCP_RESERVATION_STATUS_ACTIVE);
  if (family() == 4) {
    v1::DhcpReservationV4& v4 = *reservation.mutable_v4();
    v4.set_mac_address(address().v4().client_id().empty() ? address().mac_address()
                                                          : address().v4().client_id());
    v4.set_serving_clients_type(address().v4().reservation_type());
  } else {
    v1::DhcpReservationV6& v6 = *reservation.mutable_v6();
    v6.set_duid(address().v6().duid());
    v6.set_iaid(address().v6().iaid());
  }
  const absl::StatusOr<std::int64_t> id =
      store.dhcp.PutReservation(address().dhcp_scope_id(), record_id_, reservation);
  IPAM_RETURN_IF_ERROR(
      AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_RESERVATION_FAILED_TO_CREATE_IN_DATABASE, id.status()));
  return id;
}

absl::StatusOr<std::int64_t> CreateIpamIPAddress::AddLookup(Lookup lookup, Store& store) const {
  const bool forward = lookup == Lookup::kForward;
  const std::int64_t zone = forward ? address().dns_zone_id() : address().dns_reverse_lookup_zone_id();
  const std::int64_t server_zone = forward ? address().dns_forward_lookup_zone_dns_server_id()
                                           : address().dns_reverse_lookup_zone_dns_server_id();
  const absl::StatusOr<std::int64_t> id = store.addresses.PutLookup(
      lookup, 0, family(), record_id_, zone, server_zone == 0 ? std::nullopt : std::optional(server_zone),
      v1::DNS_SYNC_STATUS_NOT_ATTEMPTED);
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_TO_REGISTER_IP_ADDRESS, id.status()));
  return record_id_;
}

absl::StatusOr<std::int64_t> CreateIpamIPAddress::SetCustomFields(Store& store) const {
  // ValidateCustomFieldValues, not ValidateCustomField (discrepancies F.6).
  IPAM_RETURN_IF_ERROR(store.custom_fields.Validate(address().custom_field_values()));
  IPAM_RETURN_IF_ERROR(
      store.custom_fields.Set(AddressType(family()), record_id_, address().custom_field_values()));
  return record_id_;
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateIpamIPAddress(const v1::CreateIpamIPAddressParameters& parameters,
                                                  base::Clock& clock) {
  return std::make_unique<CreateIpamIPAddress>(parameters, clock);
}

}  // namespace ipam::engine
