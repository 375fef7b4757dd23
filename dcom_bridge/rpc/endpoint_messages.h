// The stubs of the endpoint mapper, [C706] appendix O with [MS-RPCE] 2.2.1.2.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/ndr/layout.h"

namespace ipam::rpc {

// twr_t [MS-RPCE] 2.2.1.2.2
struct TowerOctets {
  base::Bytes octets;

  static constexpr ndr::Layout kNdrLayout{4, 8};
  static void Ndr(auto& io, auto& v) {
    const std::uint32_t max_count = io.MaxCount(v.octets.size());
    auto length = static_cast<std::uint32_t>(v.octets.size());
    io.Range(length, std::uint32_t{0}, std::uint32_t{2000});
    io.Elements(v.octets, max_count, length);
  }
};

// ept_lookup_handle_t [MS-RPCE] 2.2.1.2.11; a nil UUID is the NULL handle.
struct LookupHandle {
  std::uint32_t attributes = 0;
  base::Guid uuid;

  static constexpr ndr::Layout kNdrLayout{4, 20};
  static void Ndr(auto& io, auto& v) { io(v.attributes, v.uuid); }
};

// RPC_IF_ID [MS-RPCE] 2.2.1.1.1
struct InterfaceId {
  base::Guid uuid;
  std::uint16_t major = 0;
  std::uint16_t minor = 0;

  static constexpr ndr::Layout kNdrLayout{4, 20};
  static void Ndr(auto& io, auto& v) { io(v.uuid, v.major, v.minor); }
};

// [MS-RPCE] 2.2.1.2.4, 2.2.1.2.5: max_ents and max_towers have range(0,500).
inline constexpr std::uint32_t kMaxBatch = 500;

struct EptLookupRequest {
  std::uint32_t inquiry_type = 0;
  std::shared_ptr<base::Guid> object;
  std::shared_ptr<InterfaceId> interface;
  std::uint32_t version_option = 0;
  LookupHandle handle;
  std::uint32_t max_entries = 0;

  static void Ndr(auto& io, auto& v) {
    io(v.inquiry_type, v.object, v.interface, v.version_option, v.handle);
    io.Range(v.max_entries, std::uint32_t{0}, kMaxBatch);
  }
};

// ept_entry_t
struct EptEntry {
  base::Guid object;
  std::shared_ptr<TowerOctets> tower;
  std::string annotation;

  static constexpr ndr::Layout kNdrLayout{4, 28};
  static void Ndr(auto& io, auto& v) {
    io(v.object, v.tower);
    // [string] char annotation[64]: varying, its NUL counted.
    std::uint32_t offset = 0;
    auto count = static_cast<std::uint32_t>(v.annotation.size() + 1);
    io(offset);
    io.Range(count, std::uint32_t{1}, std::uint32_t{64});
    std::vector<std::uint8_t> characters(v.annotation.begin(), v.annotation.end());
    characters.push_back(0);
    io.Elements(characters, count, count);
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(v)>>) {
      v.annotation.assign(characters.begin(), std::find(characters.begin(), characters.end(), 0));
    }
  }
};

// The out parameters of ept_lookup and ept_map: an array of max_count elements at most, of which `items` are
// there.
template <typename Item>
struct EptBatch {
  LookupHandle handle;
  std::uint32_t max_count = 0;
  std::vector<Item> items;
  std::uint32_t status = 0;

  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint32_t>(v.items.size());
    std::uint32_t offset = 0;
    std::uint32_t actual = count;
    io(v.handle, count);
    io(v.max_count, offset, actual);
    io.Elements(v.items, actual, count);
    io(v.status);
  }
};
using EptLookupResponse = EptBatch<EptEntry>;
using EptMapResponse = EptBatch<std::shared_ptr<TowerOctets>>;

struct EptMapRequest {
  std::shared_ptr<base::Guid> object;
  std::shared_ptr<TowerOctets> tower;
  LookupHandle handle;
  std::uint32_t max_towers = 0;

  static void Ndr(auto& io, auto& v) {
    io(v.object, v.tower, v.handle);
    io.Range(v.max_towers, std::uint32_t{0}, kMaxBatch);
  }
};

struct EptHandleFreeRequest {
  LookupHandle handle;

  static void Ndr(auto& io, auto& v) { io(v.handle); }
};

struct EptHandleFreeResponse {
  LookupHandle handle;
  std::uint32_t status = 0;

  static void Ndr(auto& io, auto& v) { io(v.handle, v.status); }
};

}  // namespace ipam::rpc
