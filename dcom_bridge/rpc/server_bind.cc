// Bind, alter_context, auth3: what a connection speaks and who is at its other end.
#include <algorithm>
#include <utility>

#include "dcom_bridge/rpc/server_machine.h"

namespace ipam::rpc {
namespace {

// [C706] 12.6.3.1: every implementation takes fragments of 1,432 octets; Windows negotiates no less than
// this.
constexpr std::uint16_t kMinFrag = 2048;

}  // namespace

void ServerAssociation::Machine::OnBind(const pdu::Segments& segments) {
  const pdu::Header& header = segments.header;
  const auto bind = pdu::DecodeBind(segments.body, header.endian());
  if (!bind.ok()) {
    return NakAndClose(header.call_id, pdu::RejectReason::kProtocolVersionNotSupported, bind.status());
  }
  auto results = presentation_.Negotiate(bind->contexts);
  if (!results.ok()) {
    const bool limit = results.status().code() == absl::StatusCode::kResourceExhausted;
    return NakAndClose(header.call_id,
                       limit ? pdu::RejectReason::kLocalLimitExceeded : pdu::RejectReason::kNotSpecified,
                       results.status());
  }
  SecurityContexts::Leg leg;
  if (segments.trailer) leg = security_.Step(*segments.trailer, segments.auth_value);
  if (leg.refusal) return NakAndClose(header.call_id, leg.refusal->nak, leg.refusal->status);
  if (bind->assoc_group_id == 0) {
    group_ = groups_.Create(peer_);
  } else if (groups_.Join(bind->assoc_group_id, peer_)) {
    group_ = bind->assoc_group_id;
  } else {
    return NakAndClose(header.call_id, pdu::RejectReason::kNotSpecified,
                       absl::NotFoundError("unknown association group"));
  }
  const std::uint16_t offered = std::max(kMinFrag, std::min(bind->max_xmit_frag, bind->max_recv_frag));
  frag_ = static_cast<std::uint16_t>(std::min(offered, options_.limits.max_frag) / 8 * 8);
  multiplexed_ = header.has(pdu::kConcurrentMultiplexing);
  bound_ = true;
  SendAck(segments, pdu::PduType::kBindAck, options_.secondary_address, *std::move(results), leg.token);
}

// Fragment sizes and association group of an alter_context mean nothing, [C706] 12.6.4.1.
void ServerAssociation::Machine::OnAlterContext(const pdu::Segments& segments) {
  const pdu::Header& header = segments.header;
  const auto alter = pdu::DecodeBind(segments.body, header.endian());
  if (!alter.ok()) return FaultAndClose(header.call_id, 0, pdu::kProtocolError, true, alter.status());
  auto results = presentation_.Negotiate(alter->contexts);
  if (!results.ok()) {
    if (results.status().code() == absl::StatusCode::kResourceExhausted) {  // [MS-RPCE] 3.3.3.5.5
      return NakAndClose(header.call_id, pdu::RejectReason::kLocalLimitExceeded, results.status());
    }
    return FaultAndClose(header.call_id, 0, pdu::kProtocolError, true, results.status());
  }
  SecurityContexts::Leg leg;
  if (segments.trailer) leg = security_.Step(*segments.trailer, segments.auth_value);
  if (leg.refusal) return FaultAndClose(header.call_id, 0, leg.refusal->fault, true, leg.refusal->status);
  SendAck(segments, pdu::PduType::kAlterContextResp, "", *std::move(results), leg.token);
}

// [MS-RPCE] 3.3.1.5.2.1: no answer; an error shows at the first request. PFC_SUPPORT_HEADER_SIGN, which the
// server could not answer here, agrees on nothing.
void ServerAssociation::Machine::OnAuth3(const pdu::Segments& segments) {
  const pdu::Header& header = segments.header;
  if (!segments.trailer) {
    return FaultAndClose(header.call_id, 0, pdu::kProtocolError, true,
                         absl::InvalidArgumentError("auth3 without authentication"));
  }
  absl::Status status = security_.Finish(*segments.trailer, segments.auth_value);
  if (!status.ok()) FaultAndClose(header.call_id, 0, pdu::kProtocolError, true, std::move(status));
}

void ServerAssociation::Machine::SendAck(const pdu::Segments& request, pdu::PduType type,
                                         std::string secondary_address,
                                         std::vector<pdu::PresentationResult> results, base::ByteView token) {
  pdu::Header header;
  header.type = type;
  header.call_id = request.header.call_id;
  if (request.header.has(pdu::kSupportHeaderSign)) {  // [MS-RPCE] 3.3.1.5.2.2
    header_signing_ = true;
    header.flags |= pdu::kSupportHeaderSign;
  }
  if (type == pdu::PduType::kBindAck && multiplexed_) header.flags |= pdu::kConcurrentMultiplexing;
  const base::Bytes body =
      pdu::EncodeBindAck({frag_, frag_, group_, std::move(secondary_address), std::move(results)});
  if (!request.trailer) return Send(pdu::Assemble(header, body));
  // [MS-RPCE] 3.3.1.5.2.1: after the last leg an empty token; its sec_trailer is there all the same.
  pdu::AuthPart auth{*request.trailer, token};
  auth.trailer.pad_length = 0;
  auth.trailer.reserved = 0;
  Send(pdu::Assemble(header, body, &auth));
}

}  // namespace ipam::rpc
