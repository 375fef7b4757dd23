// Who may start what, [MS-IPAMM2] 3.1.4.2 and 3.19.6.1. The engine's thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/parameters.pb.h"

namespace ipam::engine {

class Authorization {
 public:
  // Accounts that pass every check, "user" or "DOMAIN\user", as members of the security group IPAM Administrators do.
  explicit Authorization(std::vector<std::string> administrators);

  // Who may resume and cancel an operation of the account `owner` ("DOMAIN\user"): it, listed accounts, and members of the
  // security group IPAM Administrators. kPermissionDenied: nobody of these. Others: the store failed.
  absl::Status CheckOwner(const Caller& caller, std::string_view owner, Store& store) const;

  // kPermissionDenied, with the operation of ADM_AdminOperationsTable that was denied. Others: the store
  // failed.
  absl::Status Check(const Caller& caller, const v1::OperationParameters& parameters, Store& store) const;

 private:
  absl::StatusOr<bool> IsAdministrator(const Caller& caller, Store& store) const;

  std::vector<std::string> administrators_;
};

}  // namespace ipam::engine
