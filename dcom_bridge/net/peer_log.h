// Lines about what peers did wrong, for the log: the first one of an address at once, the rest as one summary
// for each period. Whoever connects a thousand times a second writes two lines a minute.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace ipam::net {

// One thread. Bounded: beyond max_addresses in a period, all further addresses share one entry.
class PeerLog {
 public:
  struct Options {
    absl::Duration period = absl::Minutes(1);
    std::size_t max_addresses = 64;
  };

  explicit PeerLog(Options options) : options_(options) {}

  // `line` to write now, or nothing: then it is counted.
  std::optional<std::string> Note(const std::string& address, std::string line, absl::Time now);
  // To be asked now and then: for each period that is over, what was left unsaid in it.
  std::vector<std::string> Summaries(absl::Time now);

  std::size_t addresses() const { return entries_.size(); }

 private:
  struct Entry {
    absl::Time since;
    std::uint64_t more = 0;
    std::string last;
  };

  Options options_;
  absl::flat_hash_map<std::string, Entry> entries_;
};

}  // namespace ipam::net
