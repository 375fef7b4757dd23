// IIpamOperationWithProgress2: the methods of IIpamOperationWithProgress, and an operation that outlives its
// session.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dcom_bridge/idl/operation_with_progress.h"
#include "dcom_bridge/idl/types.h"
#include "dcom_bridge/orpc/minterface_pointer.h"

namespace ipam::idl {

inline constexpr base::Guid kIidOperationWithProgress2{
    0x5C4FC82B, 0xA98E, 0x47D4, {0x84, 0x92, 0xF3, 0x7E, 0x8D, 0x61, 0x55, 0x24}};

struct GetOperationId {
  static constexpr std::uint16_t kOpnum = 5;

  static void Ndr(auto& /*io*/, auto& /*v*/) {}
  friend bool operator==(const GetOperationId&, const GetOperationId&) = default;
};
struct GetOperationIdResponse {
  base::Guid operation_id;  // nil where the result is a failure
  base::HResult result;

  static void Ndr(auto& io, auto& v) { io(v.operation_id, v.result); }
  friend bool operator==(const GetOperationIdResponse&, const GetOperationIdResponse&) = default;
};

struct ResumeCallback {
  static constexpr std::uint16_t kOpnum = 6;

  base::Guid operation_id;
  std::uint64_t last_sequence = 0;
  std::optional<orpc::MInterfacePointer> progress_callback;

  static void Ndr(auto& io, auto& v) { io(v.operation_id, v.last_sequence, v.progress_callback); }
  friend bool operator==(const ResumeCallback&, const ResumeCallback&) = default;
};

struct CancelOperation {
  static constexpr std::uint16_t kOpnum = 7;

  base::Guid operation_id;

  static void Ndr(auto& io, auto& v) { io(v.operation_id); }
  friend bool operator==(const CancelOperation&, const CancelOperation&) = default;
};

struct SetInitiator {
  static constexpr std::uint16_t kOpnum = 8;

  std::optional<std::u16string> initiator;

  static void Ndr(auto& io, auto& v) { io(v.initiator); }
  friend bool operator==(const SetInitiator&, const SetInitiator&) = default;
};

}  // namespace ipam::idl
