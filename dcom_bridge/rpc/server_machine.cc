#include "dcom_bridge/rpc/server_machine.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace ipam::rpc {
namespace {

pdu::Header Reply(pdu::PduType type, std::uint32_t wire_id) {
  pdu::Header header;
  header.type = type;
  header.call_id = wire_id;
  return header;
}

}  // namespace

ServerAssociation::Machine::Machine(const ServerOptions& options, const ServiceTable& services,
                                    AuthProvider& auth, AssociationGroups& groups, std::string peer)
    : options_(options),
      groups_(groups),
      peer_(std::move(peer)),
      framer_(options.limits.max_frag),
      presentation_(services, options.limits.max_presentation_contexts),
      security_(auth, options.limits.max_security_contexts, peer_) {}

ServerAssociation::Machine::~Machine() {
  if (group_ != 0) groups_.Leave(group_);
}

ServerAssociation::State ServerAssociation::Machine::state() const {
  if (closed_) return State::kClosed;
  if (!bound_) return State::kAwaitBind;
  if (security_.building()) return State::kNegotiating;
  return partial_ ? State::kReceiving : State::kReady;
}

void ServerAssociation::Machine::OnBytes(base::ByteView bytes) {
  if (closed_) return;
  framer_.Append(bytes);
  while (!closed_) {
    auto pdu = framer_.Next();
    if (!pdu.ok()) {
      if (framer_.refused()) {
        OnMalformed(*framer_.refused(), std::move(pdu).status());
      } else {
        CloseWith(std::move(pdu).status());
      }
    } else if (*pdu) {
      OnPdu(**std::move(pdu));
    } else {
      return;
    }
  }
}

void ServerAssociation::Machine::OnPdu(base::Bytes pdu) {
  ++pdus_in_;
  if (options_.statistics != nullptr) ++options_.statistics->packets_in;
  const auto segments = pdu::Split(pdu);
  if (!segments.ok()) {
    const auto header = pdu::DecodeHeader(pdu);
    return OnMalformed(*header, segments.status());
  }
  const pdu::Header& header = segments->header;
  if (header.version != 5 || header.minor_version != 0) {  // [MS-RPCE] 3.3.1.5.1
    return OnMalformed(header, absl::InvalidArgumentError(absl::StrFormat(
                                   "protocol version %d.%d", header.version, header.minor_version)));
  }
  const State now = state();
  const auto unexpected = [&] {
    return absl::FailedPreconditionError(
        absl::StrFormat("PDU type %d in state %d", static_cast<int>(header.type), static_cast<int>(now)));
  };
  switch (header.type) {
    case pdu::PduType::kBind:
      if (now == State::kAwaitBind) return OnBind(*segments);
      return NakAndClose(header.call_id, pdu::RejectReason::kNotSpecified, unexpected());
    case pdu::PduType::kAlterContext:
      if (now == State::kReady || now == State::kNegotiating) return OnAlterContext(*segments);
      return FaultAndClose(header.call_id, 0, pdu::kProtocolError, true, unexpected());
    case pdu::PduType::kAuth3:
      if (now == State::kNegotiating) return OnAuth3(*segments);
      return FaultAndClose(header.call_id, 0, pdu::kProtocolError, true, unexpected());
    case pdu::PduType::kRequest:
      if (now == State::kReady || now == State::kReceiving) return OnRequest(std::move(pdu), *segments);
      return FaultAndClose(header.call_id, 0, pdu::kProtocolError, true, unexpected());
    case pdu::PduType::kCoCancel:
    case pdu::PduType::kOrphaned:
      if (now == State::kAwaitBind) break;
      return OnCancel(header.call_id, header.type == pdu::PduType::kOrphaned);
    case pdu::PduType::kResponse:
    case pdu::PduType::kFault:
    case pdu::PduType::kBindAck:
    case pdu::PduType::kBindNak:
    case pdu::PduType::kAlterContextResp:
    case pdu::PduType::kShutdown:
      break;
  }
  if (now == State::kAwaitBind) return CloseWith(unexpected());
  FaultAndClose(header.call_id, 0, pdu::kProtocolError, true, unexpected());
}

void ServerAssociation::Machine::OnMalformed(const pdu::Header& header, absl::Status why) {
  switch (header.type) {
    case pdu::PduType::kBind:
      return NakAndClose(header.call_id, pdu::RejectReason::kProtocolVersionNotSupported, std::move(why));
    case pdu::PduType::kAlterContext:
      return FaultAndClose(header.call_id, 0, pdu::kProtocolError, true, std::move(why));
    case pdu::PduType::kAuth3:
      return FaultAndClose(header.call_id, 0, pdu::kNoMemory, true, std::move(why));
    case pdu::PduType::kRequest:
      return FaultAndClose(header.call_id, 0, pdu::kProtocolError, false, std::move(why));
    case pdu::PduType::kResponse:
    case pdu::PduType::kFault:
    case pdu::PduType::kBindAck:
    case pdu::PduType::kBindNak:
    case pdu::PduType::kAlterContextResp:
    case pdu::PduType::kShutdown:
    case pdu::PduType::kCoCancel:
    case pdu::PduType::kOrphaned:
      break;
  }
  CloseWith(std::move(why));
}

// A cancel or orphaned of a request that is not whole yet has no effect: what comes of it is answered, as by
// Windows.
void ServerAssociation::Machine::OnCancel(std::uint32_t wire_id, bool orphaned) {
  for (auto& [id, call] : calls_) {
    if (call.wire_id != wire_id || call.orphaned) continue;
    call.orphaned = orphaned;
    actions_.push_back(CancelCall{id, orphaned});
    return;
  }
}

void ServerAssociation::Machine::Complete(CallId id, CallOutcome outcome) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const Outstanding call = found->second;
  calls_.erase(found);
  buffered_bytes_ -= call.stub_bytes;
  if (closed_ || call.orphaned || call.maybe) return;
  if (const auto* fault = std::get_if<CallFault>(&outcome)) {
    return SendFault(call.wire_id, call.context_id, fault->status, fault->did_not_execute);
  }
  // Windows and Samba write the lower octet of p_cont_id alone; clients go by call_id, [MS-RPCE] 3.3.2.5.2.
  const auto context_id = static_cast<std::uint16_t>(call.context_id & 0xFF);
  const auto response_header = [&](std::uint32_t alloc_hint) {
    base::ByteWriter out;
    pdu::EncodeResponse(out, {alloc_hint, context_id, 0, {}});
    return out.Take();
  };
  auto fragments = Fragment(Reply(pdu::PduType::kResponse, call.wire_id), response_header,
                            std::get<CallReply>(outcome).stub, frag_, ProtectionOf(call.security));
  if (!fragments.ok()) return CloseWith(std::move(fragments).status());
  for (base::Bytes& fragment : *fragments) Send(std::move(fragment));
}

// [C706] 12.6.4.11
void ServerAssociation::Machine::Shutdown() {
  if (closed_ || !bound_) return;
  Send(pdu::Assemble(Reply(pdu::PduType::kShutdown, 0), {}));
}

void ServerAssociation::Machine::Send(base::Bytes bytes) {
  if (options_.statistics != nullptr) ++options_.statistics->packets_out;
  actions_.push_back(SendBytes{std::move(bytes)});
}

void ServerAssociation::Machine::SendFault(std::uint32_t wire_id, std::uint16_t context_id,
                                           pdu::NcaStatus status, bool did_not_execute) {
  if (pdu::IsForbiddenFault(status)) status = pdu::kUnspecifiedFault;
  // These say by themselves that no method was called.
  did_not_execute |= status == pdu::kOperationRange || status == pdu::kUnknownInterface;
  pdu::Header header = Reply(pdu::PduType::kFault, wire_id);
  if (did_not_execute) header.flags |= pdu::kDidNotExecute;
  if (options_.statistics != nullptr) ++options_.statistics->faults_out;
  Send(pdu::Assemble(header, pdu::EncodeFault({context_id, 0, status})));
}

void ServerAssociation::Machine::FaultAndClose(std::uint32_t wire_id, std::uint16_t context_id,
                                               pdu::NcaStatus status, bool did_not_execute,
                                               absl::Status why) {
  SendFault(wire_id, context_id, status, did_not_execute);
  CloseWith(std::move(why));
}

void ServerAssociation::Machine::NakAndClose(std::uint32_t wire_id, pdu::RejectReason reason,
                                             absl::Status why) {
  Send(pdu::Assemble(Reply(pdu::PduType::kBindNak, wire_id), pdu::EncodeBindNak({reason})));
  CloseWith(std::move(why));
}

void ServerAssociation::Machine::CloseWith(absl::Status why) {
  closed_ = true;
  partial_.reset();
  calls_.clear();
  buffered_bytes_ = 0;
  if (group_ != 0) groups_.Leave(std::exchange(group_, 0));
  actions_.push_back(Close{std::move(why)});
}

}  // namespace ipam::rpc
