#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dcom_bridge/auth/security_context.h"

namespace ipam::rpc {

// The table of security providers of a server, [MS-RPCE] 3.1.3.1.1.
class AuthProvider {
 public:
  virtual ~AuthProvider() = default;
  // A fresh acceptor for a client at `peer_address`. kUnimplemented: this type is not offered.
  virtual absl::StatusOr<std::unique_ptr<auth::SecurityContext>> NewAcceptor(
      auth::AuthType type, const std::string& peer_address) = 0;
};

}  // namespace ipam::rpc
