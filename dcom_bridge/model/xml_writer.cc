#include "dcom_bridge/model/xml_writer.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/model/problem.h"
#include "dcom_bridge/model/values.h"
#include "dcom_bridge/model/xml_text.h"
#include "ipam/v1/value.pb.h"

namespace ipam::model {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The prefixes of xsd/README.md.
const char* PrefixOf(v1::XmlNamespace ns) {
  switch (ns) {
    case v1::IPAM:
      return "ipam";
    case v1::CONTRACT:
      return "ipam1";
    case v1::ARRAYS:
      return "serarr";
    case v1::SERIALIZATION:
      return "ser";
    case v1::GENERIC:
      return "sysgen";
    case v1::SOCKETS:
      return "syssock";
    case v1::NET:
      return "sysnet";
    case v1::SYSTEM:
      return "sys";
    case v1::SCHEMA:
      return "xs";
    default:
      return "";
  }
}

std::string_view SchemaTypeOf(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_INT32:
      return "int";
    case FieldDescriptor::TYPE_INT64:
      return "long";
    case FieldDescriptor::TYPE_BOOL:
      return "boolean";
    default:
      return "string";
  }
}

bool IsSet(const Message& owner, const XmlMember& member) {
  const Reflection& reflection = *owner.GetReflection();
  const FieldDescriptor& field = *member.field;
  if (field.is_repeated()) return reflection.FieldSize(owner, &field) > 0;
  if (!reflection.HasField(owner, &field)) return false;
  // No address is the empty text, for there is no other way to write it.
  const bool address = member.format == v1::XML_FORMAT_IP_ADDRESS ||
                       member.format == v1::XML_FORMAT_MAC_ADDRESS || member.format == v1::XML_FORMAT_DECIMAL;
  std::string scratch;
  return !address || !reflection.GetStringReference(owner, &field, &scratch).empty();
}

}  // namespace

absl::StatusOr<std::string> XmlWriter::Write(const Message& message, const XmlRoot& root) {
  const XmlType* declared = root.typed ? nullptr : XmlTypes::Get().Find(*message.GetDescriptor());
  default_ns_ = root.ns;
  used_ = 0;
  out_.clear();
  failed_at_.clear();
  failure_.clear();
  if (absl::Status written = WriteObject(message, root.ns, root.name, declared, root.typed); !written.ok()) {
    if (failure_.empty()) return written;
    return InvalidDocument({{.field = failed_at_, .what = failure_}});
  }
  std::string head = absl::StrFormat(R"(<%s xmlns="%s" xmlns:i="http://www.w3.org/2001/XMLSchema-instance")",
                                     root.name, NamespaceUri(root.ns));
  for (int ns = v1::IPAM; ns < v1::NONE; ++ns) {
    if ((used_ & (1U << ns)) == 0) continue;
    absl::StrAppendFormat(&head, R"( xmlns:%s="%s")", PrefixOf(static_cast<v1::XmlNamespace>(ns)),
                          NamespaceUri(static_cast<v1::XmlNamespace>(ns)));
  }
  return head + out_.substr(1 + root.name.size());
}

void XmlWriter::Qualified(v1::XmlNamespace ns, std::string_view name) {
  if (ns != default_ns_ && ns != v1::NONE) {
    used_ |= 1U << ns;
    out_ += PrefixOf(ns);
    out_ += ':';
  }
  out_ += name;
}

void XmlWriter::InstanceType(v1::XmlNamespace ns, std::string_view name) {
  out_ += R"( i:type=")";
  Qualified(ns, name);
  out_ += '"';
}

void XmlWriter::Open(v1::XmlNamespace ns, std::string_view name) {
  out_ += '<';
  Qualified(ns, name);
  if (ns == v1::NONE && default_ns_ != v1::NONE) out_ += R"( xmlns="")";
}

void XmlWriter::Close(v1::XmlNamespace ns, std::string_view name) {
  out_ += "</";
  Qualified(ns, name);
  out_ += '>';
}

void XmlWriter::Element(v1::XmlNamespace ns, std::string_view name, std::string_view plain_text) {
  Open(ns, name);
  out_ += '>';
  out_ += plain_text;
  Close(ns, name);
}

absl::Status XmlWriter::Unwritable(std::string what) {
  failure_ = std::move(what);
  return absl::InvalidArgumentError(failure_);
}

absl::Status XmlWriter::At(absl::Status status, const XmlType& type, const XmlMember& member) {
  if (status.ok() || failure_.empty()) return status;
  std::string path = FieldPathOf(type, member);
  // An entry of this array has put its place in front already.
  const bool entry = failed_at_.starts_with('[');
  absl::StrAppend(&path, failed_at_.empty() || entry ? "" : ".", failed_at_);
  failed_at_ = std::move(path);
  return status;
}

absl::Status XmlWriter::WriteObject(const Message& message, v1::XmlNamespace ns, std::string_view name,
                                    const XmlType* declared, bool typed) {
  const XmlType* type = XmlTypes::Get().TypeOf(message);
  if (type == nullptr)
    return Unwritable(absl::StrCat(message.GetDescriptor()->full_name(), " is not a type of XML"));
  if (declared != nullptr && !type->DerivesFrom(*declared)) {
    // Where the schema declares a derived type the family's message may leave its variant out.
    if (!declared->DerivesFrom(*type)) {
      return Unwritable(absl::StrCat("is a ", type->name(), ", not a ", declared->name()));
    }
    type = declared;
  }
  Open(ns, name);
  // Inside an element without a namespace there is no default namespace.
  const v1::XmlNamespace outside = std::exchange(default_ns_, ns == v1::NONE ? v1::NONE : default_ns_);
  if (typed || type != declared) InstanceType(type->ns(), type->name());
  out_ += ">";
  absl::InlinedVector<const Message*, 4> levels{&message};
  for (const FieldDescriptor* variant : type->path()) {
    const Message& above = *levels.back();
    levels.push_back(&above.GetReflection()->GetMessage(above, variant));
  }
  for (const XmlMember& member : type->members()) {
    IPAM_RETURN_IF_ERROR(At(WriteMember(*levels[member.level], member), *type, member));
  }
  default_ns_ = outside;
  Close(ns, name);  // without a prefix where there is no namespace
  return absl::OkStatus();
}

absl::Status XmlWriter::WriteMember(const Message& owner, const XmlMember& member) {
  const FieldDescriptor& field = *member.field;
  if (!IsSet(owner, member)) {
    if (!member.required) return absl::OkStatus();
    const bool nillable =
        field.has_presence() || field.is_repeated() || field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    if (nillable) {
      Open(member.ns, member.name);
      out_ += R"( i:nil="true"/>)";
      return absl::OkStatus();
    }
  }
  if (field.is_repeated() && member.format != v1::XML_FORMAT_LIST) return WriteArray(owner, member);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return WriteMessage(owner.GetReflection()->GetMessage(owner, &field), member.ns, member.name, member);
  }
  Open(member.ns, member.name);
  if (member.typed) InstanceType(v1::SCHEMA, SchemaTypeOf(field));
  out_ += ">";
  IPAM_RETURN_IF_ERROR(WriteScalar(owner, field, member.format, -1));
  Close(member.ns, member.name);
  return absl::OkStatus();
}

absl::Status XmlWriter::WriteArray(const Message& owner, const XmlMember& member) {
  const FieldDescriptor& field = *member.field;
  Open(member.ns, member.name);
  out_ += ">";
  for (int i = 0; i < owner.GetReflection()->FieldSize(owner, &field); ++i) {
    absl::Status written;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const Message& entry = owner.GetReflection()->GetRepeatedMessage(owner, &field, i);
      written = WriteMessage(entry, member.item_ns, member.item, member);
    } else {
      Open(member.item_ns, member.item);
      out_ += ">";
      written = WriteScalar(owner, field, member.format, i);
      Close(member.item_ns, member.item);
    }
    if (!written.ok()) {
      failed_at_ = absl::StrCat("[", i, "]", failed_at_.empty() ? "" : ".", failed_at_);
      return written;
    }
  }
  Close(member.ns, member.name);
  return absl::OkStatus();
}

absl::Status XmlWriter::WriteMessage(const Message& value, v1::XmlNamespace ns, std::string_view name,
                                     const XmlMember& member) {
  const Descriptor* type = value.GetDescriptor();
  if (type == Any::descriptor()) {
    Any any;
    any.CopyFrom(value);
    std::string full_name;
    const Descriptor* inside = nullptr;
    if (Any::ParseAnyTypeUrl(any.type_url(), &full_name)) {
      inside = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(full_name);
    }
    const XmlType* inside_type = inside == nullptr ? nullptr : XmlTypes::Get().Find(*inside);
    if (inside_type == nullptr || inside_type->plain() || inside_type->family() != inside) {
      return Unwritable(absl::StrCat("'", Shorten(any.type_url()), "' is not an IpamObject of ipam.v1"));
    }
    const std::unique_ptr<Message> object(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(inside)->New());
    if (!any.UnpackTo(object.get())) return Unwritable("does not parse");
    return WriteObject(*object, ns, name, nullptr, true);
  }
  if (type == v1::AnyValue::descriptor()) return WriteAnyValue(value, ns, name);
  if (type == google::protobuf::Duration::descriptor()) {
    google::protobuf::Duration duration;
    duration.CopyFrom(value);
    Element(ns, name, FormatDuration(duration));
    return absl::OkStatus();
  }
  if (type == google::protobuf::Timestamp::descriptor()) {
    google::protobuf::Timestamp timestamp;
    timestamp.CopyFrom(value);
    Element(ns, name, FormatTimestamp(timestamp));
    return absl::OkStatus();
  }
  return WriteObject(value, ns, name, member.declared, member.typed);
}

absl::Status XmlWriter::WriteAnyValue(const Message& value, v1::XmlNamespace ns, std::string_view name) {
  const FieldDescriptor* field =
      value.GetReflection()->GetOneofFieldDescriptor(value, value.GetDescriptor()->FindOneofByName("kind"));
  Open(ns, name);
  if (field == nullptr) {
    out_ += R"( i:nil="true"/>)";
    return absl::OkStatus();
  }
  const v1::XmlField& option = field->options().GetExtension(v1::xml);
  InstanceType(option.ns(), option.name());
  out_ += '>';
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    const auto& any_value = static_cast<const v1::AnyValue&>(value);
    out_ += field->message_type() == google::protobuf::Duration::descriptor()
                ? FormatDuration(any_value.duration())
                : FormatTimestamp(any_value.date_time());
  } else {
    IPAM_RETURN_IF_ERROR(WriteScalar(value, *field, option.format(), -1));
  }
  Close(ns, name);
  return absl::OkStatus();
}

absl::Status XmlWriter::WriteScalar(const Message& owner, const FieldDescriptor& field, v1::XmlFormat format,
                                    int index) {
  const Reflection& reflection = *owner.GetReflection();
  const bool repeated = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      absl::StrAppend(&out_, repeated ? reflection.GetRepeatedInt32(owner, &field, index)
                                      : reflection.GetInt32(owner, &field));
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_INT64:
      absl::StrAppend(&out_, repeated ? reflection.GetRepeatedInt64(owner, &field, index)
                                      : reflection.GetInt64(owner, &field));
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_UINT32: {
      const std::uint32_t value =
          repeated ? reflection.GetRepeatedUInt32(owner, &field, index) : reflection.GetUInt32(owner, &field);
      const bool fits = !(format == v1::XML_FORMAT_UNSIGNED_BYTE && value > 0xFF) &&
                        !(format == v1::XML_FORMAT_UNSIGNED_SHORT && value > 0xFFFF);
      if (!fits) return Unwritable(absl::StrCat(value, " is beyond its range"));
      absl::StrAppend(&out_, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT64:
      absl::StrAppend(&out_, repeated ? reflection.GetRepeatedUInt64(owner, &field, index)
                                      : reflection.GetUInt64(owner, &field));
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_BOOL:
      out_ +=
          (repeated ? reflection.GetRepeatedBool(owner, &field, index) : reflection.GetBool(owner, &field))
              ? "true"
              : "false";
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double value =
          repeated ? reflection.GetRepeatedDouble(owner, &field, index) : reflection.GetDouble(owner, &field);
      out_ += std::isnan(value)   ? "NaN"
              : std::isinf(value) ? (value > 0 ? "INF" : "-INF")
                                  : absl::StrFormat("%.17g", value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      std::vector<const google::protobuf::EnumValueDescriptor*> values;
      if (format == v1::XML_FORMAT_LIST) {
        for (int i = 0; i < reflection.FieldSize(owner, &field); ++i) {
          values.push_back(reflection.GetRepeatedEnum(owner, &field, i));
        }
      } else {
        values.push_back(repeated ? reflection.GetRepeatedEnum(owner, &field, index)
                                  : reflection.GetEnum(owner, &field));
      }
      const char* separator = "";
      for (const auto* value : values) {
        if (!value->options().HasExtension(v1::xml_value)) {
          return Unwritable(absl::StrCat(value->number(), " is not a value of ", field.enum_type()->name()));
        }
        absl::StrAppend(&out_, separator, EnumSpelling(*value));
        separator = " ";
      }
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text = repeated
                                    ? reflection.GetRepeatedStringReference(owner, &field, index, &scratch)
                                    : reflection.GetStringReference(owner, &field, &scratch);
      if (format == v1::XML_FORMAT_IP_ADDRESS) return WriteIpAddress(text);
      if (format == v1::XML_FORMAT_MAC_ADDRESS) {
        const auto octets = ParseMacAddress(text);
        if (!octets) return Unwritable(absl::StrCat("'", Shorten(text), "' is not a MAC address"));
        Element(v1::IPAM, "Address", absl::Base64Escape(*octets));
        return absl::OkStatus();
      }
      if (format == v1::XML_FORMAT_BYTE_ARRAY) {
        for (const char octet : text) {
          Element(v1::ARRAYS, "unsignedByte",
                  absl::StrCat(static_cast<unsigned>(static_cast<unsigned char>(octet))));
        }
        return absl::OkStatus();
      }
      if (format == v1::XML_FORMAT_DECIMAL && !IsDecimal(text)) {
        return Unwritable(absl::StrCat("'", Shorten(text), "' is not a decimal"));
      }
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        out_ += absl::Base64Escape(text);
        return absl::OkStatus();
      }
      return WriteText(text);
    }
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return absl::InternalError(absl::StrCat("no spelling in XML for ", field.full_name()));
}

absl::Status XmlWriter::WriteIpAddress(std::string_view text) {
  const auto parts = ParseIpAddress(text);
  if (!parts) return Unwritable(absl::StrFormat("'%s' is not an IP address", Shorten(text)));
  Element(v1::NET, "m_Address", absl::StrCat(parts->address));
  Element(v1::NET, "m_Family", parts->v6 ? "InterNetworkV6" : "InterNetwork");
  Element(v1::NET, "m_HashCode", "0");
  Open(v1::NET, "m_Numbers");
  out_ += ">";
  for (const std::uint16_t group : parts->numbers) Element(v1::ARRAYS, "unsignedShort", absl::StrCat(group));
  Close(v1::NET, "m_Numbers");
  Element(v1::NET, "m_ScopeId", absl::StrCat(parts->scope_id));
  return absl::OkStatus();
}

absl::Status XmlWriter::WriteText(std::string_view text) {
  if (!IsXmlText(text)) return Unwritable("has a character that XML cannot carry");
  AppendEscaped(text, out_);
  return absl::OkStatus();
}

}  // namespace ipam::model
