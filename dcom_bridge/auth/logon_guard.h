// Slows down who guesses passwords: after some failures an account is refused to the address they came from,
// with the right password too, for a time that doubles with each further failure; an address that fails with
// many accounts likewise. No account is ever locked for all addresses: else anybody could shut out its
// owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"

namespace ipam::auth {

struct LogonGuardOptions {
  int account_failures = 10;  // of one account from one address; 0: nothing is ever refused
  int address_failures = 50;  // of one address, whatever the account
  absl::Duration window = absl::Minutes(10);
  absl::Duration first_lock = absl::Seconds(30);
  absl::Duration max_lock = absl::Minutes(15);
  // Beyond it the one that failed longest ago is forgotten. About 200 bytes each.
  std::size_t max_entries = 16'384;
  // One line for each lock, at most one a second; the rest are counted in the next. On the guard's thread.
  std::function<void(const std::string&)> log;
};

// One thread, but for counts(). Names are compared as they are given: the caller folds them, and gives all
// unknown accounts the same name.
class LogonGuard {
 public:
  LogonGuard(LogonGuardOptions options, base::Clock& clock) : options_(std::move(options)), clock_(clock) {}

  // Before the password is looked at. kUnauthenticated: refused, and for how long.
  absl::Status Check(std::string_view account, std::string_view address);
  void OnFailure(std::string_view account, std::string_view address);
  void OnSuccess(std::string_view account, std::string_view address);

  // Since the start.
  struct Counts {
    std::uint64_t failures = 0;  // wrong password or unknown account
    std::uint64_t locks = 0;
    std::uint64_t refused = 0;  // while locked
  };
  // Any thread.
  Counts counts() const { return {failures_, locks_, refused_}; }
  std::size_t entries() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    int failures = 0;
    int strikes = 0;  // locks so far
    absl::Time since = absl::InfinitePast();
    absl::Time locked_until = absl::InfinitePast();
  };
  using Entries = std::list<Entry>;

  bool Locked(const std::string& key, absl::Time now, absl::Duration& left);
  void Fail(const std::string& key, int limit, absl::Time now);
  absl::Duration LockAfter(int strikes) const;
  void Forget(Entries::iterator entry);
  void Log(const std::string& line, absl::Time now);

  const LogonGuardOptions options_;
  base::Clock& clock_;
  Entries entries_;  // the one that failed last in front
  absl::flat_hash_map<std::string, Entries::iterator> by_key_;
  absl::Time last_line_ = absl::InfinitePast();
  std::uint64_t unlogged_ = 0;
  std::atomic<std::uint64_t> failures_{0}, locks_{0}, refused_{0};
};

}  // namespace ipam::auth
