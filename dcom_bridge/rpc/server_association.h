// The server's end of one connection, [MS-RPCE] 3.3.3: bytes in, actions out.
//
// State x event. Anything not listed is a protocol error: a bind_nak or a fault nca_s_proto_error, then
// Close.
//
//   state         event                        actions                                   next
//   ------------  ---------------------------  ----------------------------------------  ------------
//   AwaitBind     bind                         bind_ack                                  Ready
//                 bind with unfinished token   bind_ack with token                       Negotiating
//                 bind refused                 bind_nak, Close                           Closed
//   Negotiating   alter_context                alter_context_resp, with token             same or Ready
//                 auth3                        none; an error is kept for the request    Ready
//                 request                      fault nca_s_proto_error, Close            Closed
//   Ready         alter_context                alter_context_resp                        Ready
//                 alter_context, new token     alter_context_resp with token             same or Negotiating
//                 request, not last            none                                      Receiving
//                 request, last                DeliverCall, or fault                     Ready
//                 late fragment of a call      none                                      Ready
//   Receiving     request, not last            none                                      Receiving
//                 request, last                DeliverCall, or fault                     Ready
//   Ready,        co_cancel of a delivered     CancelCall                                same
//   Receiving,    orphaned of a delivered      CancelCall; its answer is dropped         same
//   Negotiating   co_cancel, orphaned, others  none                                      same
//                 Complete()                   response or fault in fragments            same
//                 Shutdown()                   shutdown PDU                              same
//   AwaitBind     Complete(), Shutdown()       none                                      same
//   any but       framing that is broken       Close                                     Closed
//   Closed        in AwaitBind, a strange PDU  Close                                     Closed
//   Closed        everything                   none                                      Closed
//
// Negotiating is a security context under way that the connection began with or added; calls already
// delivered may be completed in it. Several calls may be delivered at a time where PFC_CONC_MPX was agreed
// on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/rpc/association_groups.h"
#include "dcom_bridge/rpc/auth_provider.h"
#include "dcom_bridge/rpc/call.h"
#include "dcom_bridge/rpc/server_limits.h"
#include "dcom_bridge/rpc/service.h"
#include "dcom_bridge/rpc/statistics.h"

namespace ipam::rpc {

struct ServerOptions {
  ServerLimits limits;
  // port_spec of bind_ack: the port in decimal digits, [MS-RPCE] 3.3.1.5.5.
  std::string secondary_address;
  // Outlives the association; null: not counted.
  Statistics* statistics = nullptr;
};

// One whole PDU: one write, for there are peers that read a PDU by one read.
struct SendBytes {
  base::Bytes bytes;
};
// Call service->Handle(call, respond), where `respond` leads to Complete(call.id, outcome).
struct DeliverCall {
  IncomingCall call;
  Service* service = nullptr;
};
// The client lost interest. Orphaned: what Complete() is given is dropped.
struct CancelCall {
  CallId call;
  bool orphaned = false;
};
// Send what came before, then close. Not OK: the peer's fault, for the log.
struct Close {
  absl::Status status;
};
using ServerAction = std::variant<SendBytes, DeliverCall, CancelCall, Close>;
using ServerActions = absl::InlinedVector<ServerAction, 4>;

// One thread. Carry out the actions in their order. Options, table, provider and groups outlive it.
class ServerAssociation {
 public:
  enum class State : std::uint8_t { kAwaitBind, kNegotiating, kReady, kReceiving, kClosed };

  // `peer`: the client's IP address, for association groups.
  ServerAssociation(const ServerOptions& options, const ServiceTable& services, AuthProvider& auth,
                    AssociationGroups& groups, std::string peer);
  ~ServerAssociation();
  ServerAssociation(const ServerAssociation&) = delete;
  ServerAssociation& operator=(const ServerAssociation&) = delete;

  ServerActions OnBytes(base::ByteView bytes);
  // The answer of a delivered call. Nothing happens where the call or the connection is gone.
  ServerActions Complete(CallId call, CallOutcome outcome);
  // Asks the client to close when it has its answers ([C706] 12.6.4.11).
  ServerActions Shutdown();

  State state() const;
  std::size_t outstanding_calls() const;
  // For deadlines: whole PDUs so far, and whether the client has begun a PDU, or a request in fragments, that
  // it must end.
  std::uint64_t pdus_in() const;
  bool expects_more() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace ipam::rpc
