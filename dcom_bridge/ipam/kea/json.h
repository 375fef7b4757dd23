// How configuration is written: the names and marks of what is ours in a Kea server's configuration.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

namespace ipam::kea {

using Json = nlohmann::json;

// What a configuration cannot say, in words for an operator.
using Notes = std::set<std::string>;

// The user-context of what IPAM manages; all else in a configuration belongs to somebody else.
inline constexpr std::string_view kMark = "ipam";

// Marks an element as ours, with the record that it stands for.
inline Json Marked(Json element, std::int64_t record_id) {
  element["user-context"][std::string(kMark)] = {{"record-id", record_id}};
  return element;
}

inline bool IsOurs(const Json& element) {
  const auto context = element.find("user-context");
  return context != element.end() && context->is_object() && context->contains(std::string(kMark));
}

// Octets as Kea reads them in hexadecimal: "C0A80801".
std::string Hex(std::string_view octets);

}  // namespace ipam::kea
