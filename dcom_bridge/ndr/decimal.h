// DECIMAL, [MS-OAUT] 2.2.26: a 96-bit integer divided by a power of ten. NDR checks neither scale nor sign;
// who uses the value does.
#pragma once

#include <cstdint>

#include "dcom_bridge/ndr/layout.h"

namespace ipam::ndr {

struct Decimal {
  static constexpr std::uint8_t kNegative = 0x80;
  static constexpr std::uint8_t kMaxScale = 28;

  std::uint16_t reserved = 0;  // ignored on receipt
  std::uint8_t scale = 0;      // digits after the point, at most 28
  std::uint8_t sign = 0;       // 0 or 0x80
  std::uint32_t hi32 = 0;
  std::uint64_t lo64 = 0;

  static constexpr Layout kNdrLayout{.alignment = 8, .min_bytes = 16};
  static void Ndr(auto& io, auto& v) { io(v.reserved, v.scale, v.sign, v.hi32, v.lo64); }
  friend bool operator==(const Decimal&, const Decimal&) = default;
};

}  // namespace ipam::ndr
