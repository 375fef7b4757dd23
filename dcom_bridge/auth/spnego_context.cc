#include "dcom_bridge/auth/spnego_context.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/ntlm_messages.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::auth {

absl::StatusOr<Token> SpnegoContext::Step(base::ByteView token) {
  if (state_ == State::kComplete) {
    state_ = State::kDead;
    return absl::FailedPreconditionError("SPNEGO: a token after the last");
  }
  if (state_ == State::kDead) return absl::FailedPreconditionError("SPNEGO: the context has failed before");
  absl::StatusOr<Token> out = Advance(token);
  if (!out.ok()) state_ = State::kDead;
  return out;
}

absl::StatusOr<base::Bytes> SpnegoContext::Protect(AuthLevel level, std::span<std::uint8_t> pdu,
                                                   std::size_t body_offset, std::size_t body_size,
                                                   bool header_signing) {
  if (state_ != State::kComplete)
    return absl::FailedPreconditionError("SPNEGO: the negotiation is not complete");
  return mechanism_->Protect(level, pdu, body_offset, body_size, header_signing);
}

absl::Status SpnegoContext::Unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                                      std::size_t body_size, base::ByteView auth_value, bool header_signing) {
  if (state_ != State::kComplete)
    return absl::FailedPreconditionError("SPNEGO: the negotiation is not complete");
  return mechanism_->Unprotect(level, pdu, body_offset, body_size, auth_value, header_signing);
}

std::optional<Principal> SpnegoContext::peer() const {
  return state_ == State::kComplete ? mechanism_->peer() : std::nullopt;
}

void SpnegoInitiator::Prepare(absl::AnyInvocable<void()> ready) {
  mechanisms_.front().mechanism->Prepare(std::move(ready));
}

absl::StatusOr<Token> SpnegoInitiator::Advance(base::ByteView token) {
  if (state_ == State::kStart) return Start(token);
  absl::StatusOr<NegTokenResp> response = NegTokenResp::Decode(token);
  if (!response.ok()) return response.status();
  if (response->state == NegState::kReject)
    return absl::UnauthenticatedError("SPNEGO: the server rejects us");
  absl::StatusOr<Token> out =
      state_ == State::kMechanism ? OnMechanismToken(*response) : OnLastToken(*response);
  if (out.ok() || first_problem_.ok()) return out;
  return absl::Status(
      out.status().code(),
      absl::StrCat(out.status().message(), " (not offered, for: ", first_problem_.message(), ")"));
}

absl::StatusOr<Token> SpnegoInitiator::Start(base::ByteView token) {
  if (!token.empty()) return absl::InvalidArgumentError("SPNEGO: an initiator speaks first");
  absl::StatusOr<Token> first = mechanisms_.front().mechanism->Step({});
  while (!first.ok() && mechanisms_.size() > 1) {
    if (first_problem_.ok()) first_problem_ = first.status();
    mechanisms_.erase(mechanisms_.begin());
    first = mechanisms_.front().mechanism->Step({});
  }
  if (!first.ok()) return first.status();
  mechanism_ = mechanisms_.front().mechanism.get();
  begun_ = true;
  NegTokenInit init;
  for (const NegotiableMechanism& one : mechanisms_) init.mech_types.push_back(one.oid);
  init.mech_token = std::move(first->bytes);
  mech_types_der_ = EncodeMechTypes(init.mech_types);
  state_ = State::kMechanism;
  return Token{init.Encode(), false};
}

absl::Status SpnegoInitiator::Choose(const NegTokenResp& response) {
  chosen_ = true;
  if (!response.supported_mech) return absl::OkStatus();
  const auto found = std::find_if(mechanisms_.begin(), mechanisms_.end(),
                                  [&](const auto& one) { return one.oid == *response.supported_mech; });
  if (found == mechanisms_.end())
    return absl::UnauthenticatedError("SPNEGO: the server chose a mechanism that was not offered");
  if (found == mechanisms_.begin()) return absl::OkStatus();
  mechanism_ = found->mechanism.get();
  begun_ = false;
  // Our first token was of another mechanism: there is nothing that the server could answer to.
  if (response.response_token && !response.response_token->empty())
    return absl::InvalidArgumentError("SPNEGO: the server answers before its mechanism has begun");
  return absl::OkStatus();
}

absl::StatusOr<Token> SpnegoInitiator::OnMechanismToken(const NegTokenResp& response) {
  if (response.state == NegState::kAcceptCompleted) {
    return absl::UnauthenticatedError("SPNEGO: the server ends the negotiation before we proved who we are");
  }
  // [MS-SPNG] 3.3.5: a supportedMech that comes later is ignored.
  if (!chosen_) IPAM_RETURN_IF_ERROR(Choose(response));
  if (begun_ && !response.response_token)
    return absl::InvalidArgumentError("SPNEGO: the server's token is missing");
  IPAM_ASSIGN_OR_RETURN(
      Token next, mechanism_->Step(begun_ ? base::ByteView(*response.response_token) : base::ByteView()));
  begun_ = true;
  NegTokenResp answer;
  answer.response_token = std::move(next.bytes);
  if (next.complete) {
    IPAM_ASSIGN_OR_RETURN(answer.mech_list_mic, mechanism_->MakeMechListMic(mech_types_der_));
    state_ = State::kLastToken;
  }
  return Token{answer.Encode(), false};
}

absl::StatusOr<Token> SpnegoInitiator::OnLastToken(const NegTokenResp& response) {
  // [MS-SPNG] 3.3.5: a supportedMech here is ignored.
  if (response.state && *response.state != NegState::kAcceptCompleted) {
    return absl::UnauthenticatedError("SPNEGO: the server does not complete the negotiation");
  }
  if (response.response_token && !response.response_token->empty()) {
    return absl::InvalidArgumentError("SPNEGO: a token after the last of the mechanism");
  }
  if (!response.mech_list_mic)
    return absl::UnauthenticatedError("SPNEGO: the server's mechListMIC is missing");
  IPAM_RETURN_IF_ERROR(mechanism_->CheckMechListMic(mech_types_der_, *response.mech_list_mic));
  state_ = State::kComplete;
  return Token{{}, true};
}

absl::StatusOr<Token> SpnegoAcceptor::Advance(base::ByteView token) {
  if (state_ == State::kStart && HasNtlmSignature(token)) {
    mechanism_ = Find(kNtlmOid);
    if (mechanism_ == nullptr) return absl::UnauthenticatedError("NTLM is not served");
    bare_ = true;
  }
  if (bare_) return Bare(token);
  return state_ == State::kStart ? Start(token) : Continue(token);
}

absl::StatusOr<Token> SpnegoAcceptor::Bare(base::ByteView token) {
  absl::StatusOr<Token> out = mechanism_->Step(token);
  if (out.ok()) state_ = out->complete ? State::kComplete : State::kMechanism;
  return out;
}

Mechanism* SpnegoAcceptor::Find(const Oid& offered) const {
  const Oid& wanted = offered == kMsKerberosOid ? kKerberosOid : offered;
  const auto found = std::find_if(mechanisms_.begin(), mechanisms_.end(),
                                  [&](const auto& one) { return one.oid == wanted; });
  return found == mechanisms_.end() ? nullptr : found->mechanism.get();
}

absl::StatusOr<Token> SpnegoAcceptor::Start(base::ByteView token) {
  IPAM_ASSIGN_OR_RETURN(NegTokenInit init, NegTokenInit::Decode(token));
  const auto chosen = std::find_if(init.mech_types.begin(), init.mech_types.end(),
                                   [&](const Oid& oid) { return Find(oid) != nullptr; });
  if (chosen == init.mech_types.end()) {
    return absl::UnauthenticatedError(absl::StrCat("SPNEGO: of the ", init.mech_types.size(),
                                                   " mechanisms that the client offers none is served"));
  }
  mechanism_ = Find(*chosen);
  mech_types_der_ = std::move(init.mech_types_der);
  mic_required_ = chosen != init.mech_types.begin();
  state_ = State::kMechanism;

  NegTokenResp answer;
  answer.state = mic_required_ ? NegState::kRequestMic : NegState::kAcceptIncomplete;
  answer.supported_mech = *chosen;  // [MS-SPNG] 3.2.5: Kerberos by the identifier that the client used
  // The optimistic token is of the first mechanism: of another it is dropped, RFC 4178 4.2.1.
  if (!mic_required_ && init.mech_token) {
    IPAM_ASSIGN_OR_RETURN(Token next, mechanism_->Step(*init.mech_token));
    if (next.complete) return absl::InternalError("SPNEGO: a mechanism of a single token");
    answer.response_token = std::move(next.bytes);
  }
  return Token{answer.Encode(), false};
}

absl::StatusOr<Token> SpnegoAcceptor::Continue(base::ByteView token) {
  IPAM_ASSIGN_OR_RETURN(const NegTokenResp message, NegTokenResp::Decode(token));
  if (message.state == NegState::kReject) return absl::UnauthenticatedError("SPNEGO: the client gave up");
  if (!message.response_token) return absl::InvalidArgumentError("SPNEGO: the client's token is missing");
  IPAM_ASSIGN_OR_RETURN(Token next, mechanism_->Step(*message.response_token));
  NegTokenResp answer;
  answer.state = NegState::kAcceptIncomplete;
  if (!next.complete) {
    answer.response_token = std::move(next.bytes);
    return Token{answer.Encode(), false};
  }
  if (message.mech_list_mic) {
    IPAM_RETURN_IF_ERROR(mechanism_->CheckMechListMic(mech_types_der_, *message.mech_list_mic));
    IPAM_ASSIGN_OR_RETURN(answer.mech_list_mic, mechanism_->MakeMechListMic(mech_types_der_));
  } else if (mic_required_) {
    return absl::UnauthenticatedError("SPNEGO: the client's mechListMIC is missing");
  }
  answer.state = NegState::kAcceptCompleted;
  state_ = State::kComplete;
  return Token{answer.Encode(), true};
}

}  // namespace ipam::auth
