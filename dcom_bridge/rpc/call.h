// One remote procedure call, as services and their callers see it: fragments joined, verified and decrypted.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/strong_id.h"
#include "dcom_bridge/pdu/nca_status.h"
#include "dcom_bridge/pdu/syntax_id.h"

namespace ipam::rpc {

// Names a call within its association; given by us, never used twice (call_id of the wire may be).
struct CallIdTag;
using CallId = base::StrongId<CallIdTag, std::uint64_t>;

// A whole request, of a server.
struct IncomingCall {
  CallId id;
  std::uint64_t association = 0;  // names the connection; set by who owns the connections, 0 without one
  pdu::SyntaxId interface;        // as the client bound it
  std::uint16_t opnum = 0;
  std::optional<base::Guid> object;
  base::Bytes stub;
  base::Endian endian = base::Endian::kLittle;
  auth::AuthLevel level = auth::AuthLevel::kNone;
  std::optional<auth::Principal> caller;  // nothing: unauthenticated
};

struct CallReply {
  base::Bytes stub;
  base::Endian endian = base::Endian::kLittle;  // ours is always little
};

struct CallFault {
  pdu::NcaStatus status;  // an HRESULT fits too
  // PFC_DID_NOT_EXECUTE: the call had no effect and may be sent again.
  bool did_not_execute = false;
};

using CallOutcome = std::variant<CallReply, CallFault>;

// Called once, at once or later, on the thread of the association (the DCOM loop).
using Responder = absl::AnyInvocable<void(CallOutcome)>;

}  // namespace ipam::rpc
