// DHCP servers, scopes, options, reservations and failover relationships, [MS-IPAMM2] 3.1.1.1.5, 13, 17, 18,
// 44 to 46. The engine's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/ip.h"
#include "dcom_bridge/ipam/sqlite.h"
#include "ipam/v1/dhcp.pb.h"
#include "ipam/v1/dhcp_failover.pb.h"
#include "ipam/v1/dhcp_reservation.pb.h"
#include "ipam/v1/tables.pb.h"

namespace ipam::engine {

// Whose options: a server's; a scope's; a reservation's.
struct OptionOwner {
  std::int64_t server_id = 0;
  std::optional<std::int64_t> scope_id = std::nullopt;
  std::optional<std::int64_t> reservation_id = std::nullopt;
};

class DhcpTables {
 public:
  explicit DhcpTables(Database& db);

  // With its option definitions, user classes and options.
  absl::StatusOr<std::int64_t> PutServer(const v1::DhcpServer& server);
  absl::StatusOr<std::vector<v1::DhcpServer>> ListServers();
  // Of the family, 4 or 6.
  absl::StatusOr<bool> HasServer(int family, std::int64_t id);

  absl::StatusOr<std::int64_t> PutSuperscope(const v1::DhcpSuperscopeV4& superscope);
  absl::StatusOr<std::vector<v1::DhcpSuperscopeV4>> ListSuperscopes();

  // The scope alone: exclusions and options are put by their own methods.
  absl::StatusOr<std::int64_t> PutScope(const v1::DhcpScope& scope);
  absl::StatusOr<std::optional<v1::DhcpScope>> GetScope(std::int64_t id);
  absl::StatusOr<std::vector<v1::DhcpScope>> ListScopes();
  absl::StatusOr<std::optional<std::int64_t>> FindScope(int family, const IpOctets& scope_id);
  absl::StatusOr<std::int64_t> PutExclusion(std::int64_t scope, const IpInterval& range,
                                            std::int64_t record_id);
  absl::Status DeleteExclusion(std::int64_t scope, const IpInterval& range);
  absl::Status DeleteExclusions(std::int64_t scope);
  absl::StatusOr<std::vector<IpInterval>> ListExclusions(std::int64_t scope);

  absl::StatusOr<bool> HasOptionDefinition(std::int64_t server, std::int64_t definition);
  absl::StatusOr<bool> HasUserClass(std::int64_t server, std::int64_t user_class);
  // Takes the place of the option with the same definition and user class.
  absl::StatusOr<std::int64_t> PutOption(const OptionOwner& owner, const v1::DhcpOption& option);
  absl::Status DeleteOption(const OptionOwner& owner, const v1::DhcpOption& option);
  absl::Status DeleteOptions(const OptionOwner& owner);
  absl::StatusOr<std::vector<v1::DhcpOption>> ListOptions(const OptionOwner& owner);

  // AddOrUpdateReservation, 3.1.1.1.5.2.1; without its options.
  absl::StatusOr<std::int64_t> PutReservation(std::int64_t scope, std::optional<std::int64_t> address_id,
                                              const v1::DhcpReservation& reservation);
  absl::Status LinkReservation(std::int64_t reservation, std::int64_t address);
  absl::StatusOr<std::vector<v1::DhcpReservation>> ListReservations();

  absl::StatusOr<std::int64_t> PutFailover(const v1::DhcpFailover& failover);
  absl::StatusOr<std::vector<v1::DhcpFailover>> ListFailovers();
  absl::StatusOr<std::int64_t> PutScopeFailover(const v1::DhcpScopeFailover& member);
  absl::StatusOr<std::optional<std::int64_t>> FindScopeFailover(std::int64_t relation, std::int64_t scope);
  absl::StatusOr<std::vector<v1::DhcpScopeFailover>> ListScopeFailovers();

 private:
  Statement put_server_;
  Statement list_servers_;
  Statement has_server_;
  Statement put_definition_;
  Statement list_definitions_;
  Statement has_definition_;
  Statement put_user_class_;
  Statement list_user_classes_;
  Statement has_user_class_;
  Statement put_superscope_;
  Statement list_superscopes_;
  Statement put_scope_;
  Statement get_scope_;
  Statement list_scopes_;
  Statement find_scope_;
  Statement put_exclusion_;
  Statement delete_exclusion_;
  Statement delete_exclusions_;
  Statement list_exclusions_;
  Statement put_option_;
  Statement delete_option_;
  Statement delete_options_;
  Statement list_options_;
  Statement put_reservation_;
  Statement link_reservation_;
  Statement list_reservations_;
  Statement put_failover_;
  Statement list_failovers_;
  Statement put_scope_failover_;
  Statement find_scope_failover_;
  Statement list_scope_failovers_;
};

}  // namespace ipam::engine
