// DUALSTRINGARRAY [MS-DCOM] 2.2.19: how to reach an object resolver or an object exporter, and with what
// security.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/ndr/layout.h"
#include "dcom_bridge/orpc/well_known.h"

namespace ipam::orpc {

// STRINGBINDING 2.2.19.3
struct StringBinding {
  std::uint16_t tower_id = kProtseqTcp;  // protocol sequence identifier, not 0
  std::string network_address;           // "host" or "host[endpoint]"

  friend bool operator==(const StringBinding&, const StringBinding&) = default;
};

// SECURITYBINDING 2.2.19.4. RPC_C_AUTHN_NONE has no entry: no security bindings, no security.
struct SecurityBinding {
  std::uint16_t authn_service = 0;  // [MS-RPCE] 2.2.1.1.7, not 0
  std::string principal;            // SPN; empty: none

  friend bool operator==(const SecurityBinding&, const SecurityBinding&) = default;
};

struct DualStringArray {
  std::vector<StringBinding> strings;       // in order of preference
  std::vector<SecurityBinding> securities;  // in order of preference

  // The entries as 16-bit units, both sections with their NUL at the end. Units beyond 65,535, which the
  // counts cannot express, are our fault: bindings are made of host names.
  struct Units {
    std::vector<std::uint16_t> entries;
    std::uint16_t security_offset = 0;
  };
  Units ToUnits() const;
  static absl::StatusOr<DualStringArray> FromUnits(const Units& units);

  // 2.2.19.1, the packet version. Reading fails `in` with the reason.
  static DualStringArray Read(base::ByteReader& in);
  void Write(base::ByteWriter& out) const;

  // 2.2.19.2, the IDL version: a conformant struct.
  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 8};
  static void Ndr(auto& io, auto& v) {
    Units units = v.ToUnits();
    auto count = static_cast<std::uint16_t>(units.entries.size());
    const std::uint32_t max_count = io.MaxCount(count);
    io(count, units.security_offset);
    io.Elements(units.entries, max_count, count);
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(v)>>) {
      if (!io.ok()) return;
      auto parsed = FromUnits(units);
      if (!parsed.ok()) return io.Fail(std::string(parsed.status().message()));
      v = *std::move(parsed);
    }
  }

  friend bool operator==(const DualStringArray&, const DualStringArray&) = default;
};

// aNetworkAddr 2.2.19.3: "servername" or "servername[endpoint]".
struct NetworkAddress {
  std::string host;
  std::optional<std::uint16_t> port;

  // nullopt where the host is empty or the endpoint is no TCP port.
  static std::optional<NetworkAddress> Parse(std::string_view text);
  std::string ToString() const;
  friend bool operator==(const NetworkAddress&, const NetworkAddress&) = default;
};

}  // namespace ipam::orpc
