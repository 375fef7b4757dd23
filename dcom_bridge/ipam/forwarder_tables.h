// Conditional forwarders of DNS servers, [MS-IPAMM2] 3.1.1.1.52. The engine's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"
#include "ipam/v1/dns.pb.h"

namespace ipam::engine {

class ForwarderTables {
 public:
  explicit ForwarderTables(Database& db);

  absl::StatusOr<std::int64_t> Put(const v1::DnsConditionalForwarder& forwarder);
  absl::StatusOr<std::optional<v1::DnsConditionalForwarder>> Get(std::int64_t id);
  absl::Status Delete(std::int64_t id);
  absl::StatusOr<std::vector<v1::DnsConditionalForwarder>> List();

 private:
  Statement put_;
  Statement get_;
  Statement delete_;
  Statement list_;
};

}  // namespace ipam::engine
