#include "dcom_bridge/model/xml_reader.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/model/scalar_reader.h"
#include "dcom_bridge/model/values.h"
#include "ipam/v1/value.pb.h"

namespace ipam::model {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void CollectReferences(const xmlNode* root, absl::flat_hash_set<std::string>& out) {
  std::string joined;
  for (const xmlNode* at = root; at != nullptr;) {
    if (at->type == XML_ELEMENT_NODE && at->properties != nullptr) {
      if (auto id = Attribute(*at, kSerializationNs, "Ref", joined)) out.insert(std::string(Trim(*id)));
    }
    if (at->type == XML_ELEMENT_NODE && at->children != nullptr) {
      at = at->children;
      continue;
    }
    while (at != root && at->next == nullptr) at = at->parent;
    at = at == root ? nullptr : at->next;
  }
}

}  // namespace

XmlReader::XmlReader(const xmlNode& root, const XmlLimits& limits) : root_(root), limits_(limits) {}

// Most documents give no ids, and need not be searched for references.
bool XmlReader::IsReferenced(const std::string& id) {
  if (!std::exchange(collected_, true)) CollectReferences(&root_, referenced_);
  return referenced_.contains(id);
}

absl::Status XmlReader::Read(Message& message) {
  const XmlType* type = types_.Find(*message.GetDescriptor());
  if (type == nullptr)
    return absl::InternalError(absl::StrCat("no XML type for ", message.GetDescriptor()->full_name()));
  return ReadObject(root_, *type, message);
}

absl::Status XmlReader::Count(const xmlNode& node, std::size_t nodes) {
  nodes_ += nodes;
  if (nodes_ <= limits_.nodes) return absl::OkStatus();
  return ErrorAt(node, absl::StrCat("with its references expanded the document has more than ", limits_.nodes,
                                    " elements"));
}

absl::StatusOr<const XmlType*> XmlReader::ActualType(const xmlNode& node, const XmlType* declared) const {
  if (node.properties == nullptr) return declared;
  std::string joined;
  IPAM_ASSIGN_OR_RETURN(const auto name, InstanceType(node, joined));
  if (!name) return declared;
  const XmlType* type = types_.Find(name->ns, name->name);
  if (type == nullptr) {
    return ErrorAt(node, absl::StrFormat("xsi:type names the unknown type '%s'", Shorten(name->name)));
  }
  if (declared != nullptr && !type->DerivesFrom(*declared)) {
    return ErrorAt(node, absl::StrCat("xsi:type ", type->name(), " does not derive from ", declared->name()));
  }
  return type;
}

absl::Status XmlReader::ReadObject(const xmlNode& node, const XmlType& declared, Message& out) {
  std::string joined;
  if (const auto id = Attribute(node, kSerializationNs, "Ref", joined)) {
    return ReadReference(node, std::string(Trim(*id)), declared, out);
  }
  IPAM_ASSIGN_OR_RETURN(const XmlType* type, ActualType(node, &declared));
  const auto id = Attribute(node, kSerializationNs, "Id", joined);
  const bool shared = id.has_value() && IsReferenced(std::string(Trim(*id)));
  ++depth_;
  const std::size_t deepest_before = std::exchange(deepest_, depth_);
  absl::Status status =
      shared ? ReadShared(node, std::string(Trim(*id)), *type, out) : ReadMembers(node, *type, out);
  deepest_ = std::max(deepest_, deepest_before);
  --depth_;
  return status;
}

absl::Status XmlReader::ReadShared(const xmlNode& node, const std::string& id, const XmlType& type,
                                   Message& out) {
  if (shared_.contains(id) || !open_.insert(id).second) {
    return ErrorAt(node, absl::StrFormat("z:Id '%s' is given twice", Shorten(id)));
  }
  const std::size_t nodes_before = nodes_;
  IPAM_RETURN_IF_ERROR(ReadMembers(node, type, out));
  open_.erase(id);
  Shared& entry = shared_[id];
  entry.type = &type;
  entry.nodes = nodes_ - nodes_before;
  entry.bytes = out.ByteSizeLong();
  entry.height = deepest_ - depth_;
  entry.message.reset(out.New());
  entry.message->CopyFrom(out);
  return absl::OkStatus();
}

absl::StatusOr<const XmlReader::Shared*> XmlReader::Resolve(const xmlNode& node, const std::string& id) {
  if (open_.contains(id)) {
    return ErrorAt(node, absl::StrFormat("z:Ref '%s' names an element that it is inside of", Shorten(id)));
  }
  const auto found = shared_.find(id);
  if (found == shared_.end()) {
    return ErrorAt(node, absl::StrFormat("z:Ref '%s' names no element before it", Shorten(id)));
  }
  const Shared& entry = found->second;
  IPAM_RETURN_IF_ERROR(Count(node, entry.nodes));
  copied_bytes_ += entry.bytes;
  if (copied_bytes_ > limits_.bytes) {
    return ErrorAt(node, absl::StrCat("the references expand to more than ", limits_.bytes, " bytes"));
  }
  deepest_ = std::max(deepest_, depth_ + 1 + entry.height);
  if (deepest_ > limits_.depth) {
    return ErrorAt(node, absl::StrCat("with its references expanded the document is nested deeper than ",
                                      limits_.depth));
  }
  return &entry;
}

absl::Status XmlReader::ReadReference(const xmlNode& node, const std::string& id, const XmlType& declared,
                                      Message& out) {
  IPAM_ASSIGN_OR_RETURN(const Shared* entry, Resolve(node, id));
  if (!entry->type->DerivesFrom(declared)) {
    return ErrorAt(node, absl::StrFormat("z:Ref '%s' names a %s, which does not derive from %s", Shorten(id),
                                         entry->type->name(), declared.name()));
  }
  out.CopyFrom(*entry->message);
  return absl::OkStatus();
}

absl::Status XmlReader::ReadMembers(const xmlNode& node, const XmlType& type, Message& out) {
  absl::InlinedVector<Message*, 4> levels{&out};
  for (const FieldDescriptor* variant : type.path()) {
    levels.push_back(levels.back()->GetReflection()->MutableMessage(levels.back(), variant));
  }
  absl::InlinedVector<bool, 64> seen(type.members().size());
  const XmlMember* last = nullptr;
  for (const xmlNode* child : ChildElements(node)) {
    IPAM_RETURN_IF_ERROR(Count(*child, 1));
    const XmlMember* member = type.FindAfter(last, Namespace(*child), LocalName(*child));
    if (member == nullptr) {
      if (type.open()) continue;
      return ErrorAt(*child, absl::StrCat("not a member of ", type.name()));
    }
    const auto index = static_cast<std::size_t>(member - type.members().data());
    if (seen[index]) return ErrorAt(*child, "given twice");
    seen[index] = true;
    last = member;
    if (IsNil(*child)) continue;
    IPAM_RETURN_IF_ERROR(ReadMember(*child, *member, *levels[member->level]));
  }
  if (!type.open() && HasText(node)) return ErrorAt(node, "text where elements are expected");
  return absl::OkStatus();
}

absl::Status XmlReader::ReadMember(const xmlNode& node, const XmlMember& member, Message& owner) {
  if (member.field->is_repeated() && member.format != v1::XML_FORMAT_LIST)
    return ReadArray(node, member, owner);
  if (member.field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return ReadScalar(node, *member.field, member.format, owner);
  }
  return ReadMessage(node, member, *owner.GetReflection()->MutableMessage(&owner, member.field));
}

absl::Status XmlReader::ReadArray(const xmlNode& node, const XmlMember& member, Message& owner) {
  for (const xmlNode* child : ChildElements(node)) {
    IPAM_RETURN_IF_ERROR(Count(*child, 1));
    if (LocalName(*child) != member.item || Namespace(*child) != member.item_uri) {
      return ErrorAt(*child, absl::StrCat("not an entry of ", member.name, ", which holds ", member.item));
    }
    // The schema allows a null entry; no step of a delegate says what one would mean.
    if (IsNil(*child)) return ErrorAt(*child, absl::StrCat("a null entry in ", member.name));
    if (member.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      IPAM_RETURN_IF_ERROR(
          ReadMessage(*child, member, *owner.GetReflection()->AddMessage(&owner, member.field)));
    } else {
      IPAM_RETURN_IF_ERROR(ReadScalar(*child, *member.field, member.format, owner));
    }
  }
  return absl::OkStatus();
}

absl::Status XmlReader::ReadMessage(const xmlNode& node, const XmlMember& member, Message& out) {
  const Descriptor* type = out.GetDescriptor();
  if (type == google::protobuf::Any::descriptor()) return ReadAnyObject(node, out);
  if (type == v1::AnyValue::descriptor()) return ReadAnyValue(node, out);
  if (type == google::protobuf::Duration::descriptor()) {
    std::string joined;
    IPAM_ASSIGN_OR_RETURN(const std::string_view text, SimpleText(node, joined));
    const auto duration = ParseDuration(Trim(text));
    if (!duration) return ErrorAt(node, absl::StrFormat("'%s' is not a duration", Shorten(text)));
    out.CopyFrom(*duration);
    return absl::OkStatus();
  }
  if (type == google::protobuf::Timestamp::descriptor()) {
    std::string joined;
    IPAM_ASSIGN_OR_RETURN(const std::string_view text, SimpleText(node, joined));
    const auto timestamp = ParseTimestamp(Trim(text));
    if (!timestamp) return ErrorAt(node, absl::StrFormat("'%s' is not a dateTime", Shorten(text)));
    out.CopyFrom(*timestamp);
    return absl::OkStatus();
  }
  if (member.declared == nullptr)
    return absl::InternalError(absl::StrCat("no XML type for ", type->full_name()));
  return ReadObject(node, *member.declared, out);
}

absl::Status XmlReader::ReadAnyObject(const xmlNode& node, Message& any) {
  std::string joined;
  if (const auto id = Attribute(node, kSerializationNs, "Ref", joined)) {
    IPAM_ASSIGN_OR_RETURN(const Shared* entry, Resolve(node, std::string(Trim(*id))));
    if (entry->type->plain()) {
      return ErrorAt(node, absl::StrCat("z:Ref names a ", entry->type->name(),
                                        ", which does not derive from IpamObject"));
    }
    google::protobuf::Any packed;
    packed.PackFrom(*entry->message);
    any.CopyFrom(packed);
    return absl::OkStatus();
  }
  IPAM_ASSIGN_OR_RETURN(const XmlType* type, ActualType(node, nullptr));
  if (type == nullptr) {  // a plain IpamObject: it has no members
    if (!ChildElements(node).empty()) return ErrorAt(node, "xsi:type is missing");
    return absl::OkStatus();
  }
  if (type->plain())
    return ErrorAt(node, absl::StrCat("xsi:type ", type->name(), " does not derive from IpamObject"));
  const XmlType& family = *types_.Find(*type->family());
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type->family());
  const std::unique_ptr<Message> object(prototype->New());
  IPAM_RETURN_IF_ERROR(ReadObject(node, family, *object));
  google::protobuf::Any packed;
  packed.PackFrom(*object);
  any.CopyFrom(packed);
  return absl::OkStatus();
}

absl::Status XmlReader::ReadAnyValue(const xmlNode& node, Message& value) {
  std::string joined;
  IPAM_ASSIGN_OR_RETURN(const auto name, InstanceType(node, joined));
  const TypeName type = name.value_or(TypeName{NamespaceUri(v1::SCHEMA), "string"});
  for (int i = 0; i < value.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *value.GetDescriptor()->field(i);
    const v1::XmlField& option = field.options().GetExtension(v1::xml);
    if (option.name() != type.name || NamespaceUri(option.ns()) != type.ns) continue;
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      return ReadScalar(node, field, option.format(), value);
    return ReadMessage(node, XmlMember{}, *value.GetReflection()->MutableMessage(&value, &field));
  }
  return ErrorAt(node, absl::StrFormat("xsi:type '%s' is not a type of values", Shorten(type.name)));
}

}  // namespace ipam::model
