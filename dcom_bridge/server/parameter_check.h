// Checks parameters beside the loop, for it takes seconds for many MiB: one thread for small texts, one for
// large ones, so that a small one never waits for those. Bounded in texts and in octets.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/net/loop.h"

namespace ipam::server {

struct ParameterCheckOptions {
  std::size_t large_chars = std::size_t{64} << 10;        // from here on a text is large
  std::size_t max_waiting = 1024;                         // texts of each kind
  std::size_t max_waiting_chars = std::size_t{64} << 20;  // of each kind; one text more than that is taken
};

class ParameterCheck {
 public:
  // On one of the threads. kInvalidArgument: the parameters are not valid.
  using Check = std::function<absl::StatusOr<engine::Prepared>(std::string_view xml)>;
  using Checked = absl::AnyInvocable<void(absl::StatusOr<engine::Prepared>)>;

  ParameterCheck(ParameterCheckOptions options, std::shared_ptr<net::Loop> loop, Check check);
  // Waits for the texts at work; those that wait are dropped.
  ~ParameterCheck();

  // `checked` is called on the loop, never from inside this call: kInvalidArgument, also for what is not
  // UTF-16; kResourceExhausted where too much waits.
  void Submit(std::u16string parameters, Checked checked) IPAM_EXCLUDES(mutex_);

 private:
  struct Job {
    std::u16string parameters;
    Checked checked;
  };
  struct Lane {
    std::deque<Job> jobs;
    std::size_t chars = 0;
  };

  void Run(Lane& lane) IPAM_EXCLUDES(mutex_);
  absl::StatusOr<engine::Prepared> Examine(std::u16string parameters) const;
  void Tell(Checked checked, absl::StatusOr<engine::Prepared> result);

  const ParameterCheckOptions options_;
  const std::shared_ptr<net::Loop> loop_;
  const Check check_;
  base::Mutex mutex_;
  base::CondVar wake_;
  std::array<Lane, 2> lanes_ IPAM_GUARDED_BY(mutex_);  // small texts, large ones
  bool stopping_ IPAM_GUARDED_BY(mutex_) = false;
  std::array<std::thread, 2> threads_;
};

}  // namespace ipam::server
