// Validation against the schemas of [MS-IPAMM2] 7.
#pragma once

#include <libxml/tree.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/model/problem.h"

namespace ipam::model {

// Parses the embedded schemas now. The first validation would pay for it, with more time than a caller, or a
// loop that others wait for, has to spend.
absl::Status LoadSchemas();

// The root must be one of the global elements of the schemas. kInvalidArgument with line and field of each
// problem, the first eight. White space around an integer is accepted, as XML Schema has it; the tree is as
// before afterwards. Any thread; the schemas are parsed once and only read after that.
absl::Status ValidateAgainstSchema(xmlDoc& doc);

// The same, with the problems as they are; none where the document is valid.
absl::StatusOr<std::vector<Problem>> FindSchemaProblems(xmlDoc& doc);

}  // namespace ipam::model
