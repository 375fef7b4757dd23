// The XML texts that events carry.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "ipam/v1/status.pb.h"

namespace ipam::engine {

// ipam1:IpamException: completionStatus of SetSubTaskStatus (discrepancies A.15).
std::string ExceptionXml(const absl::Status& fault);
// ipam:SubTaskInstanceDetails with one of the formatters of 2.2.4.
std::string DetailsXml(const google::protobuf::Message& formatter);
// ipam:completionStatus of SetOverallStatus: a DhcpMsmOverallCompletionStatus with the exception of a failed
// operation as its ErrorInfo (discrepancies A.15), what became of the entities, and the object that the operation made, or null.
std::string CompletionXml(const absl::Status& fault, const std::vector<v1::EntityStatus>& entities,
                          const google::protobuf::Message* return_object);

}  // namespace ipam::engine
