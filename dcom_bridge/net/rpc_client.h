// Calls remote procedures: one connection for each server and level of protection, dialed at the first call,
// kept while it is wanted.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/net/connection_limits.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/rpc/client_association.h"

namespace ipam::net {

struct Endpoint {
  std::string host;  // a name or an address
  std::uint16_t port = 135;

  std::string ToString() const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

struct RpcClientOptions {
  auth::AuthLevel level = auth::AuthLevel::kPrivacy;
  absl::Duration connect_timeout = absl::Seconds(5);  // name and TCP together, then bind and authentication
  // A name may stand for several addresses: the next one is tried when this time brought no connection.
  absl::Duration address_stagger = absl::Milliseconds(250);
  std::size_t max_connections = 1024;
  std::size_t max_stub = std::size_t{64} << 20;
  // A call that ran out of time is cancelled. A server that does not answer the cancel by then, and cannot
  // keep a connection with an orphaned call, loses the connection.
  absl::Duration cancel_timeout = absl::Seconds(5);
  ConnectionLimits connection{.max_queued_bytes = std::size_t{256} << 20};
  // For the management interface of a server that calls others; outlives the client.
  rpc::Statistics* statistics = nullptr;
};

// A reply, or a fault of the server. A status: no answer, and whether the server executed the call is not
// known, unless the request did not leave.
struct RpcResult {
  std::variant<rpc::CallReply, rpc::CallFault, absl::Status> outcome;
  // False: no octet of the request left, the server cannot have executed it.
  bool sent = false;
};
using RpcDone = absl::AnyInvocable<void(RpcResult)>;

class RpcClient {
 public:
  // A fresh initiator for a connection to `endpoint`; `principal` as Call() had it.
  using NewInitiator = absl::AnyInvocable<absl::StatusOr<std::unique_ptr<auth::SecurityContext>>(
      const Endpoint& endpoint, const std::string& principal)>;

  RpcClient(Loop& loop, RpcClientOptions options, NewInitiator new_initiator);
  ~RpcClient();

  // `done` is called once, from the loop, never from inside this call; not at all when the client dies first.
  // Loop thread. `level`: where it is not that of the options; kNone takes a connection without security,
  // which ends with its last call. `principal`: the server's SPN where a connection has to be made, for the initiator;
  // empty: the server named none.
  void Call(const Endpoint& endpoint, rpc::CallRequest request, absl::Duration timeout, RpcDone done,
            std::optional<auth::AuthLevel> level = std::nullopt, const std::string& principal = {});

  // Makes the connection that Call() would use, and binds `interface`. Like Call().
  using OpenDone = absl::AnyInvocable<void(absl::Status)>;
  void Open(const Endpoint& endpoint, const pdu::SyntaxId& interface, OpenDone done,
            std::optional<auth::AuthLevel> level = std::nullopt, const std::string& principal = {});

  // Closes the connections to `endpoint`, where there are some; their calls fail.
  void Drop(const Endpoint& endpoint, absl::Status reason);

  // Told of each bound connection that is gone, after its calls were completed; not of those for calls without
  // security.
  void set_on_closed(absl::AnyInvocable<void(const Endpoint&, const absl::Status&)> on_closed);

  std::size_t connections() const;
  auth::AuthLevel level() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ipam::net
