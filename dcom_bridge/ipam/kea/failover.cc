#include "dcom_bridge/ipam/kea/failover.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ipam::kea {
namespace {

constexpr int kHeartbeatMs = 10'000;
constexpr int kMaxAckDelayMs = 10'000;
constexpr std::int64_t kMaxResponseDelayMs = 60'000;
constexpr std::int64_t kLongestResponseDelayMs = 65'535;  // that the hook takes

}  // namespace

absl::StatusOr<HighAvailability> ProjectFailover(const engine::DhcpView& view, const Peers& peers,
                                                 Notes& notes) {
  HighAvailability out;
  if (view.failovers.empty()) return out;
  if (view.failovers.size() > 1) {
    return absl::InvalidArgumentError("Kea has one failover relationship for each server, not several");
  }
  const v1::DhcpFailover& failover = view.failovers.front();
  const auto first_url = peers.urls.find(failover.server1_record_id());
  const auto second_url = peers.urls.find(failover.server2_record_id());
  if (first_url == peers.urls.end() || second_url == peers.urls.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "failover relationship ", failover.relationship_name(),
        ": both servers need an actuator with the option ha_url, by which the other one reaches it"));
  }
  const std::string owner = absl::StrCat("failover relationship ", failover.relationship_name());
  const bool balance = failover.mode() != v1::DHCP_FAILOVER_MODE_HOT_STANDBY;
  const bool first = failover.server1_record_id() == view.server.record_id();
  // In hot standby the first server is the active one, unless the relationship says otherwise.
  const bool swapped = !balance && failover.server_owner() == v1::DHCP_FAILOVER_OPERATION_OWNER_SERVER_TWO;
  const auto peer = [&](const char* name, const std::string& url, bool primary) {
    return Json{{"name", name},
                {"url", url},
                {"role", primary   ? "primary"
                         : balance ? "secondary"
                                   : "standby"},
                {"auto-failover", failover.auto_state_transition()}};
  };
  // The time after which a silent partner counts as down.
  const std::int64_t interval = failover.has_state_switch_interval()
                                    ? failover.state_switch_interval().seconds() * 1000
                                    : kMaxResponseDelayMs;
  const Json parameters = {
      {"high-availability",
       {{{"this-server-name", first ? "server1" : "server2"},
         {"mode", balance ? "load-balancing" : "hot-standby"},
         {"heartbeat-delay", kHeartbeatMs},
         {"max-response-delay",
          std::clamp<std::int64_t>(interval, kHeartbeatMs + 1, kLongestResponseDelayMs)},
         {"max-ack-delay", kMaxAckDelayMs},
         {"max-unacked-clients", 0},
         {"peers",
          {peer("server1", first_url->second, !swapped), peer("server2", second_url->second, swapped)}}}}}};
  out.hooks.push_back({{"library", absl::StrCat(peers.hooks_directory, "/libdhcp_lease_cmds.so")}});
  out.hooks.push_back(
      {{"library", absl::StrCat(peers.hooks_directory, "/libdhcp_ha.so")}, {"parameters", parameters}});
  if (balance) out.share = LoadShare{.first = failover.server1_percentage()};
  if (failover.shared_secret_enabled()) notes.insert(absl::StrCat(owner, ": Kea's partners share no secret"));
  if (interval > kLongestResponseDelayMs) {
    notes.insert(absl::StrCat(owner, ": Kea takes a partner for down after 65 seconds, not later"));
  }
  if (failover.has_mclt()) notes.insert(absl::StrCat(owner, ": Kea has no maximum client lead time"));
  return out;
}

}  // namespace ipam::kea
