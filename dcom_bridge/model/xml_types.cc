#include "dcom_bridge/model/xml_types.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/strings.h"
#include "ipam/v1/access.pb.h"
#include "ipam/v1/address.pb.h"
#include "ipam/v1/formatters.pb.h"
#include "ipam/v1/parameters.pb.h"
#include "ipam/v1/status.pb.h"

namespace ipam::model {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

const FieldDescriptor* VariantField(const Descriptor& base, const Descriptor& derived) {
  const auto* variants = base.FindOneofByName("variant");
  if (variants == nullptr) return nullptr;
  for (int i = 0; i < variants->field_count(); ++i) {
    if (variants->field(i)->message_type() == &derived) return variants->field(i);
  }
  return nullptr;
}

v1::XmlNamespace Or(v1::XmlNamespace ns, v1::XmlNamespace otherwise) {
  return ns == v1::XML_NAMESPACE_DEFAULT ? otherwise : ns;
}

}  // namespace

std::string_view NamespaceUri(v1::XmlNamespace ns) {
  const EnumValueDescriptor* value = v1::XmlNamespace_descriptor()->FindValueByNumber(ns);
  return value == nullptr ? std::string_view() : std::string_view(value->options().GetExtension(v1::uri));
}

const XmlMember* XmlType::Find(std::string_view ns, std::string_view name) const {
  const auto found = by_name_.find(base::ToAbsl(name));
  return found == by_name_.end() || members_[found->second].uri != ns ? nullptr : &members_[found->second];
}

const XmlMember* XmlType::FindAfter(const XmlMember* last, std::string_view ns, std::string_view name) const {
  constexpr std::size_t kNear = 6;
  const std::size_t begin = last == nullptr ? 0 : static_cast<std::size_t>(last - members_.data()) + 1;
  const std::size_t end = std::min(begin + kNear, members_.size());
  for (std::size_t i = begin; i < end; ++i) {
    if (members_[i].name == name && members_[i].uri == ns) return &members_[i];
  }
  return Find(ns, name);
}

bool XmlType::DerivesFrom(const XmlType& other) const {
  for (const XmlType* at = this; at != nullptr; at = at->base_) {
    if (at == &other) return true;
  }
  return false;
}

const XmlTypes& XmlTypes::Get() {
  static const XmlTypes types;  // immutable
  return types;
}

XmlTypes::XmlTypes() {
  for (const Descriptor* root :
       {v1::InitializeOperationParameters::descriptor(), v1::DhcpMsmOverallCompletionStatus::descriptor(),
        v1::DhcpReservationDataFormatter::descriptor(), v1::UserAccessPolicy::descriptor(),
        v1::IPRange::descriptor()}) {
    AddFile(*root->file());
  }
  // Bases first: every message that has `message` among its variants.
  for (const auto& type : types_) {
    for (const auto& other : types_) {
      if (VariantField(*other->message_, *type->message_) != nullptr) type->base_ = other.get();
    }
  }
  for (const auto& type : types_) {
    std::vector<const XmlType*> chain;  // from the family's down to the type
    for (const XmlType* at = type.get(); at != nullptr; at = at->base_) chain.insert(chain.begin(), at);
    type->family_ = chain.front()->message_;
    for (std::size_t level = 0; level < chain.size(); ++level) {
      if (level > 0)
        type->path_.push_back(VariantField(*chain[level - 1]->message_, *chain[level]->message_));
      AddMembers(*type, *chain[level]->message_, level);
    }
  }
}

void XmlTypes::AddFile(const FileDescriptor& file) {
  if (file.package() != "ipam.v1" || !files_.emplace(file.name(), &file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i));
  for (int i = 0; i < file.enum_type_count(); ++i) AddEnum(*file.enum_type(i));
  for (int i = 0; i < file.message_type_count(); ++i) {
    const Descriptor* message = file.message_type(i);
    for (int j = 0; j < message->enum_type_count(); ++j) AddEnum(*message->enum_type(j));
    if (!message->options().HasExtension(v1::xml_type)) continue;
    const v1::XmlType& option = message->options().GetExtension(v1::xml_type);
    auto type = std::make_unique<XmlType>();
    type->name_ = option.name();
    type->ns_ = Or(option.ns(), v1::IPAM);
    type->uri_ = NamespaceUri(type->ns_);
    type->open_ = option.open();
    type->plain_ = option.plain();
    type->message_ = message;
    by_name_[type->name_].push_back(type.get());
    by_message_.emplace(message, type.get());
    types_.push_back(std::move(type));
  }
}

void XmlTypes::AddEnum(const EnumDescriptor& type) {
  auto& values = enums_[&type];
  for (int i = 0; i < type.value_count(); ++i) values.emplace(EnumSpelling(*type.value(i)), type.value(i));
}

void XmlTypes::AddMembers(XmlType& type, const Descriptor& message, std::size_t level) {
  const v1::XmlNamespace own = by_message_.at(&message)->ns_;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    if (!field->options().HasExtension(v1::xml)) continue;  // a variant
    const v1::XmlField& option = field->options().GetExtension(v1::xml);
    XmlMember member;
    member.field = field;
    member.level = level;
    member.name = option.name();
    member.ns = Or(option.ns(), own);
    member.uri = NamespaceUri(member.ns);
    member.item = option.item();
    member.item_ns = Or(option.item_ns(), member.ns);
    member.item_uri = NamespaceUri(member.item_ns);
    member.format = option.format();
    member.required = option.required();
    member.typed = option.typed();
    if (const Descriptor* value = field->message_type(); value != nullptr) {
      member.declared =
          option.declared().empty() ? Find(*value) : Find(NamespaceUri(v1::IPAM), option.declared());
    }
    type.by_name_.emplace(member.name, type.members_.size());
    type.members_.push_back(std::move(member));
  }
}

const XmlType* XmlTypes::Find(std::string_view ns, std::string_view name) const {
  const auto found = by_name_.find(base::ToAbsl(name));
  if (found == by_name_.end()) return nullptr;
  for (const XmlType* type : found->second) {
    if (type->uri_ == ns) return type;
  }
  return nullptr;
}

const EnumValueDescriptor* XmlTypes::Find(const EnumDescriptor& type, std::string_view spelling) const {
  const auto& values = enums_.at(&type);
  const auto found = values.find(base::ToAbsl(spelling));
  return found == values.end() ? nullptr : found->second;
}

const XmlType* XmlTypes::Find(const Descriptor& message) const {
  const auto found = by_message_.find(&message);
  return found == by_message_.end() ? nullptr : found->second;
}

const XmlType* XmlTypes::TypeOf(const google::protobuf::Message& message) const {
  const google::protobuf::Message* at = &message;
  while (true) {
    const auto* variants = at->GetDescriptor()->FindOneofByName("variant");
    if (variants == nullptr) break;
    const FieldDescriptor* set = at->GetReflection()->GetOneofFieldDescriptor(*at, variants);
    if (set == nullptr) break;
    at = &at->GetReflection()->GetMessage(*at, set);
  }
  return Find(*at->GetDescriptor());
}

std::string FieldPathOf(const XmlType& type, const XmlMember& member) {
  std::string path;
  for (std::size_t level = 0; level < member.level; ++level) {
    absl::StrAppend(&path, type.path()[level]->name(), ".");
  }
  return path + member.field->name();
}

const std::string& EnumSpelling(const EnumValueDescriptor& value) {
  return value.options().GetExtension(v1::xml_value);
}

}  // namespace ipam::model
