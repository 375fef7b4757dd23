#include "dcom_bridge/rpc/client_machine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/pdu/verification_trailer.h"
#include "dcom_bridge/rpc/authentication_refused.h"

namespace ipam::rpc {
namespace {

// auth_context_id of the one security context of a connection.
constexpr std::uint32_t kSecurityContextId = 1;
// [MS-RPCE] 3.3.2.5.2
constexpr std::uint32_t kMaxAllocHint = 0x7FFFFFFF;

}  // namespace

ClientAssociation::Machine::Machine(ClientOptions options)
    : options_(std::move(options)), framer_(options_.max_frag) {
  if (options_.security == nullptr) options_.level = auth::AuthLevel::kNone;
  if (options_.level == auth::AuthLevel::kDefault) options_.level = auth::AuthLevel::kConnect;
  if (options_.level == auth::AuthLevel::kCall) options_.level = auth::AuthLevel::kPacket;
}

CallId ClientAssociation::Machine::Call(CallRequest request) {
  const CallId id{next_call_++};
  if (state_ == State::kClosed) {
    Done(id, closed_why_, false);
  } else if (!draining_.ok()) {
    Done(id, draining_, false);
  } else if (outstanding_calls() >= options_.max_calls) {
    Done(id, absl::ResourceExhaustedError("too many calls wait on this connection"), false);
  } else {
    // The server may have it by now: some interfaces are there from the first object on that has them.
    for (Context& context : contexts_) {
      if (context.answer == Answer::kRejected && context.abstract_syntax == request.interface)
        context.answer = Answer::kAsk;
    }
    kept_.push_back({id, std::move(request)});
    Pump();
    // Each that is kept, and one more, may need one for an alter_context and its own.
    if (draining_.ok() && next_wire_id_ + 2 * (kept_.size() + 1) > options_.max_call_id)
      draining_ = absl::UnavailableError("the call_ids of the connection are used up");
  }
  return id;
}

void ClientAssociation::Machine::OnBytes(base::ByteView bytes) {
  if (state_ == State::kClosed) return;
  framer_.Append(bytes);
  while (state_ != State::kClosed) {
    auto pdu = framer_.Next();
    if (!pdu.ok()) return FailWith(std::move(pdu).status());
    if (!*pdu) return;
    OnPdu(**std::move(pdu));
  }
}

void ClientAssociation::Machine::OnPdu(base::Bytes pdu) {
  if (options_.statistics != nullptr) ++options_.statistics->packets_in;
  const auto segments = pdu::Split(pdu);
  if (!segments.ok()) return FailWith(segments.status());
  const pdu::Header& header = segments->header;
  if (header.version != 5 || header.minor_version != 0) {  // [MS-RPCE] 3.3.1.5.1
    return FailWith(absl::InvalidArgumentError(
        absl::StrFormat("protocol version %d.%d", header.version, header.minor_version)));
  }
  switch (header.type) {
    case pdu::PduType::kBindAck:
    case pdu::PduType::kAlterContextResp:
      return OnBindAck(*segments);
    case pdu::PduType::kBindNak:
      return OnBindNak(*segments);
    case pdu::PduType::kResponse:
      return OnResponse(pdu, *segments);
    case pdu::PduType::kFault:
      return OnFault(pdu, *segments);
    case pdu::PduType::kShutdown:
      return OnShutdown();
    case pdu::PduType::kRequest:
    case pdu::PduType::kBind:
    case pdu::PduType::kAlterContext:
    case pdu::PduType::kAuth3:
    case pdu::PduType::kCoCancel:
    case pdu::PduType::kOrphaned:
      break;
  }
  FailWith(absl::InvalidArgumentError(
      absl::StrFormat("PDU type %d from a server", static_cast<int>(header.type))));
}

void ClientAssociation::Machine::OnResponse(base::Bytes& pdu, const pdu::Segments& segments) {
  const pdu::Header& header = segments.header;
  const auto response = pdu::DecodeResponse(segments.body, header.endian(),
                                            segments.trailer ? segments.trailer->pad_length : 0);
  if (!response.ok()) return FailWith(response.status());
  if (response->alloc_hint > kMaxAllocHint) {
    return FailWith(absl::InvalidArgumentError(absl::StrFormat("alloc_hint %d", response->alloc_hint)));
  }
  if (state_ == State::kIdle || state_ == State::kBinding || header.call_id >= next_wire_id_) {
    return FailWith(absl::FailedPreconditionError("response to no request"));
  }
  if (!Verify(pdu, segments, pdu::kResponseHeaderSize)) return;
  const auto found = sent_.find(header.call_id);
  if (found == sent_.end()) return;  // orphaned
  Sent& call = found->second;
  if (header.has(pdu::kFirstFrag) == call.begun) {
    return FailWith(absl::InvalidArgumentError("fragments of a response out of order"));
  }
  call.begun = true;
  call.endian = header.endian();
  if (!call.discarded) {
    if (response->stub.size() > options_.max_stub - call.stub.size()) {
      call.discarded = true;
      call.stub = {};
      Done(call.id, absl::ResourceExhaustedError("response longer than allowed"), true);
    } else {
      call.stub.insert(call.stub.end(), response->stub.begin(), response->stub.end());
    }
  }
  if (!header.has(pdu::kLastFrag)) return;
  Finish(header.call_id, CallReply{std::move(call.stub), call.endian});
}

void ClientAssociation::Machine::OnFault(base::Bytes& pdu, const pdu::Segments& segments) {
  const pdu::Header& header = segments.header;
  const auto fault = pdu::DecodeFault(segments.body, header.endian());
  if (!fault.ok()) return FailWith(fault.status());
  if ((state_ == State::kBinding || state_ == State::kAltering) && header.call_id == negotiation_id_) {
    if (authenticated_) return FailWith(pdu::ToStatus(fault->status, "alter_context refused"));
    return FailWith(MarkAuthenticationRefused(
        absl::UnauthenticatedError("authentication refused: " + pdu::ToString(fault->status))));
  }
  if (state_ == State::kIdle || state_ == State::kBinding || header.call_id >= next_wire_id_) {
    return FailWith(absl::FailedPreconditionError("fault to no request"));
  }
  // Servers do not sign faults; where one does, the security context counts it. The status is of the header and
  // never encrypted, [C706] 12.6.4.7.
  if (segments.trailer && !Verify(pdu, segments, pdu::kFaultSize)) return;
  if (pdu::IsForbiddenFault(fault->status)) {  // [MS-RPCE] 3.3.2.5.1
    return Finish(header.call_id, absl::InternalError(absl::StrFormat(
                                      "fault with the forbidden status 0x%08X", fault->status.value)));
  }
  if (options_.statistics != nullptr) ++options_.statistics->faults_in;
  Finish(header.call_id, CallFault{fault->status, header.has(pdu::kDidNotExecute)});
}

// [C706] 12.6.4.11: the client closes when nothing is outstanding.
void ClientAssociation::Machine::OnShutdown() {
  if (state_ != State::kReady && state_ != State::kAltering) {
    return FailWith(absl::UnavailableError("the server shuts the connection down"));
  }
  Drain(absl::UnavailableError("the server shuts the connection down"));
}

void ClientAssociation::Machine::Drain(absl::Status why) {
  if (draining_.ok()) draining_ = std::move(why);
  for (const Kept& call : std::exchange(kept_, {})) Done(call.id, draining_, false);
  CloseIfDrained();
}

void ClientAssociation::Machine::CloseIfDrained() {
  if (draining_.ok() || !sent_.empty() || !kept_.empty()) return;
  for (const std::uint32_t wire_id : given_up_) SendSmall(pdu::PduType::kOrphaned, wire_id);
  FailWith(draining_);
}

// False: the connection is closed.
bool ClientAssociation::Machine::Verify(base::Bytes& pdu, const pdu::Segments& segments,
                                        std::size_t call_header_size) {
  const Protection with = protection();
  if (!with.covers_pdus()) return true;
  const pdu::SecTrailer expected = Trailer();
  absl::Status status = absl::UnauthenticatedError("response without the protection that was agreed on");
  if (segments.trailer && segments.trailer->auth_type == expected.auth_type &&
      segments.trailer->auth_level == expected.auth_level &&
      segments.trailer->context_id == expected.context_id) {
    status = OpenFragment(pdu, segments, call_header_size, with);
  }
  if (status.ok()) return true;
  FailWith(std::move(status));
  return false;
}

// Sends what may be sent, in its order; asks for the first interface that the server was not asked for.
void ClientAssociation::Machine::Pump() {
  for (std::size_t i = 0; i < kept_.size() && state_ == State::kReady;) {
    if (!multiplexed_ && !sent_.empty()) return;
    const pdu::SyntaxId interface = kept_[i].request.interface;
    const std::size_t index = ContextOf(interface);
    switch (contexts_[index].answer) {
      case Answer::kAsk:
        state_ = State::kAltering;
        negotiated_ = {index};
        SendNegotiation(pdu::PduType::kAlterContext, false, {});
        return;
      case Answer::kRejected: {
        const CallId id = kept_[i].id;
        kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
        Done(id, absl::UnimplementedError("the server has no interface " + interface.ToString()), false);
        break;
      }
      case Answer::kAccepted: {
        Kept call = std::move(kept_[i]);
        kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
        if (!SendCall(std::move(call), static_cast<std::uint16_t>(index))) return;
        break;
      }
    }
  }
}

// False: the connection is closed.
bool ClientAssociation::Machine::SendCall(Kept call, std::uint16_t context_id) {
  pdu::Header header;
  header.type = pdu::PduType::kRequest;
  header.call_id = next_wire_id_++;
  if (call.request.object) header.flags |= pdu::kObjectUuid;
  sent_[header.call_id].id = call.id;
  if (options_.statistics != nullptr) ++options_.statistics->calls_out;
  AppendTrailer(call.request, header, context_id);
  const auto request_header = [&](std::uint32_t alloc_hint) {
    base::ByteWriter out;
    pdu::EncodeRequest(out, {alloc_hint, context_id, call.request.opnum, call.request.object, {}});
    return out.Take();
  };
  auto fragments = Fragment(header, request_header, call.request.stub, frag_, protection());
  if (!fragments.ok()) {
    FailWith(std::move(fragments).status());
    return false;
  }
  for (base::Bytes& fragment : *fragments) Send(std::move(fragment));
  return true;
}

// [MS-RPCE] 2.2.2.13, with <41>, <42> and <43>: a signed request repeats what no signature covers. Of the bind,
// once: that we asked for header signing, and for each presentation context what it stands for. Of every
// request without header signing: its header.
void ClientAssociation::Machine::AppendTrailer(CallRequest& request, const pdu::Header& header,
                                               std::uint16_t context_id) {
  if (!protection().covers_pdus()) return;
  pdu::VerificationTrailer trailer;
  if (!std::exchange(verified_bitmask_, true)) {
    trailer.bitmask = pdu::VerificationTrailer::kClientSupportsHeaderSigning;
  }
  if (!std::exchange(contexts_[context_id].verified, true)) trailer.pcontext = {request.interface, pdu::kNdr};
  if (!header_signing_) {
    trailer.header2 = {static_cast<std::uint8_t>(header.type), header.drep, header.call_id, context_id,
                       request.opnum};
  }
  if (trailer.bitmask || trailer.pcontext || trailer.header2) {
    pdu::AppendVerificationTrailer(request.stub, trailer);
  }
}

std::size_t ClientAssociation::Machine::ContextOf(const pdu::SyntaxId& abstract_syntax) {
  const auto found = std::find_if(contexts_.begin(), contexts_.end(), [&](const Context& context) {
    return context.abstract_syntax == abstract_syntax;
  });
  const auto index = static_cast<std::size_t>(found - contexts_.begin());
  if (found == contexts_.end()) contexts_.push_back({abstract_syntax, Answer::kAsk});
  return index;
}

void ClientAssociation::Machine::Cancel(CallId id) {
  const absl::Status cancelled = absl::CancelledError("the call was cancelled");
  const auto kept =
      std::find_if(kept_.begin(), kept_.end(), [id](const Kept& call) { return call.id == id; });
  if (kept != kept_.end()) {
    kept_.erase(kept);
    return Done(id, cancelled, false);
  }
  const auto sent = std::find_if(sent_.begin(), sent_.end(), [id](const auto& entry) {
    return entry.second.id == id && !entry.second.discarded;
  });
  if (sent == sent_.end()) return;
  // [MS-RPCE] 3.3.1.5.10
  if ((features_ & pdu::kKeepConnectionOnOrphan) != 0) {
    SendSmall(pdu::PduType::kOrphaned, sent->first);
    return Finish(sent->first, cancelled);
  }
  SendSmall(pdu::PduType::kCoCancel, sent->first);
  sent->second.discarded = true;
  sent->second.stub = {};
  Done(id, cancelled, true);
}

void ClientAssociation::Machine::GiveUp(CallId id) {
  const auto sent = std::find_if(sent_.begin(), sent_.end(), [id](const auto& entry) {
    return entry.second.id == id && entry.second.discarded;
  });
  if (sent == sent_.end()) return;
  given_up_.push_back(sent->first);
  sent_.erase(sent);
  Drain(absl::UnavailableError("the server does not answer to a cancel"));
}

void ClientAssociation::Machine::OnClosed(absl::Status status) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  closed_why_ = std::move(status);
  if (closed_why_.ok()) closed_why_ = absl::UnavailableError("the connection was closed");
  EndAllCalls(closed_why_);
}

void ClientAssociation::Machine::Done(CallId id, std::variant<CallReply, CallFault, absl::Status> result,
                                      bool sent) {
  actions_.push_back(CallDone{id, std::move(result), sent});
}

void ClientAssociation::Machine::Finish(std::uint32_t wire_id,
                                        std::variant<CallReply, CallFault, absl::Status> result) {
  const auto found = sent_.find(wire_id);
  if (found == sent_.end()) return;  // orphaned
  const Sent call = std::move(found->second);
  sent_.erase(found);
  if (!call.discarded) Done(call.id, std::move(result), true);
  Pump();
  CloseIfDrained();
}

void ClientAssociation::Machine::EndAllCalls(const absl::Status& status) {
  for (auto& [wire_id, call] : std::exchange(sent_, {})) {
    if (!call.discarded) Done(call.id, status, true);
  }
  for (const Kept& call : std::exchange(kept_, {})) Done(call.id, status, false);
}

void ClientAssociation::Machine::FailWith(absl::Status status) {
  state_ = State::kClosed;
  closed_why_ = status;
  EndAllCalls(status);
  actions_.push_back(ClientClose{std::move(status)});
}

void ClientAssociation::Machine::SendSmall(pdu::PduType type, std::uint32_t wire_id) {
  pdu::Header header;
  header.type = type;
  header.call_id = wire_id;
  Send(pdu::Assemble(header, {}));
}

void ClientAssociation::Machine::Send(base::Bytes bytes) {
  if (options_.statistics != nullptr) ++options_.statistics->packets_out;
  actions_.push_back(ClientSend{std::move(bytes)});
}

Protection ClientAssociation::Machine::protection() const {
  return {options_.security.get(), options_.level, kSecurityContextId, header_signing_};
}

}  // namespace ipam::rpc
