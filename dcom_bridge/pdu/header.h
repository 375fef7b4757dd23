// The 16 octets that every connection-oriented PDU begins with, [C706] 12.6.3.1.
#pragma once

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/byte_writer.h"

namespace ipam::pdu {

// PTYPE, [C706] 12.6.4.1; rpc_auth_3 is [MS-RPCE] 2.2.2.10.
enum class PduType : std::uint8_t {
  kRequest = 0,
  kResponse = 2,
  kFault = 3,
  kBind = 11,
  kBindAck = 12,
  kBindNak = 13,
  kAlterContext = 14,
  kAlterContextResp = 15,
  kAuth3 = 16,
  kShutdown = 17,
  kCoCancel = 18,
  kOrphaned = 19,
};

// pfc_flags, [C706] 12.6.3.1. 0x04 is two flags: [MS-RPCE] 2.2.2.3 says which by the PDU type.
inline constexpr std::uint8_t kFirstFrag = 0x01;
inline constexpr std::uint8_t kLastFrag = 0x02;
inline constexpr std::uint8_t kSupportHeaderSign = 0x04;
inline constexpr std::uint8_t kPendingCancel = 0x04;
inline constexpr std::uint8_t kConcurrentMultiplexing = 0x10;
inline constexpr std::uint8_t kDidNotExecute = 0x20;
inline constexpr std::uint8_t kMaybe = 0x40;
inline constexpr std::uint8_t kObjectUuid = 0x80;

inline constexpr std::size_t kHeaderSize = 16;

struct Header {
  std::uint8_t version = 5;        // rpc_vers
  std::uint8_t minor_version = 0;  // rpc_vers_minor
  PduType type = PduType::kRequest;
  std::uint8_t flags = kFirstFrag | kLastFrag;
  // packed_drep, [C706] 14.2.5: integers in the upper half of the first octet, 1 is little-endian; ASCII,
  // IEEE.
  std::array<std::uint8_t, 4> drep{0x10, 0, 0, 0};
  std::uint16_t frag_length = 0;
  std::uint16_t auth_length = 0;
  std::uint32_t call_id = 0;

  base::Endian endian() const { return (drep[0] & 0xF0) == 0 ? base::Endian::kBig : base::Endian::kLittle; }
  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// Needs kHeaderSize bytes. Takes any version, type and drep: what to do about them is the machine's decision.
// kInvalidArgument where frag_length is shorter than the header.
absl::StatusOr<Header> DecodeHeader(base::ByteView bytes);

// Writes the header with the lengths as given.
void EncodeHeader(base::ByteWriter& out, const Header& header);

}  // namespace ipam::pdu
