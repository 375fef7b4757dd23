// MInterfacePointer [MS-DCOM] 2.2.14: how an interface pointer travels as a parameter. As parameter or field
// it is std::optional<MInterfacePointer>: PMInterfacePointer, 2.2.16.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/ndr/layout.h"
#include "dcom_bridge/orpc/obj_ref.h"

namespace ipam::orpc {

struct MInterfacePointer {
  base::Bytes objref;

  static MInterfacePointer Of(const ObjRef& ref) { return {ref.Encode()}; }
  absl::StatusOr<ObjRef> Parse() const { return ObjRef::Decode(objref); }

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 8};
  static void Ndr(auto& io, auto& v) {
    auto size = static_cast<std::uint32_t>(v.objref.size());
    const std::uint32_t max_count = io.MaxCount(size);
    io(size);
    io.Elements(v.objref, max_count, size);
  }
  friend bool operator==(const MInterfacePointer&, const MInterfacePointer&) = default;
};

}  // namespace ipam::orpc
