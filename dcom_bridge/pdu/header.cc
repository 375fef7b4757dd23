#include "dcom_bridge/pdu/header.h"

#include "dcom_bridge/base/byte_reader.h"

namespace ipam::pdu {

absl::StatusOr<Header> DecodeHeader(base::ByteView bytes) {
  base::ByteReader in(bytes);
  Header header;
  header.version = in.U8();
  header.minor_version = in.U8();
  header.type = static_cast<PduType>(in.U8());
  header.flags = in.U8();
  for (std::uint8_t& octet : header.drep) octet = in.U8();
  in.set_endian(header.endian());
  header.frag_length = in.U16();
  header.auth_length = in.U16();
  header.call_id = in.U32();
  if (in.ok() && header.frag_length < kHeaderSize) in.Fail("frag_length shorter than the header");
  if (!in.ok()) return in.status();
  return header;
}

void EncodeHeader(base::ByteWriter& out, const Header& header) {
  out.U8(header.version);
  out.U8(header.minor_version);
  out.U8(static_cast<std::uint8_t>(header.type));
  out.U8(header.flags);
  for (const std::uint8_t octet : header.drep) out.U8(octet);
  out.U16(header.frag_length);
  out.U16(header.auth_length);
  out.U32(header.call_id);
}

}  // namespace ipam::pdu
