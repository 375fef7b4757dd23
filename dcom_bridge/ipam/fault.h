// What [MS-IPAMM2] calls "generate an appropriate SOAP fault" (2.2.2.1): a status that carries the
// IpamExceptionId, so that it passes through the usual macros and becomes an IpamException where it leaves
// the engine. The text has no mapping from a condition to an id (discrepancies A.23): each use chooses the
// name of the schema that says it best.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "ipam/v1/exception_id.pb.h"

namespace ipam::engine {

absl::Status Fault(v1::IpamExceptionId id, const std::string& message);

// A status that is the fault of one entity or operation. A store that cannot be read or written
// (kUnavailable) is nobody's fault: the work is done again.
bool IsFault(const absl::Status& status);

// `status` under the id `id`, where it is a broken constraint and has no id of its own.
absl::Status AsFault(v1::IpamExceptionId id, const absl::Status& status);

v1::IpamExceptionId FaultId(const absl::Status& status);

}  // namespace ipam::engine
