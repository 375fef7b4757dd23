// One running operation as a machine: each Step does a little and raises its events, all in the caller's
// transaction.
//
// clang-format off
//   state        event    does                                                          next
//   kAccepted    Proceed  its row says so                                               kPreparing
//   kAccepted    Abandon  SetOverallStatus(CompletedWithFailure)                        kEnded
//   kPreparing   Step     Delegate::Prepare; a fault: SetOverallStatus(...Failure)      kAnnouncing | kEnded
//                Step*    SetOverallStatus(CompletedWithFailure)                        kEnded
//   kAnnouncing  Step     AddSubTask of one entity                                      kAnnouncing | kReady
//   kReady       Step     InProgress of one entity, or its end as NotRun                kApplying | kReady | kFinishing
//                Step*    the end of one entity as NotRun                               kReady | kFinishing
//   kApplying    Step     a part of an entity that is too much for one transaction      kApplying
//                         the entity in a savepoint, its end, the percentage            kReady | kFinishing
//                         servers with an actuator come first (ServerWork): nothing     kActuating
//                         they have other work: nothing                                 kApplying
//   kActuating   Actuated -                                                             kActuating
//                Step     as kApplying, behind what the servers did or refused          kReady | kFinishing | kActuating
//   kFinishing   Step     SetOverallStatus                                              kEnded
//   all in which an entity is left that did not begin: Cancel marks it; it takes the lines with * from then on
//   resumed      Step     Delegate::Prepare, once more; not what was announced: its end as of a failure    | kEnded
// clang-format on
//
// An event that a state does not list changes nothing. The percentage is the share of the subtasks that
// reached an end, so that 100 stands before SetOverallStatus (discrepancies A.12, A.21). SetOverallStatus
// comes once (A.18), failed where an entity failed or the operation was cancelled; warnings would show on
// subtasks (A.13). What a cancel left undone is no progress: it raises no percentage.
//
// A transaction that cannot be committed is undone by Rollback, and its steps are done again.
//
// Resume puts a new one where the rows of an earlier process end: the state follows from its events. Its first Step
// makes the list of the entities again, as it was before the operation changed the store, and compares it with what
// was announced. An entity that servers were at work on has them reserved from then on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/event/progress_event.h"
#include "dcom_bridge/ipam/delegate.h"
#include "dcom_bridge/ipam/operation_log.h"
#include "dcom_bridge/ipam/server_work.h"
#include "ipam/v1/status.pb.h"

namespace ipam::engine {

class Operation {
 public:
  // After a step: there is more; an entity was announced as in progress; nothing is left; servers have something to do (TakeJob,
  // then Actuated, then the next step); they have other work, until a server is released; there is more behind the commit.
  enum class Progress { kMore, kEntityStarted, kEnded, kActuating, kBusy, kMoreAfterCommit };

  // `delegate` null: the operation has none yet, and ends with a fault that says so.
  // `servers` null: all live in the store only; else it outlives this.
  Operation(std::int64_t number, const base::Guid& id, std::string kind, std::unique_ptr<Delegate> delegate,
            const ServersAtWork* servers = nullptr);

  const base::Guid& id() const { return id_; }
  bool runnable() const { return mark_.state != State::kAccepted && mark_.state != State::kEnded; }

  // Event 1, StartProgressCallback; once, before all else.
  absl::Status Begin(OperationLog& log, base::Clock& clock);
  absl::Status Proceed(OperationLog& log);
  absl::Status Abandon(const std::string& reason, OperationLog& log, base::Clock& clock);
  // It stops before its next entity. False: nothing is left that could be stopped. Rollback does not undo it; its row
  // is written again by the next Cancel.
  absl::StatusOr<bool> Cancel(const std::string& reason, OperationLog& log);
  // Its next Step ends it.
  bool ends_at_once() const { return cancelled_ && mark_.state == State::kPreparing; }
  // Its servers wait for its next Step, and others for them.
  bool has_servers() const { return mark_.state == State::kActuating; }
  bool succeeded() const { return mark_.state == State::kEnded && mark_.first_failure.ok(); }
  // Instead of Begin and Proceed, for all operations before the first Step of one.
  void Resume(const SavedOperation& saved);
  // A status that is not OK: the store failed; roll back and step again later.
  absl::StatusOr<Progress> Step(Store& store, OperationLog& log, base::Clock& clock);

  // Behind the commit of a step that said kActuating.
  ActuationJob TakeJob() { return work_->TakeJob(); }
  void Actuated(ActuationResult result, base::Clock& clock) { work_->Took(std::move(result), clock.Now()); }

  void Committed();
  void Rollback();

 private:
  enum class State { kAccepted, kPreparing, kAnnouncing, kReady, kApplying, kActuating, kFinishing, kEnded };
  // All that a transaction changes; what the vectors hold beyond it counts for nothing.
  struct Mark {
    State state = State::kAccepted;
    bool relist = false;  // the delegate has not listed its entities since Resume
    std::uint64_t sequence = 0;
    std::size_t next = 0;  // entity
    int percent = 0;
    std::size_t succeeded = 0;
    std::size_t failed = 0;
    absl::Status first_failure;
  };

  absl::StatusOr<Progress> Announce(OperationLog& log, base::Clock& clock);
  absl::StatusOr<Progress> StartEntity(OperationLog& log, base::Clock& clock);
  absl::StatusOr<Progress> ApplyEntity(Store& store, OperationLog& log, base::Clock& clock);
  absl::StatusOr<Progress> Relist(Store& store, OperationLog& log, base::Clock& clock);
  // `said`: what Prepare did. Not OK: the store failed.
  absl::Status PrepareAsItWas(Store& store, OperationLog& log, absl::Status& said);
  // `why`: a fault, or what a success is a warning about.
  absl::Status EndEntity(event::SubtaskStatus status, const absl::Status& why, std::int64_t record_id,
                         OperationLog& log, base::Clock& clock);
  // What became of an entity, for those that need it and for the completion status.
  void Count(std::size_t index, const absl::Status& why, bool done, std::int64_t record_id);
  absl::Status Finish(OperationLog& log, base::Clock& clock, const google::protobuf::Message* made = nullptr);
  template <typename Change>
  absl::Status Emit(Change change, OperationLog& log, base::Clock& clock,
                    std::optional<std::int64_t> record_id = std::nullopt);
  static event::SubtaskInstance ToSubtask(std::size_t index, const Entity& entity);

  const std::int64_t number_;
  const base::Guid id_;
  const std::string kind_;
  const std::unique_ptr<Delegate> delegate_;
  std::optional<ServerWork> work_;  // absent: no server has an actuator
  Mark mark_;
  Mark committed_;
  std::optional<absl::Status> cancelled_;  // the fault that says so
  // As its InProgress has it, for its end; of an entity of a transaction that was undone it holds as well.
  std::optional<event::SubtaskInstance> described_;
  std::vector<bool> outcomes_;  // of the entities that ended: succeeded
  // For EntityStatusCollection; bounded, so that the completion status stays far below the limits of its
  // receiver.
  std::vector<v1::EntityStatus> succeeded_;
  std::vector<v1::EntityStatus> failed_;
};

// The parameters of an operation that an earlier process left; null: it cannot go on, and was ended.
absl::StatusOr<std::shared_ptr<const v1::OperationParameters>> ReadOrEnd(const SavedOperation& saved,
                                                                         OperationLog& log,
                                                                         base::Clock& clock);
// The end of an operation that an earlier process left and that cannot go on: its open subtasks as NotRun,
// SetOverallStatus.
absl::Status EndInterrupted(std::int64_t number, std::uint64_t last_sequence, const absl::Status& why,
                            OperationLog& log, base::Clock& clock);

}  // namespace ipam::engine
