// GUID, [MS-DTYP] 2.3.4: kept as its fields, so that text, hash and wire order follow from one place.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ipam::base {

struct Guid {
  std::uint32_t data1 = 0;
  std::uint16_t data2 = 0;
  std::uint16_t data3 = 0;
  std::array<std::uint8_t, 8> data4{};

  bool is_nil() const { return *this == Guid{}; }
  // Lower case, "00112233-4455-6677-8899-aabbccddeeff".
  std::string ToString() const;
  // The form of ToString() in either case, with or without braces.
  static std::optional<Guid> Parse(std::string_view text);
  // Random, version 4, from the system's generator.
  static Guid Random();

  friend auto operator<=>(const Guid&, const Guid&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Guid& g) {
    return H::combine(std::move(h), g.data1, g.data2, g.data3, g.data4);
  }
};

}  // namespace ipam::base
