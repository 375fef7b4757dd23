#include "dcom_bridge/server/parameter_check.h"

#include <utility>

#include "dcom_bridge/base/memory.h"
#include "dcom_bridge/base/utf16.h"

namespace ipam::server {

ParameterCheck::ParameterCheck(ParameterCheckOptions options, std::shared_ptr<net::Loop> loop, Check check)
    : options_(options), loop_(std::move(loop)), check_(std::move(check)) {
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    threads_[i] = std::thread([this, &lane = lanes_[i]] { Run(lane); });
  }
}

ParameterCheck::~ParameterCheck() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ParameterCheck::Submit(std::u16string parameters, Checked checked) {
  {
    base::MutexLock lock(mutex_);
    Lane& lane = lanes_[parameters.size() >= options_.large_chars ? 1 : 0];
    if (lane.jobs.size() < options_.max_waiting && lane.chars <= options_.max_waiting_chars) {
      lane.chars += parameters.size();
      lane.jobs.push_back({std::move(parameters), std::move(checked)});
      wake_.notify_all();
      return;
    }
  }
  Tell(std::move(checked), absl::ResourceExhaustedError("too many parameters wait for their check"));
}

void ParameterCheck::Run(Lane& lane) {
  for (;;) {
    Job job;
    {
      base::MutexLock lock(mutex_);
      while (!stopping_ && lane.jobs.empty()) wake_.wait(mutex_);
      if (stopping_) return;
      job = std::move(lane.jobs.front());
      lane.jobs.pop_front();
      lane.chars -= job.parameters.size();
    }
    const std::size_t bytes = job.parameters.size();
    auto result = Examine(std::exchange(job.parameters, {}));
    base::ReturnFreedMemory(bytes);
    Tell(std::move(job.checked), std::move(result));
  }
}

absl::StatusOr<engine::Prepared> ParameterCheck::Examine(std::u16string parameters) const {
  bool well_formed = false;
  const std::string xml = base::ToUtf8(parameters, &well_formed);
  parameters = std::u16string();  // they may be large, and the check needs much itself
  if (!well_formed) return absl::InvalidArgumentError("parameters is not well-formed UTF-16");
  return check_(xml);
}

void ParameterCheck::Tell(Checked checked, absl::StatusOr<engine::Prepared> result) {
  loop_->Post(
      [checked = std::move(checked), result = std::move(result)]() mutable { checked(std::move(result)); });
}

}  // namespace ipam::server
