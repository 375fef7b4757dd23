#include "gateway/hub/token.h"

#include "absl/strings/escaping.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/strings.h"

namespace ipam::hub {
namespace {

constexpr std::uint8_t kPosition = 0x10;
constexpr std::uint8_t kInSnapshot = 0x11;

// FNV-1a: keeps a mistyped token from passing as another position. Tokens are not secrets: what a caller may
// see does not depend on them.
std::uint32_t Check(base::ByteView bytes) {
  std::uint32_t hash = 2166136261u;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 16777619u;
  return hash;
}

}  // namespace

std::string EncodeToken(const Position& position) {
  base::ByteWriter out;
  out.U8(position.in_snapshot ? kInSnapshot : kPosition);
  out.U64(position.journal);
  out.U32(position.epoch);
  out.U64(position.offset);
  out.U32(Check(out.view()));
  const base::ByteView bytes = out.view();
  return absl::WebSafeBase64Escape(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::optional<Position> DecodeToken(std::string_view token) {
  std::string bytes;
  if (token.size() > 64 || !absl::WebSafeBase64Unescape(base::ToAbsl(token), &bytes)) return std::nullopt;
  const base::ByteView view(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  base::ByteReader in(view);
  const std::uint8_t kind = in.U8();
  Position position;
  position.journal = in.U64();
  position.epoch = in.U32();
  position.offset = in.U64();
  const std::size_t checked = in.offset();
  const std::uint32_t check = in.U32();
  if (!in.Finish().ok() || (kind != kPosition && kind != kInSnapshot) ||
      check != Check(view.first(checked))) {
    return std::nullopt;
  }
  position.in_snapshot = kind == kInSnapshot;
  // Base64 has several spellings of the same bytes: only ours counts.
  if (EncodeToken(position) != token) return std::nullopt;
  return position;
}

}  // namespace ipam::hub
