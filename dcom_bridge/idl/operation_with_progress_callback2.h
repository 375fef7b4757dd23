// IIpamOperationWithProgressCallback2: the methods of IIpamOperationWithProgressCallback, and many events in
// one call.
#pragma once

#include <cstdint>
#include <vector>

#include "dcom_bridge/idl/operation_with_progress_callback.h"
#include "dcom_bridge/idl/types.h"

namespace ipam::idl {

inline constexpr base::Guid kIidOperationWithProgressCallback2{
    0xD00BA04B, 0x90B1, 0x4CE6, {0xBB, 0x3B, 0x0E, 0x4D, 0xD2, 0x16, 0xBC, 0x88}};

struct ReportProgress {
  static constexpr std::uint16_t kOpnum = 8;
  static constexpr std::uint32_t kMinEvents = 1;
  static constexpr std::uint32_t kMaxEvents = 1024;

  // A count outside [range] is refused at decoding: RPC_X_INVALID_BOUND. Who encodes keeps to it.
  std::vector<ProgressEvent> events;

  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint32_t>(v.events.size());
    io.Range(count, kMinEvents, kMaxEvents);
    io.Array(v.events, count);
  }
  friend bool operator==(const ReportProgress&, const ReportProgress&) = default;
};

}  // namespace ipam::idl
