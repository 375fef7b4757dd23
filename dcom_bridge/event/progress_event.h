// The vocabulary of every source of progress: the five callbacks of [MS-IPAMM2] 3.21.4 as values, and what
// the holder of a session sees itself. Nothing here knows DCOM: a net.tcp source speaks the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"

namespace ipam::event {

// [MS-IPAMM2] 2.2.5.71, numbered as in the schema.
enum class OverallStatus : std::uint32_t {
  kNotStarted,
  kInProgress,
  kCompletedWithSuccess,
  kCompletedWithFailure
};

// [MS-IPAMM2] 2.2.5.101, numbered as in the schema.
enum class SubtaskStatus : std::uint32_t {
  kNotStarted,
  kInProgress,
  kCompletedWithError,
  kCompletedWithWarning,
  kCompletedWithSuccess,
  kNotApplicable,
  kNotRun,
};

// [MS-IPAMM2] 2.2.4.399. Absent texts stay apart from empty ones. UTF-8.
struct SubtaskInstance {
  std::int32_t instance_id = 0;  // the key of a subtask within its operation
  std::int32_t unique_id = 0;    // the kind of subtask
  std::optional<std::string> name;
  SubtaskStatus status = SubtaskStatus::kNotStarted;
  bool is_non_deterministic = false;
  std::optional<std::string> description;        // progressStatusDescriptions
  std::optional<std::string> details_xml;        // subTaskInstanceDetails
  std::optional<std::string> failed_status_xml;  // failedCompletionStatus, an IpamException
};

// The five callbacks.
struct Started {  // StartProgressCallback, 3.21.4.6
  bool is_non_deterministic = false;
};
struct SubtaskAdded {  // AddSubTask, 3.21.4.2
  SubtaskInstance subtask;
};
struct SubtaskChanged {  // SetSubTaskStatus, 3.21.4.5; `status` and `percent` count, not the instance's
  SubtaskInstance subtask;
  SubtaskStatus status = SubtaskStatus::kNotStarted;
  double percent = 0;                                // 0 to 100
  std::optional<std::string> completion_status_xml;  // an IpamException
};
struct PercentageChanged {  // SetCompletionPercentage, 3.21.4.3
  double percent = 0;       // 0 to 100
};
struct OverallStatusSet {  // SetOverallStatus, 3.21.4.4; the two completed values end the operation
  OverallStatus status = OverallStatus::kNotStarted;
  std::optional<std::string> completion_status_xml;  // an IpamObject
};

// What the holder of the session sees.
struct Accepted {                   // initialized at the server, about to be started; commits the operation
  std::string server_operation_id;  // GUID text, empty where the server has none
};
struct StartRefused {  // StartOperationWithCallback failed: the operation ends FAILED
  absl::StatusCode code = absl::StatusCode::kUnknown;
  std::string message;
  std::string exception_xml;  // the IpamException of the error information, or empty
};
struct SessionLost {  // the outcome is not known yet
  std::string reason;
};
struct SessionResumed {};
struct OutcomeUnknown {  // the session is not had back: ends the operation
  std::string reason;
  bool may_return = false;  // resuming is tried on: SessionResumed and an end may follow
};

struct ProgressEvent {
  std::uint64_t source_sequence = 0;     // IpamProgressEvent.sequence; 0: the server gives none
  std::optional<absl::Time> event_time;  // the server's time, where it says one
  std::variant<Started, SubtaskAdded, SubtaskChanged, PercentageChanged, OverallStatusSet, Accepted,
               StartRefused, SessionLost, SessionResumed, OutcomeUnknown>
      change;
};

}  // namespace ipam::event
