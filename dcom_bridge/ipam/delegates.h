// The delegates by operation.
#pragma once

#include <memory>

#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/ipam/delegate.h"
#include "ipam/v1/parameters.pb.h"

namespace ipam::engine {

// Null: an operation that is none of the 49. The parameters and the clock outlive the delegate.
std::unique_ptr<Delegate> MakeDelegate(const v1::OperationParameters& parameters, base::Clock& clock);

// 3.19.4.4.1.1 and .2
std::unique_ptr<Delegate> MakeEditDhcpServer(const v1::UpdateDhcpServerParameters& parameters);
std::unique_ptr<Delegate> MakeApplyServerTemplate(
    const v1::ApplyDhcpServerConfigurationParameters& parameters);

// 3.19.4.4.1.3 to .6
std::unique_ptr<Delegate> MakeCreateDhcpScope(const v1::CreateDhcpScopeParameters& parameters);
std::unique_ptr<Delegate> MakeEditDhcpScope(const v1::UpdateDhcpScopeParameters& parameters);
std::unique_ptr<Delegate> MakeDeleteDhcpScope(const v1::DeleteDhcpScopeParameters& parameters);
std::unique_ptr<Delegate> MakeApplyScopeTemplate(const v1::ApplyDhcpScopeConfigurationParameters& parameters);

// 3.19.4.4.1.7 to .11
std::unique_ptr<Delegate> MakeAddScopesToSuperscope(const v1::AddScopesToSuperscopeParameters& parameters);
std::unique_ptr<Delegate> MakeRemoveScopesFromSuperscope(
    const v1::RemoveScopesFromSuperscopeParameters& parameters);
std::unique_ptr<Delegate> MakeRenameSuperscope(const v1::RenameSuperscopeParameters& parameters);
std::unique_ptr<Delegate> MakeDeleteSuperscopes(const v1::DeleteSuperscopesParameters& parameters);
std::unique_ptr<Delegate> MakeSetSuperscopeActivationStatus(
    const v1::SetSuperscopeActivationStatusParameters& parameters);

// 3.19.4.4.1.12 to .17
std::unique_ptr<Delegate> MakeCreateServerPolicy(const v1::CreateDhcpServerPolicyParameters& parameters);
std::unique_ptr<Delegate> MakeCreateScopePolicy(const v1::CreateDhcpScopePolicyParameters& parameters);
std::unique_ptr<Delegate> MakeUpdatePolicy(const v1::UpdatePolicyParameters& parameters);
std::unique_ptr<Delegate> MakeDeletePolicy(const v1::DeletePolicyParameters& parameters);
std::unique_ptr<Delegate> MakeUpdatePolicyProperties(const v1::UpdatePolicyPropertiesParameters& parameters);
std::unique_ptr<Delegate> MakeMovePolicyProcessingOrder(
    const v1::MovePolicyProcessingOrderParameters& parameters);

// 3.19.4.4.1.18 to .22
std::unique_ptr<Delegate> MakeCreateDhcpReservation(const v1::CreateDhcpReservationParameters& parameters);
std::unique_ptr<Delegate> MakeDeleteDhcpReservation(const v1::DeleteDhcpReservationParameters& parameters);
std::unique_ptr<Delegate> MakeDeleteDhcpReservationCollection(
    const v1::DeleteDhcpReservationCollectionParameters& parameters);
std::unique_ptr<Delegate> MakeSetDhcpReservation(const v1::SetDhcpReservationParameters& parameters);
std::unique_ptr<Delegate> MakeSetDhcpReservationCollection(
    const v1::SetDhcpReservationCollectionParameters& parameters);

// 3.19.4.4.1.23 to .27
std::unique_ptr<Delegate> MakeCreateDhcpFailover(const v1::DhcpFailoverWithScopesParameters& parameters);
std::unique_ptr<Delegate> MakeEditDhcpFailover(const v1::DhcpFailoverParameters& parameters);
std::unique_ptr<Delegate> MakeAddDhcpFailoverScopes(const v1::DhcpFailoverWithScopesParameters& parameters);
std::unique_ptr<Delegate> MakeRemoveDhcpFailoverScopes(
    const v1::DhcpFailoverRemoveScopesParameters& parameters);
std::unique_ptr<Delegate> MakeDeleteDhcpFailover(const v1::DhcpFailoverDeleteParameters& parameters);

// 3.19.4.4.1.28 to .31
std::unique_ptr<Delegate> MakeResetConfigSyncStatus(const v1::ResetConfigSyncStatusParameters& parameters);
std::unique_ptr<Delegate> MakeReplicateScope(const v1::ReplicateScopeParameters& parameters);
std::unique_ptr<Delegate> MakeReplicateRelation(const v1::ReplicateRelationParameters& parameters);
std::unique_ptr<Delegate> MakeReplicateServer(const v1::ReplicateServerParameters& parameters);

// 3.19.4.4.1.32 to .35
std::unique_ptr<Delegate> MakeCreateDhcpFilters(const v1::CreateDhcpFiltersParameters& parameters);
std::unique_ptr<Delegate> MakeUpdateDhcpFilter(const v1::UpdateDhcpFilterParameters& parameters);
std::unique_ptr<Delegate> MakeUpdateDhcpFilters(const v1::UpdateDhcpFiltersParameters& parameters);
std::unique_ptr<Delegate> MakeDeleteDhcpFilters(const v1::DeleteDhcpFiltersParameters& parameters);

// 3.19.4.4.1.36 and .37
std::unique_ptr<Delegate> MakeCreateIpamIPAddress(const v1::CreateIpamIPAddressParameters& parameters,
                                                  base::Clock& clock);

std::unique_ptr<Delegate> MakeUpdateIpamIPAddress(const v1::UpdateIpamIPAddressParameters& parameters,
                                                  base::Clock& clock);

// 3.19.4.4.1.38 to .46
std::unique_ptr<Delegate> MakeCreateDnsResourceRecords(
    const v1::CreateDnsResourceRecordsParameters& parameters);
std::unique_ptr<Delegate> MakeUpdateDnsResourceRecord(
    const v1::UpdateDnsResourceRecordParameters& parameters);
std::unique_ptr<Delegate> MakeUpdateDnsResourceRecords(
    const v1::MultiUpdateDnsResourceRecordParameters& parameters);
std::unique_ptr<Delegate> MakeDeleteDnsResourceRecords(
    const v1::DeleteDnsResourceRecordsParameters& parameters);
std::unique_ptr<Delegate> MakeCreateDnsZone(const v1::CreateDnsZoneParameters& parameters);
std::unique_ptr<Delegate> MakeUpdateDnsZones(const v1::UpdateDnsZonesParameters& parameters);
std::unique_ptr<Delegate> MakeDeleteDnsZones(const v1::DeleteDnsZonesParameters& parameters);
std::unique_ptr<Delegate> MakeDnsZonesTransfer(const v1::DnsZonesTransferParameters& parameters);
std::unique_ptr<Delegate> MakeReloadDnsZones(const v1::ReloadDnsZonesParameters& parameters);

// 3.19.4.4.1.47 to .49
std::unique_ptr<Delegate> MakeCreateDnsConditionalForwarders(
    const v1::DnsConditionalForwardersParameters& parameters);
std::unique_ptr<Delegate> MakeUpdateDnsConditionalForwarders(
    const v1::DnsConditionalForwardersParameters& parameters);
std::unique_ptr<Delegate> MakeDeleteDnsConditionalForwarders(
    const v1::DnsConditionalForwardersParameters& parameters);

}  // namespace ipam::engine
