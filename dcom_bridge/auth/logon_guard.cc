#include "dcom_bridge/auth/logon_guard.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/strings.h"

namespace ipam::auth {
namespace {

// Who has one IPv6 address has the /64 around it; an IPv4 address mapped into IPv6 is the IPv4 address.
std::string Site(std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));
  std::array<std::uint8_t, 16> v6{};
  if (inet_pton(AF_INET6, text.c_str(), v6.data()) != 1) return text;
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (std::equal(kMapped.begin(), kMapped.end(), v6.begin())) {
    inet_ntop(AF_INET, v6.data() + kMapped.size(), out.data(), out.size());
    return out.data();
  }
  std::fill(v6.begin() + 8, v6.end(), std::uint8_t{0});
  inet_ntop(AF_INET6, v6.data(), out.data(), out.size());
  return absl::StrCat(out.data(), "/64");
}

std::string PairKey(std::string_view account, const std::string& site) {
  constexpr std::size_t kMaxName = 256;
  return absl::StrCat("account ", absl::CHexEscape(base::ToAbsl(account.substr(0, kMaxName))), " from ",
                      site);
}

std::string SiteKey(const std::string& site) { return "address " + site; }

}  // namespace

absl::Duration LogonGuard::LockAfter(int strikes) const {
  constexpr int kMaxDoublings = 20;
  return std::min(options_.max_lock, options_.first_lock * (1 << std::min(strikes, kMaxDoublings)));
}

absl::Status LogonGuard::Check(std::string_view account, std::string_view address) {
  const std::string site = Site(address);
  const absl::Time now = clock_.Now();
  absl::Duration left;
  for (const std::string& key : {PairKey(account, site), SiteKey(site)}) {
    if (!Locked(key, now, left)) continue;
    ++refused_;
    return absl::UnauthenticatedError(absl::StrCat(key, " is refused for another ",
                                                   absl::FormatDuration(absl::Ceil(left, absl::Seconds(1))),
                                                   " after too many failed logons"));
  }
  return absl::OkStatus();
}

bool LogonGuard::Locked(const std::string& key, absl::Time now, absl::Duration& left) {
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) return false;
  Entry& entry = *it->second;
  // A clock that was set back must not make a lock longer than it was.
  entry.locked_until = std::min(entry.locked_until, now + options_.max_lock);
  left = entry.locked_until - now;
  return left > absl::ZeroDuration();
}

void LogonGuard::OnFailure(std::string_view account, std::string_view address) {
  ++failures_;
  if (options_.account_failures <= 0) return;
  const std::string site = Site(address);
  const absl::Time now = clock_.Now();
  Fail(PairKey(account, site), options_.account_failures, now);
  if (options_.address_failures > 0) Fail(SiteKey(site), options_.address_failures, now);
}

void LogonGuard::OnSuccess(std::string_view account, std::string_view address) {
  // The address keeps its failures: else who has one account could guess those of others for ever.
  if (const auto it = by_key_.find(PairKey(account, Site(address))); it != by_key_.end()) Forget(it->second);
}

void LogonGuard::Fail(const std::string& key, int limit, absl::Time now) {
  const auto [it, fresh] = by_key_.try_emplace(key);
  if (fresh) {
    if (entries_.size() >= options_.max_entries) {
      // Of the oldest few one that is not locked, so that nobody frees himself by the failures of others.
      constexpr int kLookAt = 16;
      auto victim = std::prev(entries_.end());
      for (auto [at, i] = std::pair(victim, 0); i < kLookAt && at != entries_.begin(); ++i, --at) {
        if (at->locked_until <= now) {
          victim = at;
          break;
        }
      }
      Forget(victim);
    }
    entries_.push_front({.key = key, .since = now});
    by_key_[key] = entries_.begin();
  } else {
    entries_.splice(entries_.begin(), entries_, it->second);
  }
  Entry& entry = entries_.front();
  // Quiet for a window, or for twice the last lock: as if it were new.
  const absl::Duration quiet = std::max(options_.window, 2 * LockAfter(entry.strikes));
  if (entry.strikes > 0 && now > entry.locked_until + quiet) entry.strikes = 0;
  if (now > entry.since + options_.window || now < entry.since) {
    entry.failures = 0;
    entry.since = now;
  }
  ++entry.failures;
  if (entry.failures < limit && entry.strikes == 0) return;
  const absl::Duration lock = LockAfter(entry.strikes++);
  entry.locked_until = now + lock;
  entry.failures = 0;
  entry.since = now;
  ++locks_;
  Log(absl::StrCat(key, " is refused for ", absl::FormatDuration(lock), " after too many failed logons"),
      now);
}

void LogonGuard::Forget(Entries::iterator entry) {
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

void LogonGuard::Log(const std::string& line, absl::Time now) {
  if (!options_.log) return;
  if (now < last_line_ + absl::Seconds(1) && now >= last_line_) {
    ++unlogged_;
    return;
  }
  last_line_ = now;
  const std::uint64_t left_out = std::exchange(unlogged_, 0);
  options_.log(left_out == 0 ? line : absl::StrCat(line, " (and ", left_out, " more)"));
}

}  // namespace ipam::auth
