// IClassFactory as it travels: the [call_as] methods of unknwn.idl, which IClassFactory of [MS-DCOM] 1.3.1
// stands for.
#pragma once

#include <cstdint>
#include <optional>

#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/orpc/minterface_pointer.h"

namespace ipam::orpc {

// RemoteCreateInstance([in] REFIID riid, [out, iid_is(riid)] IUnknown** ppvObject)
struct CreateInstanceRequest {
  static constexpr std::uint16_t kOpnum = 3;

  base::Guid iid;

  static void Ndr(auto& io, auto& v) { io(v.iid); }
};
struct CreateInstanceResponse {
  std::optional<MInterfacePointer> object;
  base::HResult result;

  static void Ndr(auto& io, auto& v) { io(v.object, v.result); }
};

// RemoteLockServer([in] BOOL fLock)
struct LockServerRequest {
  static constexpr std::uint16_t kOpnum = 4;

  std::int32_t lock = 0;

  static void Ndr(auto& io, auto& v) { io(v.lock); }
};
struct LockServerResponse {
  base::HResult result;

  static void Ndr(auto& io, auto& v) { io(v.result); }
};

}  // namespace ipam::orpc
