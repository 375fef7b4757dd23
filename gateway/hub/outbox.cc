#include "gateway/hub/outbox.h"

#include <utility>

namespace ipam::hub {
namespace {

constexpr std::size_t kMinGaps = 32;  // below it compacting is not worth its while

}  // namespace

Outbox::Outbox(std::shared_ptr<Writer> writer, std::size_t limit_bytes)
    : limit_bytes_(limit_bytes), writer_(std::move(writer)) {}

Outbox::Hold::Hold(Outbox& outbox) : outbox_(outbox) {
  base::MutexLock lock(outbox_.mutex_);
  ++outbox_.holds_;
}

Outbox::Hold::~Hold() {
  base::MutexLock lock(outbox_.mutex_);
  --outbox_.holds_;
  outbox_.Write();
}

bool Outbox::Push(FramePtr frame, std::optional<Replaceable> replaceable) {
  base::MutexLock lock(mutex_);
  if (ended_ || finish_.has_value()) return true;
  if (replaceable.has_value()) Replace(*replaceable);
  if (bytes_ > 0 && bytes_ + frame->proto().size() > limit_bytes_) return false;
  Append(std::move(frame), replaceable);
  Write();
  return true;
}

void Outbox::PushAlways(FramePtr frame) {
  base::MutexLock lock(mutex_);
  if (ended_ || finish_.has_value()) return;
  Append(std::move(frame), std::nullopt);
  Write();
}

bool Outbox::WaitForRoom(absl::Time now, std::function<void()> on_room) {
  base::MutexLock lock(mutex_);
  if (ended_ || bytes_ <= limit_bytes_ / 2) return false;
  on_room_ = std::move(on_room);
  if (full_since_ == absl::InfiniteFuture()) full_since_ = now;
  return true;
}

void Outbox::WriteDone() {
  std::function<void()> on_room;
  {
    base::MutexLock lock(mutex_);
    if (!writing_) return;
    writing_ = false;
    bytes_ -= writing_bytes_;
    writing_bytes_ = 0;
    if (bytes_ <= limit_bytes_ / 2) {
      full_since_ = absl::InfiniteFuture();
      on_room = std::exchange(on_room_, nullptr);
    }
    Write();
  }
  if (on_room) on_room();
}

void Outbox::Detach() {
  std::shared_ptr<Writer> writer;
  std::function<void()> on_room;
  std::vector<FramePtr> queue;
  {
    base::MutexLock lock(mutex_);
    ended_ = true;
    writer = std::move(writer_);
    on_room = std::exchange(on_room_, nullptr);  // the hub then sees that it ended
    queue.swap(queue_);
    replaced_ = 0;
    last_of_.clear();
    bytes_ = 0;
    writing_bytes_ = 0;
    writing_ = false;
    full_since_ = absl::InfiniteFuture();
  }
  if (on_room) on_room();
}

void Outbox::FinishWhenEmpty(absl::Status status) {
  base::MutexLock lock(mutex_);
  if (ended_ || finish_.has_value()) return;
  finish_ = std::move(status);
  Write();
}

void Outbox::Abort(absl::Status status) {
  base::MutexLock lock(mutex_);
  if (ended_) return;
  queue_.clear();
  replaced_ = 0;
  last_of_.clear();
  End(std::move(status));
}

absl::Time Outbox::full_since() const {
  base::MutexLock lock(mutex_);
  return full_since_;
}

bool Outbox::idle() const {
  base::MutexLock lock(mutex_);
  return empty() && !writing_;
}

bool Outbox::ended() const {
  base::MutexLock lock(mutex_);
  return ended_;
}

void Outbox::Append(FramePtr frame, const std::optional<Replaceable>& replaceable) {
  bytes_ += frame->proto().size();
  if (replaceable.has_value()) {
    last_of_[Subject{replaceable->operation, replaceable->subject}] = {first_ + queue_.size(),
                                                                       replaceable->status};
  }
  queue_.push_back(std::move(frame));
}

// The queued frame that gives way to `by`, if there is one.
void Outbox::Replace(const Replaceable& by) {
  const auto last = last_of_.find(Subject{by.operation, by.subject});
  if (last == last_of_.end() || last->second.status != by.status) return;
  FramePtr& frame = queue_[last->second.number - first_];
  bytes_ -= frame->proto().size();
  frame.reset();
  last_of_.erase(last);
  // A peer that does not read for long leaves no more than as many gaps as frames.
  if (++replaced_ >= kMinGaps && replaced_ > queue_.size() / 2) Compact();
}

void Outbox::Compact() {
  std::vector<std::uint64_t> numbers;
  std::vector<FramePtr> kept;
  numbers.reserve(queue_.size());
  kept.reserve(queue_.size() - replaced_ + 1);
  for (FramePtr& frame : queue_) {
    numbers.push_back(first_ + kept.size());
    if (frame != nullptr) kept.push_back(std::move(frame));
  }
  for (auto& [subject, last] : last_of_) last.number = numbers[last.number - first_];
  queue_ = std::move(kept);
  replaced_ = 0;
}

// All that is queued, or what one write holds.
std::vector<FramePtr> Outbox::Take() {
  std::vector<FramePtr> frames;
  if (replaced_ == 0 && bytes_ <= kWriteBytes) {
    writing_bytes_ = bytes_;
    first_ += queue_.size();
    frames.swap(queue_);
    if (!last_of_.empty()) last_of_.clear();
    return frames;
  }
  std::size_t taken = 0;
  for (; taken < queue_.size(); ++taken) {
    FramePtr& frame = queue_[taken];
    if (frame == nullptr) {
      --replaced_;
      continue;
    }
    const std::size_t size = frame->proto().size();
    if (!frames.empty() && writing_bytes_ + size > kWriteBytes) break;
    writing_bytes_ += size;
    frames.push_back(std::move(frame));
  }
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(taken));
  first_ += taken;
  absl::erase_if(last_of_,
                 [this](const auto& entry) IPAM_REQUIRES(mutex_) { return entry.second.number < first_; });
  return frames;
}

// What is being written still counts in bytes_.
void Outbox::Write() {
  if (ended_ || writing_ || holds_ > 0) return;
  if (empty()) {
    if (finish_.has_value()) End(*std::move(finish_));
    return;
  }
  writing_ = true;
  writer_->StartWrite(Take());
}

void Outbox::End(absl::Status status) {
  ended_ = true;
  full_since_ = absl::InfiniteFuture();
  on_room_ = nullptr;
  writer_->Finish(std::move(status));
}

}  // namespace ipam::hub
