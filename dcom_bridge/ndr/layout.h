// What the reader must know of a type before it reads one: [C706] 14.3.2 alignment and the least number of
// octets.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/base/strong_id.h"

namespace ipam::ndr {

// A struct that travels has `static constexpr Layout kNdrLayout` and `static void Ndr(auto& io, auto& v)`,
// which lists its fields in the order of the IDL for both directions. `alignment` is the largest of its
// fields' (pointers and counts: 4); `min_bytes` is its size without pointees and variable parts, and bounds
// counts before anything is allocated.
struct Layout {
  std::size_t alignment;
  std::size_t min_bytes;
};

template <typename T>
struct LayoutOf {
  static constexpr Layout value = T::kNdrLayout;
};
template <typename T>
requires std::is_integral_v<T> || std::is_enum_v<T>
struct LayoutOf<T> {
  static constexpr Layout value{sizeof(T), sizeof(T)};
};
template <>
struct LayoutOf<base::Guid> {
  static constexpr Layout value{4, 16};
};
template <>
struct LayoutOf<base::HResult> {
  static constexpr Layout value{4, 4};
};
template <typename Tag, typename V>
struct LayoutOf<base::StrongId<Tag, V>> : LayoutOf<V> {};
template <typename T>
struct LayoutOf<std::optional<T>> {
  static constexpr Layout value{4, 4};  // the referent identifier
};
template <typename T>
struct LayoutOf<std::shared_ptr<T>> {
  static constexpr Layout value{4, 4};
};
template <typename T, std::size_t N>
struct LayoutOf<std::array<T, N>> {
  static constexpr Layout value{LayoutOf<T>::value.alignment, N* LayoutOf<T>::value.min_bytes};
};

template <typename T>
concept NdrStruct = requires {
  T::kNdrLayout;
};

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsSharedPtr = false;
template <typename T>
inline constexpr bool kIsSharedPtr<std::shared_ptr<T>> = true;
template <typename T>
inline constexpr bool kIsStrongId = false;
template <typename Tag, typename V>
inline constexpr bool kIsStrongId<base::StrongId<Tag, V>> = true;
template <typename T>
inline constexpr bool kIsStdArray = false;
template <typename T, std::size_t N>
inline constexpr bool kIsStdArray<std::array<T, N>> = true;

}  // namespace ipam::ndr
