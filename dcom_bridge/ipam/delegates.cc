#include "dcom_bridge/ipam/delegates.h"

namespace ipam::engine {

std::unique_ptr<Delegate> MakeDelegate(const v1::OperationParameters& parameters, base::Clock& clock) {
  switch (parameters.operation_id()) {
    case v1::IPAM_ADMIN_OPERATION_ID_EDIT_DHCP_SERVER:
      return MakeEditDhcpServer(parameters.update_dhcp_server());
    case v1::IPAM_ADMIN_OPERATION_ID_APPLY_SERVER_CONFIGURATION_TEMPLATE:
      return MakeApplyServerTemplate(parameters.apply_dhcp_server_configuration());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_SCOPE:
      return MakeCreateDhcpScope(parameters.create_dhcp_scope());
    case v1::IPAM_ADMIN_OPERATION_ID_EDIT_DHCP_SCOPE:
      return MakeEditDhcpScope(parameters.update_dhcp_scope());
    case v1::IPAM_ADMIN_OPERATION_ID_DELETE_DHCP_SCOPE:
      return MakeDeleteDhcpScope(parameters.delete_dhcp_scope());
    case v1::IPAM_ADMIN_OPERATION_ID_APPLY_SCOPE_CONFIGURATION_TEMPLATE:
      return MakeApplyScopeTemplate(parameters.apply_dhcp_scope_configuration());

    case v1::IPAM_ADMIN_OPERATION_ID_ADD_SCOPES_TO_SUPERSCOPE:
      return MakeAddScopesToSuperscope(parameters.add_scopes_to_superscope());
    case v1::IPAM_ADMIN_OPERATION_ID_REMOVE_SCOPES_FROM_SUPERSCOPE:
      return MakeRemoveScopesFromSuperscope(parameters.remove_scopes_from_superscope());
    case v1::IPAM_ADMIN_OPERATION_ID_RENAME_SUPERSCOPE:
      return MakeRenameSuperscope(parameters.rename_superscope());
    case v1::IPAM_ADMIN_OPERATION_ID_DELETE_SUPERSCOPES:
      return MakeDeleteSuperscopes(parameters.delete_superscopes());
    case v1::IPAM_ADMIN_OPERATION_ID_SET_SUPERSCOPE_ACTIVATION_STATUS:
      return MakeSetSuperscopeActivationStatus(parameters.set_superscope_activation_status());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_SERVER_POLICY:
      return MakeCreateServerPolicy(parameters.create_dhcp_server_policy());
    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_SCOPE_POLICY:
      return MakeCreateScopePolicy(parameters.create_dhcp_scope_policy());
    case v1::IPAM_ADMIN_OPERATION_ID_UPDATE_POLICY:
      return MakeUpdatePolicy(parameters.update_policy());
    case v1::IPAM_ADMIN_OPERATION_ID_DELETE_POLICY:
      return MakeDeletePolicy(parameters.delete_policy());
    case v1::IPAM_ADMIN_OPERATION_ID_UPDATE_POLICY_PROPERTY:
      return MakeUpdatePolicyProperties(parameters.update_policy_properties());
    case v1::IPAM_ADMIN_OPERATION_ID_MOVE_POLICY_PROCESSING_ORDER:
      return MakeMovePolicyProcessingOrder(parameters.move_policy_processing_order());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_RESERVATION:
      return MakeCreateDhcpReservation(parameters.create_dhcp_reservation());
    case v1::IPAM_ADMIN_OPERATION_ID_DELETE_DHCP_RESERVATION:
      return MakeDeleteDhcpReservation(parameters.delete_dhcp_reservation());
    case v1::IPAM_ADMIN_OPERATION_ID_DELETE_DHCP_RESERVATION_COLLECTION:
      return MakeDeleteDhcpReservationCollection(parameters.delete_dhcp_reservation_collection());
    case v1::IPAM_ADMIN_OPERATION_ID_SET_DHCP_RESERVATION:
      return MakeSetDhcpReservation(parameters.set_dhcp_reservation());
    case v1::IPAM_ADMIN_OPERATION_ID_SET_DHCP_RESERVATION_COLLECTION:
      return MakeSetDhcpReservationCollection(parameters.set_dhcp_reservation_collection());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_FAILOVER:
      return MakeCreateDhcpFailover(parameters.dhcp_failover_with_scopes());
    case v1::IPAM_ADMIN_OPERATION_ID_EDIT_DHCP_FAILOVER:
      return MakeEditDhcpFailover(parameters.dhcp_failover());
    case v1::IPAM_ADMIN_OPERATION_ID_ADD_DHCP_FAILOVER_SCOPES:
      return MakeAddDhcpFailoverScopes(parameters.dhcp_failover_with_scopes());
    case v1::IPAM_ADMIN_OPERATION_ID_REMOVE_DHCP_FAILOVER_SCOPES:
      return MakeRemoveDhcpFailoverScopes(parameters.dhcp_failover_remove_scopes());
    case v1::IPAM_ADMIN_OPERATION_ID_DELETE_DHCP_FAILOVER:
      return MakeDeleteDhcpFailover(parameters.dhcp_failover_delete());

    case v1::IPAM_ADMIN_OPERATION_ID_RESET_CONFIG_SYNC_STATUS:
      return MakeResetConfigSyncStatus(parameters.reset_config_sync_status());
    case v1::IPAM_ADMIN_OPERATION_ID_REPLICATE_SCOPE:
      return MakeReplicateScope(parameters.replicate_scope());
    case v1::IPAM_ADMIN_OPERATION_ID_REPLICATE_RELATION:
      return MakeReplicateRelation(parameters.replicate_relation());
    case v1::IPAM_ADMIN_OPERATION_ID_REPLICATE_SERVER:
      return MakeReplicateServer(parameters.replicate_server());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_FILTERS:
      return MakeCreateDhcpFilters(parameters.create_dhcp_filters());
    case v1::IPAM_ADMIN_OPERATION_ID_UPDATE_DHCP_FILTER:
      return MakeUpdateDhcpFilter(parameters.update_dhcp_filter());
    case v1::IPAM_ADMIN_OPERATION_ID_UPDATE_DHCP_FILTERS:
      return MakeUpdateDhcpFilters(parameters.update_dhcp_filters());
    case v1::IPAM_ADMIN_OPERATION_ID_DELETE_DHCP_FILTERS:
      return MakeDeleteDhcpFilters(parameters.delete_dhcp_filters());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_IPAM_IP_ADDRESS:
      return MakeCreateIpamIPAddress(parameters.create_ipam_ip_address(), clock);
    case v1::IPAM_ADMIN_OPERATION_ID_UPDATE_IPAM_IP_ADDRESS:
      return MakeUpdateIpamIPAddress(parameters.update_ipam_ip_address(), clock);

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DNS_RESOURCE_RECORDS:
      return MakeCreateDnsResourceRecords(parameters.create_dns_resource_records());
    case v1::IPAM_ADMIN_OPERATION_ID_UPDATE_DNS_RESOURCE_RECORD:
      return MakeUpdateDnsResourceRecord(parameters.update_dns_resource_record());
    case v1::IPAM_ADMIN_OPERATION_ID_UPDATE_DNS_RESOURCE_RECORDS:
      return MakeUpdateDnsResourceRecords(parameters.multi_update_dns_resource_record());
    case v1::IPAM_ADMIN_OPERATION_ID_DELETE_DNS_RESOURCE_RECORDS:
      return MakeDeleteDnsResourceRecords(parameters.delete_dns_resource_records());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DNS_ZONE:
      return MakeCreateDnsZone(parameters.create_dns_zone());
    case v1::IPAM_ADMIN_OPERATION_ID_UPDATE_DNS_ZONES:
      return MakeUpdateDnsZones(parameters.update_dns_zones());
    case v1::IPAM_ADMIN_OPERATION_ID_DELETE_DNS_ZONES:
      return MakeDeleteDnsZones(parameters.delete_dns_zones());
    case v1::IPAM_ADMIN_OPERATION_ID_DNS_ZONES_TRANSFER:
      return MakeDnsZonesTransfer(parameters.dns_zones_transfer());
    case v1::IPAM_ADMIN_OPERATION_ID_RELOAD_DNS_ZONES:
      return MakeReloadDnsZones(parameters.reload_dns_zones());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DNS_CONDITIONAL_FORWARDERS:
      return MakeCreateDnsConditionalForwarders(parameters.dns_conditional_forwarders());
    case v1::IPAM_ADMIN_OPERATION_ID_UPDATE_DNS_CONDITIONAL_FORWARDERS:
      return MakeUpdateDnsConditionalForwarders(parameters.dns_conditional_forwarders());
    case v1::IPAM_ADMIN_OPERATION_ID_DELETE_DNS_CONDITIONAL_FORWARDERS:
      return MakeDeleteDnsConditionalForwarders(parameters.dns_conditional_forwarders());

    default:
      return nullptr;
  }
}

}  // namespace ipam::engine
