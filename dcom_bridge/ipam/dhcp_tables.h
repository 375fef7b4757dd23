// DHCP servers, superscopes, scopes and reservations, [MS-IPAMM2] 3.1.1.1.5, 13, 17 and 46. The engine's
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/dhcp_option_tables.h"
#include "dcom_bridge/ipam/ip.h"
#include "ipam/v1/dhcp.pb.h"
#include "ipam/v1/dhcp_failover.pb.h"
#include "ipam/v1/dhcp_reservation.pb.h"

namespace ipam::engine {

class DhcpTables {
 public:
  DhcpTables(Database& db, DhcpOptionTables& options);

  // The row of the server alone; the password of 2.2.4.155 has no column.
  absl::StatusOr<std::int64_t> PutServerRow(const v1::DhcpServer& server);
  // Of the family, 4 or 6, without its lists and options.
  absl::StatusOr<std::optional<v1::DhcpServer>> GetServer(int family, std::int64_t id);
  // With its option definitions, classes and options.
  absl::StatusOr<std::int64_t> PutServer(const v1::DhcpServer& server);
  absl::StatusOr<std::vector<v1::DhcpServer>> ListServers();
  absl::StatusOr<bool> HasServer(int family, std::int64_t id);

  absl::StatusOr<std::int64_t> PutSuperscope(const v1::DhcpSuperscopeV4& superscope);
  absl::StatusOr<std::optional<v1::DhcpSuperscopeV4>> GetSuperscope(std::int64_t id);
  absl::StatusOr<std::optional<std::int64_t>> FindSuperscope(std::int64_t server, const std::string& name);
  absl::StatusOr<std::vector<v1::DhcpSuperscopeV4>> ListSuperscopes();
  absl::Status DeleteSuperscope(std::int64_t id);
  // GetScopesForSuperscope, 3.1.1.1.13.2.6.
  absl::StatusOr<std::vector<std::int64_t>> ScopesOfSuperscope(std::int64_t id);
  // Absent: takes the scope out of its superscope.
  absl::Status SetSuperscope(std::int64_t scope, std::optional<std::int64_t> superscope);

  // The scope alone: exclusions and options are put by their own methods.
  absl::StatusOr<std::int64_t> PutScope(const v1::DhcpScope& scope);
  absl::StatusOr<std::optional<v1::DhcpScope>> GetScope(std::int64_t id);
  absl::StatusOr<std::vector<v1::DhcpScope>> ListScopes();
  // `server` 0: of any.
  absl::StatusOr<std::optional<std::int64_t>> FindScope(int family, const IpOctets& scope_id,
                                                        std::int64_t server = 0);
  absl::StatusOr<std::vector<std::int64_t>> ScopesOfServer(std::int64_t server);
  absl::Status DeleteScope(std::int64_t id);
  absl::StatusOr<std::int64_t> PutExclusion(std::int64_t scope, const IpInterval& range,
                                            std::int64_t record_id);
  absl::Status DeleteExclusion(std::int64_t scope, const IpInterval& range);
  absl::Status DeleteExclusions(std::int64_t scope);
  absl::StatusOr<std::vector<IpInterval>> ListExclusions(std::int64_t scope);

  // AddOrUpdateReservation, DeleteReservation and GetDhcpReservation, 3.1.1.1.5.2; without its options.
  absl::StatusOr<std::int64_t> PutReservation(std::int64_t scope, std::optional<std::int64_t> address_id,
                                              const v1::DhcpReservation& reservation);
  absl::Status DeleteReservation(std::int64_t id);
  absl::StatusOr<std::optional<v1::DhcpReservation>> GetReservation(std::int64_t id);
  absl::StatusOr<std::optional<std::int64_t>> FindReservation(std::int64_t scope, const IpOctets& address);
  // IPAddressRecordId.
  absl::StatusOr<std::optional<std::int64_t>> AddressOfReservation(std::int64_t id);
  absl::Status LinkReservation(std::int64_t reservation, std::int64_t address);
  // With their options, of all scopes or of one.
  absl::StatusOr<std::vector<v1::DhcpReservation>> ListReservations();
  absl::StatusOr<std::vector<v1::DhcpReservation>> ReservationsOfScope(std::int64_t scope);

 private:
  absl::StatusOr<std::vector<v1::DhcpReservation>> ReadReservations(Cursor rows);

  DhcpOptionTables& options_;
  Statement put_server_;
  Statement get_server_;
  Statement list_servers_;
  Statement has_server_;
  Statement put_superscope_;
  Statement get_superscope_;
  Statement find_superscope_;
  Statement list_superscopes_;
  Statement delete_superscope_;
  Statement scopes_of_superscope_;
  Statement set_superscope_;
  Statement put_scope_;
  Statement get_scope_;
  Statement list_scopes_;
  Statement find_scope_;
  Statement scopes_of_server_;
  Statement delete_scope_;
  Statement put_exclusion_;
  Statement delete_exclusion_;
  Statement delete_exclusions_;
  Statement list_exclusions_;
  Statement put_reservation_;
  Statement delete_reservation_;
  Statement get_reservation_;
  Statement find_reservation_;
  Statement address_of_reservation_;
  Statement link_reservation_;
  Statement list_reservations_;
  Statement reservations_of_scope_;
};

}  // namespace ipam::engine
