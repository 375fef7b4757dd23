// The schema types of [MS-IPAMM2] 7 as the messages of ipam.v1 hold them: made from the descriptors, once.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ipam/v1/xml.pb.h"

namespace ipam::model {

class XmlType;

// The namespace of a schema by its name in xml.proto, and back. Null: not one of the schemas.
std::string_view NamespaceUri(v1::XmlNamespace ns);

// One member of a type: an element in XML, a field in a message.
struct XmlMember {
  const google::protobuf::FieldDescriptor* field = nullptr;
  std::size_t level =
      0;  // of the message that has the field: 0 the family's, 1 its variant, 2 the variant of that
  std::string name;
  v1::XmlNamespace ns = v1::NONE;
  std::string_view uri;  // of ns
  std::string item;      // of an array: the element of one entry; else empty
  v1::XmlNamespace item_ns = v1::NONE;
  std::string_view item_uri;
  v1::XmlFormat format = v1::XML_FORMAT_DEFAULT;
  bool required = false;
  bool typed = false;
  const XmlType* declared = nullptr;  // of a message that is an object; null: IpamObject or a simple value
};

// Immutable; any thread.
class XmlType {
 public:
  const std::string& name() const { return name_; }
  v1::XmlNamespace ns() const { return ns_; }
  bool open() const { return open_; }
  bool plain() const { return plain_; }  // does not derive from IpamObject
  const XmlType* base() const { return base_; }
  const google::protobuf::Descriptor* family() const { return family_; }  // the message that holds it
  // The oneof fields that lead from the family's message to that of this type.
  const std::vector<const google::protobuf::FieldDescriptor*>& path() const { return path_; }
  const std::vector<XmlMember>& members() const { return members_; }  // in the order of XML
  const XmlMember* Find(std::string_view ns, std::string_view name) const;
  // The same, quickly where it is not far behind `last`, the one found before it, in the order of XML; null: none was.
  const XmlMember* FindAfter(const XmlMember* last, std::string_view ns, std::string_view name) const;
  bool DerivesFrom(const XmlType& other) const;  // also from itself

 private:
  friend class XmlTypes;
  std::string name_;
  v1::XmlNamespace ns_ = v1::IPAM;
  std::string_view uri_;  // of ns_
  bool open_ = false;
  bool plain_ = false;
  const XmlType* base_ = nullptr;
  const google::protobuf::Descriptor* message_ = nullptr;  // its own members
  const google::protobuf::Descriptor* family_ = nullptr;
  std::vector<const google::protobuf::FieldDescriptor*> path_;
  std::vector<XmlMember> members_;
  absl::flat_hash_map<std::string, std::size_t> by_name_;
};

class XmlTypes {
 public:
  static const XmlTypes& Get();
  const XmlType* Find(std::string_view ns, std::string_view name) const;  // null: not known
  const XmlType* Find(
      const google::protobuf::Descriptor& message) const;  // the one of a message; null: not mapped
  const XmlType* TypeOf(const google::protobuf::Message& message) const;  // the most derived one that is set
  // By its spelling in XML, the first that has it; null: none.
  const google::protobuf::EnumValueDescriptor* Find(const google::protobuf::EnumDescriptor& type,
                                                    std::string_view spelling) const;

 private:
  XmlTypes();
  void AddFile(const google::protobuf::FileDescriptor& file);
  void AddEnum(const google::protobuf::EnumDescriptor& type);
  void AddMembers(XmlType& type, const google::protobuf::Descriptor& message, std::size_t level);

  std::vector<std::unique_ptr<XmlType>> types_;
  absl::flat_hash_map<std::string, std::vector<XmlType*>> by_name_;  // of every namespace
  absl::flat_hash_map<const google::protobuf::Descriptor*, XmlType*> by_message_;
  absl::flat_hash_map<const google::protobuf::EnumDescriptor*,
                      absl::flat_hash_map<std::string, const google::protobuf::EnumValueDescriptor*>>
      enums_;
  absl::flat_hash_map<std::string, const google::protobuf::FileDescriptor*> files_;
};

// The path from a message of the type's family to the field of a member: "v4.superscope_name".
std::string FieldPathOf(const XmlType& type, const XmlMember& member);

// How XML spells a value of an enumeration; empty: not at all.
const std::string& EnumSpelling(const google::protobuf::EnumValueDescriptor& value);

}  // namespace ipam::model
