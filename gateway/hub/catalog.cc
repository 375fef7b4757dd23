#include "gateway/hub/catalog.h"

#include <algorithm>

#include "gateway/hub/names.h"

namespace ipam::hub {
namespace {

constexpr std::int64_t kOverallPercentage = -1'000'000'000'000;  // beside every instance id

std::optional<Outbox::Replaceable> ReplaceableOf(const v1::Event& event, std::uint64_t number) {
  if (event.has_percentage()) return Outbox::Replaceable{number, kOverallPercentage, 0};
  if (event.has_subtask_changed()) {
    return Outbox::Replaceable{number, event.subtask_changed().instance_id(),
                               event.subtask_changed().status()};
  }
  return std::nullopt;
}

}  // namespace

Record MakeRecord(std::shared_ptr<const OperationInfo> operation, const v1::Event& event,
                  const std::string& serialized, v1::OperationState state, const Position& position,
                  absl::Time now) {
  Record record;
  record.offset = position.offset;
  record.sequence = event.sequence();
  record.state = state;
  record.accepted = event.has_accepted();
  record.finished = event.has_finished();
  record.replaceable = ReplaceableOf(event, operation->number);
  record.operation = std::move(operation);
  record.frame = std::make_shared<const Frame>(EncodeToken(position), ToProto(now), serialized);
  return record;
}

void Catalog::Load(Identity identity, std::uint64_t last_offset, std::vector<StatePtr> states) {
  base::MutexLock lock(mutex_);
  identity_ = std::move(identity);
  head_ = last_offset;
  for (StatePtr& state : states) Put(std::move(state));
}

void Catalog::Commit(Batch batch, const Identity* identity) {
  std::vector<StatePtr> old;  // freed outside the lock
  std::vector<Record> forgotten;
  base::MutexLock lock(mutex_);
  if (identity != nullptr) identity_ = *identity;
  for (const std::uint64_t number : batch.removed) Take(number);
  for (StatePtr& state : batch.changed) {
    const auto known = states_.find(state->info->number);
    if (known != states_.end()) old.push_back(known->second);
    Put(std::move(state));
  }
  for (Record& record : batch.records) {
    head_ = record.offset;
    recent_bytes_ += record.frame->proto().size();
    recent_.push_back(std::move(record));
  }
  while (recent_bytes_ > recent_limit_ && recent_.size() > 1) {
    recent_bytes_ -= recent_.front().frame->proto().size();
    forgotten.push_back(std::move(recent_.front()));
    recent_.pop_front();
  }
}

void Catalog::Put(StatePtr state) {
  const OperationInfo& info = *state->info;
  Take(info.number);
  Count(*state, true);
  by_id_[info.id] = info.number;
  if (!info.request_id.empty()) by_request_[std::pair(info.initiator, info.request_id)] = info.number;
  states_[info.number] = std::move(state);
}

void Catalog::Take(std::uint64_t number) {
  const auto known = states_.find(number);
  if (known == states_.end()) return;
  const OperationInfo& info = *known->second->info;
  Count(*known->second, false);
  by_id_.erase(info.id);
  if (!info.request_id.empty()) by_request_.erase(std::pair(info.initiator, info.request_id));
  states_.erase(known);
}

void Catalog::Count(const OperationState& state, bool add) {
  const auto change = [add](std::uint64_t& total, std::uint64_t by) {
    total = add ? total + by : total - by;
  };
  change(totals_.operations, 1);
  change(totals_.bytes, state.bytes);
  if (state.ended()) return;
  change(totals_.running, 1);
  change(totals_.running_bytes, state.bytes);
  running_of_[state.info->source] += add ? 1 : -1;
}

StatePtr Catalog::Find(const std::string& id) const {
  base::MutexLock lock(mutex_);
  const auto number = by_id_.find(id);
  return number == by_id_.end() ? nullptr : states_.at(number->second);
}

StatePtr Catalog::FindNumber(std::uint64_t number) const {
  base::MutexLock lock(mutex_);
  const auto known = states_.find(number);
  return known == states_.end() ? nullptr : known->second;
}

StatePtr Catalog::FindRequest(const std::string& initiator, const std::string& request_id) const {
  base::MutexLock lock(mutex_);
  const auto number = by_request_.find(std::pair(initiator, request_id));
  return number == by_request_.end() ? nullptr : states_.at(number->second);
}

void Catalog::ForEachNewest(std::uint64_t below, absl::FunctionRef<bool(const StatePtr&)> visit) const {
  base::MutexLock lock(mutex_);
  for (auto it = states_.lower_bound(below); it != states_.begin();) {
    --it;
    if (!visit(it->second)) return;
  }
}

Catalog::Cut Catalog::TakeCut(absl::FunctionRef<bool(const OperationState&)> wanted) const {
  Cut cut;
  base::MutexLock lock(mutex_);
  cut.removals = identity_.removals;
  cut.position = Position{identity_.journal, identity_.epochs.back().epoch, head_, false};
  for (const auto& [number, state] : states_) {
    if (wanted(*state)) cut.operations.push_back(state);
  }
  return cut;
}

Position Catalog::head() const {
  base::MutexLock lock(mutex_);
  return Position{identity_.journal, identity_.epochs.back().epoch, head_, false};
}

std::optional<std::vector<Record>> Catalog::Recent(std::uint64_t after, std::size_t max_bytes) const {
  std::vector<Record> records;
  base::MutexLock lock(mutex_);
  if (after >= head_) return records;
  if (recent_.empty() || recent_.front().offset > after + 1) return std::nullopt;
  // Offsets in memory follow each other without a hole.
  std::size_t bytes = 0;
  for (std::size_t i = after + 1 - recent_.front().offset; i < recent_.size() && bytes < max_bytes; ++i) {
    bytes += recent_[i].frame->proto().size();
    records.push_back(recent_[i]);
  }
  return records;
}

std::optional<Catalog::Gap> Catalog::FindGap(const Position& position) const {
  if (position.in_snapshot) return Gap{"the snapshot was not finished", 0};
  base::MutexLock lock(mutex_);
  const Epoch& present = identity_.epochs.back();
  if (position.journal != identity_.journal) return Gap{"the token is of another journal", 0};
  if (position.epoch > present.epoch) return Gap{"the token is of a later state of the journal", 0};
  std::uint64_t last_valid = head_;
  for (const Epoch& epoch : identity_.epochs) {
    if (epoch.epoch > position.epoch) last_valid = std::min(last_valid, epoch.first_offset);
  }
  if (position.offset > last_valid) return Gap{"the journal lost its tail in an unclean stop", 0};
  return Missed(position.offset, std::nullopt);
}

std::optional<Catalog::Gap> Catalog::FindRemoved(std::uint64_t offset, std::uint64_t removals) const {
  base::MutexLock lock(mutex_);
  if (identity_.removals == removals) return std::nullopt;
  return Missed(offset, removals);
}

std::optional<Catalog::Gap> Catalog::Missed(std::uint64_t offset,
                                            std::optional<std::uint64_t> removals) const {
  Gap gap{"events behind the token are no longer kept", 0};
  for (const Removed& removed : identity_.removed) {
    if (removed.last_offset <= offset || (removals.has_value() && removed.removal <= *removals)) continue;
    // Of an operation that began before the token at least its end was missed.
    gap.missed_at_least += removed.first_offset > offset ? removed.events : 1;
  }
  if (gap.missed_at_least > 0) return gap;
  return std::nullopt;
}

std::vector<StatePtr> Catalog::FindRemovable(const Retention& retention, std::optional<absl::Time> now,
                                             std::size_t limit) const {
  std::vector<StatePtr> result;
  base::MutexLock lock(mutex_);
  std::uint64_t operations = totals_.operations;
  std::uint64_t bytes = totals_.bytes;
  for (const auto& [number, state] : states_) {
    const bool over = operations > retention.max_operations || bytes > retention.max_bytes;
    if (result.size() >= limit || (!over && !now.has_value())) break;
    if (!state->ended() || state->resumed) continue;
    if (!over && FromProto(state->summary.end_time()) + retention.max_age >= *now) continue;
    result.push_back(state);
    --operations;
    bytes -= state->bytes;
  }
  return result;
}

Catalog::Totals Catalog::totals() const {
  base::MutexLock lock(mutex_);
  return totals_;
}

int Catalog::running_of(const std::string& source) const {
  base::MutexLock lock(mutex_);
  const auto running = running_of_.find(source);
  return running == running_of_.end() ? 0 : running->second;
}

}  // namespace ipam::hub
