// How many sessions of one server are resumed at a time: one that comes back after a while is not asked for
// thousands at once. Loop thread.
#pragma once

#include <deque>
#include <functional>
#include <utility>

namespace ipam::bridge {

class ResumeTurns {
 public:
  explicit ResumeTurns(int at_once = 32) : at_once_(at_once) {}

  // True: one more, until Done(). False: `again` is called when there may be room.
  bool Take(std::function<void()> again) {
    if (taken_ < at_once_) {
      ++taken_;
      return true;
    }
    waiting_.push_back(std::move(again));
    return false;
  }
  void Done() {
    --taken_;
    // Who is called may not want its turn any more.
    while (taken_ < at_once_ && !waiting_.empty()) {
      const std::function<void()> again = std::move(waiting_.front());
      waiting_.pop_front();
      again();
    }
  }

 private:
  int at_once_;
  int taken_ = 0;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace ipam::bridge
