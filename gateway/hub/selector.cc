#include "gateway/hub/selector.h"

namespace ipam::hub {

absl::StatusOr<Filter> ParseOperationFilter(const std::string& text) {
  return Filter::Parse(
      text, {{"state", FilterField::Type::kEnum, v1::OperationState_descriptor(), "OPERATION_STATE_"},
             {"kind", FilterField::Type::kText, nullptr, ""},
             {"source", FilterField::Type::kText, nullptr, ""},
             {"initiator", FilterField::Type::kText, nullptr, ""},
             {"create_time", FilterField::Type::kTime, nullptr, ""}});
}

bool Matches(const Filter& filter, const OperationInfo& info, v1::OperationState state) {
  return filter.Matches([&](std::size_t field) -> FilterValue {
    switch (field) {
      case 0:
        return static_cast<int>(state);
      case 1:
        return absl::string_view(info.kind);
      case 2:
        return absl::string_view(info.source);
      case 3:
        return absl::string_view(info.initiator);
      default:
        return info.create_time;
    }
  });
}

bool Selector::Wants(const OperationState& state) const {
  return Named(state.info->number) && Matches(filter_, *state.info, state.summary.state());
}

bool Selector::WantedAt(const OperationState& state, std::uint64_t offset) const {
  if (!Named(state.info->number)) return false;
  for (std::size_t s = 0; s < state.state_since.size(); ++s) {
    const std::uint64_t since = state.state_since[s];
    if (since != 0 && since <= offset && Matches(filter_, *state.info, static_cast<v1::OperationState>(s)))
      return true;
  }
  return false;
}

void Selector::Add(const OperationState& state) {
  if (!filter_.empty()) matched_.insert(state.info->number);
  AwaitEnd(state);
}

void Selector::AwaitEnd(const OperationState& state) {
  if (!state.ended()) open_.insert(state.info->number);
}

Selector::Verdict Selector::Judge(const Record& record) {
  const std::uint64_t number = record.operation->number;
  if (!Named(number)) return Verdict::kSkip;
  if (!filter_.empty() && !matched_.contains(number)) {
    if (!Matches(filter_, *record.operation, record.state)) return Verdict::kSkip;
    if (!record.accepted) return Verdict::kSnapshot;
    matched_.insert(number);
  }
  if (const auto passed = passed_over_.find(number); passed != passed_over_.end()) {
    if (record.sequence <= passed->second) return Verdict::kSkip;
    passed_over_.erase(passed);
  }
  if (record.accepted) open_.insert(number);
  if (record.finished) {
    open_.erase(number);
    // OUTCOME_UNKNOWN may be corrected by a later `finished`, which belongs to the stream too.
    if (record.state != v1::OPERATION_STATE_OUTCOME_UNKNOWN) matched_.erase(number);
  }
  return Verdict::kDeliver;
}

void Selector::Snapshotted(const OperationState& state) {
  Add(state);
  passed_over_[state.info->number] = state.summary.last_sequence();
}

}  // namespace ipam::hub
