#include "dcom_bridge/net/peer_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ipam::net {
namespace {

constexpr char kOthers[] = "other addresses";

}  // namespace

std::optional<std::string> PeerLog::Note(const std::string& address, std::string line, absl::Time now) {
  const bool full = entries_.size() >= options_.max_addresses && !entries_.contains(address);
  const auto [entry, fresh] = entries_.try_emplace(full ? kOthers : address, Entry{now, 0, ""});
  if (fresh && !full) return line;
  ++entry->second.more;
  entry->second.last = std::move(line);
  return std::nullopt;
}

std::vector<std::string> PeerLog::Summaries(absl::Time now) {
  std::vector<std::string> lines;
  for (auto it = entries_.begin(); it != entries_.end();) {
    Entry& entry = it->second;
    if (now - entry.since < options_.period) {
      ++it;
    } else if (entry.more == 0) {
      entries_.erase(it++);
    } else {
      lines.push_back(
          absl::StrCat(it->first, ": and ", entry.more, " more, the last one: ", std::move(entry.last)));
      entry = Entry{now, 0, ""};
      ++it;
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace ipam::net
