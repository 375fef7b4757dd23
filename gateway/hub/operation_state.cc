#include "gateway/hub/operation_state.h"

#include <utility>

namespace ipam::hub {
namespace {

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
    default:
      break;
  }
}

void PutSubtask(const v1::Subtask& subtask, OperationState& state, SubtaskIndex& index) {
  v1::SubtaskCounts& counts = *state.summary.mutable_counts();
  const auto [entry, is_new] = index.try_emplace(subtask.instance_id(), state.subtasks.size());
  if (is_new) {
    counts.set_total(counts.total() + 1);
    state.subtasks.Append(std::make_shared<const v1::Subtask>(subtask));
  } else {
    Count(state.subtasks.at(entry->second).status(), -1, counts);
    state.subtasks.Replace(entry->second, std::make_shared<const v1::Subtask>(subtask));
  }
  Count(subtask.status(), +1, counts);
}

}  // namespace

void SubtaskList::Append(Item item) {
  if (size_ % kChunk == 0) {
    chunks_.push_back(std::make_shared<const Chunk>(Chunk{std::move(item)}));
  } else {
    auto chunk = std::make_shared<Chunk>(*chunks_.back());
    chunk->push_back(std::move(item));
    chunks_.back() = std::move(chunk);
  }
  ++size_;
}

void SubtaskList::Replace(std::size_t position, Item item) {
  auto chunk = std::make_shared<Chunk>(*chunks_[position / kChunk]);
  (*chunk)[position % kChunk] = std::move(item);
  chunks_[position / kChunk] = std::move(chunk);
}

bool IsFinal(v1::OperationState state) {
  return state != v1::OPERATION_STATE_UNSPECIFIED && state != v1::OPERATION_STATE_PENDING &&
         state != v1::OPERATION_STATE_RUNNING;
}

bool IsFinal(v1::SubtaskStatus status) {
  return status != v1::SUBTASK_STATUS_UNSPECIFIED && status != v1::SUBTASK_STATUS_NOT_STARTED &&
         status != v1::SUBTASK_STATUS_IN_PROGRESS;
}

bool OperationState::ended() const { return IsFinal(summary.state()); }

void Apply(const v1::Event& event, std::uint64_t offset, OperationState& state, SubtaskIndex& index) {
  v1::Operation& summary = state.summary;
  switch (event.change_case()) {
    case v1::Event::kAccepted:
      summary = event.accepted();
      break;
    case v1::Event::kStarted:
      state.started = true;
      summary.set_is_non_deterministic(event.started().is_non_deterministic());
      // After OUTCOME_UNKNOWN only a `finished` changes the state.
      if (!state.ended()) summary.set_state(v1::OPERATION_STATE_RUNNING);
      *summary.mutable_start_time() = event.has_event_time() ? event.event_time() : event.receive_time();
      break;
    case v1::Event::kSubtaskAdded:
      PutSubtask(event.subtask_added(), state, index);
      break;
    case v1::Event::kSubtaskChanged:
      PutSubtask(event.subtask_changed(), state, index);
      break;
    case v1::Event::kPercentage:
      summary.set_percent(event.percentage().percent());
      break;
    case v1::Event::kOverall:
      summary.set_overall_status(event.overall().status());
      break;
    case v1::Event::kFinished:
      summary = event.finished();
      state.resumed = false;
      state.lost = false;
      break;
    case v1::Event::kSourceLost:
      state.lost = true;
      state.resumed = false;
      summary.set_lost_reason(event.source_lost().reason());
      break;
    case v1::Event::kSourceResumed:
      state.lost = false;
      state.resumed = state.ended();
      summary.clear_lost_reason();
      break;
    case v1::Event::kCancelRequested:
      *summary.mutable_cancel_time() = event.cancel_requested().cancel_time();
      break;
    case v1::Event::CHANGE_NOT_SET:
      break;
  }
  if (event.source_sequence() != 0) state.last_source_sequence = event.source_sequence();
  summary.set_last_sequence(event.sequence());
  *summary.mutable_update_time() = event.receive_time();
  state.last_offset = offset;
  std::uint64_t& since = state.state_since[static_cast<std::size_t>(summary.state())];
  if (since == 0) since = offset;
}

}  // namespace ipam::hub
