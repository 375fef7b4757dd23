#include "dcom_bridge/ipam/dhcp_view.h"

#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::engine {
namespace {

absl::StatusOr<v1::DhcpServer> ReadServer(Store& store, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(std::optional<v1::DhcpServer> server, store.dhcp.GetServer(4, id));
  if (!server) {
    IPAM_ASSIGN_OR_RETURN(server, store.dhcp.GetServer(6, id));
  }
  if (!server) return absl::NotFoundError(absl::StrFormat("There is no DHCP server %d.", id));
  IPAM_ASSIGN_OR_RETURN(auto definitions, store.options.definitions.List(id));
  for (auto& one : definitions) {
    *server->mutable_option_definitions()->add_option_definitions_in_collection() = std::move(one);
  }
  IPAM_ASSIGN_OR_RETURN(auto user_classes, store.options.user_classes.List(id));
  for (auto& one : user_classes)
    *server->mutable_user_classes()->add_user_classes_in_collection() = std::move(one);
  IPAM_ASSIGN_OR_RETURN(auto vendor_classes, store.options.vendor_classes.List(id));
  for (auto& one : vendor_classes) {
    *server->mutable_vendor_classes()->add_vendor_classes_in_collection() = std::move(one);
  }
  IPAM_ASSIGN_OR_RETURN(auto options, store.options.List({.server_id = id}));
  for (auto& one : options) *server->mutable_options()->add_options_in_collection() = std::move(one);
  return *std::move(server);
}

}  // namespace

absl::StatusOr<DhcpView> ReadDhcpView(Store& store, std::int64_t server_id) {
  DhcpView view;
  IPAM_ASSIGN_OR_RETURN(view.server, ReadServer(store, server_id));
  IPAM_ASSIGN_OR_RETURN(view.superscopes, store.dhcp.ListSuperscopes());
  std::erase_if(view.superscopes, [=](const auto& one) { return one.parent_server_id() != server_id; });
  IPAM_ASSIGN_OR_RETURN(view.scopes, store.dhcp.ListScopes());
  std::erase_if(view.scopes,
                [=](const auto& one) { return one.parent_dhcp_server_record_id() != server_id; });
  std::set<std::int64_t> scopes;
  for (const v1::DhcpScope& scope : view.scopes) scopes.insert(scope.record_id());
  IPAM_ASSIGN_OR_RETURN(view.reservations, store.dhcp.ListReservations());
  std::erase_if(view.reservations,
                [&](const auto& one) { return !scopes.contains(one.parent_scope().record_id()); });
  IPAM_ASSIGN_OR_RETURN(view.policies, store.policies.ListWhole());
  std::erase_if(view.policies, [=](const auto& one) { return one.server_record_id() != server_id; });
  IPAM_ASSIGN_OR_RETURN(view.filters, store.filters.List());
  std::erase_if(view.filters, [=](const auto& one) { return one.server_record_id() != server_id; });
  IPAM_ASSIGN_OR_RETURN(view.failovers, store.failover.List());
  std::erase_if(view.failovers, [=](const auto& one) {
    return one.server1_record_id() != server_id && one.server2_record_id() != server_id;
  });
  return view;
}

}  // namespace ipam::engine
