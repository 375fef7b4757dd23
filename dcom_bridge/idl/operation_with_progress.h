// IIpamOperationWithProgress, implemented by the management server: [MS-IPAMM2] 3.19. Each struct is a
// request (what follows ORPCTHIS) for ndr::Decode and ndr::Encode; every response is ResultResponse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dcom_bridge/idl/types.h"
#include "dcom_bridge/orpc/minterface_pointer.h"

namespace ipam::idl {

inline constexpr base::Guid kIidOperationWithProgress{
    0xCF20E80B, 0x3A4C, 0x4CD1, {0x96, 0xEB, 0xD8, 0x2D, 0x8E, 0x4A, 0x51, 0x88}};

struct InitializeOperationParameters {
  static constexpr std::uint16_t kOpnum = 3;

  std::optional<std::u16string> parameters;  // XML

  static void Ndr(auto& io, auto& v) { io(v.parameters); }
  friend bool operator==(const InitializeOperationParameters&,
                         const InitializeOperationParameters&) = default;
};

struct StartOperationWithCallback {
  static constexpr std::uint16_t kOpnum = 4;

  std::optional<orpc::MInterfacePointer> progress_callback;

  static void Ndr(auto& io, auto& v) { io(v.progress_callback); }
  friend bool operator==(const StartOperationWithCallback&, const StartOperationWithCallback&) = default;
};

}  // namespace ipam::idl
