#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/pdu/bind.h"
#include "dcom_bridge/pdu/nca_status.h"
#include "dcom_bridge/pdu/sec_trailer.h"
#include "dcom_bridge/rpc/auth_provider.h"
#include "dcom_bridge/rpc/protection.h"

namespace ipam::rpc {

// The table of security contexts of a server's connection, [MS-RPCE] 3.3.1.1.2, by auth_context_id.
class SecurityContexts {
 public:
  enum class Phase : std::uint8_t { kBuilding, kReady, kFailed };
  struct Entry {
    std::unique_ptr<auth::SecurityContext> context;
    auth::AuthType type = auth::AuthType::kNone;
    auth::AuthLevel level = auth::AuthLevel::kNone;
    std::uint32_t id = 0;
    Phase phase = Phase::kBuilding;
    std::optional<auth::Principal> caller;
  };
  // Why a leg was refused: for a bind_nak, for a fault, and for the log.
  struct Refusal {
    pdu::RejectReason nak = pdu::RejectReason::kNotSpecified;
    pdu::NcaStatus fault = pdu::kAccessDenied;
    absl::Status status;
  };
  struct Leg {
    std::optional<Refusal> refusal;
    base::Bytes token;  // to send back; may be empty
  };

  SecurityContexts(AuthProvider& provider, std::size_t limit, std::string peer_address)
      : provider_(provider), limit_(limit), peer_address_(std::move(peer_address)) {}

  // A leg of bind or alter_context: begins a context, or takes one under way further.
  Leg Step(const pdu::SecTrailer& trailer, base::ByteView token);
  // The last leg, by auth3, which has no answer: an error stays with the context. kFailedPrecondition: there
  // is no context under way.
  absl::Status Finish(const pdu::SecTrailer& trailer, base::ByteView token);

  // The context that a request names by its trailer, or null where there is none ready of that type and
  // level.
  Entry* ForRequest(const pdu::SecTrailer& trailer);
  // The context of a request without trailer: the only one, if its level is connect ([MS-RPCE] 3.3.1.5.4);
  // else null.
  Entry* Default();
  // There is one context, and it failed: requests without a trailer get its error.
  bool only_failed() const {
    return entries_.size() == 1 && entries_.begin()->second.phase == Phase::kFailed;
  }
  bool building() const;
  std::size_t size() const { return entries_.size(); }

 private:
  AuthProvider& provider_;
  std::size_t limit_;
  std::string peer_address_;
  std::map<std::uint32_t, Entry> entries_;  // calls point to entries
};

}  // namespace ipam::rpc
