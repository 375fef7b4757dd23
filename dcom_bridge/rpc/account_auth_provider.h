#pragma once

#include <memory>
#include <utility>

#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/rpc/auth_provider.h"

namespace ipam::rpc {

// Acceptors for the accounts of a file.
class AccountAuthProvider final : public AuthProvider {
 public:
  explicit AccountAuthProvider(auth::AcceptorFactory factory) : factory_(std::move(factory)) {}

  absl::StatusOr<std::unique_ptr<auth::SecurityContext>> NewAcceptor(auth::AuthType type) override {
    return factory_.NewAcceptor(type);
  }

 private:
  auth::AcceptorFactory factory_;
};

}  // namespace ipam::rpc
