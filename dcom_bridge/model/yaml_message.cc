#include "dcom_bridge/model/yaml_message.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <charconv>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "ipam/v1/xml.pb.h"

namespace ipam::model {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

constexpr int kMaxDepth = 64;

const FieldDescriptor* FindField(const Descriptor& type, const std::string& name) {
  if (const FieldDescriptor* field = type.FindFieldByName(name)) return field;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == name) return type.field(i);
  }
  return nullptr;
}

const EnumValueDescriptor* FindEnumerator(const EnumDescriptor& type, const std::string& text) {
  if (const EnumValueDescriptor* value = type.FindValueByName(text)) return value;
  int number = 0;
  if (absl::SimpleAtoi(text, &number)) return type.FindValueByNumber(number);
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->options().GetExtension(v1::xml_value) == text) return type.value(i);
  }
  return nullptr;
}

bool IsTime(const Descriptor& type) {
  return type.full_name() == Duration::descriptor()->full_name() ||
         type.full_name() == Timestamp::descriptor()->full_name();
}

bool ReadTime(const std::string& text, Message& message) {
  if (auto* duration = dynamic_cast<Duration*>(&message)) return TimeUtil::FromString(text, duration);
  return TimeUtil::FromString(text, static_cast<Timestamp*>(&message));
}

std::optional<bool> ParseBool(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

template <typename T>
std::optional<T> ParseInteger(const std::string& text) {
  T value = 0;
  return absl::SimpleAtoi(text, &value) ? std::optional(value) : std::nullopt;
}

std::optional<double> ParseDouble(const std::string& text) {
  double value = 0;
  return absl::SimpleAtod(text, &value) ? std::optional(value) : std::nullopt;
}

template <typename T, typename Set, typename Add>
bool Store(std::optional<T> value, bool repeated, Set set, Add add) {
  if (!value) return false;
  if (repeated) {
    add(*value);
  } else {
    set(*value);
  }
  return true;
}

// False: `text` is not a value of the field's type.
bool ReadScalar(const std::string& text, Message& m, const FieldDescriptor& field) {
  const Reflection& r = *m.GetReflection();
  const FieldDescriptor* f = &field;
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Store(
          ParseInteger<std::int32_t>(text), many, [&](auto v) { r.SetInt32(&m, f, v); },
          [&](auto v) { r.AddInt32(&m, f, v); });
    case FieldDescriptor::CPPTYPE_INT64:
      return Store(
          ParseInteger<std::int64_t>(text), many, [&](auto v) { r.SetInt64(&m, f, v); },
          [&](auto v) { r.AddInt64(&m, f, v); });
    case FieldDescriptor::CPPTYPE_UINT32:
      return Store(
          ParseInteger<std::uint32_t>(text), many, [&](auto v) { r.SetUInt32(&m, f, v); },
          [&](auto v) { r.AddUInt32(&m, f, v); });
    case FieldDescriptor::CPPTYPE_UINT64:
      return Store(
          ParseInteger<std::uint64_t>(text), many, [&](auto v) { r.SetUInt64(&m, f, v); },
          [&](auto v) { r.AddUInt64(&m, f, v); });
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Store(
          ParseDouble(text), many, [&](auto v) { r.SetDouble(&m, f, v); },
          [&](auto v) { r.AddDouble(&m, f, v); });
    case FieldDescriptor::CPPTYPE_BOOL:
      return Store(
          ParseBool(text), many, [&](auto v) { r.SetBool(&m, f, v); }, [&](auto v) { r.AddBool(&m, f, v); });
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor* value = FindEnumerator(*field.enum_type(), text);
      if (value == nullptr) return false;
      if (many) {
        r.AddEnum(&m, f, value);
      } else {
        r.SetEnum(&m, f, value);
      }
      return true;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string value = text;
      if (field.type() == FieldDescriptor::TYPE_BYTES && !absl::Base64Unescape(text, &value)) return false;
      if (many) {
        r.AddString(&m, f, std::move(value));
      } else {
        r.SetString(&m, f, std::move(value));
      }
      return true;
    }
    default:  // no message of ipam.v1 has a float
      return false;
  }
}

// "one of None, Primary, Secondary": a few names as the schema spells them, or what they are.
std::string EnumeratorNames(const EnumDescriptor& type) {
  constexpr int kFew = 12;
  if (type.value_count() > kFew) return "an enumerator";
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string& spelled = type.value(i)->options().GetExtension(v1::xml_value);
    absl::StrAppend(&names, names.empty() ? "one of " : ", ",
                    spelled.empty() ? type.value(i)->name() : spelled);
  }
  return names;
}

std::string TypeName(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "a number";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumeratorNames(*field.enum_type());
    case FieldDescriptor::CPPTYPE_STRING:
      return "base64";
    default:
      return "an integer of its size";
  }
}

// That reads as the same number.
std::string ShortestText(double number) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

std::string ScalarText(const Message& m, const FieldDescriptor& field, int index) {
  const Reflection& r = *m.GetReflection();
  const FieldDescriptor* f = &field;
  const bool many = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(many ? r.GetRepeatedInt32(m, f, index) : r.GetInt32(m, f));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(many ? r.GetRepeatedInt64(m, f, index) : r.GetInt64(m, f));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(many ? r.GetRepeatedUInt32(m, f, index) : r.GetUInt32(m, f));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(many ? r.GetRepeatedUInt64(m, f, index) : r.GetUInt64(m, f));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return ShortestText(many ? r.GetRepeatedDouble(m, f, index) : r.GetDouble(m, f));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (many ? r.GetRepeatedBool(m, f, index) : r.GetBool(m, f)) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return (many ? r.GetRepeatedEnum(m, f, index) : r.GetEnum(m, f))->name();
    default:
      return "";
  }
}

namespace {

void WriteValue(const Message& m, const FieldDescriptor& field, int index, YAML::Emitter& out) {
  const Reflection& r = *m.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    const Message& value = index >= 0 ? r.GetRepeatedMessage(m, &field, index) : r.GetMessage(m, &field);
    if (const auto* duration = dynamic_cast<const Duration*>(&value)) {
      out << TimeUtil::ToString(*duration);
    } else if (const auto* timestamp = dynamic_cast<const Timestamp*>(&value)) {
      out << TimeUtil::ToString(*timestamp);
    } else {
      WriteYaml(value, out);
    }
    return;
  }
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    out << ScalarText(m, field, index);
    return;
  }
  const std::string text = index >= 0 ? r.GetRepeatedString(m, &field, index) : r.GetString(m, &field);
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    out << YAML::DoubleQuoted << absl::Base64Escape(text);
  } else {
    out << YAML::DoubleQuoted << text;
  }
}

}  // namespace

absl::Status YamlError(const YAML::Node& node, const std::string& path, const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrFormat("line %d: %s%s%s", node.Mark().line + 1, path, path.empty() ? "" : ": ", what));
}

absl::Status FromYaml(const std::string& text, Message& message) {
  // yaml-cpp tells its errors by exceptions only.
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty() || documents[0].IsNull())
      return absl::InvalidArgumentError("the document is empty");
    if (documents.size() > 1) return YamlError(documents[1], "", "a second document, where one is read");
    return YamlReader(text.size()).Read(documents[0], message);
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(absl::StrFormat("line %d: %s", e.mark.line + 1, e.msg));
  }
}

absl::Status YamlReader::Read(const YAML::Node& node, Message& message) {
  return ReadMembers(node, message, "", 0);
}

absl::Status YamlReader::ReadMembers(const YAML::Node& node, Message& message, const std::string& path,
                                     int depth) {
  if (!node.IsMap()) return YamlError(node, path, "not a mapping");
  if (depth > kMaxDepth) return YamlError(node, path, "nested too deep");
  std::set<const FieldDescriptor*> seen;
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const std::string member = path.empty() ? name : path + "." + name;
    const FieldDescriptor* field = FindField(*message.GetDescriptor(), name);
    if (field == nullptr) {
      return YamlError(entry.first, member,
                       absl::StrFormat("%s has no such field", message.GetDescriptor()->name()));
    }
    if (!seen.insert(field).second) return YamlError(entry.first, member, "stands twice");
    if (entry.second.IsNull()) continue;
    if (!field->is_repeated()) {
      IPAM_RETURN_IF_ERROR(ReadValue(entry.second, message, *field, member, depth));
      continue;
    }
    if (!entry.second.IsSequence()) return YamlError(entry.second, member, "not a list");
    for (std::size_t i = 0; i < entry.second.size(); ++i) {
      IPAM_RETURN_IF_ERROR(
          ReadValue(entry.second[i], message, *field, absl::StrFormat("%s[%d]", member, i), depth));
    }
  }
  return absl::OkStatus();
}

absl::Status YamlReader::ReadValue(const YAML::Node& node, Message& message, const FieldDescriptor& field,
                                   const std::string& path, int depth) {
  if (++values_ > max_values_) return YamlError(node, path, "the file expands to too many values");
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    Message* value = field.is_repeated() ? message.GetReflection()->AddMessage(&message, &field)
                                         : message.GetReflection()->MutableMessage(&message, &field);
    if (!IsTime(*field.message_type())) return ReadMembers(node, *value, path, depth + 1);
    if (node.IsScalar() && ReadTime(node.Scalar(), *value)) return absl::OkStatus();
    return YamlError(node, path,
                     field.message_type()->name() == "Duration" ? "not a duration such as 3600s"
                                                                : "not a time such as 2024-01-15T00:00:00Z");
  }
  if (!node.IsScalar()) return YamlError(node, path, "not a single value");
  if (ReadScalar(node.Scalar(), message, field)) return absl::OkStatus();
  return YamlError(node, path,
                   absl::StrFormat("not %s: \"%s\"", TypeName(field), node.Scalar().substr(0, 100)));
}

void WriteYaml(const Message& message, YAML::Emitter& out) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  if (fields.empty()) {
    out << YAML::Flow << YAML::BeginMap << YAML::EndMap;
    return;
  }
  out << YAML::BeginMap;
  for (const FieldDescriptor* field : fields) {
    out << YAML::Key << field->json_name() << YAML::Value;
    if (!field->is_repeated()) {
      WriteValue(message, *field, -1, out);
      continue;
    }
    out << YAML::BeginSeq;
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i)
      WriteValue(message, *field, i, out);
    out << YAML::EndSeq;
  }
  out << YAML::EndMap;
}

}  // namespace ipam::model
