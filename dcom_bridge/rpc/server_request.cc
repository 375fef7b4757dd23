// Requests: fragments come in, whole calls go to the services.
#include <algorithm>
#include <utility>

#include "dcom_bridge/pdu/verification_trailer.h"
#include "dcom_bridge/rpc/server_machine.h"

namespace ipam::rpc {
namespace {

// [MS-RPCE] 3.3.3.5.6
constexpr std::uint32_t kLateCalls = 150;

}  // namespace

void ServerAssociation::Machine::OnRequest(base::Bytes pdu, const pdu::Segments& segments) {
  const pdu::Header& header = segments.header;
  const auto request = pdu::DecodeRequest(segments.body, header.endian(), header.has(pdu::kObjectUuid),
                                          segments.trailer ? segments.trailer->pad_length : 0);
  if (!request.ok()) return FaultAndClose(header.call_id, 0, pdu::kProtocolError, false, request.status());
  if (partial_) return OnNextFragment(pdu, segments, *request);
  OnFirstFragment(pdu, segments, *request);
}

// What is checked in which order, and what ends the connection, is as Windows has it.
void ServerAssociation::Machine::OnFirstFragment(base::Bytes& pdu, const pdu::Segments& segments,
                                                 const pdu::Request& request) {
  const pdu::Header& header = segments.header;
  const bool first = header.has(pdu::kFirstFrag);
  if (first && header.has(pdu::kPendingCancel)) {
    return FaultAndClose(header.call_id, 0, pdu::kNoCallActive, true,
                         absl::InvalidArgumentError("a cancel is pending before its call"));
  }
  if (!multiplexed_ && ((!first && !IsLate(header.call_id)) || Busy())) {
    return FaultAndClose(header.call_id, 0, pdu::kProtocolError, false,
                         absl::FailedPreconditionError("requests overlap without PFC_CONC_MPX"));
  }
  Partial partial;
  partial.wire_id = header.call_id;
  partial.context_id = request.context_id;
  partial.maybe = header.has(pdu::kMaybe);
  partial.has_trailer = segments.trailer.has_value();
  const PresentationContexts::Context* context = presentation_.Find(request.context_id);
  if (context == nullptr) {
    SendFault(header.call_id, 0, pdu::kUnknownInterface, true);
    if (!first) return;
    partial.refused = true;
  } else {
    partial.service = context->service;
    partial.call.interface = context->abstract_syntax;
  }
  partial.call.opnum = request.opnum;
  partial.call.object = request.object;
  partial.call.endian = header.endian();
  if (!Authenticate(segments, partial) && !partial.refused) {
    return FaultAndClose(header.call_id, request.context_id, pdu::kAccessDenied, false,
                         absl::UnauthenticatedError("no such security context"));
  }
  if (!first && !IsLate(header.call_id)) {
    return FaultAndClose(header.call_id, request.context_id, pdu::kProtocolError, false,
                         absl::FailedPreconditionError("fragment of no call"));
  }
  if (!Open(pdu, segments, partial)) return;
  if (!first) return;
  // One below it is served where its call is not under way: clients count for each presentation context by
  // itself (impacket), and Windows bears them. [MS-RPCE] 3.3.3.5.2 says SHOULD of refusing them.
  current_call_id_ = std::max(current_call_id_, header.call_id);
  if (!partial.refused) Admit(header, request, partial);
  if (closed_) return;
  partial_ = std::move(partial);
  Take(header, request.stub);
}

// Presentation context, opnum and trailer of a later fragment mean nothing: it is verified as the first one
// was.
void ServerAssociation::Machine::OnNextFragment(base::Bytes& pdu, const pdu::Segments& segments,
                                                const pdu::Request& request) {
  const pdu::Header& header = segments.header;
  const bool same_call = header.call_id == partial_->wire_id;
  const auto overlap = [] {
    return absl::FailedPreconditionError("a request before the last one was whole");
  };
  if (multiplexed_ && !same_call) {
    return FaultAndClose(header.call_id, 0, pdu::kProtocolError, false, overlap());
  }
  if (!same_call || segments.trailer.has_value() != partial_->has_trailer) {
    return FaultAndClose(partial_->wire_id, partial_->context_id, pdu::kProtocolError, false, overlap());
  }
  if (!Open(pdu, segments, *partial_)) return;
  if (header.has(pdu::kFirstFrag)) {
    return FaultAndClose(partial_->wire_id, partial_->context_id, pdu::kProtocolError, false, overlap());
  }
  Take(header, request.stub);
}

// False: the request names a security context that it may not use.
bool ServerAssociation::Machine::Authenticate(const pdu::Segments& segments, Partial& partial) {
  if (segments.trailer) {
    partial.security = security_.ForRequest(*segments.trailer);
    if (partial.security == nullptr) return false;
  } else {
    if (security_.only_failed()) return false;
    partial.security = security_.Default();
  }
  if (partial.security != nullptr) {
    partial.call.level = EffectiveLevel(partial.security->level);
    partial.call.caller = partial.security->caller;
  }
  return true;
}

bool ServerAssociation::Machine::Open(base::Bytes& pdu, const pdu::Segments& segments,
                                      const Partial& partial) {
  const Protection protection = ProtectionOf(partial.security);
  if (!protection.covers_pdus()) return true;
  const std::size_t call_header =
      pdu::kRequestHeaderSize + (segments.header.has(pdu::kObjectUuid) ? sizeof(base::Guid) : 0);
  absl::Status status = OpenFragment(pdu, segments, call_header, protection);
  if (status.ok()) return true;
  FaultAndClose(partial.wire_id, partial.context_id, pdu::kSecurityPackageError, false, std::move(status));
  return false;
}

// Decides by the first fragment whether the call may come in; else it is refused, and the connection lives
// on.
void ServerAssociation::Machine::Admit(const pdu::Header& header, const pdu::Request& request,
                                       Partial& partial) {
  const auto refuse = [&](pdu::NcaStatus status) {
    SendFault(partial.wire_id, partial.context_id, status, true);
    partial.refused = true;
  };
  const IncomingCall& call = partial.call;
  const auto duplicate = [&](const auto& entry) {
    return entry.second.wire_id == partial.wire_id && !entry.second.orphaned;
  };
  if (std::any_of(calls_.begin(), calls_.end(), duplicate)) {
    return FaultAndClose(partial.wire_id, partial.context_id, pdu::kProtocolError, false,
                         absl::InvalidArgumentError("call_id of a call under way"));
  }
  if (call.level < EffectiveLevel(partial.service->MinimumLevel(call.interface, call.opnum))) {
    return refuse(pdu::kAccessDenied);
  }
  partial.stub_limit = partial.service->StubLimit(call.interface, call.opnum);
  if (request.alloc_hint > partial.stub_limit && !header.has(pdu::kLastFrag)) {
    return FaultAndClose(partial.wire_id, partial.context_id, pdu::kAccessDenied, false,
                         absl::ResourceExhaustedError("request longer than allowed"));
  }
  if (calls_.size() >= options_.limits.max_outstanding_calls) refuse(pdu::kServerTooBusy);
}

void ServerAssociation::Machine::Take(const pdu::Header& header, base::ByteView stub) {
  Partial& partial = *partial_;
  base::Bytes& joined = partial.call.stub;
  if (!partial.refused) {
    if (stub.size() > partial.stub_limit - joined.size()) {  // [MS-RPCE] 3.3.3.5.4
      return FaultAndClose(partial.wire_id, partial.context_id, pdu::kAccessDenied, false,
                           absl::ResourceExhaustedError("request longer than allowed"));
    }
    if (stub.size() + joined.size() > options_.limits.max_buffered_bytes - buffered_bytes_) {
      SendFault(partial.wire_id, partial.context_id, pdu::kServerTooBusy, true);
      partial.refused = true;
      joined = {};
    } else {
      joined.insert(joined.end(), stub.begin(), stub.end());
    }
  }
  if (!header.has(pdu::kLastFrag)) return;
  Partial whole = *std::exchange(partial_, std::nullopt);
  if (whole.refused) return;
  if (!TakeVerificationTrailer(header, whole)) {
    return SendFault(whole.wire_id, whole.context_id, pdu::kAccessDenied, true);
  }
  Deliver(std::move(whole));
}

void ServerAssociation::Machine::Deliver(Partial whole) {
  whole.call.id = CallId{next_call_++};
  Outstanding call;
  call.wire_id = whole.wire_id;
  call.context_id = whole.context_id;
  call.maybe = whole.maybe;
  call.security = whole.security;
  call.stub_bytes = whole.call.stub.size();
  buffered_bytes_ += call.stub_bytes;
  if (options_.statistics != nullptr) ++options_.statistics->calls_in;
  calls_.emplace(whole.call.id, call);
  actions_.push_back(DeliverCall{std::move(whole.call), whole.service});
}

// [MS-RPCE] 2.2.2.13: what the trailer repeats must be what the PDU says. It proves something only where it
// is signed.
bool ServerAssociation::Machine::TakeVerificationTrailer(const pdu::Header& header, Partial& partial) const {
  if (!ProtectionOf(partial.security).covers_pdus()) return true;
  const auto found = pdu::FindVerificationTrailer(partial.call.stub);
  if (!found.ok()) return false;
  if (!*found) return true;
  const pdu::VerificationTrailer& trailer = **found;
  if (trailer.bitmask && (*trailer.bitmask & pdu::VerificationTrailer::kClientSupportsHeaderSigning) != 0 &&
      !header_signing_) {
    return false;
  }
  if (trailer.pcontext &&
      (trailer.pcontext->interface != partial.call.interface || trailer.pcontext->transfer != pdu::kNdr)) {
    return false;
  }
  if (trailer.header2) {
    const pdu::VerificationTrailer::Header2& repeated = *trailer.header2;
    const bool same = repeated.type == static_cast<std::uint8_t>(pdu::PduType::kRequest) &&
                      repeated.drep == header.drep && repeated.call_id == partial.wire_id &&
                      repeated.context_id == partial.context_id && repeated.opnum == partial.call.opnum;
    if (!same) return false;
  }
  partial.call.stub.resize(trailer.offset);
  return true;
}

// A fragment of a call that is over already, which is verified and dropped.
bool ServerAssociation::Machine::IsLate(std::uint32_t wire_id) const {
  return wire_id < current_call_id_ && current_call_id_ - wire_id < kLateCalls;
}

bool ServerAssociation::Machine::Busy() const {
  return std::any_of(calls_.begin(), calls_.end(), [](const auto& entry) { return !entry.second.orphaned; });
}

Protection ServerAssociation::Machine::ProtectionOf(SecurityContexts::Entry* security) const {
  if (security == nullptr) return {};
  return {security->context.get(), security->level, security->id, header_signing_};
}

}  // namespace ipam::rpc
