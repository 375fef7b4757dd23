// Takes events in order, one thread: checks each against its operation's state machine, gives sequence and
// offset, commits what waits as one group, shows it to readers, and only then answers. design.md section 4 is
// the contract.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/event/event_sink.h"
#include "gateway/hub/catalog.h"
#include "gateway/hub/operation_machine.h"
#include "gateway/hub/options.h"
#include "gateway/hub/store.h"

namespace ipam::hub {

class Journal {
 public:
  // `catalog` is loaded, then changed by every commit; `committed` is called after each, on the journal's
  // thread, and must not block. Both outlive the journal, as `dependencies` does.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const Options& options,
                                                       const Dependencies& dependencies, Catalog& catalog,
                                                       std::function<void()> committed);
  ~Journal();

  // Any thread. An Accepted under info.id makes the operation; its number is given then.
  // `parameters_xml` is kept with it; empty: nothing is.
  void Reserve(OperationInfo info, std::string parameters_xml);
  void Release(const std::string& operation);
  // Any thread, never blocks. `stored` as event::EventSink says.
  void Publish(const std::string& operation, Change change, event::Stored stored);
  // Takes nothing more, commits and answers what was taken, flushes, closes.
  void Stop();

  void AddTo(Counters& counters) const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Command {
    std::string operation;
    Change change;
    event::Stored stored;
    std::size_t bytes = 0;
    absl::Status result;
    bool journaled = false;
  };
  struct Touched {  // by the present transaction
    OperationMachine* machine = nullptr;
    std::optional<std::string> completion_status_xml;
    bool is_new = false;
    std::string parameters_xml;  // of a new one
  };
  struct Reserved {
    OperationInfo info;
    std::string parameters_xml;
  };

  Journal(const Options& options, const Dependencies& dependencies, Catalog& catalog,
          std::unique_ptr<Store> store, std::function<void()> committed);
  void Run();
  std::vector<Command> Wait();
  void Process(std::vector<Command> batch);
  absl::Status TakeOne(Command& command, absl::Time now, Catalog::Batch& batch);
  absl::StatusOr<OperationMachine*> FindMachine(const Command& command);
  absl::Status FinishTransaction(Catalog::Batch& batch);
  void Undo(std::uint64_t last_offset);
  void FlushIfDue(bool now);
  void Retain(bool by_age);

  const Options& options_;
  const Dependencies& dependencies_;
  Catalog& catalog_;
  const std::function<void()> committed_;

  // The journal's thread.
  std::unique_ptr<Store> store_;
  absl::flat_hash_map<std::string, std::unique_ptr<OperationMachine>>
      machines_;                                     // of operations that take callbacks
  std::unique_ptr<OperationMachine> ended_machine_;  // only to refuse what comes too late
  absl::flat_hash_map<std::string, Touched> touched_;
  absl::Status transaction_;  // the first failure of the store in it
  std::uint64_t last_offset_ = 0;
  std::uint64_t last_number_ = 0;
  Position position_;
  std::optional<SteadyTime> unflushed_since_;
  SteadyTime next_retention_;

  base::Mutex mutex_;
  base::CondVar wake_;
  std::deque<Command> queue_ IPAM_GUARDED_BY(mutex_);
  std::size_t queue_bytes_ IPAM_GUARDED_BY(mutex_) = 0;
  bool stopping_ IPAM_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<std::string, Reserved> reserved_ IPAM_GUARDED_BY(mutex_);

  std::atomic<std::uint64_t> events_{0}, duplicates_{0}, refused_{0}, commits_{0}, flushes_{0};
  std::thread thread_;
};

}  // namespace ipam::hub
