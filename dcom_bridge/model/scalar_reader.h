// The simple values of a document.
#pragma once

#include <google/protobuf/message.h>
#include <libxml/tree.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/model/xml_types.h"

namespace ipam::model {

inline constexpr std::string_view kInstanceNs = "http://www.w3.org/2001/XMLSchema-instance";
inline constexpr std::string_view kSerializationNs = "http://schemas.microsoft.com/2003/10/Serialization/";

absl::Status ErrorAt(const xmlNode& node, std::string what);

// The value of an attribute, a view of the tree or of `joined`; nothing where there is none.
std::optional<std::string_view> Attribute(const xmlNode& node, std::string_view ns, std::string_view name,
                                          std::string& joined);
bool IsNil(const xmlNode& node);

struct TypeName {
  std::string_view ns;
  std::string_view name;
};
// xsi:type, its prefix resolved: views of the tree or of `joined`; nothing where there is none.
absl::StatusOr<std::optional<TypeName>> InstanceType(const xmlNode& node, std::string& joined);

// The text of an element that has no elements inside, a view of the tree or of `joined`.
absl::StatusOr<std::string_view> SimpleText(const xmlNode& node, std::string& joined);

// Sets `field`, or adds to it where it is repeated: any field that is not a message, with its format.
absl::Status ReadScalar(const xmlNode& node, const google::protobuf::FieldDescriptor& field,
                        v1::XmlFormat format, google::protobuf::Message& owner);

}  // namespace ipam::model
