#include "dcom_bridge/ipam/operation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/change_set.h"
#include "dcom_bridge/ipam/completion.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/store.h"

namespace ipam::engine {
namespace {

constexpr std::size_t kMaxListedEntities = 1'000;  // of each outcome; 300 octets of XML each

absl::Status NotSupported(const std::string& kind) {
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_METHOD_NOT_IMPLEMENTED,
               absl::StrFormat("The operation %s is not supported by this server.", kind));
}

}  // namespace

Operation::Operation(std::int64_t number, const base::Guid& id, std::string kind,
                     std::unique_ptr<Delegate> delegate, const ServersAtWork* servers)
    : number_(number), id_(id), kind_(std::move(kind)), delegate_(std::move(delegate)) {
  if (servers != nullptr) work_.emplace(*servers);
}

absl::Status Operation::Begin(OperationLog& log, base::Clock& clock) {
  return Emit(event::Started{}, log, clock);
}

absl::Status Operation::Proceed(OperationLog& log) {
  // Also when the transaction of the first time was undone.
  IPAM_RETURN_IF_ERROR(log.states().Answer(number_));
  if (mark_.state == State::kAccepted) mark_.state = committed_.state = State::kPreparing;
  return absl::OkStatus();
}

absl::Status Operation::Abandon(const std::string& reason, OperationLog& log, base::Clock& clock) {
  if (mark_.state != State::kAccepted) return absl::OkStatus();
  mark_.first_failure = Fault(v1::IPAM_EXCEPTION_ID_IPAM_CLIENT_COMMUNICATION_FAILURE,
                              absl::StrFormat("StartProgressCallback failed: %s", reason));
  return Finish(log, clock);
}

absl::StatusOr<bool> Operation::Cancel(const std::string& reason, OperationLog& log) {
  const bool at_work = mark_.state == State::kApplying || mark_.state == State::kActuating;
  const bool last = at_work && mark_.next + 1 == outcomes_.size();
  const bool nothing_left = last || mark_.state == State::kFinishing;
  if (mark_.state == State::kEnded || (nothing_left && !cancelled_)) return false;
  if (!cancelled_) cancelled_ = Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_GENERIC_ERROR_OCCURRED, reason);
  IPAM_RETURN_IF_ERROR(log.states().Cancel(number_, std::string(cancelled_->message())));
  return true;
}

absl::StatusOr<Operation::Progress> Operation::Step(Store& store, OperationLog& log, base::Clock& clock) {
  if (mark_.relist) return Relist(store, log, clock);
  switch (mark_.state) {
    case State::kAccepted:
    case State::kEnded:
      return Progress::kEnded;
    case State::kPreparing: {
      if (cancelled_) {
        IPAM_RETURN_IF_ERROR(Finish(log, clock));
        return Progress::kEnded;
      }
      const absl::Status prepared = delegate_ == nullptr ? NotSupported(kind_) : delegate_->Prepare(store);
      if (prepared.ok()) {
        outcomes_.assign(delegate_->size(), false);
        mark_.state = delegate_->size() == 0 ? State::kFinishing : State::kAnnouncing;
        return Progress::kMore;
      }
      if (!IsFault(prepared)) return prepared;
      mark_.first_failure = prepared;
      mark_.state = State::kFinishing;
      return Progress::kMore;
    }
    case State::kAnnouncing:
      return Announce(log, clock);
    case State::kReady:
      return StartEntity(log, clock);
    case State::kApplying:
    case State::kActuating:
      return ApplyEntity(store, log, clock);
    case State::kFinishing: {
      ReturnObject made;
      if (!outcomes_.empty()) {
        IPAM_ASSIGN_OR_RETURN(made, delegate_->Return(store));
      }
      IPAM_RETURN_IF_ERROR(Finish(log, clock, made.get()));
      return Progress::kEnded;
    }
  }
  return absl::InternalError("state");
}

void Operation::Committed() {
  committed_ = mark_;
  if (work_) work_->Committed(mark_.state != State::kActuating);
}

void Operation::Rollback() {
  mark_ = committed_;
  if (work_) work_->Rollback(mark_.state == State::kActuating);
  succeeded_.resize(mark_.succeeded);
  failed_.resize(mark_.failed);
}

absl::StatusOr<Operation::Progress> Operation::Announce(OperationLog& log, base::Clock& clock) {
  IPAM_RETURN_IF_ERROR(Emit(
      event::SubtaskAdded{.subtask = ToSubtask(mark_.next, delegate_->Describe(mark_.next))}, log, clock));
  if (++mark_.next == outcomes_.size()) {
    mark_.next = 0;
    mark_.state = State::kReady;
  }
  return Progress::kMore;
}

absl::StatusOr<Operation::Progress> Operation::StartEntity(OperationLog& log, base::Clock& clock) {
  if (cancelled_) {
    IPAM_RETURN_IF_ERROR(EndEntity(event::SubtaskStatus::kNotRun, *cancelled_, 0, log, clock));
    return Progress::kMore;
  }
  const Entity entity = delegate_->Describe(mark_.next);
  if (entity.needs && !outcomes_[*entity.needs]) {
    const absl::Status why = Fault(
        v1::IPAM_EXCEPTION_ID_IPAM_API_OBJECT_STATE_IS_INVALID,
        absl::StrFormat("Not run, because this was not done: %s.", delegate_->Describe(*entity.needs).name));
    IPAM_RETURN_IF_ERROR(EndEntity(event::SubtaskStatus::kNotRun, why, 0, log, clock));
    return Progress::kMore;
  }
  event::SubtaskChanged started;
  started.subtask = ToSubtask(mark_.next, entity);
  started.status = started.subtask.status = event::SubtaskStatus::kInProgress;
  described_ = started.subtask;
  IPAM_RETURN_IF_ERROR(Emit(std::move(started), log, clock));
  mark_.state = State::kApplying;
  return Progress::kEntityStarted;
}

absl::StatusOr<Operation::Progress> Operation::ApplyEntity(Store& store, OperationLog& log,
                                                           base::Clock& clock) {
  IPAM_RETURN_IF_ERROR(store.db.Execute("SAVEPOINT entity"));
  const bool actuated = mark_.state == State::kActuating;
  absl::StatusOr<bool> advanced = false;
  if (!actuated) advanced = delegate_->Advance(mark_.next, store);
  if (!advanced.ok() && !IsFault(advanced.status())) return advanced.status();
  if (advanced.ok() && *advanced) {
    IPAM_RETURN_IF_ERROR(store.db.Execute("RELEASE entity"));
    return Progress::kMore;
  }
  std::optional<ChangeRecorder> recorder;
  if (delegate_->PrepareSeesChanges()) recorder.emplace(store.db);
  absl::StatusOr<std::int64_t> applied = std::int64_t{0};
  const auto apply = [&]() -> absl::StatusOr<std::int64_t> {
    if (!advanced.ok()) return advanced.status();
    return delegate_->Apply(mark_.next, store);
  };
  if (work_) {
    const auto more = [&](std::int64_t id) { return delegate_->Actuate(mark_.next, id, store); };
    IPAM_ASSIGN_OR_RETURN(const ServerWork::Verdict verdict,
                          work_->Apply(apply, more, store, clock.Now(), applied));
    if (verdict == ServerWork::Verdict::kBusy) return Progress::kBusy;
    if (verdict == ServerWork::Verdict::kServers) {
      IPAM_RETURN_IF_ERROR(log.states().PutActuation(number_, work_->Save()));
      mark_.state = State::kActuating;
      return Progress::kActuating;
    }
  } else {
    applied = apply();
  }
  if (!applied.ok() && !IsFault(applied.status())) return applied.status();
  if (applied.ok() && recorder) {
    IPAM_ASSIGN_OR_RETURN(const base::Bytes changes, recorder->Take());
    IPAM_RETURN_IF_ERROR(log.states().PutChanges(number_, mark_.next, changes));
  }
  if (actuated) IPAM_RETURN_IF_ERROR(log.states().RemoveActuation(number_));
  recorder.reset();
  IPAM_RETURN_IF_ERROR(applied.ok() ? store.db.Execute("RELEASE entity")
                                    : store.db.Execute("ROLLBACK TO entity; RELEASE entity"));
  auto status =
      applied.ok() ? event::SubtaskStatus::kCompletedWithSuccess : event::SubtaskStatus::kCompletedWithError;
  absl::Status why = applied.status();
  if (applied.ok() && work_ && !work_->unexpressed().empty()) {
    status = event::SubtaskStatus::kCompletedWithWarning;
    why = Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_GENERIC_ERROR_OCCURRED,
                absl::StrJoin(work_->unexpressed(), "; "));
  }
  IPAM_RETURN_IF_ERROR(EndEntity(status, why, applied.value_or(0), log, clock));
  return actuated ? Progress::kMoreAfterCommit
                  : Progress::kMore;  // what the servers have, the store has behind it
}

absl::Status Operation::EndEntity(event::SubtaskStatus status, const absl::Status& why,
                                  std::int64_t record_id, OperationLog& log, base::Clock& clock) {
  event::SubtaskChanged ended;
  const std::int32_t instance = static_cast<std::int32_t>(mark_.next) + 1;
  if (described_ && described_->instance_id == instance) {
    ended.subtask = *std::exchange(described_, std::nullopt);
  } else {
    ended.subtask = ToSubtask(mark_.next, delegate_->Describe(mark_.next));
  }
  ended.status = ended.subtask.status = status;
  ended.percent = status == event::SubtaskStatus::kNotRun ? 0 : 100;
  if (!why.ok()) ended.completion_status_xml = ExceptionXml(why);
  IPAM_RETURN_IF_ERROR(Emit(std::move(ended), log, clock, record_id));
  const bool done = why.ok() || status == event::SubtaskStatus::kCompletedWithWarning;
  Count(mark_.next, why, done, record_id);

  ++mark_.next;
  const int percent = static_cast<int>(mark_.next * 100 / outcomes_.size());
  const bool left_undone = cancelled_ && status == event::SubtaskStatus::kNotRun;
  if (percent > mark_.percent && !left_undone) {
    mark_.percent = percent;
    IPAM_RETURN_IF_ERROR(Emit(event::PercentageChanged{.percent = static_cast<double>(percent)}, log, clock));
  }
  mark_.state = mark_.next == outcomes_.size() ? State::kFinishing : State::kReady;
  return absl::OkStatus();
}

void Operation::Count(std::size_t index, const absl::Status& why, bool done, std::int64_t record_id) {
  outcomes_[index] = done;
  if (mark_.first_failure.ok() && !done) mark_.first_failure = why;
  std::vector<v1::EntityStatus>& list = done ? succeeded_ : failed_;
  if (list.size() < kMaxListedEntities) {
    const Entity entity = delegate_->Describe(index);
    v1::EntityStatus& outcome = list.emplace_back();
    outcome.set_is_successful(done);
    outcome.set_object_type(entity.object_type);
    outcome.set_operation_type(entity.operation_type);
    outcome.set_record_id(record_id);
    if (entity.record_type != v1::DNS_RESOURCE_RECORD_TYPE_NONE) {
      outcome.mutable_for_dns_resource_record()->set_record_type(entity.record_type);
    }
  }
  mark_.succeeded = succeeded_.size();
  mark_.failed = failed_.size();
}

absl::Status Operation::Finish(OperationLog& log, base::Clock& clock, const google::protobuf::Message* made) {
  if (cancelled_) mark_.first_failure = *cancelled_;
  // An operation without entities has nothing left to count.
  if (mark_.first_failure.ok() && mark_.percent < 100) {
    mark_.percent = 100;
    IPAM_RETURN_IF_ERROR(Emit(event::PercentageChanged{.percent = 100}, log, clock));
  }
  std::vector<v1::EntityStatus> entities = failed_;
  entities.insert(entities.end(), succeeded_.begin(), succeeded_.end());
  event::OverallStatusSet completed;
  completed.status = mark_.first_failure.ok() ? event::OverallStatus::kCompletedWithSuccess
                                              : event::OverallStatus::kCompletedWithFailure;
  completed.completion_status_xml = CompletionXml(mark_.first_failure, entities, made);
  IPAM_RETURN_IF_ERROR(Emit(std::move(completed), log, clock));
  mark_.state = State::kEnded;
  return log.End(number_, clock.Now());
}

template <typename Change>
absl::Status Operation::Emit(Change change, OperationLog& log, base::Clock& clock,
                             std::optional<std::int64_t> record_id) {
  event::ProgressEvent event;
  event.source_sequence = mark_.sequence + 1;
  event.event_time = clock.Now();
  event.change = std::move(change);
  IPAM_RETURN_IF_ERROR(log.Append(number_, event, record_id));
  ++mark_.sequence;
  return absl::OkStatus();
}

event::SubtaskInstance Operation::ToSubtask(std::size_t index, const Entity& entity) {
  event::SubtaskInstance subtask;
  subtask.instance_id = static_cast<std::int32_t>(index) + 1;  // the key: discrepancies A.22
  subtask.unique_id = static_cast<std::int32_t>(entity.kind);
  subtask.name = entity.name;
  if (entity.details != nullptr) subtask.details_xml = DetailsXml(*entity.details);
  return subtask;
}

}  // namespace ipam::engine
