// The activation properties of [MS-DCOM] 2.2.22.2, each marshaled by type serialization version 1. Fields
// that MUST be a constant when sent and MUST be ignored on receipt keep what came, so that a dump shows it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/orpc/dual_string_array.h"
#include "dcom_bridge/orpc/ids.h"
#include "dcom_bridge/orpc/minterface_pointer.h"

namespace ipam::orpc {

// InstantiationInfoData 2.2.22.2.1
struct InstantiationInfo {
  static constexpr base::Guid kClsid = kClsidInstantiationInfo;
  static constexpr std::uint32_t kDisableActivateAsActivator = 0x00000002;
  static constexpr std::uint32_t kActivate32BitServer = 0x00000004;
  static constexpr std::uint32_t kActivate64BitServer = 0x00000008;
  static constexpr std::uint32_t kNoFailureLog = 0x00000020;

  base::Guid class_id;
  std::uint32_t class_context = 0x10;  // CLSCTX_REMOTE_SERVER; ignored on receipt
  std::uint32_t activation_flags = 0;
  std::int32_t is_surrogate = 0;
  std::uint32_t instance_flag = 0;
  std::vector<base::Guid> iids;
  std::uint32_t this_size = 0;  // of this structure as marshaled; ActivationRequest::Encode sets it
  ComVersion client_version;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 48};
  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint32_t>(v.iids.size());
    io(v.class_id, v.class_context, v.activation_flags, v.is_surrogate);
    io.Range(count, std::uint32_t{1}, kMaxRequestedInterfaces);
    io(v.instance_flag);
    io.UniqueArray(v.iids, count);
    io(v.this_size, v.client_version);
  }
  friend bool operator==(const InstantiationInfo&, const InstantiationInfo&) = default;
};

// SpecialPropertiesData 2.2.22.2.2. Its alternate definition, which a server must accept too, differs only in
// the reserved fields at the end: they are sent as zero and not read.
struct SpecialSystemProperties {
  static constexpr base::Guid kClsid = kClsidSpecialSystemProperties;
  static constexpr std::uint32_t kAnySession = 0xFFFFFFFF;
  static constexpr std::uint32_t kUseConsoleSession = 0x00000001;

  std::uint32_t session_id = kAnySession;
  std::int32_t remote_this_session_id = 0;
  std::int32_t client_impersonating = 0;
  std::int32_t partition_id_present = 0;
  std::uint32_t default_authn_level = 0;
  base::Guid partition;
  std::uint32_t prt_flags = 0;
  std::uint32_t original_class_context = 0x10;
  std::uint32_t flags = 0;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 48};
  static void Ndr(auto& io, auto& v) {
    io(v.session_id, v.remote_this_session_id, v.client_impersonating, v.partition_id_present);
    io(v.default_authn_level, v.partition, v.prt_flags, v.original_class_context, v.flags);
    if constexpr (std::is_const_v<std::remove_reference_t<decltype(v)>>) {
      io(std::uint32_t{0}, std::uint64_t{0}, std::array<std::uint32_t, 5>{});
    }
  }
  friend bool operator==(const SpecialSystemProperties&, const SpecialSystemProperties&) = default;
};

// InstanceInfoData 2.2.22.2.3
struct InstanceInfo {
  static constexpr base::Guid kClsid = kClsidInstanceInfo;

  std::optional<std::u16string> file_name;
  std::uint32_t mode = 0;
  std::optional<MInterfacePointer> rot;      // NULL, ignored on receipt
  std::optional<MInterfacePointer> storage;  // initializes the object

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 16};
  static void Ndr(auto& io, auto& v) { io(v.file_name, v.mode, v.rot, v.storage); }
  friend bool operator==(const InstanceInfo&, const InstanceInfo&) = default;
};

// customREMOTE_REQUEST_SCM_INFO 2.2.22.2.4.1
struct RemoteScmRequest {
  std::uint32_t client_impersonation_level = 2;
  std::vector<std::uint16_t> protseqs = {kProtseqTcp};

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 12};
  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint16_t>(v.protseqs.size());
    io(v.client_impersonation_level);
    io.Range(count, std::uint16_t{0}, kMaxRequestedProtseqs);
    io.UniqueArray(v.protseqs, count);
  }
  friend bool operator==(const RemoteScmRequest&, const RemoteScmRequest&) = default;
};

// ScmRequestInfoData 2.2.22.2.4
struct ScmRequestInfo {
  static constexpr base::Guid kClsid = kClsidScmRequestInfo;

  using RemoteRequest = RemoteScmRequest;
  std::optional<std::uint32_t> reserved;
  std::optional<RemoteRequest> remote_request;  // MUST NOT be NULL

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 8};
  static void Ndr(auto& io, auto& v) { io(v.reserved, v.remote_request); }
  friend bool operator==(const ScmRequestInfo&, const ScmRequestInfo&) = default;
};

// ActivationContextInfoData 2.2.22.2.5
struct ActivationContextInfo {
  static constexpr base::Guid kClsid = kClsidActivationContextInfo;

  std::int32_t client_ok = 0;
  std::int32_t reserved1 = 0;
  std::uint32_t reserved2 = 0;
  std::uint32_t reserved3 = 0;
  std::optional<MInterfacePointer> client_context;
  std::optional<MInterfacePointer> prototype_context;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 24};
  static void Ndr(auto& io, auto& v) {
    io(v.client_ok, v.reserved1, v.reserved2, v.reserved3, v.client_context, v.prototype_context);
  }
  friend bool operator==(const ActivationContextInfo&, const ActivationContextInfo&) = default;
};

// LocationInfoData 2.2.22.2.6: present and ignored.
struct LocationInfo {
  static constexpr base::Guid kClsid = kClsidServerLocationInfo;

  std::optional<std::u16string> machine_name;
  std::uint32_t process_id = 0;
  std::uint32_t apartment_id = 0;
  std::uint32_t context_id = 0;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 16};
  static void Ndr(auto& io, auto& v) { io(v.machine_name, v.process_id, v.apartment_id, v.context_id); }
  friend bool operator==(const LocationInfo&, const LocationInfo&) = default;
};

// COSERVERINFO 2.2.22.2.7.1
struct CoServerInfo {
  std::uint32_t reserved1 = 0;
  std::optional<std::u16string> name;
  std::optional<std::uint32_t> reserved;
  std::uint32_t reserved2 = 0;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 16};
  static void Ndr(auto& io, auto& v) { io(v.reserved1, v.name, v.reserved, v.reserved2); }
  friend bool operator==(const CoServerInfo&, const CoServerInfo&) = default;
};

// SecurityInfoData 2.2.22.2.7: ignored on receipt.
struct SecurityInfo {
  static constexpr base::Guid kClsid = kClsidSecurityInfo;

  using ServerInfo = CoServerInfo;
  std::uint32_t authn_flags = 0;
  std::optional<ServerInfo> server_info;
  std::optional<std::uint32_t> reserved;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 12};
  static void Ndr(auto& io, auto& v) { io(v.authn_flags, v.server_info, v.reserved); }
  friend bool operator==(const SecurityInfo&, const SecurityInfo&) = default;
};

// customREMOTE_REPLY_SCM_INFO 2.2.22.2.8.1
struct RemoteScmReply {
  Oxid oxid;
  std::optional<DualStringArray> bindings;  // MUST NOT be NULL
  Ipid rem_unknown;
  std::uint32_t authn_hint = 0;
  ComVersion server_version;

  static constexpr ndr::Layout kNdrLayout{.alignment = 8, .min_bytes = 36};
  static void Ndr(auto& io, auto& v) {
    io(v.oxid, v.bindings, v.rem_unknown, v.authn_hint, v.server_version);
  }
  friend bool operator==(const RemoteScmReply&, const RemoteScmReply&) = default;
};

// ScmReplyInfoData 2.2.22.2.8
struct ScmReplyInfo {
  static constexpr base::Guid kClsid = kClsidScmReplyInfo;

  using RemoteReply = RemoteScmReply;
  std::optional<std::uint32_t> reserved;
  std::optional<RemoteReply> remote_reply;  // MUST NOT be NULL

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 8};
  static void Ndr(auto& io, auto& v) { io(v.reserved, v.remote_reply); }
  friend bool operator==(const ScmReplyInfo&, const ScmReplyInfo&) = default;
};

// PropsOutInfo 2.2.22.2.9. The three arrays have the same length.
struct PropsOutInfo {
  static constexpr base::Guid kClsid = kClsidPropsOutInfo;

  std::vector<base::Guid> iids;
  std::vector<base::HResult> results;
  std::vector<std::optional<MInterfacePointer>> interfaces;  // NULL beside a failure

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 16};
  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint32_t>(v.iids.size());
    io.Range(count, std::uint32_t{1}, kMaxRequestedInterfaces);
    io.UniqueArray(v.iids, count);
    io.UniqueArray(v.results, count);
    io.UniqueArray(v.interfaces, count);
  }
  friend bool operator==(const PropsOutInfo&, const PropsOutInfo&) = default;
};

}  // namespace ipam::orpc
