// Appends integers to a byte vector. Never fails.
#pragma once

#include <cstdint>
#include <utility>

#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/guid.h"

namespace ipam::base {

class ByteWriter {
 public:
  explicit ByteWriter(Endian endian = Endian::kLittle) : endian_(endian) {}

  void U8(std::uint8_t v) { bytes_.push_back(v); }
  void U16(std::uint16_t v) { Integer(v, 2); }
  void U32(std::uint32_t v) { Integer(v, 4); }
  void U64(std::uint64_t v) { Integer(v, 8); }
  void Guid(const base::Guid& guid);
  void Append(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void Fill(std::size_t count, std::uint8_t value = 0) { bytes_.insert(bytes_.end(), count, value); }
  // Zero bytes to the next multiple of `alignment` (a power of two) from the first byte.
  void AlignTo(std::size_t alignment) { Fill((alignment - bytes_.size() % alignment) % alignment); }
  // Overwrites what was written at `offset`, for sizes known later. `offset` + the width must have been
  // written.
  void PatchU16(std::size_t offset, std::uint16_t v) { Patch(offset, v, 2); }
  void PatchU32(std::size_t offset, std::uint32_t v) { Patch(offset, v, 4); }

  std::size_t size() const { return bytes_.size(); }
  Endian endian() const { return endian_; }
  ByteView view() const { return bytes_; }
  Bytes Take() { return std::exchange(bytes_, {}); }

 private:
  void Integer(std::uint64_t value, std::size_t size);
  void Patch(std::size_t offset, std::uint64_t value, std::size_t size);

  Bytes bytes_;
  Endian endian_;
};

}  // namespace ipam::base
