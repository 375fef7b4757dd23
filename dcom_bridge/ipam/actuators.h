// The servers that do what the store says, and the threads that wait for them.
//
// The engine works on an entity that concerns them so: it makes the change in a savepoint, reads off the store what the servers
// have to do, and undoes the savepoint; they do it (Run); then it makes the change again, for good (ServerWork). From
// Reserve to Release nobody else has work for the same server: its configuration is that of the store and this one change.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/ipam/actuation.h"
#include "dcom_bridge/ipam/dhcp_actuator.h"
#include "dcom_bridge/ipam/readable_dns_actuator.h"

namespace ipam::engine {

// By the record ids of the store, which DHCP and DNS servers count apart.
struct ServerKey {
  enum class Role { kDhcp, kDns } role = Role::kDhcp;
  std::int64_t id = 0;
  auto operator<=>(const ServerKey&) const = default;
};

// What all servers have to do about one entity: all of them, or none.
struct ActuationJob {
  std::vector<std::pair<std::int64_t, DhcpView>> dhcp;  // by server
  std::vector<DnsWork> dns;
  std::vector<DnsWork> dns_before;  // what takes `dns` back
  // A server may have what is asked of it already, and then it is not asked again.
  bool read_back = false;
};

struct ActuationResult {
  absl::Status status;  // not OK: a fault (fault.h), and no server is changed, as far as it answers
  Unexpressed unexpressed;
  std::map<ServerKey, absl::Status> silent;  // those that did not answer, each with the fault that says so
};

class Actuators {
 public:
  Actuators() = default;
  // The work at hand ends soon, with the error that a server did not answer; what is queued is not done, and not told.
  ~Actuators();
  Actuators(const Actuators&) = delete;
  Actuators& operator=(const Actuators&) = delete;

  // Before the engine runs.
  void Add(std::int64_t dhcp_server, std::unique_ptr<DhcpActuator> actuator);
  void Add(std::int64_t dns_server, std::unique_ptr<ReadableDnsActuator> actuator);
  bool Has(const ServerKey& server) const;
  std::vector<ServerKey> servers() const;
  // Of the requests of the actuators: stop is requested when this is destroyed.
  std::stop_token stop_token() const { return stop_.get_token(); }

  // The engine's thread. False: one of the servers is reserved, and none was reserved now.
  bool Reserve(const std::set<ServerKey>& servers);
  void Release(const std::set<ServerKey>& servers);
  // Whether something was released since the last call.
  bool TakeReleased() { return std::exchange(released_, false); }

  // Any thread; `done` is called on a thread of this.
  void Run(ActuationJob job, absl::AnyInvocable<void(ActuationResult)> done) IPAM_EXCLUDES(mutex_);

 private:
  struct Task {
    ActuationJob job;
    absl::AnyInvocable<void(ActuationResult)> done;
  };
  void Work();
  ActuationResult Do(const ActuationJob& job);
  using DhcpChanges = std::vector<std::pair<std::int64_t, std::unique_ptr<DhcpChange>>>;
  absl::Status ChangeDhcp(const ActuationJob& job, DhcpChanges& changes, ActuationResult& result);
  absl::Status ChangeDns(const ActuationJob& job, ActuationResult& result);
  absl::Status Perform(const DnsWork& work, bool read_back, ActuationResult& result);

  std::map<std::int64_t, std::unique_ptr<DhcpActuator>> dhcp_;  // fixed once the engine runs
  std::map<std::int64_t, std::unique_ptr<ReadableDnsActuator>> dns_;
  std::set<ServerKey> reserved_;  // the engine's thread
  bool released_ = false;
  std::stop_source stop_;

  base::Mutex mutex_;
  base::CondVar wake_;
  std::deque<Task> tasks_ IPAM_GUARDED_BY(mutex_);  // bounded by the operations that run
  std::size_t idle_ IPAM_GUARDED_BY(mutex_) = 0;    // of the threads
  bool stopping_ IPAM_GUARDED_BY(mutex_) = false;
  // One for each task at work, so that a server that does not answer keeps no other waiting.
  std::vector<std::thread> threads_ IPAM_GUARDED_BY(mutex_);
};

}  // namespace ipam::engine
