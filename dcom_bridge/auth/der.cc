#include "dcom_bridge/auth/der.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/strings.h"

namespace ipam::auth {

void DerReader::Fail(std::string_view what) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(absl::StrCat("SPNEGO token: ", base::ToAbsl(what)));
  rest_ = {};
}

base::ByteView DerReader::Element(std::string_view what) {
  constexpr std::size_t kMaxLengthOctets = 4;
  if (rest_.size() < 2) {
    Fail(what);
    return {};
  }
  std::size_t header = 2;
  std::size_t length = rest_[1];
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7F;
    if (octets == 0 || octets > kMaxLengthOctets || octets > rest_.size() - header) {
      Fail(what);
      return {};
    }
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = length << 8 | rest_[header + i];
    header += octets;
  }
  if (length > rest_.size() - header) {
    Fail(what);
    return {};
  }
  const base::ByteView contents = rest_.subspan(header, length);
  rest_ = rest_.subspan(header + length);
  return contents;
}

base::ByteView DerReader::Read(std::uint8_t tag, std::string_view what) {
  if (rest_.empty() || rest_[0] != tag) {
    Fail(what);
    return {};
  }
  return Element(what);
}

std::optional<base::ByteView> DerReader::ReadOptional(std::uint8_t tag, std::string_view what) {
  if (rest_.empty() || rest_[0] != tag) return std::nullopt;
  return Element(what);
}

void DerReader::Skip() { Element("an element is cut short"); }

void DerReader::ExpectEnd(std::string_view what) {
  if (!rest_.empty()) Fail(what);
}

base::Bytes DerElement(std::uint8_t tag, std::initializer_list<base::ByteView> contents) {
  std::size_t length = 0;
  for (const base::ByteView part : contents) length += part.size();
  base::Bytes out = {tag};
  if (length < 0x80) {
    out.push_back(static_cast<std::uint8_t>(length));
  } else {
    std::size_t octets = 1;
    while (length >> (8 * octets) != 0) ++octets;
    out.push_back(static_cast<std::uint8_t>(0x80 | octets));
    for (std::size_t i = octets; i-- > 0;) out.push_back(static_cast<std::uint8_t>(length >> (8 * i)));
  }
  for (const base::ByteView part : contents) out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace ipam::auth
