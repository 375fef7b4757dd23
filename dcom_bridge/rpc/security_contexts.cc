#include "dcom_bridge/rpc/security_contexts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"

namespace ipam::rpc {
namespace {

using Leg = SecurityContexts::Leg;

// Far above what a provider makes; a PDU's lengths have 16 bits.
constexpr std::size_t kMaxToken = 0x8000;

Leg Refuse(pdu::RejectReason nak, pdu::NcaStatus fault, absl::Status status) {
  return {SecurityContexts::Refusal{nak, fault, std::move(status)}, {}};
}

bool IsLevel(std::uint8_t level) {
  return level >= static_cast<std::uint8_t>(auth::AuthLevel::kConnect) &&
         level <= static_cast<std::uint8_t>(auth::AuthLevel::kPrivacy);
}

// [MS-RPCE] 3.3.1.5.2.2: a capability that the level needs and the provider has not is an error of the
// provider. That signing is missing shows at the first request, as with Windows and Samba.
bool LacksSealing(const SecurityContexts::Entry& entry) {
  return entry.level == auth::AuthLevel::kPrivacy && !entry.context->MaySeal();
}

}  // namespace

Leg SecurityContexts::Step(const pdu::SecTrailer& trailer, base::ByteView token) {
  if (!IsLevel(trailer.auth_level)) {
    return Refuse(pdu::RejectReason::kNotSpecified, pdu::kAccessDenied,
                  absl::InvalidArgumentError(absl::StrFormat("auth_level %d", trailer.auth_level)));
  }
  const auto type = static_cast<auth::AuthType>(trailer.auth_type);
  const auto level = static_cast<auth::AuthLevel>(trailer.auth_level);
  auto found = entries_.find(trailer.context_id);
  if (found == entries_.end()) {
    if (entries_.size() >= limit_) {
      return Refuse(pdu::RejectReason::kLocalLimitExceeded, pdu::kProtocolError,
                    absl::ResourceExhaustedError("too many security contexts"));
    }
    auto context = provider_.NewAcceptor(type, peer_address_);
    if (!context.ok()) {
      // [MS-RPCE] 3.3.3.5.3
      const bool unknown = context.status().code() == absl::StatusCode::kUnimplemented;
      return Refuse(
          unknown ? pdu::RejectReason::kAuthTypeNotRecognized : pdu::RejectReason::kLocalLimitExceeded,
          unknown ? pdu::kUnknownAuthnService : pdu::kServerTooBusy, std::move(context).status());
    }
    found = entries_.emplace(trailer.context_id, Entry{}).first;
    found->second.context = *std::move(context);
    found->second.type = type;
    found->second.level = level;
    found->second.id = trailer.context_id;
  }
  Entry& entry = found->second;
  if (entry.phase != Phase::kBuilding || entry.level != level || type == auth::AuthType::kNone) {
    return Refuse(pdu::RejectReason::kNotSpecified, pdu::kAccessDenied,
                  absl::FailedPreconditionError("security context changed after it was begun"));
  }
  if (entry.type != type) {
    return Refuse(pdu::RejectReason::kInvalidChecksum, pdu::kSecurityPackageError,
                  absl::FailedPreconditionError("security context continued by another provider"));
  }
  auto answer = entry.context->Step(token);
  if (answer.ok() && answer->bytes.size() > kMaxToken)
    answer = absl::InternalError("token too long for a PDU");
  if (answer.ok() && answer->complete && LacksSealing(entry))
    answer = absl::UnauthenticatedError("privacy without a key to seal with");
  if (!answer.ok()) {
    entry.phase = Phase::kFailed;
    return Refuse(pdu::RejectReason::kInvalidChecksum, pdu::kSecurityPackageError,
                  std::move(answer).status());
  }
  if (answer->complete) {
    entry.phase = Phase::kReady;
    entry.caller = entry.context->peer();
  }
  return {std::nullopt, std::move(answer->bytes)};
}

absl::Status SecurityContexts::Finish(const pdu::SecTrailer& trailer, base::ByteView token) {
  const auto found = entries_.find(trailer.context_id);
  if (found == entries_.end() || found->second.phase != Phase::kBuilding) {
    return absl::FailedPreconditionError("auth3 without a security context under way");
  }
  Entry& entry = found->second;
  entry.phase = Phase::kFailed;
  if (static_cast<std::uint8_t>(entry.type) != trailer.auth_type ||
      static_cast<std::uint8_t>(entry.level) != trailer.auth_level) {
    return absl::OkStatus();
  }
  const auto answer = entry.context->Step(token);
  // A provider that wants to answer needed an alter_context.
  if (!answer.ok() || !answer->complete || !answer->bytes.empty()) return absl::OkStatus();
  if (LacksSealing(entry)) return absl::OkStatus();
  entry.phase = Phase::kReady;
  entry.caller = entry.context->peer();
  return absl::OkStatus();
}

SecurityContexts::Entry* SecurityContexts::ForRequest(const pdu::SecTrailer& trailer) {
  const auto found = entries_.find(trailer.context_id);
  if (found == entries_.end()) return nullptr;
  Entry& entry = found->second;
  const bool same = static_cast<std::uint8_t>(entry.type) == trailer.auth_type &&
                    static_cast<std::uint8_t>(entry.level) == trailer.auth_level;
  return same && entry.phase == Phase::kReady ? &entry : nullptr;
}

SecurityContexts::Entry* SecurityContexts::Default() {
  if (entries_.size() != 1) return nullptr;
  Entry& entry = entries_.begin()->second;
  const bool usable =
      entry.phase == Phase::kReady && EffectiveLevel(entry.level) == auth::AuthLevel::kConnect;
  return usable ? &entry : nullptr;
}

bool SecurityContexts::building() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return entry.second.phase == Phase::kBuilding; });
}

}  // namespace ipam::rpc
