#include "dcom_bridge/ipam/step_delegate.h"

#include "dcom_bridge/base/status_macros.h"

namespace ipam::engine {

std::size_t StepList::Add(Entity entity, Action apply) {
  steps_.push_back({.entity = std::move(entity), .apply = std::move(apply)});
  return steps_.size() - 1;
}

std::size_t StepList::AddFailure(Entity entity, absl::Status fault) {
  return Add(std::move(entity),
             [fault = std::move(fault)](Store&) -> absl::StatusOr<std::int64_t> { return fault; });
}

absl::StatusOr<std::int64_t> StepDelegate::Apply(std::size_t index, Store& store) {
  StepList::Step& step = list_.steps_[index];
  step.id = 0;  // of a transaction that was undone
  IPAM_ASSIGN_OR_RETURN(step.id, step.apply(store));
  return step.id;
}

}  // namespace ipam::engine
