// Writes NDR 2.0, little endian: the mirror of Reader, see there. Referent identifiers are 0x00020000 and
// every fourth after it, in the order of the pointers on the wire; gaps are zero.
#pragma once

#include <cassert>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/ndr/layout.h"

namespace ipam::ndr {

class Writer {
 public:
  Writer() = default;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  template <typename... T>
  void operator()(const T&... fields) {
    (Value(fields), ...);
  }
  template <typename T>
  void Range(const T& v, T /*low*/, T /*high*/) {
    Value(v);
  }
  template <typename T>
  void Array(const std::vector<T>& v, [[maybe_unused]] std::uint64_t size) {
    assert(v.size() == size);
    AnyArray(v);
  }
  template <typename T>
  void AnyArray(const std::vector<T>& v) {
    Elements(v, MaxCount(v.size()), v.size());
  }
  template <typename T>
  void UniqueArray(const std::vector<T>& v, [[maybe_unused]] std::uint64_t size) {
    assert(v.size() == size);
    UncheckedUniqueArray(v);
  }
  // NULL for an empty vector.
  template <typename T>
  void UncheckedUniqueArray(const std::vector<T>& v) {
    if (Referent(!v.empty())) Defer([this, &v] { AnyArray(v); });
  }
  std::uint32_t MaxCount(std::size_t count) {
    const auto max_count = static_cast<std::uint32_t>(count);
    Value(max_count);
    return max_count;
  }
  template <typename T>
  void Elements(const std::vector<T>& v, std::uint32_t /*max_count*/, std::uint64_t /*size*/) {
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      out_.Append(v);
    } else {
      Enter();
      for (const T& element : v) Value(element);
      Leave();
    }
  }
  void Align(std::size_t alignment) { out_.AlignTo(alignment); }

  std::size_t size() const { return out_.size(); }
  base::Bytes Take() { return out_.Take(); }

 private:
  template <typename T>
  void Value(const T& v) {
    if constexpr (std::is_enum_v<T>) {
      Value(static_cast<std::underlying_type_t<T>>(v));
    } else if constexpr (std::is_integral_v<T>) {
      out_.AlignTo(sizeof(T));
      if constexpr (sizeof(T) == 1) out_.U8(static_cast<std::uint8_t>(v));
      if constexpr (sizeof(T) == 2) out_.U16(static_cast<std::uint16_t>(v));
      if constexpr (sizeof(T) == 4) out_.U32(static_cast<std::uint32_t>(v));
      if constexpr (sizeof(T) == 8) out_.U64(static_cast<std::uint64_t>(v));
    } else if constexpr (std::is_same_v<T, base::Guid>) {
      out_.AlignTo(4);
      out_.Guid(v);
    } else if constexpr (std::is_same_v<T, base::HResult> || kIsStrongId<T>) {
      Value(v.value);
    } else if constexpr (std::is_same_v<T, std::u16string>) {
      String(v);
    } else if constexpr (kIsStdArray<T>) {
      for (const auto& element : v) Value(element);
    } else if constexpr (kIsOptional<T>) {
      if (Referent(v.has_value())) Defer([this, &v] { Value(*v); });
    } else if constexpr (kIsSharedPtr<T>) {
      Full(v);
    } else {
      out_.AlignTo(T::kNdrLayout.alignment);
      Enter();
      T::Ndr(*this, v);
      Leave();
    }
  }

  // The referent identifier, or 0; true where a pointee follows.
  bool Referent(bool present) {
    Value(present ? std::exchange(next_referent_, next_referent_ + 4) : std::uint32_t{0});
    return present;
  }

  template <typename T>
  void Full(const std::shared_ptr<T>& v) {
    const auto known = full_.find(v.get());
    if (v != nullptr && known != full_.end()) return Value(known->second);
    if (v != nullptr) full_.emplace(v.get(), next_referent_);
    if (Referent(v != nullptr)) Defer([this, &v] { Value(*v); });
  }

  void String(const std::u16string& v) {
    const std::uint32_t count = MaxCount(v.size() + 1);
    Value(std::uint32_t{0});
    Value(count);
    for (const char16_t unit : v) out_.U16(static_cast<std::uint16_t>(unit));
    out_.U16(0);
  }

  void Defer(absl::AnyInvocable<void()> write_pointee) {
    deferred_.push_back(std::move(write_pointee));
    if (level_ == 0) {
      Enter();
      Leave();
    }
  }
  void Enter() { ++level_; }
  void Leave() {
    if (--level_ != 0 || deferred_.empty()) return;
    auto pointees = std::exchange(deferred_, {});
    for (auto& write_pointee : pointees) write_pointee();
  }

  base::ByteWriter out_;
  std::uint32_t next_referent_ = 0x00020000;
  int level_ = 0;
  std::vector<absl::AnyInvocable<void()>> deferred_;
  std::map<const void*, std::uint32_t> full_;
};

}  // namespace ipam::ndr
