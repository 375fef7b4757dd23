#include "dcom_bridge/ipam/kea/conditions.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace ipam::kea {
namespace {

using Values = google::protobuf::RepeatedPtrField<std::string>;
using OneTest = std::function<std::optional<std::string>(const std::string&)>;

// `field` equal to the octets, or beginning with them where the hexadecimal text ends with an asterisk.
std::optional<std::string> OctetTest(const std::string& field, const std::string& text) {
  std::string digits = absl::StrReplaceAll(text, {{"-", ""}, {":", ""}});
  const bool prefix = digits.ends_with('*');
  if (prefix) digits.pop_back();
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  if (!std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; }))
    return std::nullopt;
  if (!prefix) return absl::StrCat(field, " == 0x", digits);
  return absl::StrCat("substring(", field, ", 0, ", digits.size() / 2, ") == 0x", digits);
}

// The terms of one list, for the operator of the condition; false: one of them cannot be said.
bool AddTerms(const Values& values, const OneTest& test, std::vector<std::string>& terms) {
  std::vector<std::string> equal;
  std::vector<std::string> unequal;
  bool negated = false;
  for (const std::string& value : values) {
    const std::string word = absl::AsciiStrToUpper(value);
    if (word == "EQ" || word == "NE") {
      negated = word == "NE";
      continue;
    }
    const std::optional<std::string> one = test(value);
    if (!one) return false;
    (negated ? unequal : equal)
        .push_back(negated ? absl::StrCat("not (", *one, ")") : absl::StrCat("(", *one, ")"));
  }
  if (!equal.empty()) terms.push_back(absl::StrCat("(", absl::StrJoin(equal, " or "), ")"));
  if (!unequal.empty()) terms.push_back(absl::StrCat("(", absl::StrJoin(unequal, " and "), ")"));
  return true;
}

OneTest OctetsOf(const char* field) {
  return [field](const std::string& value) { return OctetTest(field, value); };
}

template <typename Class, typename Test>
OneTest ClassNamed(const google::protobuf::RepeatedPtrField<Class>& classes, Test test) {
  return [&classes, test](const std::string& name) -> std::optional<std::string> {
    for (const Class& one : classes) {
      if (absl::AsciiStrToLower(one.name()) == absl::AsciiStrToLower(name)) return test(one);
    }
    return std::nullopt;
  };
}

}  // namespace

std::optional<std::string> MacTest(const std::string& mac) { return OctetTest("pkt4.mac", mac); }

std::string UserClassTest(const v1::DhcpUserClass& user_class, int family) {
  // DHCPv4: the octets alone, as the clients send them that such classes are for; DHCPv6: behind their length, RFC 8415 21.15.
  const std::string& value = user_class.value();
  if (family == 4) return absl::StrCat("option[77].hex == 0x", Hex(value));
  const std::string length = {static_cast<char>(value.size() >> 8 & 0xFF),
                              static_cast<char>(value.size() & 0xFF)};
  return absl::StrCat("option[15].hex == 0x", Hex(length + value));
}

std::string VendorClassTest(const v1::DhcpVendorClass& vendor_class) {
  const std::string& value = vendor_class.value();
  return absl::StrCat("substring(option[60].hex, 0, ", value.size(), ") == 0x", Hex(value));
}

std::optional<std::string> PolicyTest(const v1::DhcpPolicyConditionV4& condition,
                                      const v1::DhcpServer& server, const std::string& policy, Notes& notes) {
  std::vector<std::string> terms;
  bool said = condition.fqdn().empty();
  const auto add = [&](const Values& values, const OneTest& test) {
    said = said && AddTerms(values, test, terms);
  };
  add(condition.mac_address(), MacTest);
  add(condition.client_id(), OctetsOf("option[61].hex"));
  add(condition.relay_agent_info(), OctetsOf("option[82].hex"));
  add(condition.relay_agent_cid_info(), OctetsOf("relay4[1].hex"));
  add(condition.relay_agent_rid_info(), OctetsOf("relay4[2].hex"));
  add(condition.relay_agent_sid_info(), OctetsOf("relay4[6].hex"));
  add(condition.user_class(), ClassNamed(server.user_classes().user_classes_in_collection(),
                                         [](const v1::DhcpUserClass& one) { return UserClassTest(one, 4); }));
  add(condition.vendor_class(),
      ClassNamed(server.vendor_classes().vendor_classes_in_collection(), VendorClassTest));
  if (!said || terms.empty()) {
    notes.insert(absl::StrCat("policy ", policy, ": Kea cannot test its condition, the policy is left out"));
    return std::nullopt;
  }
  return absl::StrJoin(terms, condition.operator_() == v1::POLICY_OPERATOR_AND ? " and " : " or ");
}

}  // namespace ipam::kea
