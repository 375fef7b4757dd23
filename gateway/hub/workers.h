// A few threads for work that takes seconds, such as the check of large parameters, so that the threads of the
// transports do not wait for it. Bounded in tasks and in the bytes that they hold.
#pragma once

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "dcom_bridge/base/mutex.h"

namespace ipam::hub {

class Workers {
 public:
  // Called once: with OK on a thread of the workers; with kResourceExhausted, before Submit() returns, where too
  // much waits; with kUnavailable where they stopped before its turn.
  using Task = absl::AnyInvocable<void(absl::Status)>;

  Workers(int threads, std::size_t max_waiting, std::size_t max_bytes);
  ~Workers();

  // `bytes`: what the task holds, until it is done.
  void Submit(std::size_t bytes, Task task);
  // Returns when no task runs any more.
  void Stop();

 private:
  struct Waiting {
    std::size_t bytes = 0;
    Task task;
  };
  void Run();

  const std::size_t max_waiting_;
  const std::size_t max_bytes_;
  base::Mutex mutex_;
  base::CondVar wake_;
  std::deque<Waiting> waiting_ IPAM_GUARDED_BY(mutex_);
  std::size_t bytes_ IPAM_GUARDED_BY(mutex_) = 0;  // of those that run too
  bool stopped_ IPAM_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace ipam::hub
