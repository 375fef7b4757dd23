#include "gateway/ctl/watch_state.h"

namespace ipam::ctl {
namespace {

// `by` is 1 or -1.
void Count(v1::SubtaskStatus status, int by, v1::SubtaskCounts& counts) {
  switch (status) {
    case v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS:
      counts.set_succeeded(counts.succeeded() + by);
      break;
    case v1::SUBTASK_STATUS_COMPLETED_WITH_WARNING:
      counts.set_warned(counts.warned() + by);
      break;
    case v1::SUBTASK_STATUS_COMPLETED_WITH_ERROR:
      counts.set_failed(counts.failed() + by);
      break;
    case v1::SUBTASK_STATUS_NOT_RUN:
      counts.set_not_run(counts.not_run() + by);
      break;
    default:  // not ended, or of no account
      break;
  }
}

}  // namespace

bool IsFinal(v1::OperationState state) { return state >= v1::OPERATION_STATE_SUCCEEDED; }

void WatchState::IndexFrom(const v1::Operation& operation, int first) {
  Index& index = indices_[operation.name()];
  if (first == 0) index.clear();
  for (int i = first; i < operation.subtasks_size(); ++i) index[operation.subtasks(i).instance_id()] = i;
}

void WatchState::Replace(v1::Operation& operation, const v1::Operation& by) {
  google::protobuf::RepeatedPtrField<v1::Subtask> subtasks;
  subtasks.Swap(operation.mutable_subtasks());
  const std::string name = operation.name();
  operation = by;
  operation.set_name(name);
  if (operation.subtasks().empty()) {
    operation.mutable_subtasks()->Swap(&subtasks);
  } else {
    IndexFrom(operation, 0);
  }
}

void WatchState::SetSubtask(v1::Operation& operation, const v1::Subtask& subtask) {
  v1::SubtaskCounts& counts = *operation.mutable_counts();
  const auto [it, added] =
      indices_[operation.name()].try_emplace(subtask.instance_id(), operation.subtasks_size());
  if (added) {
    operation.add_subtasks();
    counts.set_total(counts.total() + 1);
  }
  v1::Subtask& kept = *operation.mutable_subtasks(it->second);
  Count(kept.status(), -1, counts);
  kept = subtask;
  Count(kept.status(), 1, counts);
}

void WatchState::ApplyEvent(const v1::Event& event, v1::Operation& operation) {
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
      // After an unknown outcome only `finished` changes the state.
      if (!IsFinal(operation.state())) operation.set_state(v1::OPERATION_STATE_RUNNING);
      operation.set_is_non_deterministic(event.started().is_non_deterministic());
      break;
    case v1::Event::kSubtaskAdded:
      SetSubtask(operation, event.subtask_added());
      break;
    case v1::Event::kSubtaskChanged:
      SetSubtask(operation, event.subtask_changed());
      break;
    case v1::Event::kPercentage:
      operation.set_percent(event.percentage().percent());
      break;
    case v1::Event::kOverall:
      operation.set_overall_status(event.overall().status());
      break;
    case v1::Event::kSourceLost:
      operation.set_lost_reason(event.source_lost().reason());
      break;
    case v1::Event::kSourceResumed:
      operation.clear_lost_reason();
      break;
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

void WatchState::ApplySnapshot(const v1::Operation& snapshot) {
  v1::Operation& operation = Find(snapshot.name());
  int first = 0;
  if (operation.more_subtasks()) {  // this frame continues the one before
    first = operation.subtasks_size();
    operation.mutable_subtasks()->MergeFrom(snapshot.subtasks());
    operation.set_more_subtasks(snapshot.more_subtasks());
  } else {
    operation = snapshot;
  }
  IndexFrom(operation, first);
}

void WatchState::Apply(const v1::WatchOperationsResponse& frame) {
  resume_token_ = frame.resume_token();
  switch (frame.frame_case()) {
    case v1::WatchOperationsResponse::kSnapshot:
      ApplySnapshot(frame.snapshot());
      break;
    case v1::WatchOperationsResponse::kEvents:
      for (const v1::Event& event : frame.events().events()) {
        v1::Operation& operation = Find(event.operation());
        if (event.sequence() > operation.last_sequence()) ApplyEvent(event, operation);
      }
      break;
    case v1::WatchOperationsResponse::kReset:
      operations_.clear();
      indices_.clear();
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
