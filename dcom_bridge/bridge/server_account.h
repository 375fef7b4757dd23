// What the options of a management server say of accounts: as whom we call it, and who may call back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/bridge/bridge.h"

namespace ipam::bridge {

// Wipes the password from the options.
auth::Credentials CredentialsOf(ServerOptions& server);

// The server's name at the KDC, [MS-DCOM] 3.2.4.2: the option, else `principal`, which the server gave, else made of
// the `host` that is dialed.
std::string SpnOf(const ServerOptions& server, const std::string& host, const std::string& principal = {});

// Who alone may call our callback objects.
auth::Principal CallerOf(const ServerOptions& server);

// The accounts that may call back by NTLM; one may serve several servers. kInvalidArgument: with two passwords.
absl::StatusOr<std::shared_ptr<const auth::AccountFile>> CallbackAccounts(
    const std::vector<ServerOptions>& servers);

}  // namespace ipam::bridge
