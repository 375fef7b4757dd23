#include "dcom_bridge/auth/names.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/strings.h"
#include "dcom_bridge/base/utf16.h"

namespace ipam::auth {
namespace {

bool In(char16_t c, char16_t first, char16_t last) { return c >= first && c <= last; }

// Where capital and small letters alternate, and the capital has the even (or odd) number.
bool EvenCapitals(char16_t c) {
  return In(c, 0x0100, 0x012F) || In(c, 0x0132, 0x0137) || In(c, 0x014A, 0x0177) || In(c, 0x01DE, 0x01EF) ||
         In(c, 0x01F8, 0x021F) || In(c, 0x0222, 0x0233) || In(c, 0x0460, 0x0481) || In(c, 0x048A, 0x04BF) ||
         In(c, 0x04D0, 0x052F) || In(c, 0x1E00, 0x1E95) || In(c, 0x1EA0, 0x1EFF);
}
bool OddCapitals(char16_t c) {
  return In(c, 0x0139, 0x0148) || In(c, 0x0179, 0x017E) || In(c, 0x04C1, 0x04CE) || In(c, 0x01CD, 0x01DC);
}

char16_t UpperCase(char16_t c) {
  const auto minus = [c](int n) { return static_cast<char16_t>(c - n); };
  if (In(c, u'a', u'z')) return minus(32);
  if (c < 0x80) return c;
  if (In(c, 0xE0, 0xFE) && c != 0xF7) return minus(32);
  if (c == 0xFF) return 0x178;
  if (EvenCapitals(c)) return c % 2 == 1 ? minus(1) : c;
  if (OddCapitals(c)) return c % 2 == 0 ? minus(1) : c;
  if (c == 0x3AC) return 0x386;
  if (In(c, 0x3AD, 0x3AF)) return minus(37);
  if (c == 0x3C2) return 0x3A3;  // final sigma
  if (In(c, 0x3B1, 0x3CB)) return minus(32);
  if (c == 0x3CC) return 0x38C;
  if (In(c, 0x3CD, 0x3CE)) return minus(63);
  if (In(c, 0x430, 0x44F)) return minus(32);
  if (In(c, 0x450, 0x45F)) return minus(80);
  return c;
}

std::string Printable(std::u16string_view name) {
  constexpr std::size_t kMaxOctets = 64;
  std::string text = absl::CHexEscape(base::ToUtf8(name.substr(0, kMaxOctets)));
  if (text.size() > kMaxOctets) text = absl::StrCat(text.substr(0, kMaxOctets), "...");
  return text;
}

}  // namespace

std::u16string UpperCase(std::u16string_view text) {
  std::u16string out(text);
  for (char16_t& c : out) c = UpperCase(c);
  return out;
}

base::Bytes ToLittleEndian(std::u16string_view text) {
  base::Bytes out;
  out.reserve(text.size() * 2);
  for (const char16_t c : text) {
    out.push_back(static_cast<std::uint8_t>(c & 0xFF));
    out.push_back(static_cast<std::uint8_t>(c >> 8));
  }
  return out;
}

std::string Printable(std::u16string_view domain, std::u16string_view user) {
  return domain.empty() ? Printable(user) : absl::StrCat(Printable(domain), "\\", Printable(user));
}

}  // namespace ipam::auth
