#include "gateway/hub/workers.h"

#include <utility>

namespace ipam::hub {

Workers::Workers(int threads, std::size_t max_waiting, std::size_t max_bytes)
    : max_waiting_(max_waiting), max_bytes_(max_bytes) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Workers::~Workers() { Stop(); }

void Workers::Submit(std::size_t bytes, Task task) {
  absl::Status refused;
  {
    base::MutexLock lock(mutex_);
    if (stopped_) {
      refused = absl::UnavailableError("the gateway is stopping");
    } else if (waiting_.size() >= max_waiting_ || (bytes_ > 0 && bytes_ + bytes > max_bytes_)) {
      refused = absl::ResourceExhaustedError("too many requests wait for the check of their parameters");
    } else {
      bytes_ += bytes;
      waiting_.push_back({bytes, std::move(task)});
      wake_.notify_one();
      return;
    }
  }
  task(std::move(refused));
}

void Workers::Run() {
  for (;;) {
    Waiting next;
    {
      base::MutexLock lock(mutex_);
      wake_.wait(mutex_, [this]() IPAM_REQUIRES(mutex_) { return stopped_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    next.task(absl::OkStatus());
    next.task = nullptr;  // with what it holds
    base::MutexLock lock(mutex_);
    bytes_ -= next.bytes;
  }
}

void Workers::Stop() {
  std::deque<Waiting> left;
  {
    base::MutexLock lock(mutex_);
    stopped_ = true;
    left.swap(waiting_);
    wake_.notify_all();
  }
  for (Waiting& one : left) one.task(absl::UnavailableError("the gateway is stopping"));
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace ipam::hub
