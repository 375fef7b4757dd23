// MAC filters of DHCP servers, [MS-IPAMM2] 3.1.1.1.48. The engine's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"
#include "ipam/v1/dhcp_failover.pb.h"

namespace ipam::engine {

class FilterTables {
 public:
  explicit FilterTables(Database& db);

  absl::StatusOr<std::int64_t> Put(const v1::DhcpFilter& filter);
  absl::StatusOr<std::optional<v1::DhcpFilter>> Get(std::int64_t id);
  absl::StatusOr<std::optional<v1::DhcpFilter>> Find(std::int64_t server, const std::string& mac_address);
  absl::StatusOr<std::vector<v1::DhcpFilter>> List();
  absl::Status Delete(std::int64_t id);

 private:
  Statement put_;
  Statement get_;
  Statement find_;
  Statement list_;
  Statement delete_;
};

}  // namespace ipam::engine
