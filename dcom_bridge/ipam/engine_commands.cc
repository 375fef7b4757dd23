#include "dcom_bridge/ipam/engine_commands.h"

#include <utility>

namespace ipam::engine {
namespace {

// Reads and answers of all sessions; one operation has one of each at a time.
constexpr std::size_t kMaxCommands = 16'384;

}  // namespace

void Refuse(Command& command, const absl::Status& why) {
  std::visit(
      [&why](auto& c) {
        if constexpr (requires { c.done(why); }) c.done(why);
      },
      command);
}

void CommandQueue::Push(Command command) {
  {
    base::MutexLock lock(mutex_);
    commands_.push_back(std::move(command));
  }
  wake_.notify_one();
}

void CommandQueue::PushBounded(Command command) {
  {
    base::MutexLock lock(mutex_);
    if (commands_.size() < kMaxCommands) {
      commands_.push_back(std::move(command));
      wake_.notify_one();
      return;
    }
  }
  Refuse(command, absl::ResourceExhaustedError("too many calls wait"));
}

bool CommandQueue::ReserveStart() {
  base::MutexLock lock(mutex_);
  if (open_ >= max_open_) return false;
  ++open_;
  return true;
}

void CommandQueue::AddOpen() {
  base::MutexLock lock(mutex_);
  ++open_;
}

void CommandQueue::ReleaseStart() {
  base::MutexLock lock(mutex_);
  --open_;
}

bool CommandQueue::Wait(std::optional<Time> due, std::deque<Command>& commands) {
  commands.clear();
  base::MutexLock lock(mutex_);
  while (!stopping_ && commands_.empty() && (!due || Time::clock::now() < *due)) {
    if (due) {
      wake_.wait_until(mutex_, *due);
    } else {
      wake_.wait(mutex_);
    }
  }
  if (stopping_) return false;
  commands.swap(commands_);
  return true;
}

bool CommandQueue::WaitOn(Time due, std::deque<Command>& commands) {
  commands.clear();
  base::MutexLock lock(mutex_);
  while (commands_.empty() && Time::clock::now() < due) wake_.wait_until(mutex_, due);
  commands.swap(commands_);
  return !commands.empty();
}

bool CommandQueue::HasCommands() {
  base::MutexLock lock(mutex_);
  return !commands_.empty() || stopping_;
}

void CommandQueue::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

std::deque<Command> CommandQueue::TakeRest() {
  base::MutexLock lock(mutex_);
  return std::exchange(commands_, {});
}

}  // namespace ipam::engine
