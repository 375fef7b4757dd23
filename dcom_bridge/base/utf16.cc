#include "dcom_bridge/base/utf16.h"

namespace ipam::base {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

void AppendUtf16(char32_t c, std::u16string& out) {
  if (c < 0x10000) {
    out.push_back(static_cast<char16_t>(c));
  } else {
    out.push_back(static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10)));
    out.push_back(static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF)));
  }
}

void AppendUtf8(char32_t c, std::string& out) {
  const auto put = [&](char32_t v) { out.push_back(static_cast<char>(v)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  }
}

// Takes one code point, or the maximal ill-formed part as U+FFFD, off the front.
char32_t TakeCodePoint(std::string_view& in) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(in[i]); };
  const unsigned char lead = byte(0);
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  char32_t c = 0;
  if (lead < 0x80) {
    length = 1, c = lead;
  } else if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2, c = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3, c = lead & 0x0F;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4, c = lead & 0x07;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    in.remove_prefix(1);
    return kReplacement;
  }
  std::size_t taken = 1;
  for (; taken < length; ++taken) {
    if (taken == in.size() || byte(taken) < low || byte(taken) > high) {
      in.remove_prefix(taken);
      return kReplacement;
    }
    c = c << 6 | (byte(taken) & 0x3F);
    low = 0x80, high = 0xBF;
  }
  in.remove_prefix(length);
  return c;
}

}  // namespace

std::u16string ToUtf16(std::string_view utf8) {
  std::u16string out;
  out.reserve(utf8.size());
  while (!utf8.empty()) AppendUtf16(TakeCodePoint(utf8), out);
  return out;
}

std::string ToUtf8(std::u16string_view utf16, bool* well_formed) {
  std::string out;
  out.reserve(utf16.size());
  if (well_formed) *well_formed = true;
  for (std::size_t i = 0; i < utf16.size(); ++i) {
    char32_t c = utf16[i];
    if (c >= 0xD800 && c <= 0xDFFF) {
      const bool paired =
          c <= 0xDBFF && i + 1 < utf16.size() && utf16[i + 1] >= 0xDC00 && utf16[i + 1] <= 0xDFFF;
      if (paired) {
        c = 0x10000 + ((c - 0xD800) << 10) + (utf16[++i] - 0xDC00u);
      } else {
        c = kReplacement;
        if (well_formed) *well_formed = false;
      }
    }
    AppendUtf8(c, out);
  }
  return out;
}

std::u16string FromLittleEndian(std::span<const std::uint8_t> octets) {
  std::u16string out;
  out.reserve(octets.size() / 2);
  for (std::size_t i = 0; i + 1 < octets.size(); i += 2) {
    out.push_back(static_cast<char16_t>(octets[i] | octets[i + 1] << 8));
  }
  return out;
}

}  // namespace ipam::base
