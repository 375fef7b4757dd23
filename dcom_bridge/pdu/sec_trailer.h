// Authentication information at the end of a PDU, and the cut of a PDU into its segments, [MS-RPCE] 2.2.2.1.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/pdu/header.h"

namespace ipam::pdu {

inline constexpr std::size_t kSecTrailerSize = 8;

// sec_trailer [MS-RPCE] 2.2.2.11. Type and level are what the peer wrote, unchecked.
struct SecTrailer {
  std::uint8_t auth_type = 0;
  std::uint8_t auth_level = 0;
  std::uint8_t pad_length = 0;
  std::uint8_t reserved = 0;  // SHOULD be ignored on read
  std::uint32_t context_id = 0;

  static void Fields(auto& io, auto& v) {
    io(v.auth_type, v.auth_level, v.pad_length, v.reserved, v.context_id);
  }
};

// One whole PDU in its segments; views into the bytes it was cut from.
struct Segments {
  Header header;
  base::ByteView body;  // between header and trailer; the last pad_length octets of it are padding
  std::optional<SecTrailer> trailer;
  base::ByteView auth_value;
};

// `pdu` is a whole PDU as the framer gives it. The trailer stands at frag_length - auth_length - 8
// ([MS-RPCE] 2.2.2.11). Padding that reaches into the first 8 octets of the body is refused. Any alignment of
// the trailer is accepted: peers pad to 4 as well as to 16.
absl::StatusOr<Segments> Split(base::ByteView pdu);

struct AuthPart {
  SecTrailer trailer;
  base::ByteView value;
};

// Header and body, and with `auth` padding to a multiple of `alignment` from the first byte of the body,
// trailer and value. Fills in frag_length and auth_length, and adds to pad_length, which says how much of the
// body is padding already. The whole must fit into 65,535 bytes.
base::Bytes Assemble(Header header, base::ByteView body, const AuthPart* auth = nullptr,
                     std::size_t alignment = 4);

}  // namespace ipam::pdu
