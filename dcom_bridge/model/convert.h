// Messages of ipam.v1 to and from the data contract XML of [MS-IPAMM2]; proto/ipam/v1/xml.proto has the
// rules.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/model/xml_document.h"
#include "dcom_bridge/model/xml_writer.h"

namespace ipam::model {

// The root elements of ipam_progress.idl.
inline constexpr XmlRoot kParametersRoot{.name = "InitializeOperationParameters"};
inline constexpr XmlRoot kCompletionStatusRoot{.name = "completionStatus", .typed = true};
inline constexpr XmlRoot kSubtaskDetailsRoot{.name = "SubTaskInstanceDetails", .typed = true};
inline constexpr XmlRoot kIpamExceptionRoot{.name = "IpamException", .ns = v1::CONTRACT};

// Reads the root element, whatever its name, as the type of `message` or, by xsi:type, one derived from it.
// Any prefix, z:Id and z:Ref, xsi:nil. kInvalidArgument with line and field; `message` is then unspecified.
// No schema validation: the order of the elements is not looked at.
absl::Status FromXml(std::string_view xml, google::protobuf::Message& message, const XmlLimits& limits = {});

template <typename M>
absl::StatusOr<M> FromXml(std::string_view xml, const XmlLimits& limits = {}) {
  M message;
  if (absl::Status status = FromXml(xml, message, limits); !status.ok()) return status;
  return message;
}

// A document without a declaration, in the order of the schema. kInvalidArgument with the field for a value
// that XML or the type cannot carry.
absl::StatusOr<std::string> ToXml(const google::protobuf::Message& message, const XmlRoot& root);

}  // namespace ipam::model
