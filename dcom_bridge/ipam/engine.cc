#include "dcom_bridge/ipam/engine.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/actuators.h"
#include "dcom_bridge/ipam/authorization.h"
#include "dcom_bridge/ipam/change_log.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/engine_commands.h"
#include "dcom_bridge/ipam/operation.h"
#include "dcom_bridge/ipam/operation_log.h"
#include "dcom_bridge/ipam/server_work.h"
#include "dcom_bridge/ipam/sql_driver.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/model/parameters.h"
#include "dcom_bridge/model/schema.h"

namespace ipam::engine {
namespace {

using Steady = std::chrono::steady_clock;

// Entities of at most this time share a transaction; one that was asked for something ends earlier.
constexpr auto kTransactionTime = std::chrono::milliseconds(50);
constexpr auto kBusyTransactionTime = std::chrono::milliseconds(8);
// For the entities that servers are at work on when the engine stops.
constexpr auto kDrainTime = std::chrono::seconds(4);
// Between attempts to write to a store that failed.
constexpr auto kFirstRetry = std::chrono::milliseconds(100);
constexpr auto kLastRetry = std::chrono::seconds(5);
constexpr auto kPurgeInterval = std::chrono::hours(1);
constexpr int kPurgeBatch = 16;  // operations that one transaction removes

const v1::OperationParameters& ParametersOf(const Prepared& prepared) {
  return static_cast<const v1::OperationParameters&>(*prepared.parameters);
}

}  // namespace

// Members without a note belong to the engine's thread.
class Engine::Impl {
 public:
  Impl(Options options, std::unique_ptr<Database> db, base::Clock& clock, EventListener& listener,
       std::unique_ptr<Actuators> actuators)
      : options_(std::move(options)),
        clock_(clock),
        listener_(listener),
        db_(std::move(db)),
        store_(*db_),
        log_(*db_),
        authorization_(options_.administrators),
        commands_(options_.max_running + options_.max_queued),
        actuators_(std::move(actuators)) {
    if (actuators_ == nullptr) return;
    changes_ = std::make_unique<ChangeLog>(*db_);
    servers_.emplace(ServersAtWork{*actuators_, *changes_});
  }
  ~Impl();

  absl::Status CheckActuators();    // before Run
  absl::Status ResumeOperations();  // before Run
  void Run() {
    thread_ = std::thread([this] { Loop(); });
  }

  CommandQueue& commands() { return commands_; }
  const OperationCounts& counts() const { return counts_; }

 private:
  struct Live {
    std::unique_ptr<const Prepared> prepared;  // the delegate refers to it
    std::unique_ptr<Operation> operation;
    bool running = false;  // has its place in a queue of those that run, or waits for its servers
  };
  struct Started {
    base::Guid id;
    StartDone done;
    absl::Status status;
  };

  absl::Status ResumeOne(const SavedOperation& saved);
  Live MakeLive(std::int64_t number, const base::Guid& id, Prepared prepared);
  void Loop();
  // Ends the entities that servers are at work on, as far as they answer in time.
  void Drain();
  std::optional<Steady::time_point> NextDue() const;

  void Read(ReadCommand& command);
  void TakeUp(ActuatedCommand& command);
  void Transact(std::deque<Command> commands);
  absl::Status Work(std::deque<Command>& commands);
  // `answer`: of the start. Not OK: the store failed.
  absl::Status Admit(StartCommand& command, absl::Status& answer);
  absl::Status ProceedWith(const base::Guid& id);
  absl::Status AbandonOne(const AbandonCommand& command);
  // kNotFound and kPermissionDenied are results; others: the store failed.
  absl::StatusOr<absl::StatusOr<OperationLog::Found>> Locate(const base::Guid& id, const Caller& caller);
  absl::Status FindOne(FindCommand& command);
  absl::Status CancelOne(CancelCommand& command);
  absl::Status EndWaiting(const base::Guid& id);
  absl::Status StepNext();
  void PromoteWaiting();
  void Forget(const base::Guid& id);
  void Commit(std::deque<Command> commands);
  void Rollback(std::deque<Command> commands, const absl::Status& why);
  void Purge();

  const Options options_;
  base::Clock& clock_;
  EventListener& listener_;
  const std::unique_ptr<Database> db_;
  Store store_;
  OperationLog log_;
  const Authorization authorization_;
  OperationCounts counts_;  // any thread

  absl::flat_hash_map<base::Guid, Live> live_;             // started and not ended
  std::deque<base::Guid> turns_;                           // runnable, next first
  std::multimap<Steady::time_point, base::Guid> delayed_;  // runnable after the step delay
  std::deque<base::Guid> blocked_;                         // until a server is released
  std::deque<base::Guid> waiting_;                         // for a place among the running
  std::size_t running_ = 0;                                // all but the waiting
  std::size_t at_servers_ = 0;                             // of the running: wait for Actuators::Run
  bool draining_ = false;                                  // one step for each, and no other
  // Of the open transaction.
  absl::flat_hash_set<base::Guid> touched_;
  std::vector<base::Guid> ended_;
  std::vector<Started> started_;
  std::vector<base::Guid> actuating_;  // servers have something to do behind the commit
  std::vector<base::Guid> resting_;    // their next turn is behind the commit

  std::deque<Command> again_;      // after a transaction that failed; not before retry_at_
  Steady::time_point retry_at_{};  // the store failed before
  Steady::duration retry_after_ = kFirstRetry;
  Steady::time_point purge_at_{};

  CommandQueue commands_;
  std::unique_ptr<Actuators> actuators_;  // null, as the next two: no server has one
  std::unique_ptr<ChangeLog> changes_;
  std::optional<ServersAtWork> servers_;
  std::thread thread_;
};

Engine::Impl::~Impl() {
  commands_.Stop();
  db_->driver().StopWaiting();
  if (thread_.joinable()) thread_.join();
  live_.clear();
  actuators_.reset();  // its threads push commands
  std::deque<Command> unanswered = std::move(again_);
  for (Command& command : commands_.TakeRest()) unanswered.push_back(std::move(command));
  for (Command& command : unanswered) Refuse(command, absl::UnavailableError("the server stops"));
}

absl::Status Engine::Impl::CheckActuators() {
  if (actuators_ == nullptr) return absl::OkStatus();
  for (const ServerKey& server : actuators_->servers()) {
    const bool dhcp = server.role == ServerKey::Role::kDhcp;
    IPAM_ASSIGN_OR_RETURN(bool known,
                          dhcp ? store_.dhcp.HasServer(4, server.id) : store_.dns.HasServer(server.id));
    if (dhcp && !known) {
      IPAM_ASSIGN_OR_RETURN(known, store_.dhcp.HasServer(6, server.id));
    }
    if (known) continue;
    return absl::InvalidArgumentError(absl::StrCat("an actuator is for the ", dhcp ? "DHCP" : "DNS",
                                                   " server ", server.id, ", which the store does not have"));
  }
  return absl::OkStatus();
}

absl::Status Engine::Impl::ResumeOperations() {
  IPAM_RETURN_IF_ERROR(db_->Begin());
  IPAM_ASSIGN_OR_RETURN(const auto unfinished, log_.states().List());
  for (const SavedOperation& saved : unfinished) IPAM_RETURN_IF_ERROR(ResumeOne(saved));
  PromoteWaiting();
  return db_->Commit();
}

absl::Status Engine::Impl::ResumeOne(const SavedOperation& saved) {
  IPAM_ASSIGN_OR_RETURN(auto parameters, ReadOrEnd(saved, log_, clock_));
  if (parameters == nullptr) return absl::OkStatus();
  const base::Guid id = base::Guid::Parse(saved.guid).value();
  Live live = MakeLive(saved.number, id, {.kind = saved.kind, .parameters = std::move(parameters)});
  live.operation->Resume(saved);
  waiting_.insert(live.operation->has_servers() ? waiting_.begin() : waiting_.end(), id);
  live_.emplace(id, std::move(live));
  commands_.AddOpen();
  return absl::OkStatus();
}

Engine::Impl::Live Engine::Impl::MakeLive(std::int64_t number, const base::Guid& id, Prepared prepared) {
  Live live;
  live.prepared = std::make_unique<const Prepared>(std::move(prepared));
  live.operation = std::make_unique<Operation>(number, id, live.prepared->kind,
                                               MakeDelegate(ParametersOf(*live.prepared), clock_),
                                               servers_ ? &*servers_ : nullptr);
  return live;
}

void Engine::Impl::Loop() {
  purge_at_ = Steady::now();
  std::deque<Command> commands;
  while (commands_.Wait(NextDue(), commands)) {
    const auto now = Steady::now();
    std::deque<Command> changes;
    if (now >= retry_at_) changes.swap(again_);
    for (Command& command : commands) {
      if (auto* read = std::get_if<ReadCommand>(&command)) {
        Read(*read);  // between transactions: sees what is committed
      } else if (auto* check = std::get_if<CheckOwnerCommand>(&command)) {
        check->done(authorization_.CheckOwner(check->caller, check->owner, store_));
      } else if (auto* actuated = std::get_if<ActuatedCommand>(&command)) {
        TakeUp(*actuated);
      } else {
        changes.push_back(std::move(command));
      }
    }
    const bool runnable = !turns_.empty() || (!delayed_.empty() && delayed_.begin()->first <= now);
    if (!changes.empty() || (runnable && now >= retry_at_)) Transact(std::move(changes));
    if (now >= purge_at_) Purge();
  }
  Drain();
}

void Engine::Impl::Drain() {
  draining_ = true;
  turns_.clear();
  delayed_.clear();
  blocked_.clear();
  waiting_.clear();
  const auto limit = Steady::now() + kDrainTime;
  std::deque<Command> commands;
  while (at_servers_ > 0 && commands_.WaitOn(limit, commands)) {
    for (Command& command : commands) {
      if (auto* actuated = std::get_if<ActuatedCommand>(&command)) {
        TakeUp(*actuated);
        Transact({});
        turns_.clear();
      } else {
        again_.push_back(std::move(command));  // refused in the end
      }
    }
  }
}

std::optional<Steady::time_point> Engine::Impl::NextDue() const {
  Steady::time_point due = purge_at_;
  if (!turns_.empty() || !again_.empty()) {
    due = std::min(due, retry_at_);
  } else if (!delayed_.empty()) {
    due = std::min(due, std::max(retry_at_, delayed_.begin()->first));
  }
  return due;
}

void Engine::Impl::Read(ReadCommand& command) {
  command.done(log_.Read(command.id, command.after, command.max));
}

void Engine::Impl::TakeUp(ActuatedCommand& command) {
  --at_servers_;
  live_.at(command.id).operation->Actuated(std::move(command.result), clock_);
  turns_.push_back(command.id);
}

void Engine::Impl::Transact(std::deque<Command> commands) {
  absl::Status status = db_->Begin();
  if (status.ok()) status = Work(commands);
  if (status.ok()) status = db_->Commit();
  if (status.ok()) {
    Commit(std::move(commands));
  } else {
    Rollback(std::move(commands), status);
  }
}

absl::Status Engine::Impl::Work(std::deque<Command>& commands) {
  for (Command& command : commands) {
    if (auto* start = std::get_if<StartCommand>(&command)) {
      absl::Status admitted;
      IPAM_RETURN_IF_ERROR(Admit(*start, admitted));
      started_.push_back({start->id, std::exchange(start->done, nullptr), std::move(admitted)});
    } else if (const auto* proceed = std::get_if<ProceedCommand>(&command)) {
      IPAM_RETURN_IF_ERROR(ProceedWith(proceed->id));
    } else if (const auto* abandon = std::get_if<AbandonCommand>(&command)) {
      IPAM_RETURN_IF_ERROR(AbandonOne(*abandon));
    } else if (auto* find = std::get_if<FindCommand>(&command)) {
      IPAM_RETURN_IF_ERROR(FindOne(*find));
    } else if (auto* cancel = std::get_if<CancelCommand>(&command)) {
      IPAM_RETURN_IF_ERROR(CancelOne(*cancel));
    }
  }
  PromoteWaiting();
  const auto begun = Steady::now();
  for (auto now = begun; now - begun < kTransactionTime; now = Steady::now()) {
    if (now - begun >= kBusyTransactionTime && commands_.HasCommands()) break;
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
      turns_.push_back(delayed_.begin()->second);
      delayed_.erase(delayed_.begin());
    }
    if (turns_.empty()) break;
    IPAM_RETURN_IF_ERROR(StepNext());
    if (draining_) break;
  }
  return absl::OkStatus();
}

absl::Status Engine::Impl::Admit(StartCommand& command, absl::Status& answer) {
  const v1::OperationParameters& parameters = ParametersOf(command.prepared);
  answer =
      authorization_.Check(command.starter.initiator.value_or(command.starter.account), parameters, store_);
  if (absl::IsPermissionDenied(answer)) return absl::OkStatus();
  IPAM_RETURN_IF_ERROR(answer);

  std::optional<std::string> initiator;
  if (command.starter.initiator) initiator = command.starter.initiator->Name();
  const absl::StatusOr<std::int64_t> number = log_.Insert(
      command.id, command.prepared.kind, command.starter.account.Name(), initiator, parameters, clock_.Now());
  if (absl::IsAlreadyExists(number.status())) {
    answer = absl::AlreadyExistsError("the operation was started before");
    return absl::OkStatus();
  }
  IPAM_RETURN_IF_ERROR(number.status());

  Live live = MakeLive(*number, command.id, std::move(command.prepared));
  IPAM_RETURN_IF_ERROR(live.operation->Begin(log_, clock_));
  live_.emplace(command.id, std::move(live));
  touched_.insert(command.id);
  return absl::OkStatus();
}

absl::Status Engine::Impl::ProceedWith(const base::Guid& id) {
  const auto found = live_.find(id);
  if (found == live_.end()) return absl::OkStatus();
  Operation& operation = *found->second.operation;
  const bool before = operation.runnable();
  IPAM_RETURN_IF_ERROR(operation.Proceed(log_));
  if (before || !operation.runnable()) return absl::OkStatus();
  waiting_.push_back(id);
  return operation.ends_at_once() ? EndWaiting(id) : absl::OkStatus();
}

absl::Status Engine::Impl::AbandonOne(const AbandonCommand& command) {
  const auto found = live_.find(command.id);
  if (found == live_.end() || found->second.operation->runnable()) return absl::OkStatus();
  touched_.insert(command.id);
  IPAM_RETURN_IF_ERROR(found->second.operation->Abandon(command.reason, log_, clock_));
  ended_.push_back(command.id);
  return absl::OkStatus();
}

absl::StatusOr<absl::StatusOr<OperationLog::Found>> Engine::Impl::Locate(const base::Guid& id,
                                                                         const Caller& caller) {
  using Result = absl::StatusOr<OperationLog::Found>;
  IPAM_ASSIGN_OR_RETURN(std::optional<OperationLog::Found> found, log_.Find(id));
  if (!found) return Result(absl::NotFoundError("no operation " + id.ToString()));
  const absl::Status allowed = authorization_.CheckOwner(caller, found->account, store_);
  if (allowed.ok()) return Result(*std::move(found));
  if (absl::IsPermissionDenied(allowed)) return Result(allowed);
  return allowed;
}

absl::Status Engine::Impl::FindOne(FindCommand& command) {
  IPAM_ASSIGN_OR_RETURN(const auto found, Locate(command.id, command.caller));
  if (found.ok()) {
    command.result = Standing{found->last_sequence, found->ended};
  } else {
    command.result = found.status();
  }
  return absl::OkStatus();
}

absl::Status Engine::Impl::CancelOne(CancelCommand& command) {
  IPAM_ASSIGN_OR_RETURN(const auto found, Locate(command.id, command.caller));
  if (!found.ok()) {
    command.result = found.status();
    return absl::OkStatus();
  }
  command.result = CancelResult::kAlreadyEnded;
  const auto live = live_.find(command.id);
  if (live == live_.end()) return absl::OkStatus();
  Operation& operation = *live->second.operation;
  IPAM_ASSIGN_OR_RETURN(
      const bool will_end,
      operation.Cancel("The operation was cancelled by " + command.caller.Name() + ".", log_));
  if (!will_end) return absl::OkStatus();
  command.result = CancelResult::kWillEnd;
  const bool waits = std::find(waiting_.begin(), waiting_.end(), command.id) != waiting_.end();
  return waits && operation.ends_at_once() ? EndWaiting(command.id) : absl::OkStatus();
}

// A cancelled operation needs no place among the running to end.
absl::Status Engine::Impl::EndWaiting(const base::Guid& id) {
  touched_.insert(id);
  IPAM_RETURN_IF_ERROR(live_.at(id).operation->Step(store_, log_, clock_).status());
  std::erase(waiting_, id);
  ended_.push_back(id);
  return absl::OkStatus();
}

absl::Status Engine::Impl::StepNext() {
  const base::Guid id = turns_.front();
  touched_.insert(id);
  IPAM_ASSIGN_OR_RETURN(const Operation::Progress progress,
                        live_.at(id).operation->Step(store_, log_, clock_));
  turns_.pop_front();
  if (progress == Operation::Progress::kEnded) {
    ended_.push_back(id);
  } else if (progress == Operation::Progress::kActuating) {
    actuating_.push_back(id);
  } else if (progress == Operation::Progress::kBusy) {
    blocked_.push_back(id);
  } else if (progress == Operation::Progress::kMoreAfterCommit) {
    resting_.push_back(id);
  } else if (progress == Operation::Progress::kEntityStarted && options_.step_delay > absl::ZeroDuration()) {
    delayed_.emplace(Steady::now() + absl::ToChronoNanoseconds(options_.step_delay), id);
  } else {
    turns_.push_back(id);
  }
  return absl::OkStatus();
}

void Engine::Impl::PromoteWaiting() {
  for (; running_ < options_.max_running && !waiting_.empty(); ++running_) {
    live_.at(waiting_.front()).running = true;
    turns_.push_back(waiting_.front());
    waiting_.pop_front();
  }
}

// Of an operation whose place in the queues is gone already, but for one whose start was undone.
void Engine::Impl::Forget(const base::Guid& id) {
  if (live_.at(id).running) --running_;
  live_.erase(id);
}

void Engine::Impl::Commit(std::deque<Command> commands) {
  retry_after_ = kFirstRetry;
  for (const base::Guid& id : touched_) live_.at(id).operation->Committed();
  for (const base::Guid& id : ended_) {
    const Live& ended = live_.at(id);
    counts_.OnEnded(ended.prepared->kind, ended.operation->succeeded());
    Forget(id);
    commands_.ReleaseStart();
  }
  const auto touched = std::exchange(touched_, {});
  auto started = std::exchange(started_, {});
  ended_.clear();
  for (const base::Guid& id : std::exchange(actuating_, {})) {
    ++at_servers_;
    actuators_->Run(live_.at(id).operation->TakeJob(), [this, id](ActuationResult result) {
      commands_.Push(ActuatedCommand{id, std::move(result)});
    });
  }
  for (const base::Guid& id : std::exchange(resting_, {})) turns_.push_back(id);
  if (actuators_ != nullptr && actuators_->TakeReleased()) {
    turns_.insert(turns_.end(), blocked_.begin(), blocked_.end());
    blocked_.clear();
  }
  PromoteWaiting();
  counts_.Set(running_, live_.size() - running_);
  for (Started& start : started) {
    if (!start.status.ok()) commands_.ReleaseStart();
    start.done(start.status);
  }
  for (Command& command : commands) {
    if (auto* find = std::get_if<FindCommand>(&command)) find->done(std::move(find->result));
    if (auto* cancel = std::get_if<CancelCommand>(&command)) cancel->done(std::move(cancel->result));
  }
  for (const base::Guid& id : touched) listener_.OnEventsAvailable(id);
}

void Engine::Impl::Rollback(std::deque<Command> commands, const absl::Status& why) {
  db_->Rollback();
  retry_at_ = Steady::now() + retry_after_;
  retry_after_ = std::min<Steady::duration>(retry_after_ * 2, kLastRetry);
  for (const base::Guid& id : touched_) {
    const auto found = live_.find(id);
    if (found == live_.end()) continue;
    found->second.operation->Rollback();
  }
  // Steps are done again where they stood; an operation that ended in the transaction takes its turn again.
  for (const base::Guid& id : ended_) {
    if (live_.at(id).operation->runnable()) turns_.push_back(id);
  }
  for (const base::Guid& id : std::exchange(actuating_, {})) turns_.push_back(id);
  for (const base::Guid& id : std::exchange(resting_, {})) turns_.push_back(id);
  touched_.clear();
  ended_.clear();
  auto started = std::exchange(started_, {});
  for (Command& command : commands) {
    auto* start = std::get_if<StartCommand>(&command);
    if (start == nullptr) {
      again_.push_back(std::move(command));  // done or not: a second time changes nothing
    } else if (start->done != nullptr) {
      started.push_back({start->id, std::move(start->done), why});
    }
  }
  for (Started& start : started) {
    if (start.status.ok()) {
      start.status = why;
      std::erase(waiting_, start.id);
      std::erase(turns_, start.id);
      std::erase(blocked_, start.id);
      std::erase_if(delayed_, [&start](const auto& entry) { return entry.second == start.id; });
      Forget(start.id);
    }
    commands_.ReleaseStart();
    start.done(absl::IsPermissionDenied(start.status) || absl::IsAlreadyExists(start.status)
                   ? start.status
                   : absl::UnavailableError(std::string(start.status.message())));
  }
}

void Engine::Impl::Purge() {
  const absl::StatusOr<std::int64_t> removed = log_.Purge(clock_.Now() - options_.keep_events, kPurgeBatch);
  // More than one batch: go on at once, between the turns of the operations.
  purge_at_ =
      Steady::now() + (removed.ok() && *removed == kPurgeBatch ? Steady::duration::zero() : kPurgeInterval);
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(Options options, base::Clock& clock,
                                                     EventListener& listener,
                                                     std::unique_ptr<Actuators> actuators) {
  // Prepare() runs on the loop of its caller, which others wait for.
  IPAM_RETURN_IF_ERROR(model::LoadSchemas());
  IPAM_ASSIGN_OR_RETURN(std::unique_ptr<Database> db, OpenDatabase(options.database));
  if (actuators != nullptr) IPAM_RETURN_IF_ERROR(ChangeLog::Watch(*db));
  auto impl =
      std::make_unique<Impl>(std::move(options), std::move(db), clock, listener, std::move(actuators));
  IPAM_RETURN_IF_ERROR(impl->CheckActuators());
  IPAM_RETURN_IF_ERROR(impl->ResumeOperations());
  impl->Run();
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(Options options, base::Clock& clock,
                                                     EventListener& listener) {
  return Open(std::move(options), clock, listener, nullptr);
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

absl::StatusOr<Prepared> Engine::Prepare(std::string_view parameters_xml) const {
  IPAM_ASSIGN_OR_RETURN(model::CheckedParameters checked, model::CheckParameters(parameters_xml));
  return Prepared{
      .kind = std::move(checked.kind),
      .parameters = std::make_shared<const v1::OperationParameters>(std::move(checked.parameters))};
}

OperationFigures Engine::figures() const { return impl_->counts().Get(); }

void Engine::Start(const base::Guid& operation, Prepared prepared, Starter starter, StartDone done) {
  if (!impl_->commands().ReserveStart()) {
    done(absl::ResourceExhaustedError("too many operations wait to run"));
    return;
  }
  impl_->commands().Push(StartCommand{operation, std::move(prepared), std::move(starter), std::move(done)});
}

void Engine::Proceed(const base::Guid& operation) { impl_->commands().Push(ProceedCommand{operation}); }

void Engine::Abandon(const base::Guid& operation, std::string reason) {
  impl_->commands().Push(AbandonCommand{operation, std::move(reason)});
}

void Engine::CheckOwner(std::string owner, Caller caller, CheckDone done) {
  impl_->commands().PushBounded(CheckOwnerCommand{std::move(owner), std::move(caller), std::move(done)});
}

void Engine::Find(const base::Guid& operation, Caller caller, FindDone done) {
  impl_->commands().PushBounded(
      FindCommand{.id = operation, .caller = std::move(caller), .done = std::move(done)});
}

void Engine::Cancel(const base::Guid& operation, Caller caller, CancelDone done) {
  impl_->commands().PushBounded(
      CancelCommand{.id = operation, .caller = std::move(caller), .done = std::move(done)});
}

void Engine::ReadEvents(const base::Guid& operation, std::uint64_t after, std::size_t max, ReadDone done) {
  impl_->commands().PushBounded(ReadCommand{operation, after, max, std::move(done)});
}

}  // namespace ipam::engine
