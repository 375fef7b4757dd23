#include "dcom_bridge/ipam/kea/classes.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dcom_bridge/ipam/kea/conditions.h"

namespace ipam::kea {
namespace {

constexpr std::size_t kFiltersInOneTest = 200;
constexpr int kVendorEncapsulatedOptions = 43;

std::int64_t VendorOf(const v1::DhcpOption& option, const OptionDefinitions& definitions) {
  return definitions.Of(option).vendor_class().record_id();
}

template <typename Class>
const Class* Find(const google::protobuf::RepeatedPtrField<Class>& classes, std::int64_t record_id) {
  const auto found = std::ranges::find(classes, record_id, &Class::record_id);
  return found == classes.end() ? nullptr : &*found;
}

class Projection {
 public:
  Projection(const engine::DhcpView& view, const OptionDefinitions& definitions, Notes& notes)
      : view_(view), definitions_(definitions), notes_(notes) {}

  Classes Run() {
    Filters();
    OptionsOfClasses(view_.server.options(), nullptr);
    for (const v1::DhcpScope& scope : view_.scopes) OptionsOfClasses(scope.options(), &scope);
    Policies();
    return std::move(out_);
  }

 private:
  // DROP is the class whose packets Kea discards. Long tests are told in classes of their own.
  void Filters() {
    std::vector<std::string> drop;
    if (view_.server.v4().deny_filter_enabled() == v1::DHCP_OPERATION_STATE_ENABLED) {
      if (const std::string denied = Listed(false); !denied.empty()) drop.push_back(denied);
    }
    if (view_.server.v4().allow_filter_enabled() == v1::DHCP_OPERATION_STATE_ENABLED) {
      const std::string allowed = Listed(true);
      drop.push_back(allowed.empty() ? "0x00 == 0x00" : absl::StrCat("not (", allowed, ")"));
    }
    if (!drop.empty()) Add("DROP", absl::StrJoin(drop, " or "), view_.server.record_id());
  }

  std::string Listed(bool allow) {
    std::vector<std::string> tests;
    for (const v1::DhcpFilter& filter : view_.filters) {
      if (filter.is_allow() != allow) continue;
      if (const auto test = MacTest(filter.mac_address())) {
        tests.push_back(absl::StrCat("(", *test, ")"));
      } else {
        notes_.insert(
            absl::StrCat("filter ", filter.mac_address(), ": Kea matches whole octets from the first on"));
      }
    }
    std::vector<std::string> members;
    for (std::size_t at = 0; at < tests.size(); at += kFiltersInOneTest) {
      const auto end =
          tests.begin() + static_cast<std::ptrdiff_t>(std::min(at + kFiltersInOneTest, tests.size()));
      const std::string name = absl::StrCat("ipam-", allow ? "allow-" : "deny-", at / kFiltersInOneTest);
      Add(name, absl::StrJoin(tests.begin() + static_cast<std::ptrdiff_t>(at), end, " or "),
          view_.server.record_id());
      members.push_back(absl::StrCat("member('", name, "')"));
    }
    return absl::StrJoin(members, " or ");
  }

  // `scope` null: options of the server.
  void OptionsOfClasses(const v1::DhcpOptionCollection& options, const v1::DhcpScope* scope) {
    std::map<std::tuple<std::int64_t, std::int64_t>, std::vector<const v1::DhcpOption*>> groups;
    for (const v1::DhcpOption& option : options.options_in_collection()) {
      const std::int64_t user = option.user_class().is_default() ? 0 : option.user_class().record_id();
      const std::int64_t vendor = VendorOf(option, definitions_);
      if (user != 0 || vendor != 0) groups[{user, vendor}].push_back(&option);
    }
    const std::string owner = scope == nullptr ? "the server" : absl::StrCat("scope ", scope->scope_id());
    for (const auto& [key, members] : groups) {
      const auto [user, vendor] = key;
      std::vector<std::string> tests;
      std::string name = scope == nullptr ? "ipam" : absl::StrCat("ipam-scope-", scope->record_id());
      if (user != 0) {
        const auto* found = Find(view_.server.user_classes().user_classes_in_collection(), user);
        tests.push_back(
            UserClassTest(found == nullptr ? members.front()->user_class() : *found, definitions_.family()));
        absl::StrAppend(&name, "-user-", user);
      }
      if (vendor != 0) {
        if (definitions_.family() == 6) continue;  // noted with the definitions
        const auto* found = Find(view_.server.vendor_classes().vendor_classes_in_collection(), vendor);
        tests.push_back(
            VendorClassTest(found == nullptr ? definitions_.Of(*members.front()).vendor_class() : *found));
        absl::StrAppend(&name, "-vendor-", vendor);
      }
      Json& made = Add(name, absl::StrJoin(tests, " and "), user != 0 ? user : vendor);
      AddOptions(members, owner, made);
      if (scope != nullptr) Require(name, scope->record_id(), made, members);
    }
  }

  void Policies() {
    if (view_.server.v4().policy_activation_state() == v1::POLICY_STATE_DISABLED) return;
    std::vector<const v1::DhcpPolicyV4*> policies;
    for (const v1::DhcpPolicyV4& policy : view_.policies) {
      if (policy.state()) policies.push_back(&policy);
    }
    std::ranges::stable_sort(policies, {}, [](const auto* policy) { return policy->processing_order(); });
    for (const v1::DhcpPolicyV4* policy : policies) Policy(*policy);
  }

  void Policy(const v1::DhcpPolicyV4& policy) {
    // Scope level where a scope is given (discrepancies C.5).
    const std::int64_t scope_id =
        policy.scope_record_id() != 0 ? policy.scope_record_id() : policy.scope().record_id();
    const auto scope = std::ranges::find(view_.scopes, scope_id, &v1::DhcpScope::record_id);
    if (scope_id != 0 &&
        (scope == view_.scopes.end() || scope->v4().policy_activation_state() == v1::POLICY_STATE_DISABLED)) {
      return;
    }
    const auto test = PolicyTest(policy.condition(), view_.server, policy.policy_name(), notes_);
    if (!test) return;
    const std::string guard = absl::StrCat("ipam-policy-", policy.policy_id());
    std::vector<const v1::DhcpOption*> options;
    for (const v1::DhcpOption& option : policy.options().options_in_collection()) {
      if (VendorOf(option, definitions_) == 0 && option.user_class().record_id() == 0) {
        options.push_back(&option);
      } else {
        notes_.insert(absl::StrCat("policy ", policy.policy_name(),
                                   ": options of vendor and user classes are left out"));
      }
    }
    Settings(policy);
    Json* made = &Add(guard, *test, policy.policy_id());
    if (scope_id != 0) {
      for (const v1::DhcpPolicyRangeV4& range : policy.ranges()) {
        const auto start = engine::ParseIp(range.start_ip_address());
        const auto end = engine::ParseIp(range.end_ip_address());
        if (start && end) out_.ranges[scope_id].push_back({{*start, *end}, guard});
      }
      if (options.empty() && policy.lease_duration_type() == v1::DHCP_LEASE_DURATION_TYPE_NONE) return;
      // The guard is known before a pool is chosen; what the policy gives belongs to its scope alone.
      made = &Add(absl::StrCat(guard, "-options"), absl::StrCat("member('", guard, "')"), policy.policy_id());
      Require(absl::StrCat(guard, "-options"), scope_id, *made, options);
    }
    AddOptions(options, absl::StrCat("policy ", policy.policy_name()), *made);
    if (policy.lease_duration_type() == v1::DHCP_LEASE_DURATION_TYPE_LIMITED) {
      (*made)["valid-lifetime"] = policy.lease_duration().seconds();
    } else if (policy.lease_duration_type() == v1::DHCP_LEASE_DURATION_TYPE_UNLIMITED) {
      (*made)["valid-lifetime"] = 0xFFFFFFFFU;
    }
  }

  void Settings(const v1::DhcpPolicyV4& policy) {
    if (policy.dns_update_type() != v1::DHCP_DNS_UPDATE_TYPE_NONE || policy.has_dns_suffix()) {
      notes_.insert(
          absl::StrCat("policy ", policy.policy_name(), ": Kea has DNS settings of scopes, not of classes"));
    }
  }

  Json& Add(const std::string& name, const std::string& test, std::int64_t record_id) {
    out_.definitions.push_back(Marked({{"name", name}, {"test", test}}, record_id));
    return out_.definitions.back();
  }

  void AddOptions(const std::vector<const v1::DhcpOption*>& options, const std::string& owner, Json& made) {
    for (const v1::DhcpOption* option : options) {
      std::optional<Json> data = definitions_.Data(*option, owner, notes_);
      if (!data) continue;
      const std::int64_t vendor = VendorOf(*option, definitions_);
      if (vendor != 0 && !made.contains("option-def")) {
        made["option-def"] = Json::array({{{"name", "vendor-encapsulated-options"},
                                           {"code", kVendorEncapsulatedOptions},
                                           {"type", "empty"},
                                           {"encapsulate", VendorSpace(vendor)}}});
        made["option-data"].push_back({{"name", "vendor-encapsulated-options"}});
      }
      made["option-data"].push_back(std::move(*data));
    }
  }

  // The class counts in this scope only. Kea prefers the options of a scope to those of a class.
  void Require(const std::string& name, std::int64_t scope_id, Json& made,
               const std::vector<const v1::DhcpOption*>& options) {
    made["only-if-required"] = true;
    out_.required[scope_id].push_back(name);
    const auto scope = std::ranges::find(view_.scopes, scope_id, &v1::DhcpScope::record_id);
    if (scope == view_.scopes.end()) return;
    for (const v1::DhcpOption* common : CommonOptions(scope->options(), definitions_)) {
      for (const v1::DhcpOption* option : options) {
        if (definitions_.Of(*common).option_id() == definitions_.Of(*option).option_id() &&
            VendorOf(*option, definitions_) == 0) {
          notes_.insert(absl::StrCat("option ", definitions_.Of(*option).option_id(), " of scope ",
                                     scope->scope_id(),
                                     ": Kea gives the scope's own value, not that of class ", name));
        }
      }
    }
  }

  const engine::DhcpView& view_;
  const OptionDefinitions& definitions_;
  Notes& notes_;
  Classes out_;
};

}  // namespace

std::vector<const v1::DhcpOption*> CommonOptions(const v1::DhcpOptionCollection& options,
                                                 const OptionDefinitions& definitions) {
  std::vector<const v1::DhcpOption*> out;
  for (const v1::DhcpOption& option : options.options_in_collection()) {
    const bool of_user = option.user_class().record_id() != 0 && !option.user_class().is_default();
    if (!of_user && VendorOf(option, definitions) == 0) out.push_back(&option);
  }
  return out;
}

Classes ProjectClasses(const engine::DhcpView& view, const OptionDefinitions& definitions, Notes& notes) {
  return Projection(view, definitions, notes).Run();
}

}  // namespace ipam::kea
