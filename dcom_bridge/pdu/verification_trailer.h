// What a client appends to the last fragment of a request where its security provider signs no headers,
// [MS-RPCE] 2.2.2.13.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/pdu/header.h"
#include "dcom_bridge/pdu/syntax_id.h"

namespace ipam::pdu {

struct VerificationTrailer {
  // rpc_sec_vt_header2 [MS-RPCE] 2.2.2.13.3
  struct Header2 {
    std::uint8_t type = 0;
    std::array<std::uint8_t, 4> drep{};
    std::uint32_t call_id = 0;
    std::uint16_t context_id = 0;
    std::uint16_t opnum = 0;
  };
  // rpc_sec_vt_pcontext [MS-RPCE] 2.2.2.13.4
  struct PContext {
    SyntaxId interface;
    SyntaxId transfer;
  };

  std::size_t offset = 0;                // where the signature stands in the stub
  std::optional<std::uint32_t> bitmask;  // rpc_sec_vt_bitmask [MS-RPCE] 2.2.2.13.2
  std::optional<Header2> header2;
  std::optional<PContext> pcontext;

  static constexpr std::uint32_t kClientSupportsHeaderSigning = 0x1;
};

// Looks for the signature on 4-byte boundaries of the last `kSearchBytes` of the stub. Nothing found, or
// found but not followed by well-formed commands up to the end: there is none, for the octets of a stub may
// hold anything. kPermissionDenied: a command that must be processed is not known ([MS-RPCE] 2.2.2.13: status
// code 5).
absl::StatusOr<std::optional<VerificationTrailer>> FindVerificationTrailer(base::ByteView stub);

inline constexpr std::size_t kSearchBytes = 256;

// Puts the trailer behind `stub`, on the next 4-byte boundary; `offset` is ignored. At least one command.
void AppendVerificationTrailer(base::Bytes& stub, const VerificationTrailer& trailer);

}  // namespace ipam::pdu
