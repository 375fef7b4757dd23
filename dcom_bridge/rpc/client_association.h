// The client's end of one connection, [MS-RPCE] 3.3.2: bytes in, actions out.
//
// State x event. Anything not listed is a protocol error: all calls end with a status, then Close.
//
//   state      event                            actions                                     next
//   ---------  -------------------------------  ------------------------------------------  ---------
//   Idle       Open()                           bind                                        Binding
//              Call()                           kept                                        Idle
//   Binding    bind_ack                         Opened, kept calls                          Ready
//              bind_ack, legs left              alter_context, or auth3 and Opened          Binding or Ready
//              alter_context_resp, legs left    alter_context                               Binding
//              alter_context_resp, last leg     Opened, kept calls                          Ready
//              bind_nak, fault                  calls fail, Close                           Closed
//              Call()                           kept                                        Binding
//   Ready      Call(), known interface          request in fragments, or kept               Ready
//              Call(), new interface            alter_context, or kept                      Altering or Ready
//   Altering   alter_context_resp               kept calls                                  Ready
//              fault or bind_nak for it         calls fail, Close                           Closed
//              Call()                           kept                                        Altering
//   Ready,     response, not last               none                                        same
//   Altering   response, last; fault            CallDone, next kept call                    same
//              shutdown                         kept calls fail; Close after last answer    same or Closed
//   any but    Cancel() of a call sent          co_cancel or orphaned, CallDone             same
//   Closed     Cancel() of a kept call          CallDone                                    same
//              GiveUp() of a call cancelled     kept calls fail; orphaned and Close after   same or Closed
//              and not answered                 the last answer
//              OnClosed()                       calls fail                                  Closed
//              broken framing                   calls fail, Close                           Closed
//   Closed     Call()                           CallDone with why it is closed              Closed
//              everything else                  none                                        Closed
//
// Calls wait while one is outstanding unless the server agreed on PFC_CONC_MPX.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/rpc/call.h"
#include "dcom_bridge/rpc/statistics.h"

namespace ipam::rpc {

struct ClientOptions {
  // Of every call; kNone: no security context. kCall is raised to kPacket ([MS-RPCE] 2.2.1.1.8).
  auth::AuthLevel level = auth::AuthLevel::kNone;
  // A fresh initiator; null with kNone only.
  std::unique_ptr<auth::SecurityContext> security;
  std::uint16_t max_frag = 5840;
  // Longest stub of an answer.
  std::size_t max_stub = std::size_t{64} << 20;
  // Kept and outstanding together; beyond it a call fails with kResourceExhausted.
  std::size_t max_calls = 1024;
  // Windows takes no greater one, and none comes twice ([MS-RPCE] 3.3.3.5.2): when they run out the association
  // takes no more calls, and closes behind the last answer.
  std::uint32_t max_call_id = 0x7FFFFFFF;
  // Joins the association of another connection to the same server; 0: a new one.
  std::uint32_t association_group = 0;
  // Outlives the association; null: not counted.
  Statistics* statistics = nullptr;
};

struct CallRequest {
  pdu::SyntaxId interface;
  std::uint16_t opnum = 0;
  std::optional<base::Guid> object;
  base::Bytes stub;
};

// One whole PDU.
struct ClientSend {
  base::Bytes bytes;
};
// Exactly one for each Call().
struct CallDone {
  CallId call;
  std::variant<CallReply, CallFault, absl::Status> result;
  // False: no octet of the request left, the server cannot have executed it.
  bool sent = false;
};
// The connection is bound and authenticated.
struct Opened {};
// Send what came before, then close.
struct ClientClose {
  absl::Status status;
};
using ClientAction = std::variant<ClientSend, CallDone, Opened, ClientClose>;
using ClientActions = absl::InlinedVector<ClientAction, 4>;

// One thread. Carry out the actions in their order.
class ClientAssociation {
 public:
  enum class State : std::uint8_t { kIdle, kBinding, kReady, kAltering, kClosed };

  explicit ClientAssociation(ClientOptions options);
  ~ClientAssociation();
  ClientAssociation(const ClientAssociation&) = delete;
  ClientAssociation& operator=(const ClientAssociation&) = delete;

  // Once. At least one interface; those that calls name later are added on the way.
  ClientActions Open(std::vector<pdu::SyntaxId> interfaces);
  std::pair<CallId, ClientActions> Call(CallRequest request);
  ClientActions OnBytes(base::ByteView bytes);
  // The call ends with kCancelled at once; the server is told, by orphaned where it keeps the connection
  // then, else by co_cancel. What it still answers is dropped.
  ClientActions Cancel(CallId call);
  // For a call that was cancelled a while ago. Where it was answered, or needs no answer, nothing happens.
  // Else the connection takes no more calls and ends by orphaned when all others are answered, [MS-RPCE]
  // 3.3.1.5.10.
  ClientActions GiveUp(CallId call);
  // The transport is gone. Every call that is not done ends with `status`.
  ClientActions OnClosed(absl::Status status);

  State state() const;
  // False: closed, or about to be; calls fail.
  bool takes_calls() const;
  std::size_t outstanding_calls() const;
  // assoc_group_id, once bound.
  std::uint32_t association_group() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace ipam::rpc
