// An operation that an earlier process left: the state that its events tell, and its list of entities as it was.
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/completion.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/operation.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/model/convert.h"
#include "ipam/v1/exception.pb.h"

namespace ipam::engine {
namespace {

absl::Status GenericFault(const std::string& message) {
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_GENERIC_ERROR_OCCURRED, message);
}

// The fault that ExceptionXml wrote.
absl::Status ReadFault(const SavedOutcome& outcome) {
  const auto exception = model::FromXml<v1::IpamException>(outcome.completion_status_xml.value_or(""));
  if (!exception.ok()) return GenericFault("A subtask failed before the server was started again.");
  const v1::IpamExceptionData& data = exception->ipam_exception_data();
  return Fault(data.exception_id(), data.exception_message());
}

bool Succeeded(event::SubtaskStatus status) {
  return status == event::SubtaskStatus::kCompletedWithSuccess ||
         status == event::SubtaskStatus::kCompletedWithWarning;
}

// What of the entities differs from what was announced; empty: nothing.
std::string Difference(const Delegate& delegate, const std::vector<event::SubtaskInstance>& announced,
                       bool all_announced) {
  if (delegate.size() < announced.size() || (all_announced && delegate.size() > announced.size())) {
    return absl::StrCat(announced.size(), " subtasks were announced, now there are ", delegate.size());
  }
  for (std::size_t i = 0; i < announced.size(); ++i) {
    const Entity entity = delegate.Describe(i);
    if (announced[i].unique_id != static_cast<std::int32_t>(entity.kind) ||
        announced[i].name != entity.name) {
      return absl::StrCat("the subtask ", i + 1, " was ", announced[i].name.value_or(""), ", now it is ",
                          entity.name);
    }
  }
  return "";
}

}  // namespace

void Operation::Resume(const SavedOperation& saved) {
  mark_.sequence = saved.last_sequence;
  mark_.percent = saved.percent;
  mark_.relist = saved.announced > 0;
  if (saved.cancelled) cancelled_ = GenericFault(*saved.cancelled);
  const bool at_servers = saved.at_work && saved.actuation && work_ && work_->Resume(*saved.actuation);
  if (saved.at_work || saved.ended > 0) {  // all had been announced before
    outcomes_.assign(saved.announced, false);
    mark_.next = saved.ended;
    mark_.state = saved.ended == saved.announced ? State::kFinishing
                  : !saved.at_work               ? State::kReady
                  : at_servers                   ? State::kActuating
                                                 : State::kApplying;
  } else {
    mark_.next = saved.announced;
    mark_.state = saved.announced > 0 ? State::kAnnouncing : State::kPreparing;
  }
  committed_ = mark_;
}

absl::StatusOr<Operation::Progress> Operation::Relist(Store& store, OperationLog& log, base::Clock& clock) {
  mark_.relist = false;
  absl::Status listed = GenericFault("it is not supported");
  if (delegate_ != nullptr) {
    IPAM_RETURN_IF_ERROR(PrepareAsItWas(store, log, listed));
  }
  IPAM_ASSIGN_OR_RETURN(const auto announced, log.states().ListAnnounced(number_));
  IPAM_ASSIGN_OR_RETURN(const auto outcomes, log.states().ListOutcomes(number_));
  const bool all_announced = mark_.state != State::kAnnouncing;
  std::string difference(listed.message());
  if (listed.ok()) difference = Difference(*delegate_, announced, all_announced);
  if (mark_.state != State::kActuating) IPAM_RETURN_IF_ERROR(log.states().RemoveActuation(number_));
  if (!difference.empty()) {
    if (mark_.state == State::kActuating) difference += "; its servers may have what it was at";
    const absl::Status why = GenericFault(absl::StrCat(
        "The server was started again, and the operation cannot go on as it was announced: ", difference));
    IPAM_RETURN_IF_ERROR(EndInterrupted(number_, mark_.sequence, why, log, clock));
    mark_.first_failure = why;
    mark_.state = State::kEnded;
    return Progress::kEnded;
  }
  outcomes_.assign(delegate_->size(), false);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const bool succeeded = Succeeded(outcomes[i].status);
    if (succeeded) delegate_->Restore(i, outcomes[i].record_id);
    Count(i, succeeded ? absl::OkStatus() : ReadFault(outcomes[i]), succeeded, outcomes[i].record_id);
  }
  if (!all_announced && mark_.next == outcomes_.size()) {
    mark_.next = 0;
    mark_.state = State::kReady;
  }
  return Progress::kMore;
}

// Delegate::Prepare on the store as it was before the operation changed it; what others changed since is seen.
absl::Status Operation::PrepareAsItWas(Store& store, OperationLog& log, absl::Status& said) {
  IPAM_RETURN_IF_ERROR(store.db.Execute("SAVEPOINT as_it_was"));
  said = log.states().UndoAll(number_);
  if (said.ok()) said = delegate_->Prepare(store);
  if (!said.ok() && !IsFault(said)) return said;
  return store.db.Execute("ROLLBACK TO as_it_was; RELEASE as_it_was");
}

absl::StatusOr<std::shared_ptr<const v1::OperationParameters>> ReadOrEnd(const SavedOperation& saved,
                                                                         OperationLog& log,
                                                                         base::Clock& clock) {
  absl::StatusOr<v1::OperationParameters> parameters = log.states().GetParameters(saved);
  if (absl::IsUnavailable(parameters.status())) return parameters.status();
  if (saved.answered && parameters.ok() && base::Guid::Parse(saved.guid)) {
    return std::make_shared<const v1::OperationParameters>(*std::move(parameters));
  }
  const absl::Status why = GenericFault(
      saved.answered ? "The server was stopped while the operation ran, and its parameters were lost."
                     : "The server was stopped before the operation began.");
  IPAM_RETURN_IF_ERROR(EndInterrupted(saved.number, saved.last_sequence, why, log, clock));
  return nullptr;
}

absl::Status EndInterrupted(std::int64_t number, std::uint64_t last_sequence, const absl::Status& why,
                            OperationLog& log, base::Clock& clock) {
  event::ProgressEvent event;
  event.source_sequence = last_sequence;
  event.event_time = clock.Now();
  IPAM_ASSIGN_OR_RETURN(std::vector<event::SubtaskInstance> open, log.ListOpenSubtasks(number));
  for (event::SubtaskInstance& subtask : open) {
    subtask.status = event::SubtaskStatus::kNotRun;
    ++event.source_sequence;
    event.change = event::SubtaskChanged{.subtask = std::move(subtask),
                                         .status = event::SubtaskStatus::kNotRun,
                                         .completion_status_xml = ExceptionXml(why)};
    IPAM_RETURN_IF_ERROR(log.Append(number, event));
  }
  ++event.source_sequence;
  event.change = event::OverallStatusSet{.status = event::OverallStatus::kCompletedWithFailure,
                                         .completion_status_xml = CompletionXml(why, {}, nullptr)};
  IPAM_RETURN_IF_ERROR(log.Append(number, event));
  return log.End(number, clock.Now());
}

}  // namespace ipam::engine
