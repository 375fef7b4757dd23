// What the hub is given when it is opened, and the numbers it keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"
#include "gateway/hub/operation_state.h"

namespace ipam::hub {

enum class Durability {
  kProcess,  // survives a kill of the process at any instant; flushed before an end is answered and every 50
             // ms
  kPower,    // flushed before every answer
};

// Only whole finished operations are removed, oldest first.
struct Retention {
  absl::Duration max_age = absl::Hours(24 * 30);  // since the end
  std::uint64_t max_operations = 10'000;
  std::uint64_t max_bytes = std::uint64_t{2} << 30;  // of events and stored texts
};

struct Options {
  std::string journal_path;  // SQLite database; its folder is there. ":memory:" is not a journal
  Durability durability = Durability::kProcess;
  absl::Duration flush_every = absl::Milliseconds(40);  // and the flush itself: at least every 50 ms
  std::string boot_id;  // empty: the system's; tests play a power failure by another one
  Retention retention;
  std::size_t outbox_bytes = std::size_t{256} << 10;
  absl::Duration slow_after = absl::Seconds(10);  // full and unread for so long: cut off
  std::size_t max_watches = 10'000;
  std::size_t queue_bytes = std::size_t{64} << 20;  // events that wait for the journal
  // Parameters of one operation that are kept with it, for retry_failed_of; they count as its bytes.
  std::size_t parameters_bytes = std::size_t{32} << 20;
  // Parameters are checked beside the transports' threads, which takes seconds for the largest.
  int check_threads = 2;
  std::size_t max_checks_waiting = 256;
  std::size_t check_bytes = std::size_t{128} << 20;  // of parameters that wait or are being checked
  std::size_t recent_bytes = std::size_t{16}
                             << 20;  // event frames kept in memory for watchers that fall behind
};

struct CheckedParameters {
  std::string kind;         // IpamAdminOperationId
  bool has_secret = false;  // and must not be kept
};
// Checks the text of parameters_xml against the schema. kInvalidArgument with the line or the field.
using ParametersChecker = absl::AnyInvocable<absl::StatusOr<CheckedParameters>(const std::string& xml) const>;

struct TypedParameters {
  std::string kind;
  std::string xml;  // what parameters_xml would be
  bool has_secret = false;
};
// Converts and checks the typed member of a request. kInvalidArgument with the paths of the fields.
using ParametersWriter =
    absl::AnyInvocable<absl::StatusOr<TypedParameters>(const v1::StartOperationRequest& request) const>;

// The parameters for what failed of an operation, by the parameters, the subtasks and the completion status (or "") of
// that. kFailedPrecondition where there are none.
using FailedPartMaker = absl::AnyInvocable<absl::StatusOr<std::string>(
    const std::string& xml, const SubtaskList& subtasks, const std::string& completion_status_xml) const>;

struct ExceptionSummary {
  std::string reason;  // IpamExceptionId as the schema writes it
  std::string message;
};
// Reads an IpamException, also inside an IpamObject that carries one; nothing where there is none.
using ExceptionReader = absl::AnyInvocable<std::optional<ExceptionSummary>(const std::string& xml) const>;

struct Dependencies {
  ParametersChecker check_parameters;
  ParametersWriter write_parameters;
  FailedPartMaker make_failed_part;
  ExceptionReader read_exception;
  base::Clock* clock = nullptr;  // not owned
};

// Monotonic since the start, for metrics.
struct Counters {
  std::uint64_t events = 0;      // journaled
  std::uint64_t duplicates = 0;  // repeated callbacks passed over
  std::uint64_t refused = 0;     // events against the state machine or a limit
  std::uint64_t commits = 0;
  std::uint64_t flushes = 0;
  std::uint64_t frames = 0;              // handed to outboxes
  std::uint64_t slow_watchers = 0;       // cut off
  std::uint64_t resets = 0;              // tokens that could not be continued
  std::uint64_t operations = 0;          // gauge: kept
  std::uint64_t running_operations = 0;  // gauge
  std::uint64_t watches = 0;             // gauge
  std::uint64_t journal_bytes = 0;       // gauge
};

}  // namespace ipam::hub
