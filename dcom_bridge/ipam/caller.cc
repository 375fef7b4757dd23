#include "dcom_bridge/ipam/caller.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace ipam::engine {

bool IsListed(const Caller& caller, const std::vector<std::string>& accounts) {
  const std::string qualified = caller.Name();
  return std::any_of(accounts.begin(), accounts.end(), [&](const std::string& account) {
    return absl::EqualsIgnoreCase(account, caller.user) || absl::EqualsIgnoreCase(account, qualified);
  });
}

}  // namespace ipam::engine
