// std::mutex with clang's thread safety annotations. Not absl::Mutex: Debian's is not instrumented, so the
// thread sanitizer would report correct code that it guards.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define IPAM_TS(x) __attribute__((x))
#else
#define IPAM_TS(x)
#endif
#define IPAM_GUARDED_BY(m) IPAM_TS(guarded_by(m))
#define IPAM_REQUIRES(m) IPAM_TS(requires_capability(m))
#define IPAM_EXCLUDES(m) IPAM_TS(locks_excluded(m))

namespace ipam::base {

class IPAM_TS(capability("mutex")) Mutex {
 public:
  void Lock() IPAM_TS(acquire_capability()) { mutex_.lock(); }
  void Unlock() IPAM_TS(release_capability()) { mutex_.unlock(); }
  // The names that std::condition_variable_any asks for.
  void lock() IPAM_TS(acquire_capability()) { mutex_.lock(); }
  void unlock() IPAM_TS(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class IPAM_TS(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) IPAM_TS(acquire_capability(mutex)) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() IPAM_TS(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

using CondVar = std::condition_variable_any;

}  // namespace ipam::base
