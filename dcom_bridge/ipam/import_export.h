// The data store as YAML: top keys are table names in snake_case, rows are the JSON form of the ipam.v1
// message of that table, record ids kept. Works beside a running engine: SQLite's own locks order the two.
#pragma once

#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace ipam::engine {

// One transaction. Rows whose ids are in the store replace them, so the same file again changes nothing.
// kInvalidArgument names file, line, table and field; an unknown key is an error.
absl::Status ImportYaml(const std::string& database, const std::string& path);

// What ImportYaml takes.
absl::Status ExportYaml(const std::string& database, std::ostream& out);

}  // namespace ipam::engine
