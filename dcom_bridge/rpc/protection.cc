#include "dcom_bridge/rpc/protection.h"

#include <span>

#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/fields.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::rpc {
namespace {

// [MS-RPCE] 2.2.2.11 asks for 16 from the body's first octet; Windows and its peers count from the stub's.
constexpr std::size_t kStubAlignment = 16;

}  // namespace

auth::AuthLevel EffectiveLevel(auth::AuthLevel level) {
  switch (level) {
    case auth::AuthLevel::kDefault:
      return auth::AuthLevel::kConnect;
    case auth::AuthLevel::kCall:
    case auth::AuthLevel::kPacket:
      return auth::AuthLevel::kIntegrity;
    case auth::AuthLevel::kNone:
    case auth::AuthLevel::kConnect:
    case auth::AuthLevel::kIntegrity:
    case auth::AuthLevel::kPrivacy:
      break;
  }
  return level;
}

std::size_t StubRoom(std::size_t max_frag, std::size_t call_header_size, const Protection& protection) {
  std::size_t room = max_frag - pdu::kHeaderSize - call_header_size;
  if (!protection.covers_pdus()) return room / 8 * 8;
  room -= pdu::kSecTrailerSize + protection.context->SignatureSize(EffectiveLevel(protection.level));
  return room / kStubAlignment * kStubAlignment;
}

absl::StatusOr<base::Bytes> SealFragment(pdu::Header header, base::ByteView call_header, base::ByteView stub,
                                         const Protection& protection) {
  base::ByteWriter out(header.endian());
  const std::size_t fixed = pdu::kHeaderSize + call_header.size();
  if (!protection.covers_pdus()) {
    header.frag_length = static_cast<std::uint16_t>(fixed + stub.size());
    pdu::EncodeHeader(out, header);
    out.Append(call_header);
    out.Append(stub);
    return out.Take();
  }
  const auth::AuthLevel level = EffectiveLevel(protection.level);
  const std::size_t signature_size = protection.context->SignatureSize(level);
  pdu::SecTrailer trailer;
  trailer.auth_type = static_cast<std::uint8_t>(protection.context->type());
  trailer.auth_level = static_cast<std::uint8_t>(protection.level);
  trailer.pad_length =
      static_cast<std::uint8_t>((kStubAlignment - stub.size() % kStubAlignment) % kStubAlignment);
  trailer.context_id = protection.context_id;
  const std::size_t body_size = stub.size() + trailer.pad_length;
  header.auth_length = static_cast<std::uint16_t>(signature_size);
  header.frag_length = static_cast<std::uint16_t>(fixed + body_size + pdu::kSecTrailerSize + signature_size);
  pdu::EncodeHeader(out, header);
  out.Append(call_header);
  out.Append(stub);
  out.Fill(trailer.pad_length);
  base::WriteFields(out, trailer);
  base::Bytes pdu = out.Take();
  IPAM_ASSIGN_OR_RETURN(const base::Bytes signature,
                        protection.context->Protect(level, pdu, fixed, body_size, protection.header_signing));
  if (signature.size() != signature_size)
    return absl::InternalError("signature of another size than announced");
  pdu.insert(pdu.end(), signature.begin(), signature.end());
  return pdu;
}

absl::Status OpenFragment(base::Bytes& pdu, const pdu::Segments& segments, std::size_t call_header_size,
                          const Protection& protection) {
  if (segments.body.size() < call_header_size)
    return absl::InvalidArgumentError("fragment without its header");
  const std::size_t offset = pdu::kHeaderSize + call_header_size;
  const std::size_t body_size = segments.body.size() - call_header_size;
  const std::span<std::uint8_t> covered = std::span(pdu).first(pdu.size() - segments.auth_value.size());
  return protection.context->Unprotect(EffectiveLevel(protection.level), covered, offset, body_size,
                                       segments.auth_value, protection.header_signing);
}

}  // namespace ipam::rpc
