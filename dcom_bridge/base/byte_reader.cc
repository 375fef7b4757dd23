#include "dcom_bridge/base/byte_reader.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace ipam::base {

std::uint64_t ByteReader::Integer(std::size_t size) {
  const ByteView bytes = Take(size);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t at = endian_ == Endian::kBig ? i : bytes.size() - 1 - i;
    value = value << 8 | bytes[at];
  }
  return value;
}

Guid ByteReader::Guid() {
  base::Guid guid;
  guid.data1 = U32();
  guid.data2 = U16();
  guid.data3 = U16();
  const ByteView rest = Take(8);
  std::copy(rest.begin(), rest.end(), guid.data4.begin());
  return guid;
}

ByteView ByteReader::Take(std::size_t size) {
  if (!ok()) return {};
  if (size > remaining()) {
    Fail(absl::StrFormat("needs %d bytes, has %d", size, remaining()));
    return {};
  }
  const ByteView bytes = data_.subspan(offset_, size);
  offset_ += size;
  return bytes;
}

void ByteReader::AlignTo(std::size_t alignment) { Skip((alignment - offset_ % alignment) % alignment); }

void ByteReader::Seek(std::size_t offset) {
  if (!ok()) return;
  if (offset > data_.size()) return Fail(absl::StrFormat("offset %d is beyond the end", offset));
  offset_ = offset;
}

std::size_t ByteReader::Count(std::uint64_t count, std::size_t min_bytes_each) {
  if (!ok()) return 0;
  if (count > remaining() / min_bytes_each) {
    Fail(absl::StrFormat("count %d exceeds what is left", count));
    return 0;
  }
  return static_cast<std::size_t>(count);
}

void ByteReader::Fail(std::string_view what) {
  if (ok()) error_ = absl::StrFormat("byte %d: %s", offset_, what);
}

absl::Status ByteReader::status() const {
  return ok() ? absl::OkStatus() : absl::InvalidArgumentError(error_);
}

absl::Status ByteReader::Finish() {
  if (ok() && remaining() != 0) Fail(absl::StrFormat("%d trailing bytes", remaining()));
  return status();
}

}  // namespace ipam::base
