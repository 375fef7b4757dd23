// What a watch has shown so far: operations with their subtasks, kept by applying frames. Pure; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "ipam/progress/v1/progress.pb.h"

namespace ipam::ctl {

namespace v1 = progress::v1;

bool IsFinal(v1::OperationState state);

class WatchState {
 public:
  // Keeps what the frame says. Events that were applied before (delivery over reconnects is at least once)
  // are passed over.
  void Apply(const v1::WatchOperationsResponse& frame);

  // Of the last frame; empty before the first one.
  const std::string& resume_token() const { return resume_token_; }
  // In the order in which they came.
  const std::vector<std::string>& names() const { return names_; }
  const v1::Operation& operation(const std::string& name) const { return operations_.at(name); }
  const std::map<std::string, v1::Operation>& operations() const { return operations_; }
  const std::map<std::string, v1::SourceStatus>& sources() const { return sources_; }

 private:
  // Where the subtasks of one operation stand in it, by instance_id: there may be tens of thousands.
  using Index = std::unordered_map<std::int32_t, int>;

  v1::Operation& Find(const std::string& name);
  void ApplySnapshot(const v1::Operation& snapshot);
  void ApplyEvent(const v1::Event& event, v1::Operation& operation);
  // Events carry the operation without its subtasks: those are kept.
  void Replace(v1::Operation& operation, const v1::Operation& by);
  void SetSubtask(v1::Operation& operation, const v1::Subtask& subtask);
  void IndexFrom(const v1::Operation& operation, int first);

  std::string resume_token_;
  std::vector<std::string> names_;
  std::map<std::string, v1::Operation> operations_;
  std::map<std::string, Index> indices_;  // of the same operations
  std::map<std::string, v1::SourceStatus> sources_;
};

}  // namespace ipam::ctl
