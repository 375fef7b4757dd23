#include "dcom_bridge/auth/ntlm_context.h"

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::auth {
namespace {

// Levels that protect each PDU. kCall is treated as kPacket ([MS-RPCE] 3.3.1.5.2.2), and for kPacket NTLM
// signs as for kIntegrity: it has no weaker way to detect a replay, and other servers do the same.
bool Signs(AuthLevel level) { return level >= AuthLevel::kCall; }

}  // namespace

absl::StatusOr<Token> NtlmContext::Step(base::ByteView token) {
  absl::StatusOr<Token> out;
  switch (state_) {
    case State::kStart:
      out = Start(token);
      break;
    case State::kWaiting:
      out = Continue(token);
      break;
    case State::kComplete:
      out = absl::FailedPreconditionError("NTLM: a token after the last");
      break;
    case State::kDead:
      out = absl::FailedPreconditionError("NTLM: the context has failed before");
      break;
  }
  if (!out.ok()) {
    state_ = State::kDead;
    session_.reset();
  } else {
    state_ = out->complete ? State::kComplete : State::kWaiting;
  }
  return out;
}

void NtlmContext::SetKeys(const Key& exported_session_key, std::uint32_t flags, NtlmSender us) {
  const NtlmSender them = us == NtlmSender::kClient ? NtlmSender::kServer : NtlmSender::kClient;
  const bool key_exchange = (flags & ntlm_flag::kKeyExchange) != 0;
  const bool may_seal = (flags & ntlm_flag::kSeal) != 0;
  session_.emplace(Session{
      .send = NtlmChannel(SignKey(exported_session_key, us), SealKey(exported_session_key, us), key_exchange),
      .receive =
          NtlmChannel(SignKey(exported_session_key, them), SealKey(exported_session_key, them), key_exchange),
      .may_sign = may_seal || (flags & ntlm_flag::kSign) != 0,
      .may_seal = may_seal,
  });
}

std::size_t NtlmContext::SignatureSize(AuthLevel level) const {
  return Signs(level) ? kNtlmSignatureSize : 0;
}

absl::StatusOr<std::span<std::uint8_t>> NtlmContext::SealedPart(AuthLevel level, std::span<std::uint8_t> pdu,
                                                                std::size_t body_offset,
                                                                std::size_t body_size) const {
  if (state_ != State::kComplete) return absl::FailedPreconditionError("NTLM: the context has no keys");
  if (!session_->may_sign) return absl::FailedPreconditionError("NTLM: signing was not negotiated");
  if (level != AuthLevel::kPrivacy) return std::span<std::uint8_t>();
  if (!session_->may_seal) return absl::FailedPreconditionError("NTLM: sealing was not negotiated");
  if (body_offset > pdu.size() || body_size > pdu.size() - body_offset) {
    return absl::InvalidArgumentError("the body lies outside the PDU");
  }
  return pdu.subspan(body_offset, body_size);
}

absl::StatusOr<base::Bytes> NtlmContext::Protect(AuthLevel level, std::span<std::uint8_t> pdu,
                                                 std::size_t body_offset, std::size_t body_size,
                                                 bool /*header_signing*/) {
  if (!Signs(level)) return base::Bytes();
  IPAM_ASSIGN_OR_RETURN(const std::span<std::uint8_t> sealed, SealedPart(level, pdu, body_offset, body_size));
  return session_->send.Protect(pdu, sealed);
}

absl::Status NtlmContext::Unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                                    std::size_t body_size, base::ByteView auth_value,
                                    bool /*header_signing*/) {
  if (!Signs(level)) return absl::OkStatus();
  IPAM_ASSIGN_OR_RETURN(const std::span<std::uint8_t> sealed, SealedPart(level, pdu, body_offset, body_size));
  absl::Status verdict = session_->receive.Unprotect(pdu, sealed, auth_value);
  if (!verdict.ok()) {
    state_ = State::kDead;
    session_.reset();
  }
  return verdict;
}

absl::StatusOr<base::Bytes> NtlmContext::MakeMechListMic(base::ByteView mech_types) {
  if (state_ != State::kComplete) return absl::FailedPreconditionError("NTLM: the context has no keys");
  absl::StatusOr<base::Bytes> mic = session_->send.Protect(mech_types, {});
  session_->send.ResetRc4();
  return mic;
}

absl::Status NtlmContext::CheckMechListMic(base::ByteView mech_types, base::ByteView mic) {
  if (state_ != State::kComplete) return absl::FailedPreconditionError("NTLM: the context has no keys");
  const absl::Status verdict = session_->receive.Unprotect(mech_types, {}, mic);
  session_->receive.ResetRc4();
  if (verdict.ok()) return verdict;
  state_ = State::kDead;
  session_.reset();
  return absl::UnauthenticatedError("SPNEGO: the mechListMIC is wrong");
}

}  // namespace ipam::auth
