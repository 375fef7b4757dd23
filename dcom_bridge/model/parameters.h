// The check of the parameters of an operation: what stands between a caller's text and everything else.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dcom_bridge/model/operations.h"
#include "dcom_bridge/model/xml_document.h"
#include "ipam/v1/parameters.pb.h"

namespace ipam::model {

struct CheckedParameters {
  std::string kind;  // IpamAdminOperationId, such as CreateDhcpScope
  const Operation* operation = nullptr;
  v1::OperationParameters parameters;
};

// `xml` is an ipam:InitializeOperationParameters. Well-formed and within the limits; valid against the
// schemas; references resolved; OperationId there and known (discrepancies A.4) and fitting xsi:type (A.5);
// the members there without which the delegate faults. Else kInvalidArgument with the line and the field in
// its message and, for each problem, in a google.rpc.BadRequest payload. Any thread.
absl::StatusOr<CheckedParameters> CheckParameters(std::string_view xml, const XmlLimits& limits = {});

}  // namespace ipam::model
