#include "dcom_bridge/orpc/dual_string_array.h"

#include <cassert>
#include <charconv>
#include <span>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/utf16.h"

namespace ipam::orpc {
namespace {

using UnitSpan = std::span<const std::uint16_t>;

absl::Status Malformed(const char* what) {
  return absl::InvalidArgumentError(absl::StrCat("dual string array: ", what));
}

// The units up to the NUL, which is taken too; nullopt where there is none.
std::optional<std::string> TakeString(UnitSpan& units) {
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i] != 0) continue;
    const std::u16string text(units.begin(), units.begin() + static_cast<std::ptrdiff_t>(i));
    units = units.subspan(i + 1);
    return base::ToUtf8(text);
  }
  return std::nullopt;
}

// Entries up to a first unit of zero, which ends the section.
absl::Status ReadStrings(UnitSpan units, std::vector<StringBinding>& out) {
  while (!units.empty()) {
    const std::uint16_t tower_id = units.front();
    if (tower_id == 0) return absl::OkStatus();
    units = units.subspan(1);
    auto address = TakeString(units);
    if (!address) return Malformed("string binding without terminator");
    out.push_back({tower_id, *std::move(address)});
  }
  return Malformed("string bindings without terminator");
}

absl::Status ReadSecurities(UnitSpan units, std::vector<SecurityBinding>& out) {
  while (!units.empty()) {
    const std::uint16_t service = units.front();
    if (service == 0) return absl::OkStatus();
    if (units.size() < 2) return Malformed("security binding without name");
    units = units.subspan(2);  // the second is Reserved
    auto principal = TakeString(units);
    if (!principal) return Malformed("security binding without terminator");
    out.push_back({service, *std::move(principal)});
  }
  return Malformed("security bindings without terminator");
}

void Append(std::vector<std::uint16_t>& units, const std::string& utf8) {
  const std::u16string text = base::ToUtf16(utf8);
  units.insert(units.end(), text.begin(), text.end());
  units.push_back(0);
}

}  // namespace

DualStringArray::Units DualStringArray::ToUnits() const {
  Units units;
  for (const StringBinding& binding : strings) {
    units.entries.push_back(binding.tower_id);
    Append(units.entries, binding.network_address);
  }
  // An empty section is an empty entry before the NUL: the smallest array has four units, 2.2.19.1.
  if (strings.empty()) units.entries.push_back(0);
  units.entries.push_back(0);
  units.security_offset = static_cast<std::uint16_t>(units.entries.size());
  for (const SecurityBinding& binding : securities) {
    units.entries.push_back(binding.authn_service);
    units.entries.push_back(0xFFFF);  // Reserved
    Append(units.entries, binding.principal);
  }
  if (securities.empty()) units.entries.push_back(0);
  units.entries.push_back(0);
  assert(units.entries.size() <= 0xFFFF);
  return units;
}

absl::StatusOr<DualStringArray> DualStringArray::FromUnits(const Units& units) {
  DualStringArray array;
  if (units.entries.empty()) return array;
  if (units.security_offset > units.entries.size()) return Malformed("security offset beyond the end");
  const UnitSpan all(units.entries);
  IPAM_RETURN_IF_ERROR(ReadStrings(all.first(units.security_offset), array.strings));
  IPAM_RETURN_IF_ERROR(ReadSecurities(all.subspan(units.security_offset), array.securities));
  return array;
}

DualStringArray DualStringArray::Read(base::ByteReader& in) {
  Units units;
  const std::uint16_t count = in.U16();
  units.security_offset = in.U16();
  units.entries.resize(in.Count(count, 2));
  for (std::uint16_t& unit : units.entries) unit = in.U16();
  if (!in.ok()) return {};
  auto array = FromUnits(units);
  if (!array.ok()) {
    in.Fail(std::string(array.status().message()));
    return {};
  }
  return *std::move(array);
}

void DualStringArray::Write(base::ByteWriter& out) const {
  const Units units = ToUnits();
  out.U16(static_cast<std::uint16_t>(units.entries.size()));
  out.U16(units.security_offset);
  for (const std::uint16_t unit : units.entries) out.U16(unit);
}

std::optional<NetworkAddress> NetworkAddress::Parse(std::string_view text) {
  NetworkAddress address;
  // An IPv6 address may stand in brackets of its own before those of the endpoint.
  const std::size_t host_end = text.starts_with('[') ? text.find(']') : 0;
  if (host_end == std::string_view::npos) return std::nullopt;
  const std::size_t open = text.find('[', host_end == 0 ? 0 : host_end);
  const std::string_view host = text.substr(0, open);
  address.host = host_end == 0 ? host : host.substr(1, host.size() - 2);
  if (address.host.empty() || (host_end != 0 && !host.ends_with(']'))) return std::nullopt;
  if (open == std::string_view::npos) return address;
  if (!text.ends_with(']')) return std::nullopt;
  const std::string_view endpoint = text.substr(open + 1, text.size() - open - 2);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(endpoint.data(), endpoint.data() + endpoint.size(), port);
  if (error != std::errc{} || end != endpoint.data() + endpoint.size() || port == 0) return std::nullopt;
  address.port = port;
  return address;
}

std::string NetworkAddress::ToString() const { return port ? absl::StrCat(host, "[", *port, "]") : host; }

}  // namespace ipam::orpc
