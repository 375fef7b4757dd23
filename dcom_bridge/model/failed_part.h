// What of an operation is to be done again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ipam::model {

// A subtask that has ended.
struct SubtaskOutcome {
  int kind = 0;  // SubTaskUniqueId
  std::string name;
  std::string details_xml;  // SubTaskInstanceDetails; may be empty
  bool succeeded = false;   // with a warning too
};

// The parameters of the same operation for what of it failed or was not run, of parameters that CheckParameters accepted.
// `subtasks` are all of its subtasks, in their order; `completion_status_xml` is what SetOverallStatus said, or empty.
//
// - Nothing succeeded: all of them, whatever they are.
// - A list of entities (scopes, filters, records, zones ...): those entries of which not every subtask succeeded, but for
//   those that are made or gone, whose first step would fail a second time. Filters times servers: those servers too.
// - A change of one entity: the whole again, without the entries of its operation trackers that are done.
// - One entity that is made or gone already: nothing, and why.
//
// kFailedPrecondition where nothing failed, or where it cannot be told what is to be done again, and why.
absl::StatusOr<std::string> FailedPart(std::string_view parameters_xml,
                                       const std::vector<SubtaskOutcome>& subtasks,
                                       std::string_view completion_status_xml = "");

}  // namespace ipam::model
