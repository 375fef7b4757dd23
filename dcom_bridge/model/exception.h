// Faults and completion status as XML, as ipam_progress.idl carries them.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "ipam/v1/exception.pb.h"
#include "ipam/v1/status.pb.h"

namespace ipam::model {

// An IpamException with its data; `message` is made fit for XML.
v1::IpamException MakeIpamException(v1::IpamExceptionId id, std::string_view message);

// ipam1:IpamException: a fault, SetSubTaskStatus.completionStatus, failedCompletionStatus.
std::string IpamExceptionXml(v1::IpamExceptionId id, std::string_view message);
absl::StatusOr<std::string> IpamExceptionXml(const v1::IpamException& exception);

// ipam:completionStatus of type DhcpMsmOverallCompletionStatus: SetOverallStatus.completionStatus. A failure
// of the whole operation is its ErrorInfo (discrepancies A.15).
absl::StatusOr<std::string> CompletionStatusXml(const v1::DhcpMsmOverallCompletionStatus& status);

// ipam:SubTaskInstanceDetails: any message of ipam.v1 that is an IpamObject, such as a formatter.
absl::StatusOr<std::string> SubtaskDetailsXml(const google::protobuf::Message& object);

struct ExceptionSummary {
  std::string
      exception_id;  // IpamExceptionId as the schema spells it; may be one that it does not know, never empty
  std::string message;
};

// Reads an IpamException, or the one inside of a completion status, of any server: members that it does not
// know are passed over, order and prefixes do not count, an exception without data lends that of the one it
// wraps. Bounded like any document, at 1 MiB. kInvalidArgument: not XML; kNotFound: no exception with an id
// in it.
absl::StatusOr<ExceptionSummary> ReadIpamException(std::string_view xml);

}  // namespace ipam::model
