#include "dcom_bridge/pdu/verification_trailer.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/fields.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::pdu {
namespace {

constexpr std::uint8_t kSignature[8] = {0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71};
// SEC_VT
constexpr std::uint16_t kBitmask = 1;
constexpr std::uint16_t kPContext = 2;
constexpr std::uint16_t kHeader2 = 3;
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
      case kBitmask:
        trailer.bitmask = value.U32();
        break;
      case kPContext:
        trailer.pcontext = ReadPContext(value);
        break;
      case kHeader2:
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

// One command; its SEC_VT header says whether it is the last one.
void AppendCommand(base::ByteWriter& out, std::uint16_t type, bool last, base::ByteView value) {
  out.U16(static_cast<std::uint16_t>(last ? type | kEnd : type));
  out.U16(static_cast<std::uint16_t>(value.size()));
  out.Append(value);
}

}  // namespace

void AppendVerificationTrailer(base::Bytes& stub, const VerificationTrailer& trailer) {
  base::ByteWriter out;
  out.Fill((4 - stub.size() % 4) % 4);
  out.Append(kSignature);
  if (trailer.bitmask) {
    base::ByteWriter value;
    value.U32(*trailer.bitmask);
    AppendCommand(out, kBitmask, !trailer.pcontext && !trailer.header2, value.view());
  }
  if (trailer.pcontext) {
    base::ByteWriter value;
    base::WriteFields(value, trailer.pcontext->interface);
    base::WriteFields(value, trailer.pcontext->transfer);
    AppendCommand(out, kPContext, !trailer.header2, value.view());
  }
  if (trailer.header2) {
    base::ByteWriter value;
    value.U8(trailer.header2->type);
    value.Fill(3);
    value.Append(trailer.header2->drep);
    value.U32(trailer.header2->call_id);
    value.U16(trailer.header2->context_id);
    value.U16(trailer.header2->opnum);
    AppendCommand(out, kHeader2, true, value.view());
  }
  stub.insert(stub.end(), out.view().begin(), out.view().end());
}

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
