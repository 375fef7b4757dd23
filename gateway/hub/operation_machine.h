// The state machine of one operation, [MS-IPAMM2] 3.21.1.1 seen from the hub, with what the gateway adds.
// Owned by the journal's thread. Take() turns what a source says into the event to be journaled and applies
// it; Share() after the commit hands the state to readers.
//
//   state \ event        accepted  started  subtask,%,overall  final   refused  lost     resumed  unknown  cancel
//   reserved             initial.  -        -                  -       -        -        -        -        -
//   initialized          -         started  -                  -       ended    same     (lost)   ended*   same
//   started              -         -        same               ended   -        same     (lost)   ended*   same
//   ended                -         -        -                  -       -        -        -        -        ignored
//   ended*, not resumed  -         -        -                  -       -        -        resumed  ignored  ignored
//   ended*, resumed      -         as before the end, but only `final` changes the state;
//                                                                               not res. ignored  ignored  ignored
//
//   -: kFailedPrecondition. ended*: OUTCOME_UNKNOWN. (lost): while lost, else ignored: a loss that could not be
//   journaled is none. ignored: OK without an event. `lost` while lost is ignored. Any event whose
//   source_sequence was seen is ignored; one beyond the next is kInvalidArgument.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/event/progress_event.h"
#include "gateway/hub/operation_state.h"
#include "gateway/hub/options.h"

namespace ipam::hub {

// The server took CancelOperation: the hub's own change beside those of the sources.
struct CancelTaken {};
using Change = std::variant<event::ProgressEvent, CancelTaken>;

class OperationMachine {
 public:
  static constexpr std::size_t kMaxSubtasks = 200'000;
  // Below the 4 MiB that gRPC clients take by default, so that any event fits into a message.
  static constexpr std::size_t kMaxEventBytes = std::size_t{7} << 19;

  // An operation that StartOperation reserved, or one read from the journal. `state` has all its subtasks.
  explicit OperationMachine(OperationState state);

  struct Taken {
    v1::Event event;
    std::optional<std::string> completion_status_xml;  // to be kept beside a `finished`
    std::string server_operation_id;                   // of an `accepted`
    bool durable = false;                              // SetOverallStatus: answered after the flush
  };
  // Nothing: the event is passed over.
  absl::StatusOr<std::optional<Taken>> Take(const Change& change, std::uint64_t offset, absl::Time now,
                                            const ExceptionReader& read_exception);

  // The state after all that was taken. It is shared from now on.
  StatePtr Share();
  const OperationState& state() const { return *state_; }
  // Of a state that was not shared since: what the journal adds to it.
  OperationState& mutable_state();

 private:
  absl::Status Check(const event::ProgressEvent& event) const;
  absl::Status Fill(const event::ProgressEvent& event, const ExceptionReader& read_exception,
                    Taken& taken) const;
  absl::Status FillSubtask(const event::SubtaskInstance& instance, event::SubtaskStatus status,
                           std::optional<double> percent,
                           const std::optional<std::string>& completion_status_xml,
                           const ExceptionReader& read_exception, const google::protobuf::Timestamp& time,
                           v1::Subtask& subtask) const;
  google::rpc::Status FailureOf(const std::optional<std::string>& xml,
                                const ExceptionReader& read_exception) const;
  bool takes_callbacks() const { return !state_->ended() || state_->resumed; }

  std::shared_ptr<OperationState> state_;
  bool shared_ = false;
  SubtaskIndex index_;
};

}  // namespace ipam::hub
