#include "dcom_bridge/base/byte_writer.h"

namespace ipam::base {

void ByteWriter::Integer(std::uint64_t value, std::size_t size) {
  bytes_.resize(bytes_.size() + size);
  Patch(bytes_.size() - size, value, size);
}

void ByteWriter::Patch(std::size_t offset, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t shift = 8 * (endian_ == Endian::kBig ? size - 1 - i : i);
    bytes_.at(offset + i) = static_cast<std::uint8_t>(value >> shift);
  }
}

void ByteWriter::Guid(const base::Guid& guid) {
  U32(guid.data1);
  U16(guid.data2);
  U16(guid.data3);
  Append(guid.data4);
}

}  // namespace ipam::base
