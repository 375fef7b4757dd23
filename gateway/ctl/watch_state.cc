#include "gateway/ctl/watch_state.h"

namespace ipam::ctl {
namespace {

bool IsFinal(v1::SubtaskStatus status) {
  return status >= v1::SUBTASK_STATUS_COMPLETED_WITH_ERROR && status <= v1::SUBTASK_STATUS_NOT_RUN;
}

v1::Subtask& FindSubtask(v1::Operation& operation, std::int32_t instance_id) {
  for (v1::Subtask& subtask : *operation.mutable_subtasks()) {
    if (subtask.instance_id() == instance_id) return subtask;
  }
  v1::Subtask& added = *operation.add_subtasks();
  added.set_instance_id(instance_id);
  return added;
}

void Count(v1::Operation& operation) {
  v1::SubtaskCounts counts;
  counts.set_total(operation.subtasks_size());
  for (const v1::Subtask& subtask : operation.subtasks()) {
    switch (subtask.status()) {
      case v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS:
        counts.set_succeeded(counts.succeeded() + 1);
        break;
      case v1::SUBTASK_STATUS_COMPLETED_WITH_WARNING:
        counts.set_warned(counts.warned() + 1);
        break;
      case v1::SUBTASK_STATUS_COMPLETED_WITH_ERROR:
        counts.set_failed(counts.failed() + 1);
        break;
      case v1::SUBTASK_STATUS_NOT_RUN:
        counts.set_not_run(counts.not_run() + 1);
        break;
      default:  // not ended, or of no account
        break;
    }
  }
  *operation.mutable_counts() = counts;
}

// Events carry the operation without its subtasks: those are kept.
void Replace(v1::Operation& operation, const v1::Operation& by) {
  google::protobuf::RepeatedPtrField<v1::Subtask> subtasks;
  subtasks.Swap(operation.mutable_subtasks());
  operation = by;
  if (operation.subtasks().empty()) operation.mutable_subtasks()->Swap(&subtasks);
}

}  // namespace

bool IsFinal(v1::OperationState state) { return state >= v1::OPERATION_STATE_SUCCEEDED; }

void ApplyEvent(const v1::Event& event, v1::Operation& operation) {
  switch (event.change_case()) {
    case v1::Event::kAccepted:
      Replace(operation, event.accepted());
      break;
    case v1::Event::kFinished:
      Replace(operation, event.finished());
      break;
    case v1::Event::kCancelRequested:
      Replace(operation, event.cancel_requested());
      break;
    case v1::Event::kStarted:
      operation.set_state(v1::OPERATION_STATE_RUNNING);
      operation.set_is_non_deterministic(event.started().is_non_deterministic());
      break;
    case v1::Event::kSubtaskAdded:
      FindSubtask(operation, event.subtask_added().instance_id()) = event.subtask_added();
      Count(operation);
      break;
    case v1::Event::kSubtaskChanged:
      FindSubtask(operation, event.subtask_changed().instance_id()) = event.subtask_changed();
      if (IsFinal(event.subtask_changed().status())) Count(operation);
      break;
    case v1::Event::kPercentage:
      operation.set_percent(event.percentage().percent());
      break;
    case v1::Event::kOverall:
      operation.set_overall_status(event.overall().status());
      break;
    case v1::Event::kSourceLost:
    case v1::Event::kSourceResumed:
    case v1::Event::CHANGE_NOT_SET:
      break;
  }
  operation.set_last_sequence(event.sequence());
}

v1::Operation& WatchState::Find(const std::string& name) {
  const auto [it, added] = operations_.try_emplace(name);
  if (added) {
    names_.push_back(name);
    it->second.set_name(name);
  }
  return it->second;
}

void WatchState::Apply(const v1::WatchOperationsResponse& frame) {
  resume_token_ = frame.resume_token();
  switch (frame.frame_case()) {
    case v1::WatchOperationsResponse::kSnapshot: {
      v1::Operation& operation = Find(frame.snapshot().name());
      const bool continues = operation.more_subtasks();
      if (continues) {
        operation.mutable_subtasks()->MergeFrom(frame.snapshot().subtasks());
        operation.set_more_subtasks(frame.snapshot().more_subtasks());
      } else {
        operation = frame.snapshot();
      }
      break;
    }
    case v1::WatchOperationsResponse::kEvents:
      for (const v1::Event& event : frame.events().events()) {
        v1::Operation& operation = Find(event.operation());
        if (event.sequence() > operation.last_sequence()) ApplyEvent(event, operation);
      }
      break;
    case v1::WatchOperationsResponse::kReset:
      operations_.clear();
      names_.clear();
      break;
    case v1::WatchOperationsResponse::kSource:
      sources_[frame.source().source()] = frame.source();
      break;
    case v1::WatchOperationsResponse::kSnapshotEnd:
    case v1::WatchOperationsResponse::kHeartbeat:
    case v1::WatchOperationsResponse::kDrain:
    case v1::WatchOperationsResponse::FRAME_NOT_SET:
      break;
  }
}

}  // namespace ipam::ctl
