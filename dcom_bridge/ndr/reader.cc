#include "dcom_bridge/ndr/reader.h"

#include <utility>

namespace ipam::ndr {

void Reader::FailBound(std::string_view what) {
  if (!ok()) return;
  bound_ = true;
  in_.Fail(what);
}

absl::Status Reader::status() const {
  const absl::Status status = in_.status();
  return bound_ ? absl::OutOfRangeError(status.message()) : status;
}

// Conformant varying string, [C706] 14.3.4.2, with the checks of [MS-RPCE] 3.1.1.5.3.2.1.7 and .12. A
// max_count above the actual count is legal.
void Reader::String(std::u16string& v) {
  std::uint32_t max_count = 0;
  std::uint32_t offset = 0;
  std::uint32_t actual_count = 0;
  (*this)(max_count, offset, actual_count);
  if (!ok()) return;
  if (offset != 0) return FailBound("string with an offset");
  if (actual_count > max_count) return FailBound("string longer than its maximum");
  if (actual_count == 0) return Fail("string without terminator");
  const std::size_t count = in_.Count(actual_count, sizeof(char16_t));
  if (!Charge(count, sizeof(char16_t))) return;
  const base::ByteView octets = in_.Take(count * sizeof(char16_t));
  if (!ok()) return;
  const std::size_t low = in_.endian() == base::Endian::kLittle ? 0 : 1;
  const auto unit = [&](std::size_t i) {
    return static_cast<char16_t>(octets[2 * i + low] | octets[2 * i + 1 - low] << 8);
  };
  if (unit(count - 1) != 0) return Fail("string without terminator");
  v.resize(count - 1);
  for (std::size_t i = 0; i + 1 < count; ++i) v[i] = unit(i);
}

bool Reader::Charge(std::size_t count, std::size_t bytes_each) {
  if (!ok()) return false;
  if (count > (limits_.memory_bytes - charged_) / bytes_each) {
    Fail("message needs more memory than it may");
    return false;
  }
  charged_ += count * bytes_each;
  return true;
}

void Reader::Defer(absl::AnyInvocable<void()> read_pointee) {
  deferred_.push_back(std::move(read_pointee));
  if (level_ == 0) {
    Enter();
    Leave();
  }
}

void Reader::Leave() {
  if (--level_ != 0 || deferred_.empty()) return;
  auto pointees = std::exchange(deferred_, {});
  if (++depth_ > limits_.depth) Fail("pointers nested too deep");
  for (auto& read_pointee : pointees) {
    if (!ok()) break;
    read_pointee();
  }
  --depth_;
}

}  // namespace ipam::ndr
