// Errors with the details of google.rpc that clients read: payloads of absl::Status under
// "type.googleapis.com/<type>".
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace ipam::hub {

inline constexpr char kErrorDomain[] = "ipam.progress.v1";
// ErrorInfo.reason of OUTCOME_UNKNOWN: nothing more will come, or the session may yet be resumed.
inline constexpr char kOutcomeUnknown[] = "OUTCOME_UNKNOWN";
inline constexpr char kResumeTimeout[] = "RESUME_TIMEOUT";

// kInvalidArgument with a BadRequest that names the field.
absl::Status InvalidField(const std::string& field, const std::string& description);
// Adds an ErrorInfo.
absl::Status WithErrorInfo(absl::Status status, const std::string& reason,
                           const std::map<std::string, std::string>& metadata = {});
// The form that Operation.error has. An ErrorInfo is added where `reason` is not empty.
google::rpc::Status MakeRpcStatus(absl::StatusCode code, const std::string& message,
                                  const std::string& reason);
// Of its ErrorInfo; empty where there is none.
std::string ReasonOf(const google::rpc::Status& status);
// With the payloads as details.
google::rpc::Status ToRpcStatus(const absl::Status& status);

}  // namespace ipam::hub
