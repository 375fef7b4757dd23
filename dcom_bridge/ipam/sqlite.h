// SQLite under the store.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/sql_driver.h"

namespace ipam::engine {

// A file, which is made where it is not there, or :memory:.
absl::StatusOr<std::unique_ptr<SqlDriver>> OpenSqlite(const std::string& path);

}  // namespace ipam::engine
