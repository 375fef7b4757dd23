#include "dcom_bridge/json/json_writer.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"

namespace ipam::json {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

class Writer {
 public:
  // False: it holds what this writer leaves to protobuf, and nothing of what was written counts.
  bool Message(const pb::Message& message);
  std::string Take() { return std::move(out_); }

 private:
  template <typename Type>
  bool Time(const pb::Message& message);
  bool Value(const pb::Message& message, const Field* field, int index);
  void Text(std::string_view text);
  template <typename Number>
  void Integer(Number number) {
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }
  template <typename Number>
  void LongInteger(Number number) {
    out_ += '"';
    Integer(number);
    out_ += '"';
  }
  template <typename Real>
  void Floating(Real number);

  std::string out_;
};

bool Writer::Message(const pb::Message& message) {
  switch (message.GetDescriptor()->well_known_type()) {
    case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      break;
    case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return Time<pb::Timestamp>(message);
    case pb::Descriptor::WELLKNOWNTYPE_DURATION:
      return Time<pb::Duration>(message);
    default:
      return false;
  }
  const pb::Reflection* reflection = message.GetReflection();
  std::vector<const Field*> fields;
  reflection->ListFields(message, &fields);
  out_ += '{';
  for (const Field* field : fields) {
    if (field->is_map() || field->is_extension()) return false;
    if (field != fields.front()) out_ += ',';
    out_ += '"';
    out_ += field->json_name();
    out_ += "\":";
    if (!field->is_repeated()) {
      if (!Value(message, field, -1)) return false;
      continue;
    }
    out_ += '[';
    for (int i = 0, size = reflection->FieldSize(message, field); i < size; ++i) {
      if (i != 0) out_ += ',';
      if (!Value(message, field, i)) return false;
    }
    out_ += ']';
  }
  out_ += '}';
  return true;
}

template <typename Type>
bool Writer::Time(const pb::Message& message) {
  const auto* time = pb::DynamicCastToGenerated<Type>(&message);
  if (time == nullptr) return false;
  Text(pb::util::TimeUtil::ToString(*time));
  return true;
}

// `index`: of a repeated field; -1: the field has one value.
bool Writer::Value(const pb::Message& message, const Field* field, int index) {
  const pb::Reflection& from = *message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case Field::CPPTYPE_INT32:
      Integer(one ? from.GetInt32(message, field) : from.GetRepeatedInt32(message, field, index));
      return true;
    case Field::CPPTYPE_UINT32:
      Integer(one ? from.GetUInt32(message, field) : from.GetRepeatedUInt32(message, field, index));
      return true;
    case Field::CPPTYPE_INT64:
      LongInteger(one ? from.GetInt64(message, field) : from.GetRepeatedInt64(message, field, index));
      return true;
    case Field::CPPTYPE_UINT64:
      LongInteger(one ? from.GetUInt64(message, field) : from.GetRepeatedUInt64(message, field, index));
      return true;
    case Field::CPPTYPE_DOUBLE:
      Floating(one ? from.GetDouble(message, field) : from.GetRepeatedDouble(message, field, index));
      return true;
    case Field::CPPTYPE_FLOAT:
      Floating(one ? from.GetFloat(message, field) : from.GetRepeatedFloat(message, field, index));
      return true;
    case Field::CPPTYPE_BOOL:
      out_ += (one ? from.GetBool(message, field) : from.GetRepeatedBool(message, field, index)) ? "true"
                                                                                                 : "false";
      return true;
    case Field::CPPTYPE_ENUM: {
      const int number =
          one ? from.GetEnumValue(message, field) : from.GetRepeatedEnumValue(message, field, index);
      const pb::EnumValueDescriptor* value = field->enum_type()->FindValueByNumber(number);
      if (field->enum_type()->full_name() == "google.protobuf.NullValue") return false;
      if (value == nullptr) {
        Integer(number);
      } else {
        Text(value->name());
      }
      return true;
    }
    case Field::CPPTYPE_STRING: {
      std::string copy;
      const std::string& text = one ? from.GetStringReference(message, field, &copy)
                                    : from.GetRepeatedStringReference(message, field, index, &copy);
      if (field->type() == Field::TYPE_BYTES) {
        Text(absl::Base64Escape(text));
      } else {
        Text(text);
      }
      return true;
    }
    case Field::CPPTYPE_MESSAGE:
      return Message(one ? from.GetMessage(message, field) : from.GetRepeatedMessage(message, field, index));
  }
  return false;
}

// RFC 8259 7: quotation mark, reverse solidus and the control characters; and what a script element of HTML may not hold
// (<, >, U+2028, U+2029), as protobuf does.
void Writer::Text(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out_ += '"';
  std::size_t plain = 0;  // from there on nothing had to be escaped
  const auto escape = [&](std::size_t at, std::size_t length, std::string_view with) {
    out_.append(text, plain, at - plain);
    out_ += with;
    plain = at + length;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"') {
      escape(i, 1, "\\\"");
    } else if (c == '\\') {
      escape(i, 1, "\\\\");
    } else if (c < 0x20 || c == '<' || c == '>' || c == 0x7F) {
      switch (c) {
        case '\b':
          escape(i, 1, "\\b");
          break;
        case '\f':
          escape(i, 1, "\\f");
          break;
        case '\n':
          escape(i, 1, "\\n");
          break;
        case '\r':
          escape(i, 1, "\\r");
          break;
        case '\t':
          escape(i, 1, "\\t");
          break;
        default:
          escape(i, 1, std::string{'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]});
      }
    } else if (c == 0xE2 && text.substr(i, 2) == "\xE2\x80" && i + 2 < text.size()) {
      const auto last = static_cast<unsigned char>(text[i + 2]);
      if (last == 0xA8 || last == 0xA9) escape(i, 3, last == 0xA8 ? "\\u2028" : "\\u2029");
    }
  }
  out_.append(text, plain, text.size() - plain);
  out_ += '"';
}

template <typename Real>
void Writer::Floating(Real number) {
  if (std::isnan(number)) return Text("NaN");
  if (std::isinf(number)) return Text(number > 0 ? "Infinity" : "-Infinity");
  char digits[32];  // the shortest that reads as the same number
  out_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

std::string Write(const pb::Message& message) {
  Writer writer;
  if (writer.Message(message)) return writer.Take();
  std::string text;
  if (!pb::util::MessageToJsonString(message, &text).ok()) text.clear();
  return text;
}

}  // namespace ipam::json
