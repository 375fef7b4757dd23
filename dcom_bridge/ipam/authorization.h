// Who may start what, [MS-IPAMM2] 3.1.4.2 and 3.19.6.1. The engine's thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/parameters.pb.h"

namespace ipam::engine {

class Authorization {
 public:
  // Accounts that pass every check, "user" or "DOMAIN\user", as members of the security group IPAM Administrators do.
  explicit Authorization(std::vector<std::string> administrators);

  // Any thread.
  bool IsAdministrator(const Caller& caller) const;

  // kPermissionDenied, with the operation of ADM_AdminOperationsTable that was denied. Others: the store
  // failed.
  absl::Status Check(const Caller& caller, const v1::OperationParameters& parameters, Store& store) const;

 private:
  std::vector<std::string> administrators_;
};

}  // namespace ipam::engine
