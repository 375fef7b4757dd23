#include "dcom_bridge/ipam/dns_settings.h"

#include <algorithm>
#include <array>

namespace ipam::engine {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"DiscardDnsRecordOnLeaseDeletionStatus",
                                                    "DnsNameProtectionStatus",
                                                    "DnsUpdateType",
                                                    "DnsNotRequestingClientsUpdateType",
                                                    "DhcpDnsNotRequestingClientsUpdateType",
                                                    "DnsDisableDynamicPtrUpdates",
                                                    "DnsDisableDynamicPtrUpdatesType"};

template <typename Message>
DnsSettings CommonOf(const Message& message) {
  return {.update_type = message.dns_update_type(),
          .name_protection = message.dns_name_protection_status(),
          .discard_on_deletion = message.discard_dns_record_on_lease_deletion_status()};
}

template <typename Message>
void SetCommon(const DnsSettings& settings, Message& message) {
  message.set_dns_update_type(settings.update_type);
  message.set_dns_name_protection_status(settings.name_protection);
  message.set_discard_dns_record_on_lease_deletion_status(settings.discard_on_deletion);
}

// Scopes and reservations.
template <typename Message>
DnsSettings SettingsOf(const Message& message) {
  DnsSettings settings = CommonOf(message);
  settings.not_requesting_clients = message.v4().dns_not_requesting_clients_update_type();
  settings.disable_ptr = message.v4().dns_disable_dynamic_ptr_updates();
  return settings;
}

template <typename Message>
void SetSettings(const DnsSettings& settings, Message& message) {
  SetCommon(settings, message);
  if (!message.has_v4()) return;
  message.mutable_v4()->set_dns_not_requesting_clients_update_type(settings.not_requesting_clients);
  message.mutable_v4()->set_dns_disable_dynamic_ptr_updates(settings.disable_ptr);
}

template <typename Template>
DnsSettings TemplateSettingsOf(const Template& change) {
  DnsSettings settings = CommonOf(change);
  settings.not_requesting_clients = change.v4().dns_not_requesting_clients_update_type();
  settings.disable_ptr = change.v4().dns_disable_dynamic_ptr_updates_type();
  return settings;
}

template <typename Setting>
void Take(const Setting& change, Setting& setting) {
  if (change != Setting{}) setting = change;
}

}  // namespace

bool Names(const google::protobuf::RepeatedPtrField<std::string>& properties, std::string_view property) {
  return std::find(properties.begin(), properties.end(), property) != properties.end();
}

DnsSettings DnsSettingsOf(const v1::DhcpServer& server) {
  DnsSettings settings = CommonOf(server);
  settings.not_requesting_clients = server.v4().dhcp_dns_not_requesting_clients_update_type();
  settings.disable_ptr = server.v4().dns_disable_dynamic_ptr_updates();
  return settings;
}

DnsSettings DnsSettingsOf(const v1::DhcpScope& scope) { return SettingsOf(scope); }
DnsSettings DnsSettingsOf(const v1::DhcpReservation& reservation) { return SettingsOf(reservation); }

DnsSettings DnsSettingsOf(const v1::DhcpServerTemplateConfiguration& change) {
  return TemplateSettingsOf(change);
}

DnsSettings DnsSettingsOf(const v1::DhcpScopeTemplateConfiguration& change) {
  return TemplateSettingsOf(change);
}

DnsSettings DnsSettingsOf(const v1::DhcpReservationTemplateConfiguration& change) {
  return TemplateSettingsOf(change);
}

void SetDnsSettings(const DnsSettings& settings, v1::DhcpServer& server) {
  SetCommon(settings, server);
  if (!server.has_v4()) return;
  server.mutable_v4()->set_dhcp_dns_not_requesting_clients_update_type(settings.not_requesting_clients);
  server.mutable_v4()->set_dns_disable_dynamic_ptr_updates(settings.disable_ptr);
}

void SetDnsSettings(const DnsSettings& settings, v1::DhcpScope& scope) { SetSettings(settings, scope); }

void SetDnsSettings(const DnsSettings& settings, v1::DhcpReservation& reservation) {
  SetSettings(settings, reservation);
}

bool NamesDnsSetting(const google::protobuf::RepeatedPtrField<std::string>& properties) {
  return std::any_of(kNames.begin(), kNames.end(),
                     [&properties](std::string_view name) { return Names(properties, name); });
}

DnsSettings Overwrite(DnsSettings settings, const DnsSettings& change) {
  Take(change.update_type, settings.update_type);
  Take(change.name_protection, settings.name_protection);
  Take(change.discard_on_deletion, settings.discard_on_deletion);
  Take(change.not_requesting_clients, settings.not_requesting_clients);
  Take(change.disable_ptr, settings.disable_ptr);
  return settings;
}

}  // namespace ipam::engine
