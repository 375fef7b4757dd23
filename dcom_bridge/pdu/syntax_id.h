// What a presentation context speaks: an interface (abstract syntax) or an encoding (transfer syntax).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "dcom_bridge/base/guid.h"

namespace ipam::pdu {

// p_syntax_id_t [C706] 12.6.3.1; RPC_SYNTAX_IDENTIFIER [MS-RPCE] 2.2.2.7. On the wire the version is one
// 32-bit integer, the minor version in its upper half.
struct SyntaxId {
  base::Guid uuid;
  std::uint16_t major = 0;
  std::uint16_t minor = 0;

  // "e1af8308-5d1f-11c9-91a4-08002b14a0fa v3.0"
  std::string ToString() const;

  static void Fields(auto& io, auto& v) {
    std::uint32_t version = static_cast<std::uint32_t>(v.minor) << 16 | v.major;
    io(v.uuid, version);
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(v)>>) {
      v.major = static_cast<std::uint16_t>(version & 0xFFFF);
      v.minor = static_cast<std::uint16_t>(version >> 16);
    }
  }
  friend auto operator<=>(const SyntaxId&, const SyntaxId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const SyntaxId& s) {
    return H::combine(std::move(h), s.uuid, s.major, s.minor);
  }
};

// [MS-RPCE] 2.2.4.12
inline constexpr SyntaxId kNdr{
    {0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}}, 2, 0};
// [MS-RPCE] 2.2.5.1; known to be declined.
inline constexpr SyntaxId kNdr64{
    {0x71710533, 0xbeba, 0x4937, {0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36}}, 1, 0};

// Bits of bind time feature negotiation, [MS-RPCE] 2.2.2.14 and 2.2.2.15.
inline constexpr std::uint16_t kSecurityContextMultiplexing = 0x01;
inline constexpr std::uint16_t kKeepConnectionOnOrphan = 0x02;
inline constexpr std::uint16_t kKnownFeatures = kSecurityContextMultiplexing | kKeepConnectionOnOrphan;

// The transfer syntax that carries `features` instead of an encoding, [MS-RPCE] 3.3.1.5.3.
SyntaxId FeatureSyntax(std::uint16_t features);
// The bits, if `transfer` is such a syntax.
std::optional<std::uint16_t> FeaturesOf(const SyntaxId& transfer);

}  // namespace ipam::pdu
