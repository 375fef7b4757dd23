#include "gateway/hub/operation_machine.h"

#include <cmath>
#include <type_traits>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "gateway/hub/errors.h"
#include "gateway/hub/names.h"

namespace ipam::hub {
namespace {

absl::Status WrongState(const char* what) {
  return absl::FailedPreconditionError(absl::StrCat(what, " is not allowed in the state of the operation"));
}

absl::Status CheckPercent(double percent) {
  if (std::isfinite(percent) && percent >= 0 && percent <= 100) return absl::OkStatus();
  return absl::InvalidArgumentError("a percentage outside 0 to 100");
}

// Both enumerations are numbered as in the schema, and one higher in the proto.
absl::StatusOr<v1::OverallProgressStatus> ToProto(event::OverallStatus status) {
  const auto number = static_cast<std::uint32_t>(status);
  if (number > 3) return absl::InvalidArgumentError("not an OverallProgressStatus");
  return static_cast<v1::OverallProgressStatus>(number + 1);
}

absl::StatusOr<v1::SubtaskStatus> ToProto(event::SubtaskStatus status) {
  const auto number = static_cast<std::uint32_t>(status);
  if (number > 6) return absl::InvalidArgumentError("not a SubTaskStatus");
  return static_cast<v1::SubtaskStatus>(number + 1);
}

v1::OperationState EndState(v1::OverallProgressStatus status, const v1::Operation& operation) {
  const v1::SubtaskCounts& counts = operation.counts();
  if (status == v1::OVERALL_PROGRESS_STATUS_COMPLETED_WITH_SUCCESS) {
    return counts.warned() > 0 ? v1::OPERATION_STATE_SUCCEEDED_WITH_WARNINGS : v1::OPERATION_STATE_SUCCEEDED;
  }
  if (operation.has_cancel_time() && counts.not_run() > 0) return v1::OPERATION_STATE_CANCELLED;
  if (counts.succeeded() + counts.warned() > 0) return v1::OPERATION_STATE_PARTIALLY_FAILED;
  return v1::OPERATION_STATE_FAILED;
}

}  // namespace

OperationMachine::OperationMachine(OperationState state)
    : state_(std::make_shared<OperationState>(std::move(state))) {
  for (std::size_t i = 0; i < state_->subtasks.size(); ++i) index_[state_->subtasks.at(i).instance_id()] = i;
}

StatePtr OperationMachine::Share() {
  shared_ = true;
  return state_;
}

OperationState& OperationMachine::mutable_state() {
  if (std::exchange(shared_, false)) state_ = std::make_shared<OperationState>(*state_);
  return *state_;
}

absl::StatusOr<std::optional<OperationMachine::Taken>> OperationMachine::Take(
    const Change& change, std::uint64_t offset, absl::Time now, const ExceptionReader& read_exception) {
  std::optional<Taken> taken(std::in_place);
  v1::Event& event = taken->event;
  event.set_operation(state_->info->name);
  event.set_sequence(state_->summary.last_sequence() + 1);
  *event.mutable_receive_time() = hub::ToProto(now);

  if (std::holds_alternative<CancelTaken>(change)) {
    if (state_->summary.last_sequence() == 0) return WrongState("a cancel before Accepted");
    if (state_->ended() || state_->summary.has_cancel_time()) return std::optional<Taken>();
    v1::Operation& operation = *event.mutable_cancel_requested();
    operation = state_->summary;
    *operation.mutable_cancel_time() = event.receive_time();
    operation.set_last_sequence(event.sequence());
    *operation.mutable_update_time() = event.receive_time();
  } else {
    const auto& reported = std::get<event::ProgressEvent>(change);
    if (reported.source_sequence != 0) {
      if (reported.source_sequence <= state_->last_source_sequence) return std::optional<Taken>();
      if (reported.source_sequence > state_->last_source_sequence + 1) {
        return absl::InvalidArgumentError(absl::StrCat("event ", reported.source_sequence,
                                                       " of the source came, ",
                                                       state_->last_source_sequence + 1, " is the next"));
      }
    }
    IPAM_RETURN_IF_ERROR(Check(reported));
    event.set_source_sequence(reported.source_sequence);
    if (reported.event_time.has_value()) *event.mutable_event_time() = hub::ToProto(*reported.event_time);
    IPAM_RETURN_IF_ERROR(Fill(reported, read_exception, *taken));
    if (event.change_case() == v1::Event::CHANGE_NOT_SET) return std::optional<Taken>();
  }
  if (event.ByteSizeLong() > kMaxEventBytes)
    return absl::InvalidArgumentError("the texts of the event are too large");

  OperationState& state = mutable_state();
  if (event.has_accepted()) state.server_operation_id = taken->server_operation_id;
  if (taken->completion_status_xml.has_value()) state.has_completion_status = true;
  Apply(event, offset, state, index_);
  return taken;
}

absl::Status OperationMachine::Check(const event::ProgressEvent& event) const {
  const bool reserved = state_->summary.last_sequence() == 0;
  const bool unknown = state_->summary.state() == v1::OPERATION_STATE_OUTCOME_UNKNOWN;
  return std::visit(
      [&](const auto& change) -> absl::Status {
        using T = std::decay_t<decltype(change)>;
        if constexpr (std::is_same_v<T, event::Accepted>) {
          return reserved ? absl::OkStatus() : WrongState("Accepted");
        } else if (reserved) {
          return WrongState("an event before Accepted");
        } else if constexpr (std::is_same_v<T, event::SessionResumed>) {
          return !state_->ended() || unknown ? absl::OkStatus() : WrongState("SessionResumed");
        } else if constexpr (std::is_same_v<T, event::OutcomeUnknown>) {
          return !state_->ended() || unknown ? absl::OkStatus() : WrongState("OutcomeUnknown");
        } else if (!takes_callbacks()) {
          return WrongState("an event after the end");
        } else if constexpr (std::is_same_v<T, event::SessionLost>) {
          return absl::OkStatus();
        } else if constexpr (std::is_same_v<T, event::StartRefused>) {
          return !state_->started ? absl::OkStatus()
                                  : WrongState("a refused start after StartProgressCallback");
        } else if constexpr (std::is_same_v<T, event::Started>) {
          return !state_->started ? absl::OkStatus() : WrongState("StartProgressCallback");
        } else {
          return state_->started ? absl::OkStatus() : WrongState("a callback before StartProgressCallback");
        }
      },
      event.change);
}

absl::Status OperationMachine::Fill(const event::ProgressEvent& reported,
                                    const ExceptionReader& read_exception, Taken& taken) const {
  v1::Event& event = taken.event;
  const auto& time = event.has_event_time() ? event.event_time() : event.receive_time();
  const auto end_as = [&](v1::OperationState end) -> v1::Operation& {
    v1::Operation& operation = *event.mutable_finished();
    operation = state_->summary;
    operation.set_last_sequence(event.sequence());
    *operation.mutable_update_time() = event.receive_time();
    operation.clear_error();
    operation.clear_lost_reason();
    operation.set_state(end);
    *operation.mutable_end_time() = time;
    return operation;
  };
  struct Visitor {
    const OperationMachine& machine;
    v1::Event& event;
    Taken& taken;
    const google::protobuf::Timestamp& time;
    const ExceptionReader& read_exception;
    absl::FunctionRef<v1::Operation&(v1::OperationState)> finish;

    absl::Status operator()(const event::Started& change) const {
      event.mutable_started()->set_is_non_deterministic(change.is_non_deterministic);
      return absl::OkStatus();
    }
    absl::Status operator()(const event::SubtaskAdded& change) const {
      const bool is_new = !machine.index_.contains(change.subtask.instance_id);
      return machine.FillSubtask(change.subtask, change.subtask.status, std::nullopt, std::nullopt,
                                 read_exception, time,
                                 is_new ? *event.mutable_subtask_added() : *event.mutable_subtask_changed());
    }
    absl::Status operator()(const event::SubtaskChanged& change) const {
      IPAM_RETURN_IF_ERROR(CheckPercent(change.percent));
      return machine.FillSubtask(change.subtask, change.status, change.percent, change.completion_status_xml,
                                 read_exception, time, *event.mutable_subtask_changed());
    }
    absl::Status operator()(const event::PercentageChanged& change) const {
      event.mutable_percentage()->set_percent(change.percent);
      return CheckPercent(change.percent);
    }
    absl::Status operator()(const event::OverallStatusSet& change) const {
      IPAM_ASSIGN_OR_RETURN(const v1::OverallProgressStatus status, ToProto(change.status));
      if (status != v1::OVERALL_PROGRESS_STATUS_COMPLETED_WITH_SUCCESS &&
          status != v1::OVERALL_PROGRESS_STATUS_COMPLETED_WITH_FAILURE) {
        event.mutable_overall()->set_status(status);
        return absl::OkStatus();
      }
      v1::Operation& operation = finish(EndState(status, machine.state_->summary));
      operation.set_overall_status(status);
      if (status == v1::OVERALL_PROGRESS_STATUS_COMPLETED_WITH_FAILURE) {
        *operation.mutable_error() = machine.FailureOf(change.completion_status_xml, read_exception);
      }
      taken.completion_status_xml = change.completion_status_xml;
      taken.durable = true;
      return absl::OkStatus();
    }
    absl::Status operator()(const event::Accepted& change) const {
      const OperationInfo& info = *machine.state_->info;
      v1::Operation& operation = *event.mutable_accepted();
      operation = machine.state_->summary;
      operation.set_name(info.name);
      operation.set_source(info.source);
      operation.set_kind(info.kind);
      operation.set_initiator(info.initiator);
      operation.set_request_id(info.request_id);
      operation.set_state(v1::OPERATION_STATE_PENDING);
      operation.set_overall_status(v1::OVERALL_PROGRESS_STATUS_NOT_STARTED);
      *operation.mutable_create_time() = hub::ToProto(info.create_time);
      *operation.mutable_update_time() = event.receive_time();
      operation.set_last_sequence(event.sequence());
      taken.server_operation_id = change.server_operation_id;
      return absl::OkStatus();
    }
    absl::Status operator()(const event::StartRefused& change) const {
      std::string reason = "START_REFUSED";
      std::string message = change.message;
      if (!change.exception_xml.empty()) {
        if (const auto summary = read_exception(change.exception_xml)) {
          if (!summary->reason.empty()) reason = summary->reason;
          if (!summary->message.empty()) message = summary->message;
        }
      }
      *finish(v1::OPERATION_STATE_FAILED).mutable_error() = MakeRpcStatus(change.code, message, reason);
      taken.durable = true;
      return absl::OkStatus();
    }
    absl::Status operator()(const event::SessionLost& change) const {
      if (machine.state_->lost) return absl::OkStatus();
      event.mutable_source_lost()->set_source(machine.state_->info->source);
      event.mutable_source_lost()->set_reason(change.reason);
      return absl::OkStatus();
    }
    absl::Status operator()(const event::SessionResumed&) const {
      const bool had = machine.state_->ended() ? machine.state_->resumed : !machine.state_->lost;
      if (had) return absl::OkStatus();
      event.mutable_source_resumed()->set_source(machine.state_->info->source);
      return absl::OkStatus();
    }
    absl::Status operator()(const event::OutcomeUnknown& change) const {
      if (machine.state_->ended()) return absl::OkStatus();
      *finish(v1::OPERATION_STATE_OUTCOME_UNKNOWN).mutable_error() = MakeRpcStatus(
          absl::StatusCode::kUnknown, change.reason, change.may_return ? kResumeTimeout : kOutcomeUnknown);
      taken.durable = true;
      return absl::OkStatus();
    }
  };
  return std::visit(Visitor{*this, event, taken, time, read_exception, end_as}, reported.change);
}

// The exception of the completion status, else that of the first subtask that failed.
google::rpc::Status OperationMachine::FailureOf(const std::optional<std::string>& xml,
                                                const ExceptionReader& read_exception) const {
  if (xml.has_value() && !xml->empty()) {
    if (const auto summary = read_exception(*xml)) {
      return MakeRpcStatus(absl::StatusCode::kUnknown, summary->message, summary->reason);
    }
  }
  for (std::size_t i = 0; i < state_->subtasks.size(); ++i) {
    const v1::Subtask& subtask = state_->subtasks.at(i);
    if (subtask.status() == v1::SUBTASK_STATUS_COMPLETED_WITH_ERROR && subtask.has_error())
      return subtask.error();
  }
  return MakeRpcStatus(absl::StatusCode::kUnknown, "the server ended the operation as failed", "");
}

absl::Status OperationMachine::FillSubtask(const event::SubtaskInstance& instance,
                                           event::SubtaskStatus status, std::optional<double> percent,
                                           const std::optional<std::string>& completion_status_xml,
                                           const ExceptionReader& read_exception,
                                           const google::protobuf::Timestamp& time,
                                           v1::Subtask& subtask) const {
  IPAM_ASSIGN_OR_RETURN(const v1::SubtaskStatus new_status, ToProto(status));
  if (const auto known = index_.find(instance.instance_id); known != index_.end()) {
    subtask = state_->subtasks.at(known->second);
  } else if (index_.size() >= kMaxSubtasks) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxSubtasks, " subtasks"));
  }
  subtask.set_instance_id(instance.instance_id);
  subtask.set_unique_id(instance.unique_id);
  subtask.set_is_non_deterministic(instance.is_non_deterministic);
  // A text that a callback leaves out stays what it was.
  if (instance.name.has_value()) subtask.set_name(*instance.name);
  if (instance.description.has_value()) subtask.set_description(*instance.description);
  if (instance.details_xml.has_value()) subtask.set_details_xml(*instance.details_xml);
  if (percent.has_value()) subtask.set_percent(*percent);
  subtask.set_status(new_status);

  const auto& error_xml =
      completion_status_xml.has_value() ? completion_status_xml : instance.failed_status_xml;
  if (error_xml.has_value() && !error_xml->empty()) {
    subtask.set_error_xml(*error_xml);
    if (const auto summary = read_exception(*error_xml)) {
      *subtask.mutable_error() = MakeRpcStatus(absl::StatusCode::kUnknown, summary->message, summary->reason);
    }
  }
  if (new_status == v1::SUBTASK_STATUS_IN_PROGRESS && !subtask.has_start_time())
    *subtask.mutable_start_time() = time;
  if (IsFinal(new_status) && !subtask.has_end_time()) *subtask.mutable_end_time() = time;
  if (!IsFinal(new_status)) subtask.clear_end_time();
  return absl::OkStatus();
}

}  // namespace ipam::hub
