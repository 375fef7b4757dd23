// Integers that cannot be mistaken for each other: struct OxidTag; using Oxid = StrongId<OxidTag,
// std::uint64_t>;
#pragma once

#include <compare>
#include <utility>

namespace ipam::base {

template <typename Tag, typename Value>
struct StrongId {
  using ValueType = Value;

  Value value{};

  friend auto operator<=>(const StrongId&, const StrongId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const StrongId& id) {
    return H::combine(std::move(h), id.value);
  }
};

}  // namespace ipam::base
