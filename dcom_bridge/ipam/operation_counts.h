// How many operations there are, for who watches the server. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "dcom_bridge/base/mutex.h"

namespace ipam::engine {

struct OperationFigures {
  std::size_t running = 0;  // take turns
  std::size_t waiting = 0;  // for their callback or for a turn
  // Since the start: by kind, and whether they succeeded.
  std::map<std::pair<std::string, bool>, std::uint64_t> ended;
};

class OperationCounts {
 public:
  void Set(std::size_t running, std::size_t waiting) IPAM_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    figures_.running = running;
    figures_.waiting = waiting;
  }
  void OnEnded(const std::string& kind, bool succeeded) IPAM_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    ++figures_.ended[{kind, succeeded}];
  }
  OperationFigures Get() const IPAM_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return figures_;
  }

 private:
  mutable base::Mutex mutex_;
  OperationFigures figures_ IPAM_GUARDED_BY(mutex_);
};

}  // namespace ipam::engine
