#include "dcom_bridge/model/xml_text.h"

#include <algorithm>
#include <cstdint>

namespace ipam::model {
namespace {

// The length of the well-formed UTF-8 sequence of one XML character at the front; 0: there is none.
std::size_t CharacterAt(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  const std::size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (size == 0 || text.size() < size) return 0;
  std::uint32_t code = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  const bool beyond = code > 0x10FFFF || code == 0xFFFE || code == 0xFFFF;
  return overlong || surrogate || beyond ? 0 : size;
}

bool NeedsEscape(char c) { return c == '&' || c == '<' || c == '>' || c == '"' || c == '\r'; }

}  // namespace

bool IsXmlText(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = CharacterAt(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string ToXmlText(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = CharacterAt(text);
    if (size == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    } else {
      out += text.substr(0, size);
      text.remove_prefix(size);
    }
  }
  return out;
}

void AppendEscaped(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if(text, NeedsEscape) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    switch (text.front()) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += "&#xD;";  // else a reader would make it a line feed
    }
    text.remove_prefix(1);
  }
}

}  // namespace ipam::model
