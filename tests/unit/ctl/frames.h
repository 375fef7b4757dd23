// Frames of a watch, in short.
#pragma once

#include <cstdint>
#include <string>

#include "ipam/progress/v1/progress.pb.h"

namespace ipam::ctl {

namespace v1 = progress::v1;
using Frame = v1::WatchOperationsResponse;

inline v1::Subtask MakeSubtask(std::int32_t id, const std::string& name, v1::SubtaskStatus status) {
  v1::Subtask subtask;
  subtask.set_instance_id(id);
  subtask.set_name(name);
  subtask.set_status(status);
  return subtask;
}

inline v1::Operation MakeOperation(const std::string& id, v1::OperationState state, std::uint64_t sequence) {
  v1::Operation operation;
  operation.set_name("operations/" + id);
  operation.set_kind("CreateDhcpScope");
  operation.set_source("dhcp1");
  operation.set_state(state);
  operation.set_last_sequence(sequence);
  return operation;
}

inline Frame SnapshotFrame(const v1::Operation& operation) {
  Frame frame;
  frame.set_resume_token("in-snapshot");
  *frame.mutable_snapshot() = operation;
  return frame;
}

inline Frame SnapshotEndFrame(const std::string& token) {
  Frame frame;
  frame.set_resume_token(token);
  frame.mutable_snapshot_end();
  return frame;
}

// The token is "t" and the sequence.
inline Frame EventFrame(const v1::Event& event) {
  Frame frame;
  frame.set_resume_token("t" + std::to_string(event.sequence()));
  *frame.mutable_events()->add_events() = event;
  return frame;
}

inline v1::Event MakeEvent(const std::string& id, std::uint64_t sequence) {
  v1::Event event;
  event.set_operation("operations/" + id);
  event.set_sequence(sequence);
  return event;
}

inline v1::Event Accepted(const std::string& id, std::uint64_t sequence) {
  v1::Event event = MakeEvent(id, sequence);
  *event.mutable_accepted() = MakeOperation(id, v1::OPERATION_STATE_PENDING, sequence);
  return event;
}

inline v1::Event Started(const std::string& id, std::uint64_t sequence) {
  v1::Event event = MakeEvent(id, sequence);
  event.mutable_started();
  return event;
}

inline v1::Event Added(const std::string& id, std::uint64_t sequence, const v1::Subtask& subtask) {
  v1::Event event = MakeEvent(id, sequence);
  *event.mutable_subtask_added() = subtask;
  return event;
}

inline v1::Event Changed(const std::string& id, std::uint64_t sequence, const v1::Subtask& subtask) {
  v1::Event event = MakeEvent(id, sequence);
  *event.mutable_subtask_changed() = subtask;
  return event;
}

inline v1::Event AtPercent(const std::string& id, std::uint64_t sequence, double percent) {
  v1::Event event = MakeEvent(id, sequence);
  event.mutable_percentage()->set_percent(percent);
  return event;
}

inline v1::Event Finished(const std::string& id, std::uint64_t sequence, v1::OperationState state) {
  v1::Event event = MakeEvent(id, sequence);
  *event.mutable_finished() = MakeOperation(id, state, sequence);
  event.mutable_finished()->set_percent(100);
  return event;
}

}  // namespace ipam::ctl
