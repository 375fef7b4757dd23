// Takes TCP connections and drives one rpc::ServerAssociation on each.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/net/connection_limits.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/peer_log.h"
#include "dcom_bridge/rpc/association_groups.h"
#include "dcom_bridge/rpc/auth_provider.h"
#include "dcom_bridge/rpc/server_association.h"
#include "dcom_bridge/rpc/service.h"

namespace ipam::net {

struct ListenerOptions {
  std::vector<std::string> addresses = {"127.0.0.1"};  // IP addresses to listen on, at least one
  std::uint16_t port = 0;                              // of all of them; 0: one that is free on all
  rpc::ServerLimits limits;
  ConnectionLimits connection;
  PeerLog::Options log;
  // Of the server's management interface; outlives the listener. Null: not counted.
  rpc::Statistics* statistics = nullptr;
};

class RpcListener {
 public:
  // kAlreadyExists: the port is in use on one of them; kInvalidArgument: no address. Loop thread, or before Run(). Services,
  // provider and groups outlive the listener.
  static absl::StatusOr<std::unique_ptr<RpcListener>> Listen(Loop& loop, ListenerOptions options,
                                                             const rpc::ServiceTable& services,
                                                             rpc::AuthProvider& auth,
                                                             rpc::AssociationGroups& groups);
  // Closes every connection at once; calls that are under way are answered into the void.
  ~RpcListener();

  std::uint16_t port() const;
  std::size_t connections() const;
  std::size_t unauthenticated() const;  // connections that had no authenticated call yet
  // Told the IncomingCall::association of each connection that is gone, after its last call was delivered.
  void set_on_closed(absl::AnyInvocable<void(std::uint64_t association)> on_closed);

 private:
  class Impl;
  explicit RpcListener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace ipam::net
