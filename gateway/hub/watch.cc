#include "gateway/hub/watch.h"

#include <utility>

#include "gateway/hub/errors.h"
#include "gateway/hub/names.h"

namespace ipam::hub {
namespace {

constexpr std::size_t kFeedFrames = 128;  // of one call of Feed
constexpr std::size_t kReadBytes = std::size_t{128} << 10;
constexpr std::size_t kSnapshotBytes = std::size_t{48} << 10;  // of subtasks in one frame

}  // namespace

bool OperationFrames::Next(v1::Operation& snapshot) {
  if (std::exchange(first_, false)) {
    snapshot = state_->summary;
  } else {
    snapshot.set_name(state_->info->name);
  }
  std::size_t bytes = 0;
  while (next_ < subtasks_.size()) {
    const v1::Subtask& subtask = subtasks_.at(next_);
    bytes += subtask.ByteSizeLong() + 4;
    if (bytes > kSnapshotBytes && snapshot.subtasks_size() > 0) break;
    *snapshot.add_subtasks() = subtask;
    ++next_;
  }
  snapshot.set_more_subtasks(next_ < subtasks_.size());
  return next_ == subtasks_.size();
}

Watch::Watch(Plan plan, Environment environment, std::shared_ptr<Outbox> outbox)
    : plan_(std::move(plan)), env_(environment), outbox_(std::move(outbox)), last_push_(MonotonicNow()) {
  Begin();
}

void Watch::Begin() {
  selector_.emplace(plan_.names, plan_.filter);
  const bool resumes = plan_.resume.has_value();
  const bool snapshot = !resumes && (plan_.gap.has_value() || plan_.start == v1::START_MODE_SNAPSHOT);
  const bool earliest = !resumes && !snapshot && plan_.start == v1::START_MODE_EARLIEST;
  const std::uint64_t from = resumes ? plan_.resume->offset : 0;
  Catalog::Cut cut = env_.catalog.TakeCut([&](const OperationState& state) {
    if (resumes) return selector_->WantedAt(state, from);
    // From the beginning, an operation is in the stream when it ever matched; until_done waits for it.
    return earliest ? plan_.until_done && selector_->WantedAt(state, ~std::uint64_t{0})
                    : selector_->Wants(state);
  });
  if (base_.journal == 0) base_ = cut.position;  // the same in every cut, and read by other threads
  cut_ = cut.position.offset;
  removals_ = cut.removals;
  cursor_ = resumes ? from : (earliest ? 0 : cut_);
  in_snapshot_ = snapshot;
  for (const StatePtr& state : cut.operations) {
    if (earliest) {
      selector_->AwaitEnd(*state);
    } else {
      selector_->Add(*state);
    }
  }
  if (plan_.gap.has_value()) {
    ++env_.resets;
    v1::WatchOperationsResponse response;
    response.mutable_reset()->set_reason(plan_.gap->reason);
    response.mutable_reset()->set_missed_at_least(plan_.gap->missed_at_least);
    Add(std::move(response), std::nullopt);
  }
  if (snapshot) {
    snapshot_ = std::move(cut.operations);
    next_ = 0;
    return;
  }
  // A resumed stream shows at once that it stands, but where it has nothing left to show.
  const bool nothing_left = resumes && cursor_ >= cut_;
  if (!resumes || (nothing_left && !(plan_.until_done && selector_->all_done()))) {
    v1::WatchOperationsResponse response;
    response.mutable_heartbeat();
    Add(std::move(response), std::nullopt);
  }
}

Position Watch::position() const {
  Position position = base_;
  position.in_snapshot = in_snapshot_;
  position.offset = cursor_;
  return position;
}

// The token is that of the position behind the frame: the present one where `cursor` is not given.
void Watch::Add(v1::WatchOperationsResponse response, std::optional<std::uint64_t> cursor,
                bool ends_snapshot) {
  Position position = this->position();
  if (cursor.has_value()) position.offset = *cursor;
  if (ends_snapshot) position.in_snapshot = false;
  response.set_resume_token(EncodeToken(position));
  *response.mutable_server_time() = ToProto(env_.clock.Now());
  pending_.push_back(Pending{std::make_shared<const Frame>(response), std::nullopt, cursor, ends_snapshot});
}

Watch::Progress Watch::Feed() {
  for (std::size_t i = 0; i < kFeedFrames; ++i) {
    if (ended_ || outbox_->ended()) return Progress::kEnded;
    if (!pending_.empty()) {
      if (!PushPending()) return Progress::kFull;
      continue;
    }
    if (EndIfDone()) return Progress::kEnded;
    if (!Refill()) return ended_ ? Progress::kEnded : Progress::kCaughtUp;
  }
  return Progress::kMore;
}

// A live watch has nothing pending: what is delivered goes straight to the outbox.
Watch::Progress Watch::Offer(const Record& record, absl::Time now) {
  if (record.offset <= cursor_) return Progress::kMore;
  const Selector::Verdict verdict = selector_->Judge(record);
  if (verdict == Selector::Verdict::kDeliver && pending_.empty() &&
      outbox_->Push(record.frame, plan_.latest ? record.replaceable : std::nullopt)) {
    ++env_.frames;
    last_push_ = now;
    cursor_ = record.offset;
  } else {
    Handle(record, verdict);
    if (frames_.has_value() || !pending_.empty()) return Progress::kFull;
  }
  return EndIfDone() ? Progress::kEnded : Progress::kMore;
}

// The present frame goes to the outbox, then the position moves: a token is never ahead of its frame.
bool Watch::PushPending() {
  Pending& pending = pending_.front();
  if (!outbox_->Push(pending.frame, plan_.latest ? pending.replaceable : std::nullopt)) return false;
  ++env_.frames;
  last_push_ = MonotonicNow();
  if (pending.cursor.has_value()) cursor_ = *pending.cursor;
  if (pending.ends_snapshot) in_snapshot_ = false;
  pending_.pop_front();
  return true;
}

bool Watch::EndIfDone() {
  if (ended_) return true;
  if (!plan_.until_done || in_snapshot_ || frames_.has_value() || cursor_ < cut_ || !selector_->all_done()) {
    return false;
  }
  ended_ = true;
  outbox_->FinishWhenEmpty(absl::OkStatus());
  return true;
}

// False: caught up, or broken.
bool Watch::Refill() {
  if (frames_.has_value()) {
    RefillFromOperation();
    return true;
  }
  if (in_snapshot_) {
    if (next_ < snapshot_.size()) {
      frames_.emplace(std::exchange(snapshot_[next_++], nullptr));
      frames_cursor_.reset();
      return true;
    }
    v1::WatchOperationsResponse response;
    response.mutable_snapshot_end()->set_operations(static_cast<std::int32_t>(snapshot_.size()));
    Add(std::move(response), std::nullopt, /*ends_snapshot=*/true);
    snapshot_.clear();
    return true;
  }
  if (buffer_.empty() && !FillBuffer()) return false;
  if (buffer_.empty()) return true;  // started over
  const Record record = std::move(buffer_.front());
  buffer_.pop_front();
  Handle(record, selector_->Judge(record));
  return !ended_;
}

void Watch::Handle(const Record& record, Selector::Verdict verdict) {
  switch (verdict) {
    case Selector::Verdict::kSkip:
      cursor_ = record.offset;
      return;
    case Selector::Verdict::kDeliver:
      pending_.push_back(Pending{record.frame, record.replaceable, record.offset, false});
      return;
    case Selector::Verdict::kSnapshot: {
      StatePtr state = env_.catalog.FindNumber(record.operation->number);
      if (state == nullptr) {  // removed since
        cursor_ = record.offset;
        return;
      }
      selector_->Snapshotted(*state);
      frames_.emplace(std::move(state));
      frames_cursor_ = record.offset;
      return;
    }
  }
}

void Watch::RefillFromOperation() {
  if (frames_->needs_subtasks()) {
    absl::StatusOr<SubtaskList> subtasks = env_.reader.ReadSubtasks(frames_->state().info->number);
    if (!subtasks.ok()) return Break(subtasks.status());
    frames_->Load(*std::move(subtasks));
  }
  v1::WatchOperationsResponse response;
  const bool last = frames_->Next(*response.mutable_snapshot());
  Add(std::move(response), last ? frames_cursor_ : std::nullopt);
  if (last) frames_.reset();
}

// From memory where it reaches back so far, else from the disk. False: caught up, or broken.
bool Watch::FillBuffer() {
  const std::uint64_t after = cursor_;
  const std::uint64_t head = env_.catalog.head().offset;
  if (after >= head) return false;
  if (auto recent = env_.catalog.Recent(after, kReadBytes)) {
    buffer_.assign(std::make_move_iterator(recent->begin()), std::make_move_iterator(recent->end()));
    return !buffer_.empty();
  }
  absl::StatusOr<std::vector<JournalRow>> rows = env_.reader.Read(after, head, kReadBytes);
  if (!rows.ok()) {
    Break(rows.status());
    return false;
  }
  if (auto gap = env_.catalog.FindRemoved(after, removals_)) {
    StartOver(*std::move(gap));
    return !ended_;
  }
  for (const JournalRow& row : *rows) {
    const StatePtr state = env_.catalog.FindNumber(row.operation);
    v1::Event event;
    if (state == nullptr) {
      // Removed since it was read: the catalog forgets an operation before the journal does.
      StartOver(env_.catalog.FindRemoved(after, removals_).value_or(Catalog::Gap{"events were removed", 1}));
      return !ended_;
    }
    if (!event.ParseFromString(row.body)) {
      Break(absl::DataLossError("an event of the journal cannot be read"));
      return false;
    }
    Position position = base_;
    position.offset = row.offset;
    buffer_.push_back(MakeRecord(state->info, event, row.body, row.state, position, env_.clock.Now()));
  }
  if (rows->empty()) cursor_ = head;  // what was there is removed, and was before this watch
  return true;
}

// Retention overtook the reader: what it holds has a hole now.
void Watch::StartOver(Catalog::Gap gap) {
  if (plan_.strict_resume) {
    Break(WithErrorInfo(absl::OutOfRangeError(gap.reason), "TOKEN_OUT_OF_RANGE"));
    return;
  }
  plan_.gap = std::move(gap);
  plan_.resume.reset();
  buffer_.clear();
  Begin();
}

void Watch::Break(absl::Status status) {
  ended_ = true;
  outbox_->FinishWhenEmpty(std::move(status));
}

void Watch::Beat(absl::Time now) {
  if (now - last_push_ < plan_.heartbeat || !outbox_->idle() || !pending_.empty()) return;
  v1::WatchOperationsResponse response;
  response.mutable_heartbeat();
  Add(std::move(response), std::nullopt);
  PushPending();
}

}  // namespace ipam::hub
