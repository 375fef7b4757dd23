#include "dcom_bridge/pdu/verification_trailer.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/fields.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::pdu {
namespace {

constexpr std::uint8_t kSignature[8] = {0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71};
constexpr std::uint16_t kTypeMask = 0x3FFF;
constexpr std::uint16_t kEnd = 0x4000;
constexpr std::uint16_t kMustProcess = 0x8000;

VerificationTrailer::Header2 ReadHeader2(base::ByteReader& in) {
  VerificationTrailer::Header2 header;
  header.type = in.U8();
  in.Skip(3);
  for (std::uint8_t& octet : header.drep) octet = in.U8();
  header.call_id = in.U32();
  header.context_id = in.U16();
  header.opnum = in.U16();
  return header;
}

VerificationTrailer::PContext ReadPContext(base::ByteReader& in) {
  VerificationTrailer::PContext context;
  base::ReadFields(in, context.interface);
  base::ReadFields(in, context.transfer);
  return context;
}

// The commands are little-endian whatever the PDU is. False: not well-formed.
absl::StatusOr<bool> ReadCommands(base::ByteView octets, VerificationTrailer& trailer) {
  base::ByteReader in(octets);
  for (bool last = false; !last;) {
    const std::uint16_t command = in.U16();
    base::ByteReader value(in.Take(in.U16()));
    if (!in.ok()) return false;
    last = (command & kEnd) != 0;
    switch (command & kTypeMask) {
      case 1:
        trailer.bitmask = value.U32();
        break;
      case 2:
        trailer.pcontext = ReadPContext(value);
        break;
      case 3:
        trailer.header2 = ReadHeader2(value);
        break;
      default:
        if ((command & kMustProcess) != 0) {
          return absl::PermissionDeniedError(
              absl::StrFormat("verification trailer: command 0x%04X is not known", command));
        }
        value.Skip(value.remaining());
    }
    if (!value.Finish().ok()) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::optional<VerificationTrailer>> FindVerificationTrailer(base::ByteView stub) {
  const std::size_t first = stub.size() > kSearchBytes ? (stub.size() - kSearchBytes + 3) / 4 * 4 : 0;
  for (std::size_t at = first; at + sizeof kSignature <= stub.size(); at += 4) {
    if (!std::equal(std::begin(kSignature), std::end(kSignature),
                    stub.begin() + static_cast<std::ptrdiff_t>(at))) {
      continue;
    }
    VerificationTrailer trailer;
    trailer.offset = at;
    IPAM_ASSIGN_OR_RETURN(const bool well_formed,
                          ReadCommands(stub.subspan(at + sizeof kSignature), trailer));
    if (well_formed) return trailer;
  }
  return std::nullopt;
}

}  // namespace ipam::pdu
