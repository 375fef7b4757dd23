#include "dcom_bridge/ipam/modified_properties.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <memory>

#include "ipam/v1/xml.pb.h"

namespace ipam::engine {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool Named(const FieldDescriptor& field, const PropertyNames& names) {
  const std::string& name = field.options().GetExtension(v1::xml).name();
  return !name.empty() && std::find(names.begin(), names.end(), name) != names.end();
}

// The members of a derived type stand in a message of their own.
bool IsDerivedType(const FieldDescriptor& field) { return field.real_containing_oneof() != nullptr; }

}  // namespace

void CopyProperties(const Message& from, const PropertyNames& names, Message& to) {
  const google::protobuf::Reflection& reflection = *to.GetReflection();
  const std::unique_ptr<Message> named(from.New());
  named->CopyFrom(from);
  const google::protobuf::Descriptor& type = *from.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!IsDerivedType(field) && Named(field, names)) {
      reflection.ClearField(&to, &field);
      continue;
    }
    if (IsDerivedType(field) && reflection.HasField(from, &field) && reflection.HasField(to, &field)) {
      CopyProperties(reflection.GetMessage(from, &field), names, *reflection.MutableMessage(&to, &field));
    }
    reflection.ClearField(named.get(), &field);
  }
  to.MergeFrom(*named);
}

PropertyNames DifferingProperties(const Message& a, const Message& b, const PropertyNames& names) {
  PropertyNames differing;
  for (const std::string& name : names) {
    PropertyNames one;
    *one.Add() = name;
    const std::unique_ptr<Message> changed(a.New());
    changed->CopyFrom(a);
    CopyProperties(b, one, *changed);
    if (!google::protobuf::util::MessageDifferencer::Equals(a, *changed)) *differing.Add() = name;
  }
  return differing;
}

}  // namespace ipam::engine
