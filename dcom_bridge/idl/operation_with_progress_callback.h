// IIpamOperationWithProgressCallback, implemented by the management client: [MS-IPAMM2] 3.21. Each struct is
// a request (what follows ORPCTHIS) for ndr::Decode and ndr::Encode; every response is ResultResponse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dcom_bridge/idl/types.h"

namespace ipam::idl {

inline constexpr base::Guid kIidOperationWithProgressCallback{
    0x2560E58C, 0x70D3, 0x4ADC, {0x87, 0x2B, 0xD8, 0xA4, 0xD8, 0x60, 0x4F, 0x84}};

struct StartProgressCallback {
  static constexpr std::uint16_t kOpnum = 3;

  std::int32_t is_non_deterministic = 0;  // BOOL

  static void Ndr(auto& io, auto& v) { io(v.is_non_deterministic); }
  friend bool operator==(const StartProgressCallback&, const StartProgressCallback&) = default;
};

struct SetCompletionPercentage {
  static constexpr std::uint16_t kOpnum = 4;

  ndr::Decimal completion_percentage;

  static void Ndr(auto& io, auto& v) { io(v.completion_percentage); }
  friend bool operator==(const SetCompletionPercentage&, const SetCompletionPercentage&) = default;
};

// `status` and `percent_complete` count, not the instance's.
struct SetSubTaskStatus {
  static constexpr std::uint16_t kOpnum = 5;

  std::optional<SubTaskInstance> sub_task_instance;
  SubTaskStatus status = SubTaskStatus::kNotStarted;
  ndr::Decimal percent_complete;
  std::optional<std::u16string> completion_status;  // IpamException as XML

  static void Ndr(auto& io, auto& v) {
    io(v.sub_task_instance, v.status, v.percent_complete, v.completion_status);
  }
  friend bool operator==(const SetSubTaskStatus&, const SetSubTaskStatus&) = default;
};

struct SetOverallStatus {
  static constexpr std::uint16_t kOpnum = 6;

  OverallStatus overall_status = OverallStatus::kNotStarted;
  std::optional<std::u16string> completion_status;  // IpamObject as XML

  static void Ndr(auto& io, auto& v) { io(v.overall_status, v.completion_status); }
  friend bool operator==(const SetOverallStatus&, const SetOverallStatus&) = default;
};

struct AddSubTask {
  static constexpr std::uint16_t kOpnum = 7;

  std::optional<SubTaskInstance> sub_task_instance;

  static void Ndr(auto& io, auto& v) { io(v.sub_task_instance); }
  friend bool operator==(const AddSubTask&, const AddSubTask&) = default;
};

}  // namespace ipam::idl
