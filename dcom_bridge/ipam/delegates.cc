#include "dcom_bridge/ipam/delegates.h"

namespace ipam::engine {

std::unique_ptr<Delegate> MakeDelegate(const v1::OperationParameters& parameters, base::Clock& clock) {
  switch (parameters.operation_id()) {
    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_SCOPE:
      return MakeCreateDhcpScope(parameters.create_dhcp_scope());
    case v1::IPAM_ADMIN_OPERATION_ID_EDIT_DHCP_SCOPE:
      return MakeEditDhcpScope(parameters.update_dhcp_scope());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_RESERVATION:
      return MakeCreateDhcpReservation(parameters.create_dhcp_reservation());
    case v1::IPAM_ADMIN_OPERATION_ID_SET_DHCP_RESERVATION:
      return MakeSetDhcpReservation(parameters.set_dhcp_reservation());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_FAILOVER:
      return MakeCreateDhcpFailover(parameters.dhcp_failover_with_scopes());

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_IPAM_IP_ADDRESS:
      return MakeCreateIpamIPAddress(parameters.create_ipam_ip_address(), clock);

    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DNS_RESOURCE_RECORDS:
      return MakeCreateDnsResourceRecords(parameters.create_dns_resource_records());
    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DNS_ZONE:
      return MakeCreateDnsZone(parameters.create_dns_zone());

    default:
      return nullptr;
  }
}

}  // namespace ipam::engine
