// IActivation [MS-DCOM] 3.1.2.5.2.1 and IRemoteSCMActivator 3.1.2.5.2.2. ORPCTHIS and ORPCTHAT are explicit
// parameters here. Messages go through ndr::Decode and ndr::Encode.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/orpc/dual_string_array.h"
#include "dcom_bridge/orpc/ids.h"
#include "dcom_bridge/orpc/minterface_pointer.h"
#include "dcom_bridge/orpc/orpc_header.h"

namespace ipam::orpc {

// IActivation::RemoteActivation 3.1.2.5.2.3.1
struct RemoteActivationRequest {
  static constexpr std::uint16_t kOpnum = 0;
  static constexpr std::uint32_t kModeClassFactory = 0xFFFFFFFF;

  OrpcThis orpc_this;
  base::Guid clsid;
  std::optional<std::u16string> object_name;
  std::optional<MInterfacePointer> object_storage;
  std::uint32_t client_impersonation_level = 0;
  std::uint32_t mode = 0;  // kModeClassFactory asks for the class factory
  std::vector<base::Guid> iids;
  std::vector<std::uint16_t> protseqs = {kProtseqTcp};

  static void Ndr(auto& io, auto& v) {
    io(v.orpc_this, v.clsid, v.object_name, v.object_storage, v.client_impersonation_level, v.mode);
    auto interfaces = static_cast<std::uint32_t>(v.iids.size());
    io.Range(interfaces, std::uint32_t{1}, kMaxRequestedInterfaces);
    io.UniqueArray(v.iids, interfaces);
    auto count = static_cast<std::uint16_t>(v.protseqs.size());
    io.Range(count, std::uint16_t{0}, kMaxRequestedProtseqs);
    io.Array(v.protseqs, count);
  }
  friend bool operator==(const RemoteActivationRequest&, const RemoteActivationRequest&) = default;
};
struct RemoteActivationResponse {
  OrpcThat orpc_that;
  Oxid oxid;
  std::optional<DualStringArray> bindings;
  Ipid rem_unknown;
  std::uint32_t authn_hint = 0;
  ComVersion server_version;
  base::HResult activation_result;  // *phr
  std::vector<std::optional<MInterfacePointer>>
      interfaces;                      // one for each IID asked for; NULL beside a failure
  std::vector<base::HResult> results;  // likewise; all zero where *phr is a failure
  std::uint32_t status = 0;

  static void Ndr(auto& io, auto& v) {
    io(v.orpc_that, v.oxid, v.bindings, v.rem_unknown, v.authn_hint, v.server_version, v.activation_result);
    io.AnyArray(v.interfaces);
    io.AnyArray(v.results);
    io(v.status);
  }
  friend bool operator==(const RemoteActivationResponse&, const RemoteActivationResponse&) = default;
};

// IRemoteSCMActivator::RemoteGetClassObject 3.1.2.5.2.3.2
struct RemoteGetClassObjectRequest {
  static constexpr std::uint16_t kOpnum = 3;

  OrpcThis orpc_this;
  std::optional<MInterfacePointer> properties;  // ActivationRequest

  static void Ndr(auto& io, auto& v) { io(v.orpc_this, v.properties); }
  friend bool operator==(const RemoteGetClassObjectRequest&, const RemoteGetClassObjectRequest&) = default;
};
// IRemoteSCMActivator::RemoteCreateInstance 3.1.2.5.2.3.3
struct RemoteCreateInstanceRequest {
  static constexpr std::uint16_t kOpnum = 4;

  OrpcThis orpc_this;
  std::optional<MInterfacePointer> outer;       // NULL, ignored on receipt
  std::optional<MInterfacePointer> properties;  // ActivationRequest

  static void Ndr(auto& io, auto& v) { io(v.orpc_this, v.outer, v.properties); }
  friend bool operator==(const RemoteCreateInstanceRequest&, const RemoteCreateInstanceRequest&) = default;
};
// The response of both.
struct ScmActivatorResponse {
  OrpcThat orpc_that;
  std::optional<MInterfacePointer> properties;  // ActivationReply; NULL where the result is a failure
  base::HResult result;

  static void Ndr(auto& io, auto& v) { io(v.orpc_that, v.properties, v.result); }
  friend bool operator==(const ScmActivatorResponse&, const ScmActivatorResponse&) = default;
};

}  // namespace ipam::orpc
