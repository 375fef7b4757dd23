// The rows of one table of the store for people and for programs.
#pragma once

#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace ipam::engine {

struct ShowOptions {
  std::string table;   // as StoreTables names it
  std::string filter;  // "scope_name = lab AND prefix_length >= 24"; empty: all rows
  bool json = false;   // one array of rows in the JSON form of their messages; else a table
};

// One snapshot of the store; works beside a running engine. Secrets are left out. kInvalidArgument names the tables,
// or the fields, there are. A filter is conditions joined by AND: a field, by its path (proto or JSON name), one of
// = != : < <= > >= (: is "contains") and a value, in double quotes where it has spaces. Texts are compared without
// regard to case, enumerators by their name or the schema's; of a list one entry must fit.
absl::Status ShowTable(const std::string& database, const ShowOptions& options, std::ostream& out);

}  // namespace ipam::engine
