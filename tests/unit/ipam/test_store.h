// Where the stores of tests are: files of SQLite, or, where IPAM_TEST_STORE is postgresql://USER@/?host=DIRECTORY, databases
// of that cluster. Queries of tests are in the words of SQLite; what PostgreSQL lacks of them its databases here have.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace ipam::engine {

bool OnPostgres();

// A directory that lasts as long as the value.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string File(const std::string& name) const { return path_ + "/" + name; }
  // A store that lasts as long as the directory: what OpenDatabase takes. Empty at first.
  std::string Store(const std::string& name);
  std::string CopyOf(const std::string& store, const std::string& name);

 private:
  std::string path_;
  std::map<std::string, std::string> databases_;
};

// A store with the sample network and plant.yaml, not to be changed.
std::string PlantStore();

// Every row of a query, from beside the engine, in the order of their ids where it says no other: "1|a".
std::vector<std::string> ListRows(const std::string& store, const std::string& sql);
// "1|a; 2|NULL"
std::string RowsOf(const std::string& store, const std::string& sql);
// Every row of each table.
std::map<std::string, std::string> Dump(const std::string& store);
// Statements, from beside the engine too.
absl::Status ExecuteOn(const std::string& store, const std::string& sql);
// From now on no transaction can have `event` (INSERT ...) on the table, where `when` holds, until Allow().
void Deny(const std::string& store, const std::string& event, const std::string& table,
          const std::string& when = "");
// The statement alone fails, as by a constraint: "UPDATE ON dhcp_scopes WHEN OLD.record_id = 5".
void Refuse(const std::string& store, const std::string& change, const std::string& message = "denied");
void Allow(const std::string& store);

}  // namespace ipam::engine
