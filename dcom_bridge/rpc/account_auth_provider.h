#pragma once

#include <memory>
#include <string>
#include <utility>

#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/rpc/auth_provider.h"

namespace ipam::rpc {

// Acceptors for the accounts of a file and the keys of a keytab.
class AccountAuthProvider final : public AuthProvider {
 public:
  explicit AccountAuthProvider(auth::AcceptorFactory factory) : factory_(std::move(factory)) {}

  absl::StatusOr<std::unique_ptr<auth::SecurityContext>> NewAcceptor(
      auth::AuthType type, const std::string& peer_address) override {
    return factory_.NewAcceptor(type, peer_address);
  }

  const auth::AcceptorFactory& factory() const { return factory_; }

 private:
  auth::AcceptorFactory factory_;
};

}  // namespace ipam::rpc
