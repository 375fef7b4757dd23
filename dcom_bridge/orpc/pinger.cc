#include "dcom_bridge/orpc/pinger.h"

#include <algorithm>
#include <utility>

namespace ipam::orpc {

void Pinger::AddOid(const ResolverAddress& resolver, Oid oid, absl::Time now) {
  const auto [it, created] = sets_.try_emplace(resolver);
  Set& set = it->second;
  if (created) {
    set.due = now + options_.period;
    set.max_adds = options_.max_oids_per_ping;
  }
  ++set.wanted[oid];
}

void Pinger::RemoveOid(const ResolverAddress& resolver, Oid oid) {
  const auto it = sets_.find(resolver);
  if (it == sets_.end()) return;
  Set& set = it->second;
  const auto held = set.wanted.find(oid);
  if (held == set.wanted.end() || --held->second > 0) return;
  set.wanted.erase(held);
  // Otherwise the resolver knows the set, or may know it soon, and is told with the next ping.
  if (set.state == State::kForming && set.wanted.empty()) sets_.erase(it);
}

absl::Time Pinger::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [resolver, set] : sets_) {
    if (set.state == State::kForming || set.state == State::kLive) next = std::min(next, set.due);
  }
  return next;
}

PingActions Pinger::OnTimer(absl::Time now) {
  PingActions actions;
  for (auto& [resolver, set] : sets_) {
    if (set.due > now) continue;
    if (set.state == State::kForming) actions.push_back(Create(resolver, set));
    if (set.state == State::kLive) actions.push_back(Ping(resolver, set));
  }
  return actions;
}

PingActions Pinger::OnPingAnswer(const ResolverAddress& resolver, std::uint32_t status, SetId id,
                                 absl::Time now, std::uint16_t backoff) {
  const auto it = sets_.find(resolver);
  if (it == sets_.end()) return {};
  Set& set = it->second;
  if (set.state != State::kCreating && set.state != State::kPinging) return {};
  const bool creating = set.state == State::kCreating;
  if (status == kOrInvalidSet && !creating) return OnUnknownSet(it, now);
  if (status == kOrInvalidOid && !set.sent.add.empty()) return OnUnknownOid(it, id, now);
  if (status != 0 || (creating && id == SetId{})) return Fail(it, now);

  if (creating) {
    set.id = id;
  } else {
    set.recreations = 0;
  }
  set.failures = 0;
  // SimplePing, which has no number, tells no factor.
  if (set.sent.sequence != 0) set.backoff = std::min(backoff, options_.max_backoff);
  set.told.insert(set.sent.add.begin(), set.sent.add.end());
  for (const Oid oid : set.sent.remove) set.told.erase(oid);
  set.max_adds = std::min(set.max_adds * 2, options_.max_oids_per_ping);
  return Settle(it, now);
}

PingActions Pinger::OnPingFailed(const ResolverAddress& resolver, absl::Time now) {
  const auto it = sets_.find(resolver);
  if (it == sets_.end() || it->second.state == State::kForming || it->second.state == State::kLive) return {};
  return Fail(it, now);
}

std::size_t Pinger::oids() const {
  std::size_t count = 0;
  for (const auto& [resolver, set] : sets_) count += set.wanted.size();
  return count;
}

Pinger::State Pinger::state(const ResolverAddress& resolver) const {
  const auto it = sets_.find(resolver);
  return it == sets_.end() ? State::kAbsent : it->second.state;
}

// After an answer: what did not fit into the last ping goes at once, the rest with the next period.
PingActions Pinger::Settle(Sets::iterator it, absl::Time now) {
  Set& set = it->second;
  if (set.wanted.empty() && set.told.empty()) {
    sets_.erase(it);
    return {};
  }
  set.state = State::kLive;
  set.due = now + options_.period * (1 << set.backoff);
  if (!set.truncated) return {};
  return {Ping(it->first, set)};
}

// The resolver forgot the set: it was away for longer than the set lives, or started again. Objects of a
// resolver that started again are gone, which the first call on them tells; a set that it made anew holds
// what it still has.
PingActions Pinger::OnUnknownSet(Sets::iterator it, absl::Time now) {
  Set& set = it->second;
  set.told.clear();
  set.id = SetId{};
  if (set.wanted.empty()) {
    sets_.erase(it);
    return {};
  }
  if (++set.recreations > options_.max_failures) return {Lose(it)};
  if (set.recreations == 1) return {Create(it->first, set)};
  set.state = State::kForming;
  set.due = now + options_.retry_after;
  return {};
}

// One of the OIDs that were added is unknown, the answer does not say which: halves are tried until one is
// alone.
PingActions Pinger::OnUnknownOid(Sets::iterator it, SetId id, absl::Time now) {
  Set& set = it->second;
  PingActions actions;
  if (set.sent.add.size() == 1) {
    const Oid lost = set.sent.add.front();
    if (set.wanted.erase(lost) > 0) actions.push_back(LostObjects{it->first, {lost}});
    set.told.erase(lost);
  } else {
    set.max_adds = set.sent.add.size() / 2;
  }
  set.failures = 0;
  if (set.state == State::kCreating) set.id = id;
  if (set.wanted.empty() && (set.id == SetId{} || set.told.empty())) {
    sets_.erase(it);
    return actions;
  }
  if (set.id == SetId{}) {
    actions.push_back(Create(it->first, set));
  } else {
    set.due = now;
    actions.push_back(Ping(it->first, set));
  }
  return actions;
}

PingActions Pinger::Fail(Sets::iterator it, absl::Time now) {
  Set& set = it->second;
  if (set.wanted.empty()) {
    sets_.erase(it);
    return {};
  }
  if (++set.failures >= options_.max_failures) return {Lose(it)};
  set.state = set.state == State::kCreating ? State::kForming : State::kLive;
  set.due = now + options_.retry_after;
  return {};
}

SendPing Pinger::Create(const ResolverAddress& resolver, Set& set) {
  set.state = State::kCreating;
  set.id = SetId{};
  set.sequence = 1;
  set.backoff = 0;
  set.told.clear();
  set.sent = ComplexPingRequest{SetId{}, set.sequence, {}, {}};
  set.truncated = set.wanted.size() > set.max_adds;
  for (const auto& [oid, count] : set.wanted) {
    if (set.sent.add.size() == set.max_adds) break;
    set.sent.add.push_back(oid);
  }
  return {resolver, set.sent};
}

SendPing Pinger::Ping(const ResolverAddress& resolver, Set& set) {
  // A resolver passes over a number lower than the last one, so the numbers of a set cannot begin again.
  if (set.sequence == 0xffff && !set.wanted.empty()) return Create(resolver, set);
  set.state = State::kPinging;
  set.sent = ComplexPingRequest{set.id, 0, {}, {}};
  set.truncated = false;
  for (const auto& [oid, count] : set.wanted) {
    if (set.told.contains(oid)) continue;
    if (set.sent.add.size() == set.max_adds) {
      set.truncated = true;
      break;
    }
    set.sent.add.push_back(oid);
  }
  for (const Oid oid : set.told) {
    if (set.wanted.contains(oid)) continue;
    if (set.sent.remove.size() == options_.max_oids_per_ping) {
      set.truncated = true;
      break;
    }
    set.sent.remove.push_back(oid);
  }
  if (set.sent.add.empty() && set.sent.remove.empty()) return {resolver, SimplePingRequest{set.id}};
  if (set.sequence < 0xffff) ++set.sequence;
  set.sent.sequence = set.sequence;
  return {resolver, set.sent};
}

LostObjects Pinger::Lose(Sets::iterator it) {
  LostObjects lost{it->first, {}};
  for (const auto& [oid, count] : it->second.wanted) lost.oids.push_back(oid);
  sets_.erase(it);
  return lost;
}

}  // namespace ipam::orpc
