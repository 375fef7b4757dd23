#include "dcom_bridge/ipam/validate.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"

namespace ipam::engine {
namespace {

constexpr std::size_t kMaxHardwareOctets = 130;  // 3.1.4.15

absl::Status Missing(const std::string& what) {
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_MANDATORY_FIELD_NOT_SPECIFIED, what + " is mandatory.");
}

// "00-50-56-8a-11-f2", "0050568a11f2": hex, at most 130 octets.
bool IsHardwareId(std::string_view text) {
  const std::string digits = absl::StrReplaceAll(std::string(text), {{"-", ""}, {":", ""}});
  return !digits.empty() && digits.size() % 2 == 0 && digits.size() / 2 <= kMaxHardwareOctets &&
         std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool HasBuiltIn(const v1::IpamIPAddress& address, v1::BuiltInCustomField field) {
  return std::any_of(address.custom_field_values().begin(), address.custom_field_values().end(),
                     [field](const v1::CustomFieldValue& value) {
                       return value.parent_custom_field_number() == static_cast<int>(field) &&
                              !value.value().empty();
                     });
}

// The forward or reverse registration that an address asks for.
absl::Status ValidateRegistration(Lookup lookup, std::int64_t zone, std::int64_t server_zone, Store& store) {
  const char* kind = lookup == Lookup::kForward ? "forward" : "reverse";
  if (server_zone != 0 && zone == 0) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SERVER_SPECIFIED_WITH_NO_DNS_ZONE,
                 absl::StrFormat("A DNS server but no zone is given for the %s lookup.", kind));
  }
  if (server_zone == 0) return absl::OkStatus();
  // 3.1.4.8 compares the id with ServerRecordId, 3.1.1.1.6 and 7 make it the record id of the server's zone:
  // the latter, which is what the row of the registration refers to.
  IPAM_ASSIGN_OR_RETURN(const auto row, store.dns.GetServerZone(lookup, server_zone));
  if (!row || row->zone_id != zone) {
    return Fault(
        lookup == Lookup::kForward
            ? v1::IPAM_EXCEPTION_ID_IPAM_API_FORWARD_LOOK_UP_DNS_SERVER_DOES_NOT_BELONG_TO_ZONE
            : v1::IPAM_EXCEPTION_ID_IPAM_API_REVERSE_LOOK_UP_DNS_SERVER_DOES_NOT_BELONG_TO_ZONE,
        absl::StrFormat("The server zone %d does not host the %s lookup zone %d.", server_zone, kind, zone));
  }
  return absl::OkStatus();
}

absl::Status ValidateReverseZone(const v1::IpamIPAddress& address, const IpOctets& octets, Store& store) {
  const std::int64_t zone_id = address.dns_reverse_lookup_zone_id();
  if (zone_id == 0) return absl::OkStatus();
  IPAM_ASSIGN_OR_RETURN(const auto zone, store.dns.GetZone(Lookup::kReverse, zone_id));
  if (!zone) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_REVERSE_LOOKUP_ZONE_RECORD_ID,
                 absl::StrFormat("There is no reverse lookup zone %d.", zone_id));
  }
  const auto start = ParseIp(zone->dns_reverse_lookup_zone().start_ip());
  const auto end = ParseIp(zone->dns_reverse_lookup_zone().end_ip());
  if (start->size() != octets.size() || octets < *start || octets > *end) {
    return Fault(
        v1::IPAM_EXCEPTION_ID_IPAM_API_IP_ADDRESS_OUTSIDE_REVERSE_LOOKUP_ZONE_BOUNDS,
        absl::StrFormat("%s lies outside of the reverse lookup zone %s.", address.address(), zone->name()));
  }
  return absl::OkStatus();
}

// 2.2.4.151 and 2.2.4.153.
absl::Status ValidatePrefixLength(const v1::DhcpScope& scope) {
  const int longest = scope.has_v6() ? 127 : 30;
  if (scope.prefix_length() >= 1 && scope.prefix_length() <= longest) return absl::OkStatus();
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PREFIX_LENGTH,
               absl::StrFormat("The PrefixLength of a scope is between 1 and %d, not %d.", longest,
                               scope.prefix_length()));
}

}  // namespace

bool IsBlank(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; });
}

absl::Status ValidateIpamIPAddress(const v1::IpamIPAddress& address, Store& store) {
  const auto octets = ParseIp(address.address());
  const int family = address.has_v6() ? 6 : 4;
  if (!octets || Family(*octets) != family) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS,
                 absl::StrFormat("Not an IPv%d address: \"%s\".", family, address.address()));
  }
  // The type makes it optional without a reservation (discrepancies C.6); the procedure demands it.
  if (IsBlank(address.mac_address())) return Missing("MacAddress");
  for (const auto field :
       {v1::BUILT_IN_CUSTOM_FIELD_DEVICE_TYPE, v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY,
        v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY_ENTITY, v1::BUILT_IN_CUSTOM_FIELD_IP_ADDRESS_STATE}) {
    if (!HasBuiltIn(address, field)) {
      return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_MANDATORY_CUSTOM_FIELDS_NOT_SPECIFIED,
                   absl::StrFormat("The custom field %s is mandatory.", v1::BuiltInCustomField_Name(field)));
    }
  }
  IPAM_RETURN_IF_ERROR(ValidateRegistration(Lookup::kForward, address.dns_zone_id(),
                                            address.dns_forward_lookup_zone_dns_server_id(), store));
  // Where the server is given, not where it is NULL (discrepancies F.1).
  IPAM_RETURN_IF_ERROR(ValidateRegistration(Lookup::kReverse, address.dns_reverse_lookup_zone_id(),
                                            address.dns_reverse_lookup_zone_dns_server_id(), store));
  IPAM_RETURN_IF_ERROR(ValidateReverseZone(address, *octets, store));
  if (address.has_assigned_date() && address.has_expiry_date() &&
      std::pair(address.assigned_date().seconds(), address.assigned_date().nanos()) >
          std::pair(address.expiry_date().seconds(), address.expiry_date().nanos())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_ADDRESS_EXPIRY_DATE,
                 "The address expires before it is assigned.");
  }
  return ValidateAddressValue(*octets);
}

absl::Status ValidateAddressValue(const IpOctets& address) {
  bool forbidden = false;
  if (Family(address) == 4) {
    forbidden = address[0] == 0 || address[0] == 127 || (address[0] == 169 && address[1] == 254) ||
                std::all_of(address.begin(), address.end(), [](std::uint8_t octet) { return octet == 255; });
  } else {
    const bool loopback_or_none =
        IsUnspecified(IpOctets(address.begin(), address.end() - 1)) && address.back() <= 1;
    const bool link_local = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
    const bool site_local = address[0] == 0xfe && (address[1] & 0xc0) == 0xc0;
    forbidden = loopback_or_none || link_local || site_local || address[0] == 0xff;
  }
  if (!forbidden) return absl::OkStatus();
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS,
               absl::StrFormat("%s is an address for special use.", FormatIp(address)));
}

absl::Status ValidateDhcpScope(const v1::DhcpScope& scope) {
  if (!scope.has_v4() && !scope.has_v6()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 "Scope is a DhcpScopeV4 or a DhcpScopeV6.");
  }
  const int family = scope.has_v6() ? 6 : 4;
  const auto of_family = [family](const std::string& text) {
    auto ip = ParseIp(text);
    return ip && Family(*ip) == family ? ip : std::nullopt;
  };
  const auto scope_id = of_family(scope.scope_id());
  if (!scope_id) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_SCOPE_PREFIX,
                 absl::StrFormat("ScopeId is not an IPv%d address: \"%s\".", family, scope.scope_id()));
  }
  // A DHCPv6 scope is a prefix: it has neither bounds nor mask of its own.
  if (family == 6 && scope.start_address().empty() && scope.end_address().empty()) {
    IPAM_RETURN_IF_ERROR(ValidatePrefixLength(scope));
    if (Mask(*scope_id, PrefixMask(6, scope.prefix_length())) == *scope_id) return absl::OkStatus();
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_SCOPE_PREFIX,
                 absl::StrFormat("Not a prefix: %s/%d.", scope.scope_id(), scope.prefix_length()));
  }
  const auto start = of_family(scope.start_address());
  const auto end = of_family(scope.end_address());
  if (!start) {
    return Fault(
        v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_SCOPE_START_ADDRESS,
        absl::StrFormat("StartAddress is not an IPv%d address: \"%s\".", family, scope.start_address()));
  }
  if (!end) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_SCOPE_END_ADDRESS,
                 absl::StrFormat("EndAddress is not an IPv%d address: \"%s\".", family, scope.end_address()));
  }
  IPAM_RETURN_IF_ERROR(ValidatePrefixLength(scope));
  const IpOctets mask = PrefixMask(family, scope.prefix_length());
  if (of_family(scope.subnet_mask()) != mask && (family == 4 || !scope.subnet_mask().empty())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_SUBNET_MASK,
                 absl::StrFormat("Not the subnet mask of the prefix length %d: \"%s\".",
                                 scope.prefix_length(), scope.subnet_mask()));
  }
  if (Mask(*start, mask) != *scope_id) {
    return Fault(
        v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_SCOPE_START_ADDRESS,
        absl::StrFormat("%s lies outside of the scope %s.", scope.start_address(), scope.scope_id()));
  }
  if (Mask(*end, mask) != *scope_id) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_SCOPE_END_ADDRESS,
                 absl::StrFormat("%s lies outside of the scope %s.", scope.end_address(), scope.scope_id()));
  }
  if (*start >= *end) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_START_IP_GREATER_THAN_END_IP,
                 absl::StrFormat("The scope starts at %s and ends at %s.", scope.start_address(),
                                 scope.end_address()));
  }
  return absl::OkStatus();
}

absl::Status ValidateDhcpServer(const v1::DhcpServer& server) {
  // ServerName is no member of the type (discrepancies D.15).
  if (server.has_v4() || server.has_v6()) return absl::OkStatus();
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
               "Server is a DhcpServerV4 or a DhcpServerV6.");
}

absl::Status ValidateDhcpPolicy(const v1::DhcpPolicyV4& policy, bool create) {
  if (policy.policy_name().empty()) return Missing("PolicyName");
  if (!policy.has_condition()) return Missing("Condition");
  // That Ranges of a scope's policy is not NULL cannot be told from an empty one, which 3.19.4.4.1.13 allows.
  if (policy.server().record_id() <= 0) return Missing("Server.RecordId");
  if (policy.has_scope() && policy.scope().record_id() <= 0) return Missing("Scope.RecordId");
  if (create) return absl::OkStatus();
  if (policy.policy_id() <= 0) return Missing("PolicyId");
  if (policy.processing_order() == 0) return Missing("ProcessingOrder");
  return absl::OkStatus();
}

absl::Status ValidateDhcpReservation(const v1::DhcpReservation& reservation) {
  const int family = reservation.has_v6() ? 6 : 4;  // of the type of the reservation (discrepancies D.8)
  const auto address = ParseIp(reservation.address());
  if (!address || Family(*address) != family) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IP_ADDRESS,
                 absl::StrFormat("Not an IPv%d address: \"%s\".", family, reservation.address()));
  }
  if (!reservation.has_parent_scope()) return Missing("ParentScope");
  const v1::DhcpScope& scope = reservation.parent_scope();
  const auto mask = ParseIp(scope.subnet_mask());
  if (family == 4 && (!mask || Family(*mask) != 4)) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_SUBNET_MASK,
                 absl::StrFormat("Not the subnet mask of a scope: \"%s\".", scope.subnet_mask()));
  }
  const auto scope_id = ParseIp(scope.scope_id());
  if (!scope_id || Family(*scope_id) != family) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_SCOPE_PREFIX,
                 absl::StrFormat("Not the id of a scope: \"%s\".", scope.scope_id()));
  }
  if (IsBlank(reservation.name())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_RESERVATION_NAME, "Name is mandatory.");
  }
  if (scope.record_id() == 0) return Missing("ParentScope.RecordId");
  // ParentScope.ServerName is no member of the type (discrepancies D.15).
  if (family == 6) {
    if (!IsHardwareId(reservation.v6().duid())) {
      return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DUID_FORMAT,
                   absl::StrFormat("Not a DUID: \"%s\".", reservation.v6().duid()));
    }
    return absl::OkStatus();
  }
  if (!IsHardwareId(reservation.v4().mac_address())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_MAC_ADDRESS,
                 absl::StrFormat("Not a MAC address: \"%s\".", reservation.v4().mac_address()));
  }
  if (reservation.v4().serving_clients_type() == v1::DHCP_SERVING_CLIENTS_TYPE_NONE) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_IPV4_RESERVATION_TYPE,
                 "ServingClientsType is Dhcp, Bootp or Both.");
  }
  return absl::OkStatus();
}

absl::Status ValidateDnsResourceRecord(const v1::DnsResourceRecord& record) {
  if (IsBlank(record.name())) return Missing("Name of a resource record");
  if (record.record_type() == v1::DNS_RESOURCE_RECORD_TYPE_NONE) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_RESOURCE_RECORD_TYPE,
                 absl::StrFormat("The record %s has no type.", record.name()));
  }
  if (!record.has_record_data())
    return Missing(absl::StrFormat("RecordData of the record %s", record.name()));
  return absl::OkStatus();
}

absl::Status ValidateBaseDnsServerZone(const v1::BaseDnsServerZone& zone) {
  const auto type = zone.zone_type();
  const auto configuration = zone.zone_configuration();
  const bool primary = type == v1::ZONE_HOSTING_DNS_SERVER_TYPE_PRIMARY;
  const bool secondary = type == v1::ZONE_HOSTING_DNS_SERVER_TYPE_SECONDARY;
  const bool integrated = configuration == v1::ZONE_CONFIGURATION_AD_INTEGRATED;
  const bool file_backed = configuration == v1::ZONE_CONFIGURATION_FILE_BACKED;
  const auto wrong = [](const std::string& message) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_ZONE_HOSTING_SERVER_CONFIGURATION, message);
  };
  if (type == v1::ZONE_HOSTING_DNS_SERVER_TYPE_NONE) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_ZONE_TYPE, "ZoneType is mandatory.");
  }
  if (configuration == v1::ZONE_CONFIGURATION_NONE) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_ZONE_CONFIGURATION,
                 "ZoneConfiguration is mandatory.");
  }
  if (integrated && IsBlank(zone.replication_scope()))
    return wrong("An ADIntegrated zone needs a ReplicationScope.");
  if (file_backed && IsBlank(zone.zone_file_name())) return wrong("A FileBacked zone needs a ZoneFileName.");
  if (primary) {
    if (!zone.master_servers().empty()) return wrong("A primary zone has no MasterServers.");
    if (integrated && !IsBlank(zone.zone_file_name()))
      return wrong("An ADIntegrated zone has no ZoneFileName.");
    if (file_backed && !IsBlank(zone.replication_scope()))
      return wrong("A FileBacked zone has no ReplicationScope.");
    return absl::OkStatus();
  }
  if (secondary) {
    if (IsBlank(zone.zone_file_name())) return wrong("A secondary zone needs a ZoneFileName.");
    if (integrated) return wrong("A secondary zone is not ADIntegrated.");
    if (!IsBlank(zone.directory_partition_name()))
      return wrong("A secondary zone has no DirectoryPartitionName.");
    if (!IsBlank(zone.replication_scope())) return wrong("A secondary zone has no ReplicationScope.");
  }
  // Secondary and stub.
  if (zone.master_servers().empty()) return wrong("A secondary or stub zone needs MasterServers.");
  if (zone.notify_secondaries() != v1::DNS_NOTIFY_SECONDARIES_SETTING_NONE ||
      !zone.notify_servers().empty()) {
    return wrong("A secondary or stub zone notifies no servers.");
  }
  if (zone.secure_secondaries() != v1::DNS_SECURE_SECONDARIES_SETTING_NONE ||
      !zone.secondary_servers().empty()) {
    return wrong("A secondary or stub zone has no secondary servers.");
  }
  return absl::OkStatus();
}

absl::Status ValidateDnsConditionalForwarder(const v1::DnsConditionalForwarder& forwarder) {
  const auto type = forwarder.conditional_forwarder_type();
  if (IsBlank(forwarder.name())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_CONDITIONAL_FORWARDER_NAME,
                 "The Name of a conditional forwarder is mandatory.");
  }
  const auto wrong = [&forwarder](v1::IpamExceptionId id, std::string_view message) {
    return Fault(id,
                 absl::StrFormat("The conditional forwarder %s %s.", forwarder.name(), std::string(message)));
  };
  if (type == v1::DNS_CONDITIONAL_FORWARDER_TYPE_NONE) {
    return wrong(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_CONDITIONAL_FORWARDER_TYPE, "has no type");
  }
  if (forwarder.dns_server_id() == 0) {
    return wrong(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_SERVER_ID, "names no DNS server");
  }
  if (type == v1::DNS_CONDITIONAL_FORWARDER_TYPE_AD_INTEGRATED && IsBlank(forwarder.replication_scope())) {
    return wrong(v1::IPAM_EXCEPTION_ID_IPAM_API_MANDATORY_FIELD_NOT_SPECIFIED,
                 "is ADIntegrated and needs a ReplicationScope");
  }
  if (type == v1::DNS_CONDITIONAL_FORWARDER_TYPE_REGISTRY &&
      (forwarder.has_replication_scope() || forwarder.has_directory_partition_name())) {
    return wrong(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                 "is in the Registry and has neither ReplicationScope nor DirectoryPartitionName");
  }
  if (forwarder.master_servers().empty()) {
    return wrong(v1::IPAM_EXCEPTION_ID_IPAM_API_MANDATORY_FIELD_NOT_SPECIFIED, "needs MasterServers");
  }
  return absl::OkStatus();
}

}  // namespace ipam::engine
