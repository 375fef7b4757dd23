#include "gateway/hub/outbox.h"

#include <utility>

namespace ipam::hub {

Outbox::Outbox(std::shared_ptr<Writer> writer, std::size_t limit_bytes)
    : limit_bytes_(limit_bytes), writer_(std::move(writer)) {}

bool Outbox::Push(FramePtr frame, std::optional<Replaceable> replaceable) {
  base::MutexLock lock(mutex_);
  if (ended_ || finish_.has_value()) return true;
  if (replaceable.has_value()) {
    const auto last = last_of_.find(Subject{replaceable->operation, replaceable->subject});
    if (last != last_of_.end() && last->second->replaceable->status == replaceable->status)
      Erase(last->second);
  }
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
  Queue queue;
  {
    base::MutexLock lock(mutex_);
    ended_ = true;
    writer = std::move(writer_);
    on_room = std::exchange(on_room_, nullptr);  // the hub then sees that it ended
    queue.swap(queue_);
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
  last_of_.clear();
  End(std::move(status));
}

absl::Time Outbox::full_since() const {
  base::MutexLock lock(mutex_);
  return full_since_;
}

bool Outbox::idle() const {
  base::MutexLock lock(mutex_);
  return queue_.empty() && !writing_;
}

bool Outbox::ended() const {
  base::MutexLock lock(mutex_);
  return ended_;
}

void Outbox::Append(FramePtr frame, std::optional<Replaceable> replaceable) {
  bytes_ += frame->proto().size();
  queue_.push_back(Entry{std::move(frame), replaceable});
  if (replaceable.has_value()) {
    last_of_[Subject{replaceable->operation, replaceable->subject}] = std::prev(queue_.end());
  }
}

void Outbox::Erase(Queue::iterator entry) {
  bytes_ -= entry->frame->proto().size();
  if (entry->replaceable.has_value()) {
    const auto last = last_of_.find(Subject{entry->replaceable->operation, entry->replaceable->subject});
    if (last != last_of_.end() && last->second == entry) last_of_.erase(last);
  }
  queue_.erase(entry);
}

void Outbox::Write() {
  if (ended_ || writing_) return;
  if (queue_.empty()) {
    if (finish_.has_value()) End(*std::move(finish_));
    return;
  }
  std::vector<FramePtr> frames;
  std::size_t bytes = 0;
  while (!queue_.empty()) {
    const auto first = queue_.begin();
    const std::size_t size = first->frame->proto().size();
    if (!frames.empty() && bytes + size > kWriteBytes) break;
    bytes += size;
    frames.push_back(first->frame);
    Erase(first);
  }
  bytes_ += bytes;  // what is being written still counts
  writing_bytes_ = bytes;
  writing_ = true;
  writer_->StartWrite(std::move(frames));
}

void Outbox::End(absl::Status status) {
  ended_ = true;
  full_since_ = absl::InfiniteFuture();
  on_room_ = nullptr;
  writer_->Finish(std::move(status));
}

}  // namespace ipam::hub
