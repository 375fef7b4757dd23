// ADM_CommonProperties, [MS-IPAMM2] 3.1.1.1.28. The engine's thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"

namespace ipam::engine {

class CommonProperties {
 public:
  explicit CommonProperties(Database& db) : get_(db, "SELECT value FROM common_properties WHERE name = ?") {}

  // Empty: not set.
  absl::StatusOr<std::string> Get(const std::string& name) {
    Cursor row = get_.Query(name);
    std::string value;
    if (row.Next()) value = row.Text(0);
    if (!row.status().ok()) return row.status();
    return value;
  }

 private:
  Statement get_;
};

}  // namespace ipam::engine
