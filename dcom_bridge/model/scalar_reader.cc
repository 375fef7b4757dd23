#include "dcom_bridge/model/scalar_reader.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/strings.h"
#include "dcom_bridge/model/values.h"
#include "dcom_bridge/model/xml_document.h"

namespace ipam::model {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status NotA(const xmlNode& node, std::string_view text, std::string_view type) {
  return ErrorAt(node, absl::StrFormat("'%s' is not %s", Shorten(text), type));
}

template <typename T>
absl::StatusOr<T> ReadInteger(const xmlNode& node, std::string_view text, T max, std::string_view type) {
  std::string_view digits = Trim(text);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  T value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || value > max) {
    return NotA(node, text, type);
  }
  return value;
}

absl::StatusOr<bool> ReadBool(const xmlNode& node, std::string_view text) {
  const std::string_view word = Trim(text);
  if (word == "true" || word == "1") return true;
  if (word == "false" || word == "0") return false;
  return NotA(node, text, "a boolean");
}

absl::StatusOr<double> ReadDouble(const xmlNode& node, std::string_view text) {
  const std::string_view word = Trim(text);
  if (word == "INF") return std::numeric_limits<double>::infinity();
  if (word == "-INF") return -std::numeric_limits<double>::infinity();
  if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  if (!absl::SimpleAtod(base::ToAbsl(word), &value) || !std::isfinite(value))
    return NotA(node, text, "a number");
  return value;
}

absl::StatusOr<std::string> ReadIpAddress(const xmlNode& node) {
  const std::string_view net = NamespaceUri(v1::NET);
  IpAddressParts parts;
  std::string family;
  std::optional<std::string> address;
  std::optional<std::string> scope;
  std::size_t numbers = 0;
  std::string joined;
  for (const xmlNode* child : ChildElements(node)) {
    if (Namespace(*child) != net) return ErrorAt(*child, "not a member of sysnet:IPAddress");
    if (LocalName(*child) == "m_Numbers") {
      for (const xmlNode* number : ChildElements(*child)) {
        IPAM_ASSIGN_OR_RETURN(const std::string_view text, SimpleText(*number, joined));
        IPAM_ASSIGN_OR_RETURN(const auto group,
                              ReadInteger<std::uint32_t>(*number, text, 0xFFFF, "an unsigned short"));
        if (numbers == parts.numbers.size()) return ErrorAt(*number, "more than 8 groups in an address");
        parts.numbers[numbers++] = static_cast<std::uint16_t>(group);
      }
      continue;
    }
    IPAM_ASSIGN_OR_RETURN(const std::string_view text, SimpleText(*child, joined));
    if (LocalName(*child) == "m_Address") {
      address = text;
    } else if (LocalName(*child) == "m_Family") {
      family = Trim(text);
    } else if (LocalName(*child) == "m_ScopeId") {
      scope = text;
    } else if (LocalName(*child) != "m_HashCode") {  // reserved, 2.2.4.441
      return ErrorAt(*child, "not a member of sysnet:IPAddress");
    }
  }
  // 2.2.4.441: the supported families are these two.
  if (family == "InterNetwork") {
    IPAM_ASSIGN_OR_RETURN(parts.address, ReadInteger<std::uint32_t>(node, address.value_or(""),
                                                                    std::numeric_limits<std::uint32_t>::max(),
                                                                    "the m_Address of an IPv4 address"));
    return FormatIpAddress(parts);
  }
  if (family != "InterNetworkV6") return ErrorAt(node, "m_Family must be InterNetwork or InterNetworkV6");
  if (numbers != parts.numbers.size())
    return ErrorAt(node, "an IPv6 address must have 8 groups in m_Numbers");
  parts.v6 = true;
  IPAM_ASSIGN_OR_RETURN(parts.scope_id, ReadInteger<std::uint32_t>(node, scope.value_or("0"),
                                                                   std::numeric_limits<std::uint32_t>::max(),
                                                                   "the m_ScopeId of an address"));
  return FormatIpAddress(parts);
}

absl::StatusOr<std::string> ReadBase64(const xmlNode& node) {
  std::string joined;
  IPAM_ASSIGN_OR_RETURN(const std::string_view text, SimpleText(node, joined));
  std::string bytes;
  if (!absl::Base64Unescape(base::ToAbsl(text), &bytes)) return NotA(node, text, "base64");
  return bytes;
}

absl::StatusOr<std::string> ReadMacAddress(const xmlNode& node) {
  for (const xmlNode* child : ChildElements(node)) {
    if (LocalName(*child) != "Address") return ErrorAt(*child, "not a member of MACAddress");
    if (IsNil(*child)) return std::string();
    IPAM_ASSIGN_OR_RETURN(const std::string octets, ReadBase64(*child));
    return FormatMacAddress(octets);
  }
  return std::string();
}

absl::StatusOr<std::string> ReadByteArray(const xmlNode& node) {
  std::string bytes;
  std::string joined;
  for (const xmlNode* child : ChildElements(node)) {
    if (LocalName(*child) != "unsignedByte") return ErrorAt(*child, "not an unsignedByte");
    IPAM_ASSIGN_OR_RETURN(const std::string_view text, SimpleText(*child, joined));
    IPAM_ASSIGN_OR_RETURN(const auto octet,
                          ReadInteger<std::uint32_t>(*child, text, 0xFF, "an unsigned byte"));
    bytes.push_back(static_cast<char>(octet));
  }
  return bytes;
}

absl::StatusOr<std::string> ReadText(const xmlNode& node, v1::XmlFormat format) {
  if (format == v1::XML_FORMAT_IP_ADDRESS) return ReadIpAddress(node);
  if (format == v1::XML_FORMAT_MAC_ADDRESS) return ReadMacAddress(node);
  std::string joined;
  IPAM_ASSIGN_OR_RETURN(const std::string_view text, SimpleText(node, joined));
  if (format != v1::XML_FORMAT_DECIMAL) return std::string(text);
  if (!IsDecimal(Trim(text))) return NotA(node, text, "a decimal");
  return std::string(Trim(text));
}

absl::Status ReadEnum(const xmlNode& node, const FieldDescriptor& field, v1::XmlFormat format,
                      Message& owner) {
  const Reflection& reflection = *owner.GetReflection();
  std::string joined;
  IPAM_ASSIGN_OR_RETURN(const std::string_view text, SimpleText(node, joined));
  const auto set = [&](std::string_view word) -> absl::Status {
    const auto* value = XmlTypes::Get().Find(*field.enum_type(), word);
    if (value == nullptr) return NotA(node, word, absl::StrCat("a value of ", field.enum_type()->name()));
    if (field.is_repeated()) {
      reflection.AddEnum(&owner, &field, value);
    } else {
      reflection.SetEnum(&owner, &field, value);
    }
    return absl::OkStatus();
  };
  if (format != v1::XML_FORMAT_LIST) return set(Trim(text));
  for (std::string_view left = Trim(text); !left.empty();) {
    const std::string_view word = left.substr(0, left.find_first_of(" \t\r\n"));
    IPAM_RETURN_IF_ERROR(set(word));
    left = Trim(left.substr(word.size()));
  }
  return absl::OkStatus();
}

std::uint32_t MaxOf(v1::XmlFormat format) {
  if (format == v1::XML_FORMAT_UNSIGNED_BYTE) return 0xFF;
  if (format == v1::XML_FORMAT_UNSIGNED_SHORT) return 0xFFFF;
  return std::numeric_limits<std::uint32_t>::max();
}

}  // namespace

absl::Status ErrorAt(const xmlNode& node, std::string what) {
  return InvalidDocument({ProblemAt(node, std::move(what))});
}

std::optional<std::string_view> Attribute(const xmlNode& node, std::string_view ns, std::string_view name,
                                          std::string& joined) {
  for (const xmlAttr* at = node.properties; at != nullptr; at = at->next) {
    if (at->ns == nullptr || reinterpret_cast<const char*>(at->name) != name) continue;
    if (reinterpret_cast<const char*>(at->ns->href) != ns) continue;
    const xmlNode* text = at->children;
    if (text == nullptr || text->content == nullptr) return std::string_view();
    if (text->next == nullptr) return reinterpret_cast<const char*>(text->content);
    joined.clear();
    for (; text != nullptr; text = text->next) {
      if (text->content != nullptr) joined += reinterpret_cast<const char*>(text->content);
    }
    return joined;
  }
  return std::nullopt;
}

bool IsNil(const xmlNode& node) {
  if (node.properties == nullptr) return false;
  std::string joined;
  const auto nil = Attribute(node, kInstanceNs, "nil", joined);
  const bool says_nil = nil.has_value() && (Trim(*nil) == "true" || Trim(*nil) == "1");
  // Serializers that preserve references write both on a reference, which counts then.
  return says_nil && !Attribute(node, kSerializationNs, "Ref", joined).has_value();
}

absl::StatusOr<std::optional<TypeName>> InstanceType(const xmlNode& node, std::string& joined) {
  const auto type = Attribute(node, kInstanceNs, "type", joined);
  if (!type) return std::optional<TypeName>();
  const std::string_view name = Trim(*type);
  const std::size_t colon = name.find(':');
  const std::string prefix(colon == std::string_view::npos ? std::string_view() : name.substr(0, colon));
  // The lookup does not change the tree, though libxml2 does not say so in its type.
  auto* lookup = const_cast<xmlNode*>(&node);
  const xmlNs* ns = xmlSearchNs(node.doc, lookup,
                                prefix.empty() ? nullptr : reinterpret_cast<const xmlChar*>(prefix.c_str()));
  if (ns == nullptr && !prefix.empty())
    return ErrorAt(node, absl::StrCat("xsi:type has the unknown prefix ", prefix));
  TypeName out;
  if (ns != nullptr && ns->href != nullptr) out.ns = reinterpret_cast<const char*>(ns->href);
  out.name = colon == std::string_view::npos ? name : name.substr(colon + 1);
  return std::optional<TypeName>(out);
}

absl::StatusOr<std::string_view> SimpleText(const xmlNode& node, std::string& joined) {
  if (!ChildElements(node).empty()) return ErrorAt(node, "elements where a value is expected");
  return TextView(node, joined);
}

absl::Status ReadScalar(const xmlNode& node, const FieldDescriptor& field, v1::XmlFormat format,
                        Message& owner) {
  const Reflection& reflection = *owner.GetReflection();
  const bool add = field.is_repeated();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return ReadEnum(node, field, format, owner);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    std::string value;
    if (format == v1::XML_FORMAT_BYTE_ARRAY) {
      IPAM_ASSIGN_OR_RETURN(value, ReadByteArray(node));
    } else if (field.type() == FieldDescriptor::TYPE_BYTES) {
      IPAM_ASSIGN_OR_RETURN(value, ReadBase64(node));
    } else {
      IPAM_ASSIGN_OR_RETURN(value, ReadText(node, format));
    }
    add ? reflection.AddString(&owner, &field, std::move(value))
        : reflection.SetString(&owner, &field, std::move(value));
    return absl::OkStatus();
  }
  std::string joined;
  IPAM_ASSIGN_OR_RETURN(const std::string_view text, SimpleText(node, joined));
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      IPAM_ASSIGN_OR_RETURN(const auto value, ReadInteger<std::int32_t>(node, text, INT32_MAX, "an int"));
      add ? reflection.AddInt32(&owner, &field, value) : reflection.SetInt32(&owner, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      IPAM_ASSIGN_OR_RETURN(const auto value, ReadInteger<std::int64_t>(node, text, INT64_MAX, "a long"));
      add ? reflection.AddInt64(&owner, &field, value) : reflection.SetInt64(&owner, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      IPAM_ASSIGN_OR_RETURN(const auto value, ReadInteger<std::uint32_t>(node, text, MaxOf(format),
                                                                         "an unsigned number of its range"));
      add ? reflection.AddUInt32(&owner, &field, value) : reflection.SetUInt32(&owner, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      IPAM_ASSIGN_OR_RETURN(const auto value,
                            ReadInteger<std::uint64_t>(node, text, UINT64_MAX, "an unsigned long"));
      add ? reflection.AddUInt64(&owner, &field, value) : reflection.SetUInt64(&owner, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      IPAM_ASSIGN_OR_RETURN(const bool value, ReadBool(node, text));
      add ? reflection.AddBool(&owner, &field, value) : reflection.SetBool(&owner, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      IPAM_ASSIGN_OR_RETURN(const double value, ReadDouble(node, text));
      add ? reflection.AddDouble(&owner, &field, value) : reflection.SetDouble(&owner, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return absl::InternalError(absl::StrCat("no spelling in XML for ", field.full_name()));
}

}  // namespace ipam::model
