// IObjectExporter [MS-DCOM] 3.1.2.5.1: the object resolver's interface. Plain RPC: no ORPCTHIS.
// Messages go through ndr::Decode and ndr::Encode.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dcom_bridge/orpc/dual_string_array.h"
#include "dcom_bridge/orpc/ids.h"

namespace ipam::orpc {

// Every response ends with an error_status_t, 0 for success.
using ErrorStatus = std::uint32_t;

// ResolveOxid 3.1.2.5.1.1 and ResolveOxid2 3.1.2.5.1.5
struct ResolveOxidRequest {
  static constexpr std::uint16_t kOpnum = 0;
  static constexpr std::uint16_t kOpnum2 = 4;

  Oxid oxid;
  std::vector<std::uint16_t> protseqs = {kProtseqTcp};

  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint16_t>(v.protseqs.size());
    io(v.oxid, count);
    io.Array(v.protseqs, count);
  }
  friend bool operator==(const ResolveOxidRequest&, const ResolveOxidRequest&) = default;
};
struct ResolveOxidResponse {
  std::optional<DualStringArray> bindings;  // NULL where the status is a failure
  Ipid rem_unknown;
  std::uint32_t authn_hint = 0;
  ErrorStatus status = 0;

  static void Ndr(auto& io, auto& v) { io(v.bindings, v.rem_unknown, v.authn_hint, v.status); }
  friend bool operator==(const ResolveOxidResponse&, const ResolveOxidResponse&) = default;
};
struct ResolveOxid2Response {
  std::optional<DualStringArray> bindings;
  Ipid rem_unknown;
  std::uint32_t authn_hint = 0;
  ComVersion version;
  ErrorStatus status = 0;

  static void Ndr(auto& io, auto& v) { io(v.bindings, v.rem_unknown, v.authn_hint, v.version, v.status); }
  friend bool operator==(const ResolveOxid2Response&, const ResolveOxid2Response&) = default;
};

// SimplePing 3.1.2.5.1.2
struct SimplePingRequest {
  static constexpr std::uint16_t kOpnum = 1;

  SetId set_id;

  static void Ndr(auto& io, auto& v) { io(v.set_id); }
  friend bool operator==(const SimplePingRequest&, const SimplePingRequest&) = default;
};
// The response of SimplePing and of ServerAlive.
struct StatusResponse {
  ErrorStatus status = 0;

  static void Ndr(auto& io, auto& v) { io(v.status); }
  friend bool operator==(const StatusResponse&, const StatusResponse&) = default;
};

// ComplexPing 3.1.2.5.1.3. Set 0 asks for a new set.
struct ComplexPingRequest {
  static constexpr std::uint16_t kOpnum = 2;

  SetId set_id;
  std::uint16_t sequence = 0;
  std::vector<Oid> add;
  std::vector<Oid> remove;

  static void Ndr(auto& io, auto& v) {
    auto add_count = static_cast<std::uint16_t>(v.add.size());
    auto remove_count = static_cast<std::uint16_t>(v.remove.size());
    io(v.set_id, v.sequence, add_count, remove_count);
    io.UniqueArray(v.add, add_count);
    io.UniqueArray(v.remove, remove_count);
  }
  friend bool operator==(const ComplexPingRequest&, const ComplexPingRequest&) = default;
};
struct ComplexPingResponse {
  SetId set_id;
  std::uint16_t ping_backoff_factor = 0;
  ErrorStatus status = 0;

  static void Ndr(auto& io, auto& v) { io(v.set_id, v.ping_backoff_factor, v.status); }
  friend bool operator==(const ComplexPingResponse&, const ComplexPingResponse&) = default;
};

// ServerAlive 3.1.2.5.1.4 and ServerAlive2 3.1.2.5.1.6: requests without parameters.
inline constexpr std::uint16_t kServerAliveOpnum = 3;
inline constexpr std::uint16_t kServerAlive2Opnum = 5;
struct ServerAlive2Response {
  ComVersion version;
  std::optional<DualStringArray> resolver_bindings;
  std::uint32_t reserved = 0;
  ErrorStatus status = 0;

  static void Ndr(auto& io, auto& v) { io(v.version, v.resolver_bindings, v.reserved, v.status); }
  friend bool operator==(const ServerAlive2Response&, const ServerAlive2Response&) = default;
};

}  // namespace ipam::orpc
