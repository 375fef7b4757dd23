// Protocol towers, [C706] appendix L: how an interface is reached, as the endpoint mapper writes it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/pdu/syntax_id.h"

namespace ipam::rpc {

// Five floors: interface, transfer syntax, connection-oriented RPC, TCP, IPv4. Port and address are
// big-endian.
struct Tower {
  pdu::SyntaxId interface;
  pdu::SyntaxId transfer = pdu::kNdr;
  std::uint16_t port = 0;
  std::array<std::uint8_t, 4> ipv4{};

  friend bool operator==(const Tower&, const Tower&) = default;
};

// [MS-RPCE] 2.2.1.2.2: at most 2,000 octets. kUnimplemented: a well-formed tower over another protocol
// sequence.
absl::StatusOr<Tower> DecodeTower(base::ByteView octets);
base::Bytes EncodeTower(const Tower& tower);

}  // namespace ipam::rpc
