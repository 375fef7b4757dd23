#include "dcom_bridge/pdu/sec_trailer.h"

#include <algorithm>
#include <cassert>

#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/fields.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::pdu {

absl::StatusOr<Segments> Split(base::ByteView pdu) {
  Segments segments;
  IPAM_ASSIGN_OR_RETURN(segments.header, DecodeHeader(pdu));
  const Header& header = segments.header;
  base::ByteReader in(pdu, header.endian());
  if (header.frag_length != pdu.size()) in.Fail("frag_length is not the length of the PDU");
  in.Skip(kHeaderSize);
  if (header.auth_length == 0) {
    segments.body = in.Take(in.remaining());
    IPAM_RETURN_IF_ERROR(in.Finish());
    return segments;
  }
  const std::size_t behind_body = kSecTrailerSize + header.auth_length;
  if (in.ok() && in.remaining() < behind_body) in.Fail("auth_length longer than the PDU");
  const base::ByteView body = in.Take(in.ok() ? in.remaining() - behind_body : 0);
  SecTrailer trailer;
  base::ReadFields(in, trailer);
  const std::size_t fixed = std::min<std::size_t>(body.size(), 8);
  if (in.ok() && trailer.pad_length > body.size() - fixed) in.Fail("padding longer than the body");
  segments.auth_value = in.Take(header.auth_length);
  IPAM_RETURN_IF_ERROR(in.Finish());
  segments.body = body;
  segments.trailer = trailer;
  return segments;
}

base::Bytes Assemble(Header header, base::ByteView body, const AuthPart* auth, std::size_t alignment) {
  base::ByteWriter out(header.endian());
  EncodeHeader(out, header);
  out.Append(body);
  if (auth != nullptr) {
    SecTrailer trailer = auth->trailer;
    const std::size_t padding = (alignment - body.size() % alignment) % alignment;
    out.Fill(padding);
    trailer.pad_length = static_cast<std::uint8_t>(trailer.pad_length + padding);
    base::WriteFields(out, trailer);
    out.Append(auth->value);
    out.PatchU16(10, static_cast<std::uint16_t>(auth->value.size()));
  }
  assert(out.size() <= 0xFFFF);
  out.PatchU16(8, static_cast<std::uint16_t>(out.size()));
  return out.Take();
}

}  // namespace ipam::pdu
