#include "dcom_bridge/auth/av_pairs.h"

#include <algorithm>
#include <cstddef>

#include "dcom_bridge/base/byte_writer.h"

namespace ipam::auth {
namespace {

// Eleven ids are known; a list that goes on and on is an attack.
constexpr std::size_t kMaxPairs = 64;

}  // namespace

absl::StatusOr<AvPairs> AvPairs::Decode(base::ByteView bytes) {
  base::ByteReader in(bytes);
  AvPairs out;
  while (true) {
    const auto id = static_cast<AvId>(in.U16());
    const std::uint16_t size = in.U16();
    const base::ByteView value = in.Take(size);
    if (!in.ok()) return in.status();
    if (id == AvId::kEndOfList) {
      if (size != 0) in.Fail("MsvAvEOL has a value");
      break;
    }
    if (id == AvId::kFlags && size != 4) in.Fail("MsvAvFlags is not 4 octets");
    if (id == AvId::kTimestamp && size != 8) in.Fail("MsvAvTimestamp is not 8 octets");
    if (out.pairs_.size() == kMaxPairs) in.Fail("more than 64 AV pairs");
    if (!in.ok()) break;
    out.pairs_.push_back({id, base::Bytes(value.begin(), value.end())});
  }
  if (!in.ok()) return in.status();
  return out;
}

base::Bytes AvPairs::Encode() const {
  base::ByteWriter out;
  for (const Pair& pair : pairs_) {
    out.U16(static_cast<std::uint16_t>(pair.id));
    out.U16(static_cast<std::uint16_t>(pair.value.size()));
    out.Append(pair.value);
  }
  out.U16(static_cast<std::uint16_t>(AvId::kEndOfList));
  out.U16(0);
  return out.Take();
}

std::optional<base::ByteView> AvPairs::Find(AvId id) const {
  const auto it =
      std::find_if(pairs_.begin(), pairs_.end(), [id](const Pair& pair) { return pair.id == id; });
  if (it == pairs_.end()) return std::nullopt;
  return base::ByteView(it->value);
}

std::uint32_t AvPairs::flags() const {
  const std::optional<base::ByteView> value = Find(AvId::kFlags);
  return value ? base::ByteReader(*value).U32() : 0;
}

std::optional<std::uint64_t> AvPairs::timestamp() const {
  const std::optional<base::ByteView> value = Find(AvId::kTimestamp);
  if (!value) return std::nullopt;
  return base::ByteReader(*value).U64();
}

void AvPairs::Set(AvId id, base::ByteView value) {
  const auto same = [id](const Pair& pair) { return pair.id == id; };
  const auto it = std::find_if(pairs_.begin(), pairs_.end(), same);
  if (it == pairs_.end()) {
    pairs_.push_back({id, base::Bytes(value.begin(), value.end())});
    return;
  }
  it->value.assign(value.begin(), value.end());
  pairs_.erase(std::remove_if(it + 1, pairs_.end(), same), pairs_.end());
}

void AvPairs::SetFlags(std::uint32_t flags) {
  base::ByteWriter value;
  value.U32(flags);
  Set(AvId::kFlags, value.view());
}

void AvPairs::SetTimestamp(std::uint64_t filetime) {
  base::ByteWriter value;
  value.U64(filetime);
  Set(AvId::kTimestamp, value.view());
}

}  // namespace ipam::auth
