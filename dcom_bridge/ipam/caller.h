// Who acts.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ipam::engine {

// An account, as authentication found it.
struct Caller {
  std::string user;
  std::string domain;
  std::string Name() const { return domain + "\\" + user; }
};

// Who starts an operation.
struct Starter {
  Caller account;                                  // it, and administrators, may resume and cancel
  std::optional<Caller> initiator = std::nullopt;  // on whose behalf: authorized instead of the account
};

// Whether `accounts` ("user" or "DOMAIN\user", compared without case) name the caller.
bool IsListed(const Caller& caller, const std::vector<std::string>& accounts);

}  // namespace ipam::engine
