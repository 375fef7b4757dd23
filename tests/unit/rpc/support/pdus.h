// PDUs as a peer writes them, and what is in those that come back.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dcom_bridge/pdu/bind.h"
#include "dcom_bridge/pdu/call_pdus.h"
#include "dcom_bridge/pdu/sec_trailer.h"
#include "tests/unit/rpc/support/wire.h"

namespace ipam::rpc_test {

inline pdu::Header HeaderOf(pdu::PduType type, std::uint32_t call_id, std::uint8_t flags = 3) {
  pdu::Header header;
  header.type = type;
  header.call_id = call_id;
  header.flags = flags;
  return header;
}

inline pdu::Bind BindTo(const pdu::SyntaxId& interface, std::uint16_t context_id = 0) {
  return {5840, 5840, 0, {{context_id, interface, {pdu::kNdr}}}};
}

// bind or alter_context; a token goes under NTLM, privacy, context 7.
inline base::Bytes BindPdu(const pdu::Bind& bind, std::uint8_t flags = 3, const std::string& token = "",
                           pdu::PduType type = pdu::PduType::kBind) {
  const base::Bytes bytes(token.begin(), token.end());
  const pdu::AuthPart auth{{10, 6, 0, 0, 7}, bytes};
  return pdu::Assemble(HeaderOf(type, 1, flags), pdu::EncodeBind(bind), token.empty() ? nullptr : &auth);
}

inline base::Bytes AlterPdu(const pdu::Bind& bind, const std::string& token = "") {
  return BindPdu(bind, 3, token, pdu::PduType::kAlterContext);
}

inline base::Bytes Auth3Pdu(const std::string& token) {
  const base::Bytes bytes(token.begin(), token.end());
  const pdu::AuthPart auth{{10, 6, 0, 0, 7}, bytes};
  return pdu::Assemble(HeaderOf(pdu::PduType::kAuth3, 1), base::Bytes(4), &auth);
}

inline base::Bytes RequestPdu(std::uint32_t call_id, std::uint16_t opnum, std::uint8_t flags = 3,
                              const base::Bytes& stub = {}, std::uint16_t context_id = 0,
                              std::uint32_t alloc_hint = 0) {
  base::ByteWriter out;
  pdu::EncodeRequest(out, {alloc_hint, context_id, opnum, {}, stub});
  return pdu::Assemble(HeaderOf(pdu::PduType::kRequest, call_id, flags), out.view());
}

inline base::Bytes EmptyPdu(pdu::PduType type, std::uint32_t call_id) {
  return pdu::Assemble(HeaderOf(type, call_id), {});
}

inline base::Bytes ResponsePdu(std::uint32_t call_id, const base::Bytes& stub, std::uint8_t flags = 3) {
  base::ByteWriter out;
  pdu::EncodeResponse(out, {0, 0, 0, stub});
  return pdu::Assemble(HeaderOf(pdu::PduType::kResponse, call_id, flags), out.view());
}

inline base::Bytes FaultPdu(std::uint32_t call_id, pdu::NcaStatus status, std::uint8_t flags = 3) {
  return pdu::Assemble(HeaderOf(pdu::PduType::kFault, call_id, flags), pdu::EncodeFault({0, 0, status}));
}

inline base::Bytes AckPdu(std::uint32_t call_id, std::vector<pdu::PresentationResult> results,
                          std::uint8_t flags = 3, pdu::PduType type = pdu::PduType::kBindAck,
                          std::uint16_t max_recv = 5840) {
  return pdu::Assemble(HeaderOf(type, call_id, flags),
                       pdu::EncodeBindAck({5840, max_recv, 77, "135", std::move(results)}));
}

inline const pdu::PresentationResult kYes{pdu::ContextResult::kAcceptance, 0, pdu::kNdr};
inline const pdu::PresentationResult kNo{
    pdu::ContextResult::kProviderRejection, pdu::kReasonAbstractSyntaxNotSupported, {}};

// "bind_ack", "fault 0x1C01000B did-not-execute" and the like, for one PDU.
inline std::string Describe(const base::Bytes& bytes) {
  const auto segments = pdu::Split(bytes);
  if (!segments.ok()) return "malformed";
  switch (segments->header.type) {
    case pdu::PduType::kRequest:
      return "request";
    case pdu::PduType::kResponse:
      return "response";
    case pdu::PduType::kFault: {
      const auto fault = pdu::DecodeFault(segments->body, base::Endian::kLittle);
      return "fault " + pdu::ToString(fault->status) +
             (segments->header.has(pdu::kDidNotExecute) ? " did-not-execute" : "");
    }
    case pdu::PduType::kBind:
      return "bind";
    case pdu::PduType::kBindAck:
      return "bind_ack";
    case pdu::PduType::kBindNak: {
      const auto nak = pdu::DecodeBindNak(segments->body, base::Endian::kLittle);
      return "bind_nak " + std::to_string(static_cast<int>(nak->reason));
    }
    case pdu::PduType::kAlterContext:
      return "alter_context";
    case pdu::PduType::kAlterContextResp:
      return "alter_context_resp";
    case pdu::PduType::kAuth3:
      return "auth3";
    case pdu::PduType::kShutdown:
      return "shutdown";
    case pdu::PduType::kCoCancel:
      return "co_cancel";
    case pdu::PduType::kOrphaned:
      return "orphaned";
  }
  return "unknown";
}

}  // namespace ipam::rpc_test
