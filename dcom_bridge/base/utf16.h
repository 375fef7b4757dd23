// UTF-8 inside, UTF-16 on the wire.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ipam::base {

// Ill-formed UTF-8 becomes U+FFFD, one for each maximal ill-formed part ([Unicode] 3.9).
std::u16string ToUtf16(std::string_view utf8);

// Unpaired surrogates become U+FFFD. `well_formed`, where given, says whether there was none.
std::string ToUtf8(std::u16string_view utf16, bool* well_formed = nullptr);

// UTF-16 as little-endian octets, for NTLM and DUALSTRINGARRAY.
std::u16string FromLittleEndian(std::span<const std::uint8_t> octets);

}  // namespace ipam::base
