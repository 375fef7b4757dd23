#include "dcom_bridge/ipam/dhcp_entities.h"

#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {

Entity ScopeEntity(SubtaskKind kind, v1::EntityOperationType type, const v1::DhcpScope& scope,
                   const std::string& server_name) {
  auto details = std::make_shared<v1::ScopeDataFormatter>();
  details->set_scope_id(scope.scope_id());
  details->set_server_name(server_name);
  return {.kind = kind,
          .name = absl::StrFormat("Scope %s", NameOf(scope)),
          .details = std::move(details),
          .object_type = ScopeType(scope.has_v6() ? 6 : 4),
          .operation_type = type};
}

Entity MissingScope(SubtaskKind kind, int family, std::int64_t id) {
  return {.kind = kind,
          .name = absl::StrFormat("Scope %d", id),
          .object_type = ScopeType(family),
          .operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE};
}

Entity SuperscopeEntity(SubtaskKind kind, v1::EntityOperationType type,
                        const v1::DhcpSuperscopeV4& superscope, const std::string& server_name) {
  auto details = std::make_shared<v1::SuperscopeV4DataFormatter>();
  details->set_superscope_name(superscope.name());
  details->set_server_name(server_name);
  return {.kind = kind,
          .name = absl::StrFormat("Superscope %s", superscope.name()),
          .details = std::move(details),
          .object_type = v1::IPAM_OBJECT_TYPE_DHCP_SUPERSCOPE_V4,
          .operation_type = type};
}

Entity ReservationEntity(SubtaskKind kind, v1::EntityOperationType type,
                         const v1::DhcpReservation& reservation, const v1::DhcpScope& scope,
                         const std::string& server_name) {
  auto details = std::make_shared<v1::ReservationDataFormatter>();
  details->set_reservation_address(reservation.address());
  details->set_scope_id(scope.scope_id());
  details->set_server_name(server_name);
  return {.kind = kind,
          .name = absl::StrFormat("Reservation %s %s", reservation.address(), reservation.name()),
          .details = std::move(details),
          .object_type = ReservationType(reservation.has_v6() ? 6 : 4),
          .operation_type = type};
}

Entity PolicyEntity(SubtaskKind kind, v1::EntityOperationType type, const v1::DhcpPolicyV4& policy,
                    const v1::DhcpScope* scope, const std::string& server_name) {
  Entity entity{.kind = kind,
                .name = absl::StrFormat("Policy %s", policy.policy_name()),
                .object_type = v1::IPAM_OBJECT_TYPE_DHCP_POLICY_V4,
                .operation_type = type};
  if (scope != nullptr) {
    auto details = std::make_shared<v1::ScopePolicyDataFormatter>();
    details->set_policy_name(policy.policy_name());
    details->set_scope_id(scope->scope_id());
    details->set_server_name(server_name);
    entity.details = std::move(details);
  } else {
    auto details = std::make_shared<v1::ServerPolicyDataFormatter>();
    details->set_policy_name(policy.policy_name());
    details->set_server_name(server_name);
    entity.details = std::move(details);
  }
  return entity;
}

Entity FailoverEntity(SubtaskKind kind, v1::EntityOperationType type, const v1::DhcpFailover& failover) {
  auto details = std::make_shared<v1::FailoverDataFormatter>();
  details->set_failover_name(failover.relationship_name());
  details->set_server1_name(failover.server1_name());
  details->set_server2_name(failover.server2_name());
  return {.kind = kind,
          .name = absl::StrFormat("Failover relationship %s", failover.relationship_name()),
          .details = std::move(details),
          .object_type = v1::IPAM_OBJECT_TYPE_DHCP_FAILOVER,
          .operation_type = type};
}

Entity FilterEntity(SubtaskKind kind, v1::EntityOperationType type, const v1::DhcpFilter& filter,
                    const std::string& server_name) {
  auto details = std::make_shared<v1::FilterDataFormatter>();
  details->set_mac_address(filter.mac_address());
  details->set_server_name(server_name);
  return {.kind = kind,
          .name = absl::StrFormat("Filter %s on %s", filter.mac_address(), server_name),
          .details = std::move(details),
          .object_type = v1::IPAM_OBJECT_TYPE_DHCP_FILTER,
          .operation_type = type};
}

}  // namespace ipam::engine
