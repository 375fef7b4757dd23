#include "dcom_bridge/pdu/bind.h"

#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/fields.h"
#include "dcom_bridge/pdu/header.h"

namespace ipam::pdu {
namespace {

constexpr std::size_t kSyntaxSize = 20;
constexpr std::size_t kContextSize = 4 + kSyntaxSize;  // without transfer syntaxes
constexpr std::size_t kResultSize = 4 + kSyntaxSize;

}  // namespace

absl::StatusOr<Bind> DecodeBind(base::ByteView body, base::Endian endian) {
  base::ByteReader in(body, endian);
  Bind bind;
  bind.max_xmit_frag = in.U16();
  bind.max_recv_frag = in.U16();
  bind.assoc_group_id = in.U32();
  const std::uint8_t contexts = in.U8();
  if (contexts != 0) in.Skip(3);
  bind.contexts.resize(in.Count(contexts, kContextSize));
  for (PresentationContext& context : bind.contexts) {
    context.id = in.U16();
    const std::uint8_t transfers = in.U8();
    in.Skip(1);
    base::ReadFields(in, context.abstract_syntax);
    context.transfer_syntaxes.resize(in.Count(transfers, kSyntaxSize));
    for (SyntaxId& syntax : context.transfer_syntaxes) base::ReadFields(in, syntax);
  }
  // Octets behind the list are padding before a sec_trailer whose pad_length does not count them.
  if (!in.ok()) return in.status();
  return bind;
}

base::Bytes EncodeBind(const Bind& bind) {
  base::ByteWriter out;
  out.U16(bind.max_xmit_frag);
  out.U16(bind.max_recv_frag);
  out.U32(bind.assoc_group_id);
  out.U8(static_cast<std::uint8_t>(bind.contexts.size()));
  out.Fill(3);
  for (const PresentationContext& context : bind.contexts) {
    out.U16(context.id);
    out.U8(static_cast<std::uint8_t>(context.transfer_syntaxes.size()));
    out.Fill(1);
    base::WriteFields(out, context.abstract_syntax);
    for (const SyntaxId& syntax : context.transfer_syntaxes) base::WriteFields(out, syntax);
  }
  return out.Take();
}

absl::StatusOr<BindAck> DecodeBindAck(base::ByteView body, base::Endian endian) {
  base::ByteReader in(body, endian);
  BindAck ack;
  ack.max_xmit_frag = in.U16();
  ack.max_recv_frag = in.U16();
  ack.assoc_group_id = in.U32();
  const base::ByteView port = in.Take(in.U16());
  for (const std::uint8_t c : port) {
    if (c == 0) break;  // port_spec counts its NUL
    ack.secondary_address.push_back(static_cast<char>(c));
  }
  // p_result_list_t is aligned to 4 from the PDU's first octet; the header is a multiple of 4.
  static_assert(kHeaderSize % 4 == 0);
  in.AlignTo(4);
  const std::uint8_t results = in.U8();
  in.Skip(3);
  ack.results.resize(in.Count(results, kResultSize));
  for (PresentationResult& result : ack.results) base::ReadFields(in, result);
  if (!in.ok()) return in.status();
  return ack;
}

base::Bytes EncodeBindAck(const BindAck& ack) {
  base::ByteWriter out;
  out.U16(ack.max_xmit_frag);
  out.U16(ack.max_recv_frag);
  out.U32(ack.assoc_group_id);
  if (ack.secondary_address.empty()) {
    out.U16(0);
  } else {
    out.U16(static_cast<std::uint16_t>(ack.secondary_address.size() + 1));
    for (const char c : ack.secondary_address) out.U8(static_cast<std::uint8_t>(c));
    out.U8(0);
  }
  out.AlignTo(4);
  out.U8(static_cast<std::uint8_t>(ack.results.size()));
  out.Fill(3);
  for (const PresentationResult& result : ack.results) base::WriteFields(out, result);
  return out.Take();
}

absl::StatusOr<BindNak> DecodeBindNak(base::ByteView body, base::Endian endian) {
  base::ByteReader in(body, endian);
  BindNak nak;
  nak.reason = static_cast<RejectReason>(in.U16());
  if (!in.ok()) return in.status();
  return nak;
}

base::Bytes EncodeBindNak(const BindNak& nak) {
  base::ByteWriter out;
  out.U16(static_cast<std::uint16_t>(nak.reason));
  out.U8(1);  // p_rt_versions_supported_t: 5.0 only, [MS-RPCE] 3.3.1.5.1
  out.U8(5);
  out.U8(0);
  out.AlignTo(4);
  return out.Take();
}

}  // namespace ipam::pdu
