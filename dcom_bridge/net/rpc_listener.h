// Takes TCP connections and drives one rpc::ServerAssociation on each.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/rpc/association_groups.h"
#include "dcom_bridge/rpc/auth_provider.h"
#include "dcom_bridge/rpc/server_association.h"
#include "dcom_bridge/rpc/service.h"

namespace ipam::net {

struct ListenerOptions {
  std::vector<std::string> addresses = {"127.0.0.1"};  // IP addresses to listen on, at least one
  std::uint16_t port = 0;                              // of all of them; 0: one that is free on all
  std::size_t max_connections = 1024;
  std::size_t max_connections_per_peer = 256;  // of one IP address
  // A connection that has not bound by then is closed; so is one that never authenticated and has been quiet
  // for anonymous_timeout.
  absl::Duration bind_timeout = absl::Seconds(10);
  absl::Duration anonymous_timeout = absl::Minutes(2);
  // Answers that the peer does not read.
  std::size_t max_queued_bytes = std::size_t{16} << 20;
  rpc::ServerOptions rpc;  // secondary_address is filled in by the listener
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
  // Told the IncomingCall::association of each connection that is gone, after its last call was delivered.
  void set_on_closed(absl::AnyInvocable<void(std::uint64_t association)> on_closed);

 private:
  class Impl;
  explicit RpcListener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace ipam::net
