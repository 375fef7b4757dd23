// SQLite's access to files, with faults: the default of the process from the construction on, so that a journal that
// is opened then goes through it.
#pragma once

#include <sqlite3.h>

#include <atomic>

namespace ipam::hub {

class FaultyVfs {
 public:
  FaultyVfs();
  // Every database that was opened through it is closed.
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  std::atomic<bool> full{false};        // writes find no room
  std::atomic<bool> sync_fails{false};  // of write-ahead logs
  std::atomic<int> syncs{0};            // of write-ahead logs that succeeded

  sqlite3_vfs& real() { return *real_; }

 private:
  sqlite3_vfs* const real_;
  sqlite3_vfs vfs_;
};

}  // namespace ipam::hub
