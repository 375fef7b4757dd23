// Decodes a whole PDU and encodes what was understood, little-endian: the golden driver and the fuzz target
// compare.
#pragma once

#include <optional>

#include "dcom_bridge/pdu/bind.h"
#include "dcom_bridge/pdu/call_pdus.h"
#include "dcom_bridge/pdu/sec_trailer.h"

namespace ipam::pdu_test {

inline absl::StatusOr<base::Bytes> ReencodeBody(const pdu::Segments& segments) {
  const base::Endian endian = segments.header.endian();
  const std::size_t padding = segments.trailer ? segments.trailer->pad_length : 0;
  base::ByteWriter out;
  switch (segments.header.type) {
    case pdu::PduType::kBind:
    case pdu::PduType::kAlterContext: {
      const auto bind = pdu::DecodeBind(segments.body, endian);
      if (!bind.ok()) return bind.status();
      return pdu::EncodeBind(*bind);
    }
    case pdu::PduType::kBindAck:
    case pdu::PduType::kAlterContextResp: {
      const auto ack = pdu::DecodeBindAck(segments.body, endian);
      if (!ack.ok()) return ack.status();
      return pdu::EncodeBindAck(*ack);
    }
    case pdu::PduType::kBindNak: {
      const auto nak = pdu::DecodeBindNak(segments.body, endian);
      if (!nak.ok()) return nak.status();
      return pdu::EncodeBindNak(*nak);
    }
    case pdu::PduType::kRequest: {
      const auto request =
          pdu::DecodeRequest(segments.body, endian, segments.header.has(pdu::kObjectUuid), padding);
      if (!request.ok()) return request.status();
      pdu::EncodeRequest(out, *request);
      out.Fill(padding);
      return out.Take();
    }
    case pdu::PduType::kResponse: {
      const auto response = pdu::DecodeResponse(segments.body, endian, padding);
      if (!response.ok()) return response.status();
      pdu::EncodeResponse(out, *response);
      out.Fill(padding);
      return out.Take();
    }
    case pdu::PduType::kFault: {
      const auto fault = pdu::DecodeFault(segments.body, endian);
      if (!fault.ok()) return fault.status();
      return pdu::EncodeFault(*fault);
    }
    case pdu::PduType::kAuth3:
      return base::Bytes(pdu::kAuth3Size);
    case pdu::PduType::kShutdown:
    case pdu::PduType::kCoCancel:
    case pdu::PduType::kOrphaned:
      return base::Bytes();
  }
  return absl::InvalidArgumentError("no such PDU");
}

inline absl::StatusOr<base::Bytes> Reencode(base::ByteView pdu) {
  const auto segments = pdu::Split(pdu);
  if (!segments.ok()) return segments.status();
  const auto body = ReencodeBody(*segments);
  if (!body.ok()) return body.status();
  pdu::Header header = segments->header;
  header.drep[0] = 0x10;
  header.auth_length = 0;
  if (!segments->trailer) return pdu::Assemble(header, *body);
  const bool call = header.type == pdu::PduType::kRequest || header.type == pdu::PduType::kResponse;
  pdu::AuthPart auth{*segments->trailer, segments->auth_value};
  if (!call) auth.trailer.pad_length = 0;
  return pdu::Assemble(header, *body, &auth, call ? 1 : 4);
}

}  // namespace ipam::pdu_test
