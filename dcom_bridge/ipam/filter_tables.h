// MAC filters of DHCP servers, [MS-IPAMM2] 3.1.1.1.48. The engine's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/sqlite.h"
#include "ipam/v1/dhcp_failover.pb.h"

namespace ipam::engine {

class FilterTables {
 public:
  explicit FilterTables(Database& db);

  absl::StatusOr<std::int64_t> Put(const v1::DhcpFilter& filter);
  absl::StatusOr<std::vector<v1::DhcpFilter>> List();

 private:
  Statement put_;
  Statement list_;
};

}  // namespace ipam::engine
