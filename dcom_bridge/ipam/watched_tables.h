// Which changes of rows say that a server has something to do: one list, of which each database makes its triggers. Their
// statements fill the tables of change_log.sql, and know the row by NEW and OLD.
#pragma once

#include <string>
#include <vector>

namespace ipam::engine {

struct WatchedChange {
  std::string table;
  std::string event;  // INSERT, UPDATE or DELETE
  std::string statement;
};

std::vector<WatchedChange> WatchedChanges();

}  // namespace ipam::engine
