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

// The parameters of the same operation for its entities that failed or were not run, of parameters that CheckParameters
// accepted. `subtasks` are all of its
// subtasks, in their order.
//
// - Nothing succeeded: all of them, whatever they are.
// - A list of entities (scopes, filters, records, zones ...): those entries of which not every subtask succeeded. The
//   subtasks of an entry begin with one of a kind that there is once for each entry, in the order of the list; where
//   the names of entities say another order, the names count. A list of one entry is done again as it is.
// - Anything else is one entity of which a part is done: the whole would fail at that part.
//
// kFailedPrecondition where nothing failed, or where it cannot be told what is to be done again, and why.
absl::StatusOr<std::string> FailedPart(std::string_view parameters_xml,
                                       const std::vector<SubtaskOutcome>& subtasks);

}  // namespace ipam::model
