// IRemUnknown [MS-DCOM] 3.1.1.5.6 and IRemUnknown2 3.1.1.5.7: what follows ORPCTHIS and ORPCTHAT. The arrays
// of a response have as many elements as the request asked for: the client checks it, [MS-RPCE] 3.1.2.7.1.1.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/orpc/ids.h"
#include "dcom_bridge/orpc/minterface_pointer.h"
#include "dcom_bridge/orpc/obj_ref.h"

namespace ipam::orpc {

// REMQIRESULT 2.2.24. `std_ref` is ignored where the result is a failure.
struct RemQiResult {
  base::HResult result;
  StdObjRef std_ref;

  static constexpr ndr::Layout kNdrLayout{.alignment = 8, .min_bytes = 48};
  static void Ndr(auto& io, auto& v) { io(v.result, v.std_ref); }
  friend bool operator==(const RemQiResult&, const RemQiResult&) = default;
};

// RemQueryInterface 3.1.1.5.6.1.1
struct RemQueryInterfaceRequest {
  static constexpr std::uint16_t kOpnum = 3;

  Ipid ipid;
  std::uint32_t public_refs = 0;
  std::vector<base::Guid> iids;

  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint16_t>(v.iids.size());
    io(v.ipid, v.public_refs, count);
    io.Array(v.iids, count);
  }
  friend bool operator==(const RemQueryInterfaceRequest&, const RemQueryInterfaceRequest&) = default;
};
struct RemQueryInterfaceResponse {
  std::vector<RemQiResult> results;  // empty: NULL
  base::HResult result;

  static void Ndr(auto& io, auto& v) {
    io.UncheckedUniqueArray(v.results);
    io(v.result);
  }
  friend bool operator==(const RemQueryInterfaceResponse&, const RemQueryInterfaceResponse&) = default;
};

// REMINTERFACEREF 2.2.23
struct RemInterfaceRef {
  Ipid ipid;
  std::uint32_t public_refs = 0;
  std::uint32_t private_refs = 0;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 24};
  static void Ndr(auto& io, auto& v) { io(v.ipid, v.public_refs, v.private_refs); }
  friend bool operator==(const RemInterfaceRef&, const RemInterfaceRef&) = default;
};

// The requests of RemAddRef 3.1.1.5.6.1.2 and RemRelease 3.1.1.5.6.1.3 are alike.
struct RemRefsRequest {
  static constexpr std::uint16_t kAddRefOpnum = 4;
  static constexpr std::uint16_t kReleaseOpnum = 5;

  std::vector<RemInterfaceRef> refs;

  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint16_t>(v.refs.size());
    io(count);
    io.Array(v.refs, count);
  }
  friend bool operator==(const RemRefsRequest&, const RemRefsRequest&) = default;
};
struct RemAddRefResponse {
  std::vector<base::HResult> results;
  base::HResult result;

  static void Ndr(auto& io, auto& v) {
    io.AnyArray(v.results);
    io(v.result);
  }
  friend bool operator==(const RemAddRefResponse&, const RemAddRefResponse&) = default;
};
struct RemReleaseResponse {
  base::HResult result;

  static void Ndr(auto& io, auto& v) { io(v.result); }
  friend bool operator==(const RemReleaseResponse&, const RemReleaseResponse&) = default;
};

// RemQueryInterface2 3.1.1.5.7.1.1
struct RemQueryInterface2Request {
  static constexpr std::uint16_t kOpnum = 6;

  Ipid ipid;
  std::vector<base::Guid> iids;

  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint16_t>(v.iids.size());
    io(v.ipid, count);
    io.Array(v.iids, count);
  }
  friend bool operator==(const RemQueryInterface2Request&, const RemQueryInterface2Request&) = default;
};
struct RemQueryInterface2Response {
  std::vector<base::HResult> results;
  std::vector<std::optional<MInterfacePointer>> interfaces;
  base::HResult result;

  static void Ndr(auto& io, auto& v) {
    io.AnyArray(v.results);
    io.AnyArray(v.interfaces);
    io(v.result);
  }
  friend bool operator==(const RemQueryInterface2Response&, const RemQueryInterface2Response&) = default;
};

}  // namespace ipam::orpc
