// As much of DER ([X690]) as SPNEGO needs: elements with one-octet tags and definite lengths. Bounded by the
// input alone: nothing is allocated, nothing recurses.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

namespace der {
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kObjectIdentifier = 0x06;
inline constexpr std::uint8_t kEnumerated = 0x0A;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kApplication0 = 0x60;
// [n], constructed
constexpr std::uint8_t Context(std::uint8_t n) { return static_cast<std::uint8_t>(0xA0 | n); }
}  // namespace der

// Sticky like ByteReader: after the first failure all reads are empty. Length octets that are longer than
// need be pass (older peers write them); the indefinite form does not.
class DerReader {
 public:
  explicit DerReader(base::ByteView bytes) : rest_(bytes) {}

  // What is not read yet.
  base::ByteView rest() const { return rest_; }
  bool at_end() const { return rest_.empty(); }
  // The contents of the next element, which must have this tag.
  base::ByteView Read(std::uint8_t tag, std::string_view what);
  // The same where the next element has this tag; else nothing is consumed.
  std::optional<base::ByteView> ReadOptional(std::uint8_t tag, std::string_view what);
  // The next element whatever it is, passed over.
  void Skip();
  void ExpectEnd(std::string_view what);

  void Fail(std::string_view what);
  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }

 private:
  base::ByteView Element(std::string_view what);

  base::ByteView rest_;
  absl::Status status_;
};

// One element: tag, shortest length, the concatenated contents.
base::Bytes DerElement(std::uint8_t tag, std::initializer_list<base::ByteView> contents);

}  // namespace ipam::auth
