#include "dcom_bridge/ipam/scope_replica.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/option_step.h"
#include "dcom_bridge/ipam/scope_range.h"

namespace ipam::engine {
namespace {

constexpr auto kFailed = v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILOVER_FAILED_TO_REPLICATE_SCOPES;

// One scope on its way: parts of `from` become parts of `to`, whose row is there.
class Copy {
 public:
  Copy(const v1::DhcpScope& from, std::int64_t to, std::int64_t to_server, Store& store)
      : from_(from), to_(to), to_server_(to_server), store_(store) {}

  absl::Status Options() {
    return CopyOptions({.server_id = from_server(), .scope_id = from_.record_id()},
                       {.server_id = to_server_, .scope_id = to_}, store_);
  }
  absl::Status Exclusions();
  absl::Status Policies();
  absl::Status Reservations();

 private:
  std::int64_t from_server() const { return from_.parent_dhcp_server_record_id(); }
  absl::Status PutPolicy(v1::DhcpPolicyV4 policy, std::int64_t id);
  absl::Status PutReservation(v1::DhcpReservation reservation);

  const v1::DhcpScope& from_;
  const std::int64_t to_;
  const std::int64_t to_server_;
  Store& store_;
};

absl::Status Copy::Exclusions() {
  IPAM_RETURN_IF_ERROR(store_.dhcp.DeleteExclusions(to_));
  IPAM_ASSIGN_OR_RETURN(const auto exclusions, store_.dhcp.ListExclusions(from_.record_id()));
  for (const IpInterval& exclusion : exclusions) {
    IPAM_RETURN_IF_ERROR(store_.dhcp.PutExclusion(to_, exclusion, 0).status());
  }
  return absl::OkStatus();
}

// A policy is the one with its name.
absl::Status Copy::Policies() {
  IPAM_ASSIGN_OR_RETURN(const auto policies, store_.policies.WholeOfScope(from_.record_id()));
  IPAM_ASSIGN_OR_RETURN(auto there, store_.policies.WholeOfScope(to_));
  for (const v1::DhcpPolicyV4& policy : policies) {
    const auto same = std::find_if(there.begin(), there.end(), [&policy](const auto& other) {
      return other.policy_name() == policy.policy_name();
    });
    std::int64_t id = 0;
    if (same != there.end()) {
      id = same->policy_id();
      there.erase(same);
    }
    IPAM_RETURN_IF_ERROR(PutPolicy(policy, id));
  }
  for (const v1::DhcpPolicyV4& policy : there) IPAM_RETURN_IF_ERROR(store_.policies.Delete(policy));
  return absl::OkStatus();
}

absl::Status Copy::PutPolicy(v1::DhcpPolicyV4 policy, std::int64_t id) {
  policy.set_policy_id(id);
  policy.set_server_record_id(to_server_);
  policy.set_scope_record_id(to_);
  for (v1::DhcpPolicyRangeV4& range : *policy.mutable_ranges()) range.clear_record_id();
  for (v1::DhcpOption& option : *policy.mutable_options()->mutable_options_in_collection()) {
    IPAM_ASSIGN_OR_RETURN(option, OptionOnServer(std::move(option), from_server(), to_server_, store_));
  }
  return store_.policies.PutWhole(policy).status();
}

// A reservation is the one of its address.
absl::Status Copy::Reservations() {
  IPAM_ASSIGN_OR_RETURN(auto reservations, store_.dhcp.ReservationsOfScope(from_.record_id()));
  IPAM_ASSIGN_OR_RETURN(const auto there, store_.dhcp.ReservationsOfScope(to_));
  for (const v1::DhcpReservation& old : there) {
    const bool stays = std::any_of(reservations.begin(), reservations.end(), [&old](const auto& reservation) {
      return ParseIp(reservation.address()) == ParseIp(old.address());
    });
    if (!stays) IPAM_RETURN_IF_ERROR(store_.dhcp.DeleteReservation(old.record_id()));
  }
  for (v1::DhcpReservation& reservation : reservations) {
    IPAM_RETURN_IF_ERROR(PutReservation(std::move(reservation)));
  }
  return absl::OkStatus();
}

absl::Status Copy::PutReservation(v1::DhcpReservation reservation) {
  const std::int64_t from_id = reservation.record_id();
  const auto address = ParseIp(reservation.address());
  if (!address) return absl::OkStatus();  // no row has such an address
  IPAM_ASSIGN_OR_RETURN(const auto old, store_.dhcp.FindReservation(to_, *address));
  reservation.set_record_id(old.value_or(0));
  IPAM_ASSIGN_OR_RETURN(const auto address_id, FindAddressInScope(store_, to_, *address));
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id, store_.dhcp.PutReservation(to_, address_id, reservation));
  return CopyOptions({.server_id = from_server(), .scope_id = from_.record_id(), .reservation_id = from_id},
                     {.server_id = to_server_, .scope_id = to_, .reservation_id = id}, store_);
}

// What does not belong to the configuration of a scope stays that of the partner's row.
void KeepColumns(const v1::DhcpScope& row, v1::DhcpScope& replica) {
  replica.set_record_id(row.record_id());
  replica.set_access_scope_id(row.access_scope_id());
  replica.set_is_inherited_access_scope(row.is_inherited_access_scope());
  replica.set_number_of_active_leases(row.number_of_active_leases());
  replica.mutable_v4()->set_superscope_record_id(row.v4().superscope_record_id());
}

absl::StatusOr<std::int64_t> PutRow(const v1::DhcpScope& scope, std::int64_t server, Store& store) {
  v1::DhcpScope replica = scope;
  replica.set_parent_dhcp_server_record_id(server);
  const auto scope_id = ParseIp(scope.scope_id());
  std::optional<std::int64_t> there;
  if (scope_id) {
    IPAM_ASSIGN_OR_RETURN(there, store.dhcp.FindScope(4, *scope_id, server));
  }
  v1::DhcpScope row;  // of a new one: nothing to keep
  if (there) {
    IPAM_ASSIGN_OR_RETURN(row, RequireScope(store, 4, *there));
  }
  KeepColumns(row, replica);
  const absl::StatusOr<std::int64_t> id = store.dhcp.PutScope(replica);
  IPAM_RETURN_IF_ERROR(AsFault(kFailed, id.status()));
  return id;
}

absl::Status JoinRelation(std::int64_t relation, std::int64_t scope, Store& store) {
  IPAM_ASSIGN_OR_RETURN(const auto member, store.failover.FindScope(relation, scope));
  if (member) return absl::OkStatus();
  v1::DhcpScopeFailover row;
  row.set_failover_relation_id(relation);
  row.set_scope_id(scope);
  return store.failover.PutScope(row).status();
}

}  // namespace

absl::StatusOr<std::optional<Partner>> PartnerOf(const v1::DhcpScope& scope, Store& store) {
  IPAM_ASSIGN_OR_RETURN(const auto relation, store.failover.RelationOf(scope.record_id()));
  if (!relation) return std::nullopt;
  const std::int64_t server = scope.parent_dhcp_server_record_id();
  const std::int64_t first = relation->server1_record_id();
  const std::int64_t second = relation->server2_record_id();
  // Not the scope's own server, as the text has it (discrepancies F.2).
  if (server == first && second != 0 && second != server) return Partner{relation->record_id(), second};
  if (server == second && first != 0 && first != server) return Partner{relation->record_id(), first};
  return std::nullopt;
}

absl::StatusOr<std::int64_t> PutReplica(std::int64_t scope_id, Store& store) {
  IPAM_ASSIGN_OR_RETURN(auto scope, RequireScope(store, 4, scope_id));
  IPAM_ASSIGN_OR_RETURN(const auto partner, PartnerOf(scope, store));
  if (!partner) {
    return Fault(kFailed, absl::StrFormat("The scope %s has no partner any more.", scope.scope_id()));
  }
  IPAM_ASSIGN_OR_RETURN(const std::string server_name, store.servers.NameOfDhcpServer(partner->server));
  scope.mutable_v4()->set_failover_config_sync_status(v1::DHCP_FAILOVER_CONFIG_SYNC_STATUS_IN_SYNC);
  IPAM_RETURN_IF_ERROR(store.dhcp.PutScope(scope).status());
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id, PutRow(scope, partner->server, store));
  Copy copy(scope, id, partner->server, store);
  IPAM_RETURN_IF_ERROR(copy.Options());
  IPAM_RETURN_IF_ERROR(copy.Exclusions());
  IPAM_RETURN_IF_ERROR(PutRangeOfScope(scope, id, server_name, store).status());
  IPAM_RETURN_IF_ERROR(copy.Policies());
  IPAM_RETURN_IF_ERROR(copy.Reservations());
  IPAM_RETURN_IF_ERROR(JoinRelation(partner->relation, id, store));
  return id;
}

}  // namespace ipam::engine
