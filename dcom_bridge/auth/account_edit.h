// Changes an account file in place, and asks for passwords.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/auth/accounts.h"

namespace ipam::auth {

// Adds the account `name`, "DOMAIN\user" or "user", or gives it another password; makes the file where there
// is none. True: it was new. Comments and other accounts stay. The file is replaced at once, by one of mode 0600
// and the same owner: a reader sees the old one or the new one.
absl::StatusOr<bool> SetAccount(const std::string& path, std::string_view name, const NtHash& nt_hash);

// kNotFound: the file does not have it.
absl::Status RemoveAccount(const std::string& path, std::string_view name);

// The NT hash of a password: asked for twice on the terminal, without an echo, or, where standard input is none,
// its first line. Never from an argument, which other users can see.
absl::StatusOr<NtHash> AskPassword(std::string_view name);

}  // namespace ipam::auth
