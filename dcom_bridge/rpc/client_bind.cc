// Bind, alter_context, auth3, and what the server says to them.
#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/rpc/authentication_refused.h"
#include "dcom_bridge/rpc/client_machine.h"

namespace ipam::rpc {
namespace {

constexpr std::size_t kFeatures = std::numeric_limits<std::size_t>::max();
// Of a bind: the rest is asked for when a call needs it.
constexpr std::size_t kMaxInBind = 32;
// [C706] 12.6.3.1: MustRecvFragSize.
constexpr std::uint16_t kMustReceive = 1432;

absl::Status ToStatus(pdu::RejectReason reason) {
  const std::string what = absl::StrFormat("bind refused, reason %d", static_cast<int>(reason));
  switch (reason) {
    case pdu::RejectReason::kAuthTypeNotRecognized:
    case pdu::RejectReason::kInvalidChecksum:
      return absl::UnauthenticatedError(what);
    case pdu::RejectReason::kTemporaryCongestion:
    case pdu::RejectReason::kLocalLimitExceeded:
      return absl::ResourceExhaustedError(what);
    case pdu::RejectReason::kProtocolVersionNotSupported:
    case pdu::RejectReason::kNotSpecified:
      break;
  }
  return absl::UnavailableError(what);
}

}  // namespace

void ClientAssociation::Machine::Open(std::vector<pdu::SyntaxId> interfaces) {
  if (state_ != State::kIdle) return;
  state_ = State::kBinding;
  for (const pdu::SyntaxId& interface : interfaces) ContextOf(interface);
  for (std::size_t i = 0; i < std::min(contexts_.size(), kMaxInBind); ++i) negotiated_.push_back(i);
  base::Bytes token;
  if (options_.security != nullptr) {
    auto first = options_.security->Step({});
    if (!first.ok()) return FailWith(std::move(first).status());
    token = std::move(first->bytes);
  } else {
    authenticated_ = true;
  }
  SendNegotiation(pdu::PduType::kBind, true, token);
}

// The contexts of negotiated_, and as the last one the offer of features, [MS-RPCE] 3.3.1.5.3.
void ClientAssociation::Machine::SendNegotiation(pdu::PduType type, bool with_features,
                                                 base::ByteView token) {
  pdu::Bind bind{options_.max_frag,
                 options_.max_frag,
                 type == pdu::PduType::kBind ? options_.association_group : group_,
                 {}};
  for (const std::size_t i : negotiated_) {
    bind.contexts.push_back({static_cast<std::uint16_t>(i), contexts_[i].abstract_syntax, {pdu::kNdr}});
  }
  if (with_features) {
    bind.contexts.push_back({static_cast<std::uint16_t>(contexts_.size()),
                             bind.contexts.back().abstract_syntax,
                             {pdu::FeatureSyntax(pdu::kKnownFeatures)}});
    negotiated_.push_back(kFeatures);
  }
  negotiation_id_ = next_wire_id_++;
  pdu::Header header;
  header.type = type;
  header.call_id = negotiation_id_;
  if (type == pdu::PduType::kBind) header.flags |= pdu::kConcurrentMultiplexing;
  const bool sign_headers = type == pdu::PduType::kBind ? protection().covers_pdus() : header_signing_;
  if (!token.empty() && sign_headers) header.flags |= pdu::kSupportHeaderSign;
  const base::Bytes body = pdu::EncodeBind(bind);
  const pdu::AuthPart auth{Trailer(), token};
  Send(pdu::Assemble(header, body, token.empty() ? nullptr : &auth));
}

// bind_ack and alter_context_resp.
void ClientAssociation::Machine::OnBindAck(const pdu::Segments& segments) {
  const pdu::Header& header = segments.header;
  const bool bind = header.type == pdu::PduType::kBindAck;
  const bool expected =
      (state_ == State::kBinding && bind == (frag_ == 0)) || (state_ == State::kAltering && !bind);
  if (!expected || header.call_id != negotiation_id_) {
    return FailWith(absl::FailedPreconditionError("bind_ack or alter_context_resp to nothing"));
  }
  const auto ack = pdu::DecodeBindAck(segments.body, header.endian());
  if (!ack.ok()) return FailWith(ack.status());
  if (bind) {
    if (ack->max_recv_frag < kMustReceive) {
      return FailWith(absl::InvalidArgumentError(absl::StrFormat("max_recv_frag %d", ack->max_recv_frag)));
    }
    frag_ = std::min(ack->max_recv_frag, options_.max_frag);
    group_ = ack->assoc_group_id;
    multiplexed_ = header.has(pdu::kConcurrentMultiplexing);
    // [MS-RPCE] 3.3.1.5.2.2: agreed on where both set the bit.
    header_signing_ = protection().covers_pdus() && header.has(pdu::kSupportHeaderSign);
  }
  TakeResults(ack->results);
  if (authenticated_) return BecomeReady();
  NextLeg(segments);
}

// Results stand for contexts one to one; a server that gives fewer leaves the rest to be asked again.
void ClientAssociation::Machine::TakeResults(const std::vector<pdu::PresentationResult>& results) {
  const auto asked =
      std::count_if(negotiated_.begin(), negotiated_.end(), [](auto i) { return i != kFeatures; });
  for (std::size_t i = 0; i < negotiated_.size(); ++i) {
    const bool answered = i < results.size();
    if (negotiated_[i] == kFeatures) {
      const bool agreed = answered && results[i].result == pdu::ContextResult::kNegotiateAck;
      if (agreed) features_ = results[i].reason & pdu::kKnownFeatures;
      continue;
    }
    Context& context = contexts_[negotiated_[i]];
    if (context.answer == Answer::kAccepted) continue;
    const bool accepted = answered && results[i].result == pdu::ContextResult::kAcceptance &&
                          results[i].transfer_syntax == pdu::kNdr;
    if (accepted) {
      context.answer = Answer::kAccepted;
    } else if (asked == 1) {
      context.answer = Answer::kRejected;
    }
  }
}

// [MS-RPCE] 3.3.1.5.2.1: auth3 where the provider has an odd number of legs, and it is the last one.
void ClientAssociation::Machine::NextLeg(const pdu::Segments& segments) {
  auth::SecurityContext& security = *options_.security;
  const bool ours = segments.trailer &&
                    segments.trailer->auth_type == static_cast<std::uint8_t>(security.type()) &&
                    segments.trailer->context_id == Trailer().context_id;
  if (!ours) {
    return FailWith(MarkAuthenticationRefused(
        absl::UnauthenticatedError("the server does not answer to our authentication")));
  }
  auto token = security.Step(segments.auth_value);
  if (!token.ok()) return FailWith(std::move(token).status());
  if (token->complete && token->bytes.empty()) {
    authenticated_ = true;
    return BecomeReady();
  }
  if (token->bytes.empty()) return FailWith(absl::UnauthenticatedError("authentication without an end"));
  if (token->complete && security.type() == auth::AuthType::kNtlm) {
    SendAuth3(token->bytes);
    authenticated_ = true;
    return BecomeReady();
  }
  std::erase(negotiated_, kFeatures);
  SendNegotiation(pdu::PduType::kAlterContext, false, token->bytes);
  authenticated_ = token->complete;  // the answer to the last leg holds nothing that we need
}

void ClientAssociation::Machine::SendAuth3(base::ByteView token) {
  pdu::Header header;
  header.type = pdu::PduType::kAuth3;
  header.call_id = negotiation_id_;
  if (header_signing_) header.flags |= pdu::kSupportHeaderSign;
  const base::Bytes padding(pdu::kAuth3Size);
  const pdu::AuthPart auth{Trailer(), token};
  Send(pdu::Assemble(header, padding, &auth));
}

void ClientAssociation::Machine::BecomeReady() {
  const bool opened = state_ == State::kBinding;
  state_ = State::kReady;
  negotiated_.clear();
  if (opened) actions_.push_back(Opened{});
  Pump();
}

void ClientAssociation::Machine::OnBindNak(const pdu::Segments& segments) {
  const bool expected = state_ == State::kBinding || state_ == State::kAltering;
  if (!expected || segments.header.call_id != negotiation_id_) {
    return FailWith(absl::FailedPreconditionError("bind_nak to nothing"));
  }
  const auto nak = pdu::DecodeBindNak(segments.body, segments.header.endian());
  if (!nak.ok()) return FailWith(nak.status());
  const absl::Status status = ToStatus(nak->reason);
  FailWith(absl::IsUnauthenticated(status) ? MarkAuthenticationRefused(status) : status);
}

pdu::SecTrailer ClientAssociation::Machine::Trailer() const {
  pdu::SecTrailer trailer;
  if (options_.security == nullptr) return trailer;
  trailer.auth_type = static_cast<std::uint8_t>(options_.security->type());
  trailer.auth_level = static_cast<std::uint8_t>(options_.level);
  trailer.context_id = protection().context_id;
  return trailer;
}

}  // namespace ipam::rpc
