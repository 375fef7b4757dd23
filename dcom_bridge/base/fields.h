// One field list a wire struct serves decoding and encoding:
//
//   struct StdObjRef {
//     std::uint32_t flags, public_refs; ...
//     static void Fields(auto& io, auto& v) { io(v.flags, v.public_refs); }
//   };
//
// Integers, enums with an unsigned base, GUIDs, strong ids, std::array of these, and structs that have
// Fields. Packed: no alignment is added; layouts with gaps list them, NDR has its own reader.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/strong_id.h"

namespace ipam::base {

class FieldReader {
 public:
  explicit FieldReader(ByteReader& in) : in_(in) {}
  template <typename... T>
  void operator()(T&... fields) {
    (Read(fields), ...);
  }

 private:
  template <typename T>
  void Read(T& v) {
    if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> raw{};
      Read(raw);
      v = static_cast<T>(raw);
    } else if constexpr (std::is_same_v<T, Guid>) {
      v = in_.Guid();
    } else if constexpr (std::is_integral_v<T>) {
      if constexpr (sizeof(T) == 1) v = static_cast<T>(in_.U8());
      if constexpr (sizeof(T) == 2) v = static_cast<T>(in_.U16());
      if constexpr (sizeof(T) == 4) v = static_cast<T>(in_.U32());
      if constexpr (sizeof(T) == 8) v = static_cast<T>(in_.U64());
    } else {
      T::Fields(*this, v);
    }
  }
  template <typename T, std::size_t N>
  void Read(std::array<T, N>& v) {
    for (T& element : v) Read(element);
  }
  template <typename Tag, typename V>
  void Read(StrongId<Tag, V>& v) {
    Read(v.value);
  }

  ByteReader& in_;
};

class FieldWriter {
 public:
  explicit FieldWriter(ByteWriter& out) : out_(out) {}
  template <typename... T>
  void operator()(const T&... fields) {
    (Write(fields), ...);
  }

 private:
  template <typename T>
  void Write(const T& v) {
    if constexpr (std::is_enum_v<T>) {
      Write(static_cast<std::underlying_type_t<T>>(v));
    } else if constexpr (std::is_same_v<T, Guid>) {
      out_.Guid(v);
    } else if constexpr (std::is_integral_v<T>) {
      if constexpr (sizeof(T) == 1) out_.U8(static_cast<std::uint8_t>(v));
      if constexpr (sizeof(T) == 2) out_.U16(static_cast<std::uint16_t>(v));
      if constexpr (sizeof(T) == 4) out_.U32(static_cast<std::uint32_t>(v));
      if constexpr (sizeof(T) == 8) out_.U64(static_cast<std::uint64_t>(v));
    } else {
      T::Fields(*this, v);
    }
  }
  template <typename T, std::size_t N>
  void Write(const std::array<T, N>& v) {
    for (const T& element : v) Write(element);
  }
  template <typename Tag, typename V>
  void Write(const StrongId<Tag, V>& v) {
    Write(v.value);
  }

  ByteWriter& out_;
};

template <typename T>
void ReadFields(ByteReader& in, T& value) {
  FieldReader io(in);
  T::Fields(io, value);
}

template <typename T>
void WriteFields(ByteWriter& out, const T& value) {
  FieldWriter io(out);
  T::Fields(io, value);
}

}  // namespace ipam::base
