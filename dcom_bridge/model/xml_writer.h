// From a message to the text of a document.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/model/xml_types.h"

namespace ipam::model {

struct XmlRoot {
  std::string_view name;
  v1::XmlNamespace ns = v1::IPAM;
  bool typed = false;  // the element is declared as IpamObject: xsi:type says what it is
};

// One document. Elements of the root's namespace have no prefix; the other namespaces that occur are declared
// at the root. Members at their defaults are left out. Objects that occur twice are written twice, without
// z:Id and z:Ref. What cannot be written is kInvalidArgument with the path of its field in the message, as
// "scope.v4.superscope_name" or "filters[1].mac_address", also in a google.rpc.BadRequest payload.
class XmlWriter {
 public:
  absl::StatusOr<std::string> Write(const google::protobuf::Message& message, const XmlRoot& root);

  // Of the last Write: the field that could not be written, and why; empty: nothing of the kind.
  const std::string& failed_at() const { return failed_at_; }
  const std::string& failure() const { return failure_; }

 private:
  absl::Status WriteObject(const google::protobuf::Message& message, v1::XmlNamespace ns,
                           std::string_view name, const XmlType* declared, bool typed);
  absl::Status WriteMember(const google::protobuf::Message& owner, const XmlMember& member);
  // Notes on the way out of a member that failed where that was.
  absl::Status At(absl::Status status, const XmlType& type, const XmlMember& member);
  absl::Status Unwritable(std::string what);
  absl::Status WriteArray(const google::protobuf::Message& owner, const XmlMember& member);
  absl::Status WriteMessage(const google::protobuf::Message& value, v1::XmlNamespace ns,
                            std::string_view name, const XmlMember& member);
  absl::Status WriteAnyValue(const google::protobuf::Message& value, v1::XmlNamespace ns,
                             std::string_view name);
  // `index` is -1 where the field is not repeated.
  absl::Status WriteScalar(const google::protobuf::Message& owner,
                           const google::protobuf::FieldDescriptor& field, v1::XmlFormat format, int index);
  absl::Status WriteIpAddress(std::string_view text);
  absl::Status WriteText(std::string_view text);

  void Open(v1::XmlNamespace ns, std::string_view name);  // "<name" without the ">"
  void Close(v1::XmlNamespace ns, std::string_view name);
  void Element(v1::XmlNamespace ns, std::string_view name, std::string_view plain_text);
  void Qualified(v1::XmlNamespace ns, std::string_view name);  // the name with its prefix
  void InstanceType(v1::XmlNamespace ns, std::string_view name);

  std::string out_;
  std::string failed_at_;  // the path of the field that cannot be written, below the level that is left
  std::string failure_;    // why; empty: nothing failed
  v1::XmlNamespace default_ns_ = v1::IPAM;
  unsigned used_ = 0;  // a bit for each namespace that is used with a prefix
};

}  // namespace ipam::model
