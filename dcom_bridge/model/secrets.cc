#include "dcom_bridge/model/secrets.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>

#include <memory>
#include <set>
#include <vector>

#include "absl/strings/match.h"

namespace ipam::model {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsSecret(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_BYTES &&
         (absl::EndsWith(field.name(), "_password") || field.name() == "shared_secret");
}

// Whether a message of the type may hold one, so that long lists of those that cannot are not looked through.
bool MayHoldSecret(const Descriptor& type, std::set<const Descriptor*>& seen) {
  if (!seen.insert(&type).second) return false;
  if (&type == google::protobuf::Any::descriptor()) return true;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (IsSecret(field)) return true;
    if (field.message_type() != nullptr && MayHoldSecret(*field.message_type(), seen)) return true;
  }
  return false;
}

bool MayHoldSecret(const Descriptor& type) {
  std::set<const Descriptor*> seen;
  return MayHoldSecret(type, seen);
}

// Calls `found` for each secret; false of it ends the walk.
template <typename Found>
bool Walk(Message& message, const Found& found) {
  if (auto* any = dynamic_cast<google::protobuf::Any*>(&message)) {
    std::string name;
    if (!google::protobuf::Any::ParseAnyTypeUrl(any->type_url(), &name)) return true;
    const Descriptor* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
    if (type == nullptr || !MayHoldSecret(*type)) return true;
    const std::unique_ptr<Message> inside(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
    if (!any->UnpackTo(inside.get())) return true;
    const bool go_on = Walk(*inside, found);
    any->PackFrom(*inside);
    return go_on;
  }
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (IsSecret(*field)) {
      if (!found(message, *field)) return false;
    } else if (field->message_type() != nullptr && MayHoldSecret(*field->message_type())) {
      const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        Message& inside = field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                               : *reflection.MutableMessage(&message, field);
        if (!Walk(inside, found)) return false;
      }
    }
  }
  return true;
}

}  // namespace

bool HoldsSecret(const Message& message) {
  if (!MayHoldSecret(*message.GetDescriptor())) return false;
  const std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  return !Walk(*copy, [](Message&, const FieldDescriptor&) { return false; });
}

void ClearSecrets(Message& message) {
  Walk(message, [](Message& owner, const FieldDescriptor& field) {
    owner.GetReflection()->ClearField(&owner, &field);
    return true;
  });
}

}  // namespace ipam::model
