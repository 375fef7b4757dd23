// The delegates by operation.
#pragma once

#include <memory>

#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/ipam/delegate.h"
#include "ipam/v1/parameters.pb.h"

namespace ipam::engine {

// Null: none yet. The parameters and the clock outlive the delegate.
std::unique_ptr<Delegate> MakeDelegate(const v1::OperationParameters& parameters, base::Clock& clock);

// 3.19.4.4.1.3 to .5
std::unique_ptr<Delegate> MakeCreateDhcpScope(const v1::CreateDhcpScopeParameters& parameters);
std::unique_ptr<Delegate> MakeEditDhcpScope(const v1::UpdateDhcpScopeParameters& parameters);

// 3.19.4.4.1.18 to .22
std::unique_ptr<Delegate> MakeCreateDhcpReservation(const v1::CreateDhcpReservationParameters& parameters);
std::unique_ptr<Delegate> MakeSetDhcpReservation(const v1::SetDhcpReservationParameters& parameters);

// 3.19.4.4.1.23
std::unique_ptr<Delegate> MakeCreateDhcpFailover(const v1::DhcpFailoverWithScopesParameters& parameters);

// 3.19.4.4.1.36
std::unique_ptr<Delegate> MakeCreateIpamIPAddress(const v1::CreateIpamIPAddressParameters& parameters,
                                                  base::Clock& clock);

// 3.19.4.4.1.38 and .42
std::unique_ptr<Delegate> MakeCreateDnsResourceRecords(
    const v1::CreateDnsResourceRecordsParameters& parameters);
std::unique_ptr<Delegate> MakeCreateDnsZone(const v1::CreateDnsZoneParameters& parameters);

}  // namespace ipam::engine
