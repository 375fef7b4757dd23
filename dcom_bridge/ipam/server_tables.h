// Servers and their roles, [MS-IPAMM2] 3.1.1.1.21 and 22. The engine's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"
#include "ipam/v1/server.pb.h"

namespace ipam::engine {

class ServerTables {
 public:
  explicit ServerTables(Database& db);

  absl::StatusOr<std::int64_t> PutServer(const v1::ServerInfo& server);
  absl::StatusOr<std::vector<v1::ServerInfo>> ListServers();
  // The message names its server by parent_server.record_id.
  absl::StatusOr<std::int64_t> PutRole(const v1::ServerRole& role);
  absl::StatusOr<std::vector<v1::ServerRole>> ListRoles();

  // ServerRoleInfo.ParentServer.Name of a DHCP or DNS server (discrepancies D.1); empty: not known.
  absl::StatusOr<std::string> NameOfDhcpServer(std::int64_t id);
  absl::StatusOr<std::string> NameOfDnsServer(std::int64_t id);

 private:
  Statement put_server_;
  Statement list_servers_;
  Statement put_role_;
  Statement list_roles_;
  Statement name_of_dhcp_;
  Statement name_of_dns_;
};

}  // namespace ipam::engine
