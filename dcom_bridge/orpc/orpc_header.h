// ORPCTHIS and ORPCTHAT [MS-DCOM] 2.2.13: what every ORPC request and response begins with.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/ndr/layout.h"
#include "dcom_bridge/orpc/ids.h"
#include "dcom_bridge/orpc/well_known.h"

namespace ipam::orpc {

// ORPC_EXTENT 2.2.13.1. Its octets are rounded up to a multiple of 8 on the wire.
struct OrpcExtent {
  base::Guid id;
  base::Bytes data;  // without the padding

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 24};
  static void Ndr(auto& io, auto& v) {
    auto size = static_cast<std::uint32_t>(v.data.size());
    base::Bytes padded = v.data;
    padded.resize((padded.size() + 7) / 8 * 8);
    const std::uint32_t max_count = io.MaxCount(padded.size());
    io(v.id, size);
    io.Elements(padded, max_count, (std::uint64_t{size} + 7) / 8 * 8);
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(v)>>) {
      if (!io.ok()) return;
      padded.resize(size);
      v.data = std::move(padded);
    }
  }
  friend bool operator==(const OrpcExtent&, const OrpcExtent&) = default;
};

// ORPC_EXTENT_ARRAY 2.2.13.2. `slots` is the array as it travels: an even number, NULL where there is no
// extent.
struct OrpcExtentArray {
  std::vector<std::optional<OrpcExtent>> slots;

  static OrpcExtentArray Of(std::vector<OrpcExtent> extents);
  // Null where there is none of that format.
  const OrpcExtent* Find(const base::Guid& id) const;
  std::uint32_t present() const;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 12};
  static void Ndr(auto& io, auto& v) {
    std::uint32_t size = v.present();
    std::uint32_t reserved = 0;
    io(size, reserved);
    io.UniqueArray(v.slots, (std::uint64_t{size} + 1) / 2 * 2);
  }
  friend bool operator==(const OrpcExtentArray&, const OrpcExtentArray&) = default;
};

// ORPCTHIS 2.2.13.3
struct OrpcThis {
  ComVersion version;
  std::uint32_t flags = 0;  // 0 in ORPC calls; ignored at activation
  std::uint32_t reserved1 = 0;
  CausalityId causality;
  std::optional<OrpcExtentArray> extensions;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 32};
  static void Ndr(auto& io, auto& v) { io(v.version, v.flags, v.reserved1, v.causality, v.extensions); }
  friend bool operator==(const OrpcThis&, const OrpcThis&) = default;
};

// ORPCTHAT 2.2.13.4
struct OrpcThat {
  std::uint32_t flags = 0;  // ignored
  std::optional<OrpcExtentArray> extensions;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 8};
  static void Ndr(auto& io, auto& v) { io(v.flags, v.extensions); }
  friend bool operator==(const OrpcThat&, const OrpcThat&) = default;
};

// The stub of an ORPC call taken apart. `body` is a view into the stub given. Its parameters are aligned as
// if it began at a multiple of 8, which holds for every well formed header: 32 or 8 octets and extents of
// multiples of 8.
template <typename Header>
struct OrpcStub {
  Header header;
  base::ByteView body;
};
absl::StatusOr<OrpcStub<OrpcThis>> SplitRequest(base::ByteView stub, base::Endian endian);
absl::StatusOr<OrpcStub<OrpcThat>> SplitResponse(base::ByteView stub, base::Endian endian);
base::Bytes JoinRequest(const OrpcThis& header, base::ByteView body);
base::Bytes JoinResponse(const OrpcThat& header, base::ByteView body);

}  // namespace ipam::orpc
