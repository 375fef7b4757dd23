#include "dcom_bridge/base/guid.h"

#include <sys/random.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_format.h"

namespace ipam::base {

std::string Guid::ToString() const {
  return absl::StrFormat("%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", data1, data2, data3, data4[0],
                         data4[1], data4[2], data4[3], data4[4], data4[5], data4[6], data4[7]);
}

std::optional<Guid> Guid::Parse(std::string_view text) {
  if (text.size() == 38 && text.front() == '{' && text.back() == '}') text = text.substr(1, 36);
  if (text.size() != 36) return std::nullopt;
  std::uint8_t nibbles[32];
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return std::nullopt;
      continue;
    }
    if (c >= '0' && c <= '9') {
      nibbles[n++] = static_cast<std::uint8_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      nibbles[n++] = static_cast<std::uint8_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      nibbles[n++] = static_cast<std::uint8_t>(c - 'A' + 10);
    } else {
      return std::nullopt;
    }
  }
  const auto value = [&](std::size_t first, std::size_t count) {
    std::uint32_t v = 0;
    for (std::size_t i = first; i < first + count; ++i) v = v << 4 | nibbles[i];
    return v;
  };
  Guid guid;
  guid.data1 = value(0, 8);
  guid.data2 = static_cast<std::uint16_t>(value(8, 4));
  guid.data3 = static_cast<std::uint16_t>(value(12, 4));
  for (std::size_t i = 0; i < 8; ++i) guid.data4[i] = static_cast<std::uint8_t>(value(16 + 2 * i, 2));
  return guid;
}

Guid Guid::Random() {
  std::uint8_t bytes[16];
  // getrandom() of at most 256 bytes is never cut short once the generator is seeded; without it nothing here
  // is safe.
  if (getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) std::abort();
  Guid guid;
  std::memcpy(&guid.data1, bytes, 4);
  std::memcpy(&guid.data2, bytes + 4, 2);
  std::memcpy(&guid.data3, bytes + 6, 2);
  std::memcpy(guid.data4.data(), bytes + 8, 8);
  guid.data3 = static_cast<std::uint16_t>((guid.data3 & 0x0FFF) | 0x4000);
  guid.data4[0] = static_cast<std::uint8_t>((guid.data4[0] & 0x3F) | 0x80);
  return guid;
}

}  // namespace ipam::base
