// Interfaces, classes and identifiers of [MS-DCOM] 1.9, 2.2.11 and 2.2.28.1.
#pragma once

#include <cstdint>

#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/ndr/layout.h"

namespace ipam::orpc {

// {data1-0000-0000-c000-000000000046}
constexpr base::Guid OleGuid(std::uint32_t data1) { return {data1, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}}; }

inline constexpr base::Guid kIidIUnknown = OleGuid(0x00000000);
inline constexpr base::Guid kIidIClassFactory = OleGuid(0x00000001);
inline constexpr base::Guid kIidIRemUnknown = OleGuid(0x00000131);
inline constexpr base::Guid kIidIRemUnknown2 = OleGuid(0x00000143);
inline constexpr base::Guid kIidIRemoteScmActivator = OleGuid(0x000001A0);
inline constexpr base::Guid kIidActivationPropertiesIn = OleGuid(0x000001A2);
inline constexpr base::Guid kIidActivationPropertiesOut = OleGuid(0x000001A3);
inline constexpr base::Guid kIidIContext = OleGuid(0x000001C0);
inline constexpr base::Guid kIidIActivation{
    0x4D9F4AB8, 0x7D1C, 0x11CF, {0x86, 0x1E, 0x00, 0x20, 0xAF, 0x6E, 0x7C, 0x57}};
inline constexpr base::Guid kIidIObjectExporter{
    0x99FCFEC4, 0x5260, 0x101B, {0xBB, 0xCB, 0x00, 0xAA, 0x00, 0x21, 0x34, 0x7A}};
inline constexpr base::Guid kIidIErrorInfo{
    0x1CF2B120, 0x547D, 0x101B, {0x8E, 0x65, 0x08, 0x00, 0x2B, 0x2B, 0xD1, 0x19}};

inline constexpr base::Guid kClsidServerLocationInfo = OleGuid(0x000001A4);
inline constexpr base::Guid kClsidActivationContextInfo = OleGuid(0x000001A5);
inline constexpr base::Guid kClsidSecurityInfo = OleGuid(0x000001A6);
inline constexpr base::Guid kClsidScmRequestInfo = OleGuid(0x000001AA);
inline constexpr base::Guid kClsidInstantiationInfo = OleGuid(0x000001AB);
inline constexpr base::Guid kClsidInstanceInfo = OleGuid(0x000001AD);
inline constexpr base::Guid kClsidScmReplyInfo = OleGuid(0x000001B6);
inline constexpr base::Guid kClsidSpecialSystemProperties = OleGuid(0x000001B9);
inline constexpr base::Guid kClsidErrorObject = OleGuid(0x0000031B);
inline constexpr base::Guid kClsidErrorExtension = OleGuid(0x0000031C);
inline constexpr base::Guid kClsidContextExtension = OleGuid(0x00000334);
inline constexpr base::Guid kClsidActivationPropertiesIn = OleGuid(0x00000338);
inline constexpr base::Guid kClsidActivationPropertiesOut = OleGuid(0x00000339);
inline constexpr base::Guid kClsidPropsOutInfo = OleGuid(0x00000339);
inline constexpr base::Guid kClsidContextMarshaler = OleGuid(0x0000033B);

inline constexpr std::uint16_t kProtseqTcp = 0x0007;  // ncacn_ip_tcp, [C706] table I-2

inline constexpr std::uint32_t kMaxRequestedInterfaces = 0x8000;
inline constexpr std::uint16_t kMaxRequestedProtseqs = 0x8000;
inline constexpr std::uint32_t kMinActivationProperties = 1;
inline constexpr std::uint32_t kMaxActivationProperties = 10;

// COMVERSION [MS-DCOM] 2.2.11
struct ComVersion {
  std::uint16_t major = 5;
  std::uint16_t minor = 7;

  static constexpr ndr::Layout kNdrLayout{.alignment = 2, .min_bytes = 4};
  static void Ndr(auto& io, auto& v) { io(v.major, v.minor); }
  friend auto operator<=>(const ComVersion&, const ComVersion&) = default;
};

}  // namespace ipam::orpc
