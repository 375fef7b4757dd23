// Reads integers from bytes that came from outside. Sticky: after the first failure every read gives zero and
// consumes nothing, so a decoder reads all its fields and asks once, with Finish(), what broke and at which
// byte.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "dcom_bridge/base/guid.h"

namespace ipam::base {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

enum class Endian : std::uint8_t { kLittle, kBig };

class ByteReader {
 public:
  explicit ByteReader(ByteView data, Endian endian = Endian::kLittle) : data_(data), endian_(endian) {}

  std::uint8_t U8() { return static_cast<std::uint8_t>(Integer(1)); }
  std::uint16_t U16() { return static_cast<std::uint16_t>(Integer(2)); }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Integer(4)); }
  std::uint64_t U64() { return Integer(8); }
  base::Guid Guid();
  // A view into the input; empty after a failure.
  ByteView Take(std::size_t size);
  void Skip(std::size_t size) { Take(size); }
  // To the next multiple of `alignment` (a power of two) from the first byte of the input.
  void AlignTo(std::size_t alignment);
  void Seek(std::size_t offset);

  // An element count from the wire: fails unless `count` elements of at least `min_bytes_each` (not 0) are
  // still there. Call it before any reserve.
  std::size_t Count(std::uint64_t count, std::size_t min_bytes_each);

  // Keeps the first failure. `what` names the field or the rule.
  void Fail(std::string_view what);

  bool ok() const { return error_.empty(); }
  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return data_.size() - offset_; }
  Endian endian() const { return endian_; }
  void set_endian(Endian endian) { endian_ = endian; }
  // kInvalidArgument with the byte offset of the first failure.
  absl::Status status() const;
  // status(), and trailing bytes are a failure too.
  absl::Status Finish();

 private:
  std::uint64_t Integer(std::size_t size);

  ByteView data_;
  Endian endian_;
  std::size_t offset_ = 0;
  std::string error_;
};

}  // namespace ipam::base
