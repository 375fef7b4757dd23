// What subtasks say of the objects of DHCP.
#pragma once

#include <cstdint>
#include <string>

#include "dcom_bridge/ipam/delegate.h"
#include "ipam/v1/dhcp.pb.h"
#include "ipam/v1/dhcp_failover.pb.h"
#include "ipam/v1/dhcp_reservation.pb.h"

namespace ipam::engine {

// Names are "Scope 192.168.8.0 Shipping", "Superscope Plant", "Reservation 192.168.8.77 printer", "Policy phones",
// "Failover relationship dc1-dc2", "Filter 00-11-22-33-44-55 on dhcp1".
// `server_name` empty: not known.
Entity ScopeEntity(SubtaskKind kind, v1::EntityOperationType type, const v1::DhcpScope& scope,
                   const std::string& server_name);
// Of one that is not there.
Entity MissingScope(SubtaskKind kind, int family, std::int64_t id);
Entity SuperscopeEntity(SubtaskKind kind, v1::EntityOperationType type,
                        const v1::DhcpSuperscopeV4& superscope, const std::string& server_name);
Entity ReservationEntity(SubtaskKind kind, v1::EntityOperationType type,
                         const v1::DhcpReservation& reservation, const v1::DhcpScope& scope,
                         const std::string& server_name);
// `scope` null: a policy of the server.
Entity PolicyEntity(SubtaskKind kind, v1::EntityOperationType type, const v1::DhcpPolicyV4& policy,
                    const v1::DhcpScope* scope, const std::string& server_name);
Entity FailoverEntity(SubtaskKind kind, v1::EntityOperationType type, const v1::DhcpFailover& failover);
Entity FilterEntity(SubtaskKind kind, v1::EntityOperationType type, const v1::DhcpFilter& filter,
                    const std::string& server_name);

}  // namespace ipam::engine
