// OBJREF [MS-DCOM] 2.2.18: an object reference as it travels. Always little endian.
#pragma once

#include <cstdint>
#include <variant>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/ndr/layout.h"
#include "dcom_bridge/orpc/dual_string_array.h"
#include "dcom_bridge/orpc/ids.h"

namespace ipam::orpc {

// STDOBJREF 2.2.18.1: the packet and the IDL version have the same octets.
struct StdObjRef {
  static constexpr std::uint32_t kNoPing = 0x00001000;  // SORF_NOPING

  std::uint32_t flags = 0;  // other bits than kNoPing are ignored
  std::uint32_t public_refs = 0;
  Oxid oxid;
  Oid oid;
  Ipid ipid;

  static constexpr ndr::Layout kNdrLayout{.alignment = 8, .min_bytes = 40};
  static void Fields(auto& io, auto& v) { io(v.flags, v.public_refs, v.oxid, v.oid, v.ipid); }
  static void Ndr(auto& io, auto& v) { Fields(io, v); }
  friend bool operator==(const StdObjRef&, const StdObjRef&) = default;
};

// OBJREF_STANDARD 2.2.18.4
struct StandardRef {
  StdObjRef std_ref;
  DualStringArray resolver;
  friend bool operator==(const StandardRef&, const StandardRef&) = default;
};

// OBJREF_HANDLER 2.2.18.5
struct HandlerRef {
  StdObjRef std_ref;
  base::Guid handler_clsid;
  DualStringArray resolver;
  friend bool operator==(const HandlerRef&, const HandlerRef&) = default;
};

// OBJREF_CUSTOM 2.2.18.6. `reserved` is sent as the size of the data, as Windows does.
struct CustomRef {
  base::Guid unmarshaler_clsid;
  base::Bytes data;
  friend bool operator==(const CustomRef&, const CustomRef&) = default;
};

// OBJREF_EXTENDED 2.2.18.7 with its one DATAELEMENT 2.2.18.8
struct ExtendedRef {
  StdObjRef std_ref;
  DualStringArray resolver;
  base::Guid data_id;
  base::Bytes data;  // a marshaled envoy context, without padding
  friend bool operator==(const ExtendedRef&, const ExtendedRef&) = default;
};

struct ObjRef {
  base::Guid iid;
  std::variant<StandardRef, HandlerRef, CustomRef, ExtendedRef> ref;

  // Octets behind the reference are passed over, as Windows does.
  static absl::StatusOr<ObjRef> Decode(base::ByteView octets);
  base::Bytes Encode() const;

  // Null for a custom reference.
  const StdObjRef* std_ref() const;
  const DualStringArray* resolver() const;
  friend bool operator==(const ObjRef&, const ObjRef&) = default;
};

}  // namespace ipam::orpc
