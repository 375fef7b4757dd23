#include "dcom_bridge/ipam/kea/subnets.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::kea {
namespace {

using engine::IpInterval;
using engine::IpOctets;

constexpr std::int64_t kMaxSubnetId = 0xFFFFFFFE;
constexpr std::uint32_t kForever = 0xFFFFFFFF;

// "AA-BB-CC" or "AABBCC" as "aa:bb:cc".
std::string Colons(const std::string& octets) {
  const std::string digits = absl::AsciiStrToLower(absl::StrReplaceAll(octets, {{"-", ""}, {":", ""}}));
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && i % 2 == 0) out.push_back(':');
    out.push_back(digits[i]);
  }
  return out;
}

// The address `percent` of the way from start to end, of the last 32 bits that differ: enough for pools.
IpOctets Between(const IpInterval& range, std::uint32_t percent) {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  for (std::size_t i = range.start.size() - 4; i < range.start.size(); ++i) {
    start = start << 8 | range.start[i];
    end = end << 8 | range.end[i];
  }
  if (end < start) return range.end;
  std::uint64_t middle = start + (end - start + 1) * percent / 100;
  IpOctets out = range.start;
  for (std::size_t i = out.size(); i-- > out.size() - 4; middle >>= 8)
    out[i] = static_cast<std::uint8_t>(middle);
  return out;
}

class Scope {
 public:
  Scope(const v1::DhcpScope& scope, const engine::DhcpView& view, const OptionDefinitions& definitions,
        const Classes& classes, std::optional<LoadShare> share, Notes& notes)
      : scope_(scope),
        view_(view),
        definitions_(definitions),
        classes_(classes),
        share_(share),
        notes_(notes) {}

  absl::StatusOr<Json> Subnet() {
    if (scope_.record_id() <= 0 || scope_.record_id() > kMaxSubnetId) {
      return absl::InvalidArgumentError(absl::StrCat("scope ", scope_.scope_id(), ": record id ",
                                                     scope_.record_id(),
                                                     " is not within Kea's subnet ids, 1 to ", kMaxSubnetId));
    }
    out_ = {{"id", scope_.record_id()},
            {"subnet", absl::StrCat(scope_.scope_id(), "/", scope_.prefix_length())}};
    IPAM_RETURN_IF_ERROR(Pools());
    Options();
    Reservations();
    Leases();
    DnsSettings();
    if (scope_.status() == v1::DHCP_SCOPE_STATUS_DEACTIVATED) out_["client-class"] = kNobody;
    if (const auto required = classes_.required.find(scope_.record_id());
        required != classes_.required.end()) {
      out_["require-client-classes"] = required->second;
    }
    return Marked(std::move(out_), scope_.record_id());
  }

 private:
  absl::StatusOr<IpInterval> Whole() const {
    const auto start = engine::ParseIp(scope_.start_address());
    const auto end = engine::ParseIp(scope_.end_address());
    if (start && end && start->size() == end->size() && *start <= *end) return IpInterval{*start, *end};
    const auto prefix = engine::ParseIp(scope_.scope_id());
    if (!prefix || definitions_.family() == 4) {
      return absl::InvalidArgumentError(absl::StrCat("scope ", scope_.scope_id(), " has no address range"));
    }
    // A scope of IPv6 serves its whole prefix.
    IpOctets last = *prefix;
    const IpOctets mask = engine::PrefixMask(6, scope_.prefix_length());
    for (std::size_t i = 0; i < last.size(); ++i) last[i] = static_cast<std::uint8_t>(last[i] | ~mask[i]);
    return IpInterval{*prefix, last};
  }

  absl::Status Pools() {
    IPAM_ASSIGN_OR_RETURN(const IpInterval whole, Whole());
    std::vector<IpInterval> excluded;
    for (const auto& range : scope_.exclusion_ranges().exclusion_ranges_in_collection()) {
      const auto start = engine::ParseIp(range.start_address());
      const auto end = engine::ParseIp(range.end_address());
      if (start && end) excluded.push_back({*start, *end});
    }
    out_["pools"] = Json::array();
    std::vector<IpInterval> taken = excluded;
    if (const auto guarded = classes_.ranges.find(scope_.record_id()); guarded != classes_.ranges.end()) {
      for (const GuardedRange& range : guarded->second) {
        for (const IpInterval& pool : Sorted(engine::Without(range.range, taken)))
          AddPool(pool, range.client_class);
        taken.push_back(range.range);
      }
    }
    for (const IpInterval& pool : Sorted(engine::Without(whole, taken))) {
      if (share_) {
        Shared(pool);
      } else {
        AddPool(pool, "");
      }
    }
    return absl::OkStatus();
  }

  static std::vector<IpInterval> Sorted(std::vector<IpInterval> pools) {
    std::ranges::sort(pools, {}, &IpInterval::start);
    return pools;
  }

  void AddPool(const IpInterval& pool, const std::string& client_class) {
    Json element = {{"pool", absl::StrCat(engine::FormatIp(pool.start), " - ", engine::FormatIp(pool.end))}};
    if (!client_class.empty()) element["client-class"] = client_class;
    out_["pools"].push_back(std::move(element));
  }

  // Each of two load balancing servers leases from its own part.
  void Shared(const IpInterval& pool) {
    const IpOctets second = Between(pool, share_->first);
    if (second > pool.start)
      AddPool({pool.start, *engine::Previous(std::min(second, pool.end))}, "HA_server1");
    if (second <= pool.end) AddPool({second, pool.end}, "HA_server2");
  }

  void Options() {
    Json data = Json::array();
    const std::string owner = absl::StrCat("scope ", scope_.scope_id());
    for (const v1::DhcpOption* option : CommonOptions(scope_.options(), definitions_)) {
      if (auto element = definitions_.Data(*option, owner, notes_)) data.push_back(std::move(*element));
    }
    out_["option-data"] = std::move(data);
  }

  void Reservations() {
    Json out = Json::array();
    for (const v1::DhcpReservation& reservation : view_.reservations) {
      if (reservation.parent_scope().record_id() == scope_.record_id())
        out.push_back(Reservation(reservation));
    }
    out_["reservations"] = std::move(out);
  }

  Json Reservation(const v1::DhcpReservation& reservation) {
    Json out;
    if (definitions_.family() == 4) {
      out = {{"hw-address", Colons(reservation.v4().mac_address())}, {"ip-address", reservation.address()}};
    } else {
      out = {{"duid", Colons(reservation.v6().duid())}, {"ip-addresses", {reservation.address()}}};
    }
    if (!reservation.name().empty()) out["hostname"] = reservation.name();
    const std::string owner = absl::StrCat("reservation ", reservation.address());
    const auto common = CommonOptions(reservation.options(), definitions_);
    if (static_cast<int>(common.size()) != reservation.options().options_in_collection_size()) {
      notes_.insert(absl::StrCat(owner, ": options of vendor and user classes are left out"));
    }
    for (const v1::DhcpOption* option : common) {
      if (auto element = definitions_.Data(*option, owner, notes_))
        out["option-data"].push_back(std::move(*element));
    }
    return Marked(std::move(out), reservation.record_id());
  }

  void Leases() {
    const std::string owner = absl::StrCat("scope ", scope_.scope_id());
    if (definitions_.family() == 6) {
      if (scope_.v6().has_preferred_lease_time()) {
        out_["preferred-lifetime"] = scope_.v6().preferred_lease_time().seconds();
      }
      if (scope_.v6().has_valid_lease_time())
        out_["valid-lifetime"] = scope_.v6().valid_lease_time().seconds();
      if (scope_.v6().stateless_client_inventory_status() ==
          v1::DHCP_STATELESS_CLIENT_INVENTORY_STATUS_ENABLED) {
        notes_.insert(absl::StrCat(owner, ": Kea keeps no inventory of stateless clients"));
      }
      return;
    }
    const v1::DhcpScopeV4& v4 = scope_.v4();
    if (v4.lease_duration_type() == v1::DHCP_LEASE_DURATION_TYPE_UNLIMITED) {
      out_["valid-lifetime"] = kForever;
    } else if (v4.has_lease_duration()) {
      out_["valid-lifetime"] = v4.lease_duration().seconds();
    }
    if (v4.serving_clients_type() == v1::DHCP_SERVING_CLIENTS_TYPE_BOOTP ||
        v4.serving_clients_type() == v1::DHCP_SERVING_CLIENTS_TYPE_BOTH) {
      notes_.insert(absl::StrCat(owner, ": Kea serves BOOTP clients by its hook bootp alone"));
    }
    if (v4.subnet_delay() != 0) notes_.insert(absl::StrCat(owner, ": Kea delays no offers"));
  }

  void DnsSettings() {
    switch (scope_.dns_update_type()) {
      case v1::DHCP_DNS_UPDATE_TYPE_NEVER:
        out_["ddns-send-updates"] = false;
        break;
      case v1::DHCP_DNS_UPDATE_TYPE_DYNAMIC_UPDATE_ON_REQUEST_BY_CLIENT:
        out_["ddns-send-updates"] = true;
        out_["ddns-override-client-update"] = false;
        break;
      case v1::DHCP_DNS_UPDATE_TYPE_DYNAMIC_UPDATE_ALWAYS:
        out_["ddns-send-updates"] = true;
        out_["ddns-override-client-update"] = true;
        break;
      default:
        break;
    }
    const v1::DhcpScopeV4& v4 = scope_.v4();
    if (v4.dns_not_requesting_clients_update_type() != v1::DHCP_DNS_NOT_REQUESTING_CLIENTS_UPDATE_TYPE_NONE) {
      out_["ddns-override-no-update"] = v4.dns_not_requesting_clients_update_type() ==
                                        v1::DHCP_DNS_NOT_REQUESTING_CLIENTS_UPDATE_TYPE_ENABLED;
    }
    if (scope_.discard_dns_record_on_lease_deletion_status() ==
        v1::DHCP_DISCARD_DNS_RECORD_ON_LEASE_DELETION_STATUS_DISABLED) {
      notes_.insert(
          absl::StrCat("scope ", scope_.scope_id(), ": Kea removes the DNS records of an ended lease"));
    }
    if (scope_.dns_name_protection_status() == v1::DHCP_DNS_NAME_PROTECTION_STATUS_ENABLED) {
      notes_.insert(absl::StrCat("scope ", scope_.scope_id(), ": Kea protects names for a whole server"));
    }
    if (v4.dns_disable_dynamic_ptr_updates() == v1::DNS_DISABLE_DYNAMIC_PTR_UPDATE_TYPE_ENABLED) {
      notes_.insert(absl::StrCat("scope ", scope_.scope_id(), ": Kea updates PTR records with the others"));
    }
  }

  const v1::DhcpScope& scope_;
  const engine::DhcpView& view_;
  const OptionDefinitions& definitions_;
  const Classes& classes_;
  const std::optional<LoadShare> share_;
  Notes& notes_;
  Json out_;
};

}  // namespace

absl::StatusOr<Networks> ProjectNetworks(const engine::DhcpView& view, const OptionDefinitions& definitions,
                                         const Classes& classes, std::optional<LoadShare> share,
                                         Notes& notes) {
  Networks out;
  const char* list = definitions.family() == 4 ? "subnet4" : "subnet6";
  std::map<std::int64_t, Json> members;
  for (const v1::DhcpScope& scope : view.scopes) {
    IPAM_ASSIGN_OR_RETURN(Json subnet, Scope(scope, view, definitions, classes, share, notes).Subnet());
    const std::int64_t superscope = scope.v4().superscope_record_id();
    if (superscope == 0) {
      out.subnets.push_back(std::move(subnet));
    } else {
      members[superscope].push_back(std::move(subnet));
    }
  }
  for (const v1::DhcpSuperscopeV4& superscope : view.superscopes) {
    const auto subnets = members.find(superscope.record_id());
    if (subnets == members.end()) continue;  // a superscope is the scopes that name it
    out.shared_networks.push_back(
        Marked({{"name", superscope.name()}, {list, std::move(subnets->second)}}, superscope.record_id()));
  }
  return out;
}

}  // namespace ipam::kea
