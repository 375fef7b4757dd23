// Types of ipam_progress.idl, as they travel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/ndr/decimal.h"
#include "dcom_bridge/ndr/layout.h"

namespace ipam::idl {

// coclass IpamOperationWithProgress
inline constexpr base::Guid kClsidIpamOperationWithProgress{
    0x85315930, 0x13DE, 0x4DC6, {0x87, 0xAB, 0x5F, 0x9D, 0x6E, 0xDE, 0x69, 0xA6}};

// [MS-IPAMM2] 2.2.5.71. NDR lets every value through; IsValid() is the method's check.
enum class OverallStatus : std::uint32_t {
  kNotStarted = 0,
  kInProgress = 1,
  kCompletedWithSuccess = 2,
  kCompletedWithFailure = 3,
};
constexpr bool IsValid(OverallStatus v) { return v <= OverallStatus::kCompletedWithFailure; }

// [MS-IPAMM2] 2.2.5.101
enum class SubTaskStatus : std::uint32_t {
  kNotStarted = 0,
  kInProgress = 1,
  kCompletedWithError = 2,
  kCompletedWithWarning = 3,
  kCompletedWithSuccess = 4,
  kNotApplicable = 5,
  kNotRun = 6,
};
constexpr bool IsValid(SubTaskStatus v) { return v <= SubTaskStatus::kNotRun; }

enum class EventKind : std::uint32_t {
  kStartProgressCallback = 0,
  kSetCompletionPercentage = 1,
  kSetSubTaskStatus = 2,
  kSetOverallStatus = 3,
  kAddSubTask = 4,
};
constexpr bool IsValid(EventKind v) { return v <= EventKind::kAddSubTask; }

// IpamSubTaskInstance, [MS-IPAMM2] 2.2.4.399
struct SubTaskInstance {
  std::optional<std::u16string> failed_completion_status;  // XML
  std::int32_t is_non_deterministic_progress = 0;          // BOOL
  std::optional<std::u16string> progress_status_descriptions;
  std::optional<std::u16string> sub_task_instance_details;  // XML
  std::int32_t sub_task_instance_id = 0;                    // the key of a subtask
  std::optional<std::u16string> sub_task_name;
  SubTaskStatus sub_task_status = SubTaskStatus::kNotStarted;
  std::int32_t sub_task_unique_id = 0;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 32};
  static void Ndr(auto& io, auto& v) {
    io(v.failed_completion_status, v.is_non_deterministic_progress, v.progress_status_descriptions);
    io(v.sub_task_instance_details, v.sub_task_instance_id, v.sub_task_name, v.sub_task_status);
    io(v.sub_task_unique_id);
  }
  friend bool operator==(const SubTaskInstance&, const SubTaskInstance&) = default;
};

// IpamProgressEvent. Fields that the kind does not carry are zero or NULL.
struct ProgressEvent {
  std::uint64_t sequence = 0;  // 1, 2, 3 ... within one operation
  std::uint64_t time = 0;      // FILETIME, see file_time.h
  EventKind kind = EventKind::kStartProgressCallback;
  std::int32_t is_non_deterministic = 0;  // BOOL
  ndr::Decimal percent_complete;
  OverallStatus overall_status = OverallStatus::kNotStarted;
  SubTaskStatus sub_task_status = SubTaskStatus::kNotStarted;
  std::optional<SubTaskInstance> sub_task_instance;
  std::optional<std::u16string> completion_status;  // XML

  static constexpr ndr::Layout kNdrLayout{.alignment = 8, .min_bytes = 56};
  static void Ndr(auto& io, auto& v) {
    io(v.sequence, v.time, v.kind, v.is_non_deterministic, v.percent_complete, v.overall_status);
    io(v.sub_task_status, v.sub_task_instance, v.completion_status);
  }
  friend bool operator==(const ProgressEvent&, const ProgressEvent&) = default;
};

// The response of every method that has no [out] parameter.
struct ResultResponse {
  base::HResult result;

  static void Ndr(auto& io, auto& v) { io(v.result); }
  friend bool operator==(const ResultResponse&, const ResultResponse&) = default;
};

}  // namespace ipam::idl
