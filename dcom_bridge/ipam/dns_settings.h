// The five settings of dynamic DNS updates, which DHCP servers, scopes, policies, reservations and their
// templates have, under names that differ a little (discrepancies D.6).
#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/repeated_ptr_field.h"
#include "ipam/v1/dhcp.pb.h"
#include "ipam/v1/dhcp_reservation.pb.h"
#include "ipam/v1/dhcp_template.pb.h"

namespace ipam::engine {

// Whether ModifiedProperties names the property.
bool Names(const google::protobuf::RepeatedPtrField<std::string>& properties, std::string_view property);

// None: not set. The last two are of DHCPv4 only.
struct DnsSettings {
  v1::DhcpDnsUpdateType update_type = v1::DHCP_DNS_UPDATE_TYPE_NONE;
  v1::DhcpDnsNameProtectionStatus name_protection = v1::DHCP_DNS_NAME_PROTECTION_STATUS_NONE;
  v1::DhcpDiscardDnsRecordOnLeaseDeletionStatus discard_on_deletion =
      v1::DHCP_DISCARD_DNS_RECORD_ON_LEASE_DELETION_STATUS_NONE;
  v1::DhcpDnsNotRequestingClientsUpdateType not_requesting_clients =
      v1::DHCP_DNS_NOT_REQUESTING_CLIENTS_UPDATE_TYPE_NONE;
  v1::DnsDisableDynamicPtrUpdateType disable_ptr = v1::DNS_DISABLE_DYNAMIC_PTR_UPDATE_TYPE_NONE;

  friend bool operator==(const DnsSettings&, const DnsSettings&) = default;
};

DnsSettings DnsSettingsOf(const v1::DhcpServer& server);
DnsSettings DnsSettingsOf(const v1::DhcpScope& scope);
DnsSettings DnsSettingsOf(const v1::DhcpReservation& reservation);
DnsSettings DnsSettingsOf(const v1::DhcpServerTemplateConfiguration& change);
DnsSettings DnsSettingsOf(const v1::DhcpScopeTemplateConfiguration& change);
DnsSettings DnsSettingsOf(const v1::DhcpReservationTemplateConfiguration& change);

void SetDnsSettings(const DnsSettings& settings, v1::DhcpServer& server);
void SetDnsSettings(const DnsSettings& settings, v1::DhcpScope& scope);
void SetDnsSettings(const DnsSettings& settings, v1::DhcpReservation& reservation);

// Whether one of the properties is one of these settings.
bool NamesDnsSetting(const google::protobuf::RepeatedPtrField<std::string>& properties);
// `settings` with those of `change` that are set.
DnsSettings Overwrite(DnsSettings settings, const DnsSettings& change);

}  // namespace ipam::engine
