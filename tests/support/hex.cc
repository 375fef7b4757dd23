#include "tests/support/hex.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/escaping.h"

#ifndef IPAM_SOURCE_DIR
#error "IPAM_SOURCE_DIR names the source tree"
#endif

namespace ipam::test_support {

base::Bytes FromHex(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "//") {
      while (i < text.size() && text[i] != '\n') ++i;
      continue;
    }
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (std::isspace(c)) continue;
    if (!std::isxdigit(c)) {
      std::fprintf(stderr, "FromHex: '%c' at %zu is no hex digit\n", text[i], i);
      std::abort();
    }
    digits.push_back(text[i]);
  }
  const std::string raw = absl::HexStringToBytes(digits);
  return base::Bytes(raw.begin(), raw.end());
}

std::string ToHex(base::ByteView bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string GoldenText(std::string_view path) {
  const std::string full = std::string(IPAM_SOURCE_DIR "/tests/golden/") + std::string(path);
  std::ifstream in(full, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "no golden file %s\n", full.c_str());
    std::abort();
  }
  return {std::istreambuf_iterator<char>(in), {}};
}

base::Bytes GoldenBytes(std::string_view path) { return FromHex(GoldenText(path)); }

}  // namespace ipam::test_support
