#include "dcom_bridge/pdu/syntax_id.h"

#include "absl/strings/str_format.h"

namespace ipam::pdu {

std::string SyntaxId::ToString() const { return absl::StrFormat("%s v%d.%d", uuid.ToString(), major, minor); }

SyntaxId FeatureSyntax(std::uint16_t features) {
  SyntaxId syntax{{0x6cb71c2c, 0x9812, 0x4540, {}}, 1, 0};
  syntax.uuid.data4[0] = static_cast<std::uint8_t>(features & 0xFF);
  syntax.uuid.data4[1] = static_cast<std::uint8_t>(features >> 8);
  return syntax;
}

std::optional<std::uint16_t> FeaturesOf(const SyntaxId& transfer) {
  const base::Guid& u = transfer.uuid;
  if (u.data1 != 0x6cb71c2c || u.data2 != 0x9812 || u.data3 != 0x4540) return std::nullopt;
  if (transfer.major != 1 || transfer.minor != 0) return std::nullopt;
  return static_cast<std::uint16_t>(u.data4[0] | u.data4[1] << 8);
}

}  // namespace ipam::pdu
