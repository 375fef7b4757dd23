// The one thread of all DCOM state: an event loop with timers, without Asio in the header.
#pragma once

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace boost::asio {
class io_context;
}

namespace ipam::net {

using Task = absl::AnyInvocable<void()>;

// A pending call of a task; destroying or resetting it cancels the call. Loop thread only.
class Timer {
 public:
  Timer() = default;
  Timer(Timer&&) = default;
  Timer& operator=(Timer&&) = default;
  void Cancel() { state_.reset(); }
  bool pending() const { return state_ != nullptr; }

  struct State;

 private:
  friend class Loop;
  explicit Timer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs tasks and I/O on the calling thread until Stop(). What is queued and not run is dropped when the
  // loop dies.
  void Run();
  // Makes a stopped loop ready for another Run().
  void Restart();
  // Any thread.
  void Stop();
  void Post(Task task);

  // Calls `task` on the loop thread after `delay`, unless the timer was cancelled. Loop thread, or before
  // Run().
  [[nodiscard]] Timer After(absl::Duration delay, Task task);

  // For the files of this folder.
  boost::asio::io_context& io();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipam::net
