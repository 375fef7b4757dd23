// The check of the parameters of an operation: what stands between a caller's text and everything else.
#pragma once

#include <google/protobuf/message.h>

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

struct TypedParameters {
  std::string kind;
  std::string xml;  // an ipam:InitializeOperationParameters
};

// The same check of parameters that came as a message: `own` is that of the operation's parameter type, such as
// ipam.v1.CreateDhcpScopeParameters. Problems name the field by its path in the message, behind `path`, with
// entries counted from 0: "create_dhcp_filters.filters[1].mac_address". Fields that this program does not know
// are refused: they would be lost. Any thread.
absl::StatusOr<TypedParameters> CheckTypedParameters(const Operation& operation,
                                                     const google::protobuf::Message& own,
                                                     std::string_view path, const XmlLimits& limits = {});

}  // namespace ipam::model
