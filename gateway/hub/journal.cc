#include "gateway/hub/journal.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "dcom_bridge/base/status_macros.h"

namespace ipam::hub {
namespace {

constexpr std::size_t kGroup = 1024;  // commands in one transaction
constexpr std::size_t kGroupBytes = std::size_t{4} << 20;
constexpr std::chrono::seconds kRetentionEvery{60};
constexpr std::size_t kRemoveAtOnce = 64;

std::size_t SizeOf(const std::optional<std::string>& text) { return text.has_value() ? text->size() : 0; }

std::size_t SizeOf(const event::SubtaskInstance& subtask) {
  return SizeOf(subtask.name) + SizeOf(subtask.description) + SizeOf(subtask.details_xml) +
         SizeOf(subtask.failed_status_xml);
}

// What a queued command holds, about.
std::size_t SizeOf(const Change& change) {
  constexpr std::size_t kOverhead = 256;
  const auto* reported = std::get_if<event::ProgressEvent>(&change);
  if (reported == nullptr) return kOverhead;
  return kOverhead + std::visit(
                         [](const auto& c) -> std::size_t {
                           using T = std::decay_t<decltype(c)>;
                           if constexpr (std::is_same_v<T, event::SubtaskAdded>) {
                             return SizeOf(c.subtask);
                           } else if constexpr (std::is_same_v<T, event::SubtaskChanged>) {
                             return SizeOf(c.subtask) + SizeOf(c.completion_status_xml);
                           } else if constexpr (std::is_same_v<T, event::OverallStatusSet>) {
                             return SizeOf(c.completion_status_xml);
                           } else if constexpr (std::is_same_v<T, event::StartRefused>) {
                             return c.message.size() + c.exception_xml.size();
                           } else {
                             return 0;
                           }
                         },
                         reported->change);
}

bool IsAccepted(const Change& change) {
  const auto* reported = std::get_if<event::ProgressEvent>(&change);
  return reported != nullptr && std::holds_alternative<event::Accepted>(reported->change);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const Options& options,
                                                       const Dependencies& dependencies, Catalog& catalog,
                                                       std::function<void()> committed) {
  IPAM_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, Store::Open(options.journal_path, options.boot_id));
  std::unique_ptr<Journal> journal(
      new Journal(options, dependencies, catalog, std::move(store), std::move(committed)));
  std::vector<StatePtr> states;
  IPAM_RETURN_IF_ERROR(journal->store_->Load([&](OperationState state) {
    journal->last_number_ = std::max(journal->last_number_, state.info->number);
    if (state.subtasks_stored) {
      states.push_back(std::make_shared<const OperationState>(std::move(state)));
      return;
    }
    const std::string id = state.info->id;
    auto machine = std::make_unique<OperationMachine>(std::move(state));
    states.push_back(machine->Share());
    journal->machines_[id] = std::move(machine);
  }));
  catalog.Load(journal->store_->identity(), journal->last_offset_, std::move(states));
  journal->position_ = catalog.head();
  journal->thread_ = std::thread([raw = journal.get()] { raw->Run(); });
  return journal;
}

Journal::Journal(const Options& options, const Dependencies& dependencies, Catalog& catalog,
                 std::unique_ptr<Store> store, std::function<void()> committed)
    : options_(options),
      dependencies_(dependencies),
      catalog_(catalog),
      committed_(std::move(committed)),
      store_(std::move(store)),
      last_offset_(store_->last_offset()),
      next_retention_(std::chrono::steady_clock::now()) {}

Journal::~Journal() { Stop(); }

void Journal::Reserve(OperationInfo info, std::string parameters_xml) {
  base::MutexLock lock(mutex_);
  const std::string id = info.id;
  reserved_[id] = Reserved{std::move(info), std::move(parameters_xml)};
}

void Journal::Release(const std::string& operation) {
  base::MutexLock lock(mutex_);
  reserved_.erase(operation);
}

void Journal::Publish(const std::string& operation, Change change, event::Stored stored) {
  Command command{operation, std::move(change), std::move(stored), 0, absl::OkStatus(), false};
  command.bytes = SizeOf(command.change);
  {
    base::MutexLock lock(mutex_);
    if (!stopping_) {
      if (queue_bytes_ + command.bytes > options_.queue_bytes) {
        // It goes through the queue all the same, without its event, so that answers keep their order.
        command.result = absl::ResourceExhaustedError("too many events wait for the journal");
        command.change = CancelTaken{};
        command.bytes = 0;
      }
      queue_bytes_ += command.bytes;
      queue_.push_back(std::move(command));
      wake_.notify_one();
      return;
    }
  }
  command.stored(absl::UnavailableError("the gateway is stopping"));
}

void Journal::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Journal::AddTo(Counters& counters) const {
  counters.events += events_;
  counters.duplicates += duplicates_;
  counters.refused += refused_;
  counters.commits += commits_;
  counters.flushes += flushes_;
}

void Journal::Run() {
  for (;;) {
    std::vector<Command> batch = Wait();
    const bool idle = batch.empty();
    if (!idle) Process(std::move(batch));
    FlushIfDue(false);
    const bool tick = std::chrono::steady_clock::now() >= next_retention_;
    if (tick) next_retention_ = std::chrono::steady_clock::now() + kRetentionEvery;
    Retain(tick);
    base::MutexLock lock(mutex_);
    if (stopping_ && queue_.empty()) break;
  }
  // A failed close leaves the journal as after a kill: the next start copes with it.
  store_->Close().IgnoreError();
  store_.reset();
}

std::vector<Journal::Command> Journal::Wait() {
  std::vector<Command> batch;
  base::MutexLock lock(mutex_);
  const auto ready = [this]() IPAM_REQUIRES(mutex_) { return stopping_ || !queue_.empty(); };
  if (unflushed_since_.has_value()) {
    wake_.wait_until(mutex_, *unflushed_since_ + absl::ToChronoMilliseconds(options_.flush_every), ready);
  } else {
    wake_.wait_until(mutex_, next_retention_, ready);
  }
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < kGroup && bytes < kGroupBytes) {
    bytes += queue_.front().bytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queue_bytes_ -= bytes;
  return batch;
}

void Journal::Process(std::vector<Command> commands) {
  const std::uint64_t before = last_offset_;
  const absl::Time now = dependencies_.clock->Now();
  Catalog::Batch batch;
  transaction_ = store_->Begin();
  bool durable = options_.durability == Durability::kPower;
  for (Command& command : commands) {
    if (!transaction_.ok()) break;
    if (!command.result.ok()) continue;
    command.result = TakeOne(command, now, batch);
    if (!command.result.ok() && transaction_.ok()) ++refused_;
    // A repetition is answered when what it repeats is as durable as that has to be.
    durable = durable || (command.journaled ? batch.records.back().finished : command.result.ok());
  }
  ended_machine_.reset();
  if (transaction_.ok()) transaction_ = FinishTransaction(batch);
  if (transaction_.ok() && batch.records.empty()) {
    store_->Rollback();
    if (durable) FlushIfDue(true);
  } else {
    // The mark comes before anyone can hold a token of this commit. One that is ahead only raises the epoch.
    if (transaction_.ok()) transaction_ = store_->Mark(last_offset_);
    if (transaction_.ok()) transaction_ = store_->Commit();
    if (transaction_.ok()) {
      ++commits_;
      events_ += batch.records.size();
      catalog_.Commit(std::move(batch), nullptr);
      if (!unflushed_since_.has_value()) unflushed_since_ = std::chrono::steady_clock::now();
      committed_();
      if (durable) FlushIfDue(true);
    } else {
      Undo(before);
    }
  }
  touched_.clear();
  for (Command& command : commands) {
    if (command.journaled || (command.result.ok() && !transaction_.ok())) command.result.Update(transaction_);
    command.stored(std::move(command.result));
  }
}

absl::StatusOr<OperationMachine*> Journal::FindMachine(const Command& command) {
  const auto running = machines_.find(command.operation);
  if (running != machines_.end()) return running->second.get();
  if (const StatePtr state = catalog_.Find(command.operation)) {
    OperationState copy = *state;
    if (state->ended() && state->summary.state() != v1::OPERATION_STATE_OUTCOME_UNKNOWN) {
      ended_machine_ = std::make_unique<OperationMachine>(std::move(copy));
      return ended_machine_.get();
    }
    // OUTCOME_UNKNOWN, which may change again and needs its subtasks then; or one whose machine went with a
    // transaction that failed.
    if (copy.subtasks_stored) {
      IPAM_ASSIGN_OR_RETURN(copy.subtasks, store_->ReadSubtasks(state->info->number));
      copy.subtasks_stored = false;
    }
    auto& machine = machines_[command.operation];
    machine = std::make_unique<OperationMachine>(std::move(copy));
    touched_[command.operation].machine = machine.get();
    return machine.get();
  }
  if (!IsAccepted(command.change)) return absl::FailedPreconditionError("the operation is not known");
  OperationInfo info;
  std::string parameters_xml;
  {
    base::MutexLock lock(mutex_);
    const auto reserved = reserved_.find(command.operation);
    if (reserved == reserved_.end()) return absl::FailedPreconditionError("the operation was not asked for");
    info = reserved->second.info;
    parameters_xml = std::move(reserved->second.parameters_xml);
  }
  info.number = ++last_number_;
  OperationState state;
  state.info = std::make_shared<const OperationInfo>(std::move(info));
  auto& machine = machines_[command.operation];
  machine = std::make_unique<OperationMachine>(std::move(state));
  touched_[command.operation].machine = machine.get();
  touched_[command.operation].is_new = true;
  touched_[command.operation].parameters_xml = std::move(parameters_xml);
  return machine.get();
}

absl::Status Journal::TakeOne(Command& command, absl::Time now, Catalog::Batch& batch) {
  IPAM_ASSIGN_OR_RETURN(OperationMachine * machine, FindMachine(command));
  IPAM_ASSIGN_OR_RETURN(auto taken,
                        machine->Take(command.change, last_offset_ + 1, now, dependencies_.read_exception));
  if (!taken.has_value()) {
    ++duplicates_;
    return absl::OkStatus();
  }
  ++last_offset_;
  Touched& touched = touched_[command.operation];
  touched.machine = machine;
  OperationState& state = machine->mutable_state();
  const std::string serialized = taken->event.SerializeAsString();
  state.bytes += serialized.size() + SizeOf(taken->completion_status_xml);
  if (taken->completion_status_xml.has_value()) touched.completion_status_xml = taken->completion_status_xml;
  if (touched.is_new && taken->event.has_accepted()) {
    state.bytes += touched.parameters_xml.size();
    transaction_.Update(store_->Insert(state, touched.parameters_xml));
  }
  transaction_.Update(
      store_->Append(*state.info, last_offset_, taken->event, serialized, state.summary.state()));
  IPAM_RETURN_IF_ERROR(transaction_);
  position_.offset = last_offset_;
  batch.records.push_back(
      MakeRecord(state.info, taken->event, serialized, state.summary.state(), position_, now));
  command.journaled = true;
  return absl::OkStatus();
}

absl::Status Journal::FinishTransaction(Catalog::Batch& batch) {
  for (auto& [id, touched] : touched_) {
    const OperationState& state = touched.machine->state();
    const bool kept = !state.ended() || state.resumed;
    if (state.summary.last_sequence() == 0) {  // reserved, and its Accepted was refused
      machines_.erase(id);
      continue;
    }
    if (kept) {
      if (state.resumed) IPAM_RETURN_IF_ERROR(store_->Reopen(*state.info));
      batch.changed.push_back(touched.machine->Share());
      continue;
    }
    IPAM_RETURN_IF_ERROR(store_->End(state, touched.completion_status_xml));
    OperationState ended = state;
    ended.subtasks = SubtaskList();
    ended.subtasks_stored = true;
    batch.changed.push_back(std::make_shared<const OperationState>(std::move(ended)));
    machines_.erase(id);
  }
  return absl::OkStatus();
}

// Nothing of the transaction stays: machines that took part are made anew from what is committed.
void Journal::Undo(std::uint64_t last_offset) {
  store_->Rollback();
  last_offset_ = last_offset;
  for (const auto& [id, touched] : touched_) machines_.erase(id);
}

void Journal::FlushIfDue(bool now) {
  if (!unflushed_since_.has_value()) return;
  const auto due = *unflushed_since_ + absl::ToChronoMilliseconds(options_.flush_every);
  if (!now && std::chrono::steady_clock::now() < due) return;
  const absl::Status flushed = store_->Flush();
  if (now) transaction_.Update(flushed);
  ++flushes_;
  unflushed_since_.reset();
  if (!flushed.ok()) unflushed_since_ = std::chrono::steady_clock::now();
}

void Journal::Retain(bool by_age) {
  const auto now = by_age ? std::optional(dependencies_.clock->Now()) : std::nullopt;
  const std::vector<StatePtr> removable = catalog_.FindRemovable(options_.retention, now, kRemoveAtOnce);
  if (removable.empty()) return;
  Catalog::Batch batch;
  absl::Status status = store_->Begin();
  for (const StatePtr& state : removable) {
    if (status.ok()) status = store_->Remove(*state);
    batch.removed.push_back(state->info->number);
  }
  // Readers first: who then reads the journal and misses something finds out why. Where the commit fails
  // after it, the operations are back at the next start.
  if (status.ok()) {
    catalog_.Commit(std::move(batch), &store_->identity());
    status = store_->Commit();
  }
  if (!status.ok()) store_->Rollback();
  if (removable.size() == kRemoveAtOnce) next_retention_ = std::chrono::steady_clock::now();
}

}  // namespace ipam::hub
