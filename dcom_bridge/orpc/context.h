// Context [MS-DCOM] 2.2.20: properties that travel beside an activation (client and prototype context) or a
// reference (envoy context).
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/orpc/minterface_pointer.h"

namespace ipam::orpc {

// PROPMARSHALHEADER 2.2.20.1
struct ContextProperty {
  static constexpr std::uint32_t kPropagate = 1;  // of a prototype context
  static constexpr std::uint32_t kExpose = 2;     // of a client context
  static constexpr std::uint32_t kEnvoy = 4;      // of an envoy context

  base::Guid clsid;  // nil: `data` is an OBJREF; else opaque
  base::Guid policy;
  std::uint32_t flags = 0;
  base::Bytes data;
  friend bool operator==(const ContextProperty&, const ContextProperty&) = default;
};

struct Context {
  base::Guid id;
  std::vector<ContextProperty> properties;

  // Refuses extents, which an unmarshaler answers with RPC_E_INVALID_OBJREF, [MS-DCOM] 3.2.4.1.2. Octets
  // behind the last property are passed over: senders pad.
  static absl::StatusOr<Context> Decode(base::ByteView octets);
  base::Bytes Encode() const;

  // As pIFDClientCtx and pIFDPrototypeCtx of ActivationContextInfoData carry it.
  static absl::StatusOr<Context> Unmarshal(const MInterfacePointer& pointer);
  MInterfacePointer Marshal() const;

  friend bool operator==(const Context&, const Context&) = default;
};

// `standard` marshaled with properties for its unmarshaler, OBJREF_EXTENDED, or with the class of a handler
// there, OBJREF_HANDLER: [MS-DCOM] 3.1.1.5.1. A custom reference is made by who has its marshaler.
ObjRef WithEnvoy(const ObjRef& standard, const Context& envoy);
ObjRef WithHandler(const ObjRef& standard, const base::Guid& handler_clsid);

}  // namespace ipam::orpc
