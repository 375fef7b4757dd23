#include "dcom_bridge/ipam/kea/options.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "dcom_bridge/ipam/ip.h"

namespace ipam::kea {
namespace {

// The options that Kea 2.2 defines itself and lets nobody define again.
constexpr std::array kStandard4 = {
    1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,  16,  17,  18,  19,
    20,  21,  22,  23,  24,  25,  26,  27,  28,  29,  30,  31,  32,  33,  34,  35,  36,  37,  38,
    39,  40,  41,  42,  43,  44,  45,  46,  47,  48,  49,  50,  51,  52,  53,  54,  55,  56,  57,
    58,  59,  60,  61,  62,  63,  64,  65,  66,  67,  68,  69,  70,  71,  72,  73,  74,  75,  76,
    77,  78,  79,  81,  82,  85,  86,  87,  88,  89,  90,  91,  92,  93,  94,  97,  98,  99,  100,
    101, 108, 112, 113, 114, 116, 117, 118, 119, 124, 125, 136, 137, 138, 141, 146, 159, 212, 213};
constexpr std::array kStandard6 = {1,  2,  3,  4,  5,  6,  7,  8,  9,  11, 12, 13, 14, 15, 16, 17,  18,  19,
                                   20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 36,  37,  38,
                                   39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 51, 52, 53, 57, 58, 59,  60,  61,
                                   62, 64, 65, 66, 67, 74, 79, 80, 82, 83, 87, 88, 94, 95, 96, 103, 135, 143};

bool IsStandard(int family, int code) {
  return family == 4 ? std::ranges::binary_search(kStandard4, code)
                     : std::ranges::binary_search(kStandard6, code);
}

// Kea's name of a type; empty: none of its own, octets.
std::string_view TypeName(v1::DhcpOptionType type) {
  switch (type) {
    case v1::DHCP_OPTION_TYPE_BYTE:
      return "uint8";
    case v1::DHCP_OPTION_TYPE_WORD:
      return "uint16";
    case v1::DHCP_OPTION_TYPE_D_WORD:
      return "uint32";
    case v1::DHCP_OPTION_TYPE_STRING:
      return "string";
    case v1::DHCP_OPTION_TYPE_IP_ADDRESS:
      return "ipv4-address";
    case v1::DHCP_OPTION_TYPE_IPV6_ADDRESS:
      return "ipv6-address";
    default:
      return {};
  }
}

std::string BigEndian(std::uint64_t value, int octets) {
  std::string out;
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift & 0xFF));
  return out;
}

// A whole number of any width; absent for other values.
std::optional<std::uint64_t> Number(const v1::AnyValue& value) {
  switch (value.kind_case()) {
    case v1::AnyValue::kUnsignedByte:
      return value.unsigned_byte();
    case v1::AnyValue::kUnsignedShort:
      return value.unsigned_short();
    case v1::AnyValue::kUnsignedInt:
      return value.unsigned_int();
    case v1::AnyValue::kUnsignedLong:
      return value.unsigned_long();
    case v1::AnyValue::kSignedInt:
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(value.signed_int()));
    case v1::AnyValue::kSignedLong:
      return static_cast<std::uint64_t>(value.signed_long());
    case v1::AnyValue::kBoolean:
      return value.boolean() ? 1 : 0;
    default:
      return std::nullopt;
  }
}

// As an element of Kea's comma separated form; absent: it has none there.
std::optional<std::string> Readable(const v1::AnyValue& value) {
  if (value.has_text()) return absl::StrReplaceAll(value.text(), {{"\\", "\\\\"}, {",", "\\,"}});
  if (value.has_ip_address()) return value.ip_address();
  if (const auto number = Number(value)) return absl::StrCat(*number);
  return std::nullopt;
}

int WidthOf(v1::DhcpOptionType type) {
  switch (type) {
    case v1::DHCP_OPTION_TYPE_WORD:
      return 2;
    case v1::DHCP_OPTION_TYPE_D_WORD:
      return 4;
    case v1::DHCP_OPTION_TYPE_D_WORD_D_WORD:
      return 8;
    default:
      return 1;
  }
}

// As the octets of the option; absent: no form.
std::optional<std::string> Octets(const v1::AnyValue& value, v1::DhcpOptionType type) {
  if (value.has_binary()) return value.binary();
  if (value.has_text()) return value.text();
  if (value.has_ip_address()) {
    const auto ip = engine::ParseIp(value.ip_address());
    if (!ip) return std::nullopt;
    return std::string(ip->begin(), ip->end());
  }
  if (const auto number = Number(value)) return BigEndian(*number, WidthOf(type));
  return std::nullopt;
}

std::string Space(int family) { return family == 4 ? "dhcp4" : "dhcp6"; }

}  // namespace

std::string Hex(std::string_view octets) {
  return absl::BytesToHexString(absl::string_view(octets.data(), octets.size()));
}

std::string VendorSpace(std::int64_t vendor_class) { return absl::StrCat("ipam-vendor-", vendor_class); }

OptionDefinitions::OptionDefinitions(const v1::DhcpServer& server) : family_(server.has_v6() ? 6 : 4) {
  for (const auto& definition : server.option_definitions().option_definitions_in_collection()) {
    by_id_[definition.record_id()] = definition;
  }
}

const v1::DhcpOptionDefinition& OptionDefinitions::Of(const v1::DhcpOption& option) const {
  const v1::DhcpOptionDefinition& named = option.option_definition();
  if (const auto known = by_id_.find(named.record_id()); known != by_id_.end()) return known->second;
  for (const auto& [id, definition] : by_id_) {
    if (definition.option_id() == named.option_id() &&
        definition.vendor_class().record_id() == named.vendor_class().record_id()) {
      return definition;
    }
  }
  return named;
}

std::string OptionDefinitions::SpaceOf(const v1::DhcpOption& option) const {
  const std::int64_t vendor = Of(option).vendor_class().record_id();
  return vendor == 0 ? Space(family_) : VendorSpace(vendor);
}

Json OptionDefinitions::Custom(Notes& notes) const {
  Json out = Json::array();
  for (const auto& [id, definition] : by_id_) {
    const std::int64_t vendor = definition.vendor_class().record_id();
    if (vendor == 0 && IsStandard(family_, definition.option_id())) continue;
    if (vendor != 0 && family_ == 6) {
      notes.insert(absl::StrCat("option ", definition.option_id(), " of vendor class ",
                                definition.vendor_class().name(), ": Kea has no such class for DHCPv6"));
      continue;
    }
    const std::string_view type = TypeName(definition.option_type());
    Json element = {{"name", absl::StrCat("ipam-", id)},
                    {"code", definition.option_id()},
                    {"space", vendor == 0 ? Space(family_) : VendorSpace(vendor)},
                    {"type", type.empty() ? std::string("binary") : std::string(type)}};
    // Kea has arrays of all types but texts and octets.
    element["array"] = definition.option_collection_type() == v1::DHCP_OPTION_COLLECTION_TYPE_MULTI_VALUE &&
                       !type.empty() && type != "string";
    out.push_back(Marked(std::move(element), id));
  }
  return out;
}

std::optional<Json> OptionDefinitions::Data(const v1::DhcpOption& option, const std::string& owner,
                                            Notes& notes) const {
  const v1::DhcpOptionDefinition& definition = Of(option);
  const bool readable = !TypeName(definition.option_type()).empty();
  std::vector<std::string> values;
  for (const v1::AnyValue& value : option.values()) {
    const std::optional<std::string> text =
        readable ? Readable(value) : Octets(value, definition.option_type());
    if (!text) {
      notes.insert(absl::StrCat("option ", definition.option_id(), " of ", owner,
                                ": a value of its type has no form in Kea"));
      return std::nullopt;
    }
    values.push_back(*text);
  }
  Json element = {{"code", definition.option_id()},
                  {"space", SpaceOf(option)},
                  {"csv-format", readable},
                  {"data", readable ? absl::StrJoin(values, ", ") : Hex(absl::StrJoin(values, ""))}};
  return Marked(std::move(element), option.record_id());
}

}  // namespace ipam::kea
