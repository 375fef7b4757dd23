// Reads NDR 2.0, [C706] 14, from octets that came from outside. Sticky as base::ByteReader: after the first
// failure every read gives zero; status() says once what broke and where. Alignment counts from the first
// octet given.
//
// Writer has the same methods, so one field list serves both directions:
//
//   static void Ndr(auto& io, auto& v) {
//     std::uint16_t count = static_cast<std::uint16_t>(v.oids.size());
//     io(v.set_id, count);                   // integers, enums, GUIDs, structs, pointers: by their types
//     io.UniqueArray(v.oids, count);         // [unique, size_is(count)]
//   }
//
// std::optional is a unique pointer, std::shared_ptr a full pointer, std::u16string a [string] of wchar_t. A
// pointee outside a struct or array follows its pointer; one inside follows the outermost struct or array,
// depth first, [C706] 14.3.12.3.
#pragma once

#include <any>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/ndr/layout.h"

namespace ipam::ndr {

struct ReadLimits {
  std::size_t memory_bytes = std::size_t{256} << 20;  // of all that one message decodes to
  int depth = 64;                                     // pointees in pointees
};

class Reader {
 public:
  explicit Reader(base::ByteView octets, base::Endian endian = base::Endian::kLittle, ReadLimits limits = {})
      : in_(octets, endian), limits_(limits) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  template <typename... T>
  void operator()(T&... fields) {
    (Value(fields), ...);
  }

  // [range(low, high)], [MS-RPCE] 3.1.1.5.3.2.2.4.
  template <typename T>
  void Range(T& v, T low, T high) {
    Value(v);
    if (ok() && (v < low || v > high)) FailBound("value outside its range");
  }

  // Conformant array with [size_is(size)].
  template <typename T>
  void Array(std::vector<T>& v, std::uint64_t size) {
    const std::uint32_t max_count = MaxCount(0);
    Elements(v, max_count, size);
  }
  // The same where no other field says the size.
  template <typename T>
  void AnyArray(std::vector<T>& v) {
    const std::uint32_t max_count = MaxCount(0);
    Elements(v, max_count, max_count);
  }
  // [unique, size_is(size)]. NULL beside a size other than 0 is invalid, [MS-RPCE] 3.1.1.5.3.3.1.2.
  template <typename T>
  void UniqueArray(std::vector<T>& v, std::uint64_t size) {
    v.clear();
    if (Referent() == 0) {
      if (ok() && size != 0) FailBound("NULL array with a size");
      return;
    }
    Defer([this, &v, size] { Array(v, size); });
  }
  // [unique, size_is(size), disable_consistency_check], [MS-RPCE] 2.2.4.17: may be NULL whatever the size.
  template <typename T>
  void UncheckedUniqueArray(std::vector<T>& v) {
    v.clear();
    if (Referent() != 0) Defer([this, &v] { AnyArray(v); });
  }

  // The two parts of a conformant struct: its first octets, and its array. The argument is for Writer.
  std::uint32_t MaxCount(std::size_t /*for_writer*/) {
    std::uint32_t max_count = 0;
    Value(max_count);
    return max_count;
  }
  // Conformance that disagrees with size_is is invalid, [MS-RPCE] 3.1.1.5.3.2.1.1 and .2.
  template <typename T>
  void Elements(std::vector<T>& v, std::uint32_t max_count, std::uint64_t size) {
    if (ok() && max_count != size) FailBound("conformance disagrees with size_is");
    const std::size_t count = in_.Count(max_count, LayoutOf<T>::value.min_bytes);
    if (!Charge(count, sizeof(T))) return;
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      const base::ByteView octets = in_.Take(count);
      v.assign(octets.begin(), octets.end());
    } else {
      v.resize(count);
      Enter();
      for (T& element : v) {
        if (!ok()) break;
        Value(element);
      }
      Leave();
    }
  }

  void Align(std::size_t alignment) { in_.AlignTo(alignment); }
  void Fail(std::string_view what) { in_.Fail(what); }
  // As Fail, and the fault is RPC_X_INVALID_BOUND.
  void FailBound(std::string_view what);

  bool ok() const { return in_.ok(); }
  std::size_t offset() const { return in_.offset(); }
  std::size_t remaining() const { return in_.remaining(); }
  base::Endian endian() const { return in_.endian(); }
  // kInvalidArgument, or kOutOfRange after FailBound. Octets behind the last field are no failure.
  absl::Status status() const;

 private:
  template <typename T>
  void Value(T& v) {
    if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> raw{};
      Value(raw);
      v = static_cast<T>(raw);
    } else if constexpr (std::is_integral_v<T>) {
      in_.AlignTo(sizeof(T));
      if constexpr (sizeof(T) == 1) v = static_cast<T>(in_.U8());
      if constexpr (sizeof(T) == 2) v = static_cast<T>(in_.U16());
      if constexpr (sizeof(T) == 4) v = static_cast<T>(in_.U32());
      if constexpr (sizeof(T) == 8) v = static_cast<T>(in_.U64());
    } else if constexpr (std::is_same_v<T, base::Guid>) {
      in_.AlignTo(4);
      v = in_.Guid();
    } else if constexpr (std::is_same_v<T, base::HResult> || kIsStrongId<T>) {
      Value(v.value);
    } else if constexpr (std::is_same_v<T, std::u16string>) {
      String(v);
    } else if constexpr (kIsStdArray<T>) {
      for (auto& element : v) Value(element);
    } else if constexpr (kIsOptional<T>) {
      Unique(v);
    } else if constexpr (kIsSharedPtr<T>) {
      Full(v);
    } else {
      in_.AlignTo(T::kNdrLayout.alignment);
      Enter();
      T::Ndr(*this, v);
      Leave();
    }
  }

  template <typename T>
  void Unique(std::optional<T>& v) {
    v.reset();
    if (Referent() == 0 || !Charge(1, sizeof(T))) return;
    v.emplace();
    Defer([this, &v] { Value(*v); });
  }

  // [C706] 14.3.11.2: an identifier that was met before stands for the same object.
  template <typename T>
  void Full(std::shared_ptr<T>& v) {
    v.reset();
    const std::uint32_t referent = Referent();
    if (referent == 0) return;
    const auto found = full_.find(referent);
    if (found != full_.end()) {
      const auto* known = std::any_cast<std::shared_ptr<T>>(&found->second);
      if (known == nullptr) return Fail("full pointer to an object of another type");
      v = *known;
      return;
    }
    if (!Charge(1, sizeof(T))) return;
    v = std::make_shared<T>();
    full_.emplace(referent, v);
    Defer([this, v] { Value(*v); });
  }

  std::uint32_t Referent() { return MaxCount(0); }
  void String(std::u16string& v);
  bool Charge(std::size_t count, std::size_t bytes_each);
  void Defer(absl::AnyInvocable<void()> read_pointee);
  void Enter() { ++level_; }
  void Leave();

  base::ByteReader in_;
  ReadLimits limits_;
  std::size_t charged_ = 0;
  int level_ = 0;  // structs and arrays that are open
  int depth_ = 0;  // pointees that are open
  bool bound_ = false;
  std::vector<absl::AnyInvocable<void()>> deferred_;
  std::map<std::uint32_t, std::any> full_;
};

}  // namespace ipam::ndr
