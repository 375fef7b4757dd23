#include "dcom_bridge/server/callback_sender.h"

#include <spdlog/spdlog.h>

#include <span>
#include <utility>

#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/idl/types.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/server/encode_callback.h"

namespace ipam::server {
namespace {

constexpr std::size_t kReadEvents = 256;        // held in memory for one operation
constexpr std::size_t kReportBytes = 1u << 20;  // of one ReportProgress; receivers take 4 MiB

bool IsLast(const event::ProgressEvent& event) {
  const auto* overall = std::get_if<event::OverallStatusSet>(&event.change);
  return overall && overall->status >= event::OverallStatus::kCompletedWithSuccess;
}

}  // namespace

CallbackSender::CallbackSender(std::shared_ptr<net::Loop> loop, engine::Engine& engine, base::Guid operation,
                               std::unique_ptr<Callback> callback, Pauses pauses, CallbackCounters& counters,
                               std::function<void(CallbackSender&)> on_stopped)
    : loop_(std::move(loop)),
      engine_(engine),
      operation_(operation),
      callback_(std::move(callback)),
      pauses_(std::move(pauses)),
      counters_(counters),
      on_stopped_(std::move(on_stopped)) {}

void CallbackSender::SendFirst(orpc::CausalityId causality, Answered answered) {
  causality_ = causality;
  answered_ = std::move(answered);
  state_ = State::kFirst;
  Read();
}

void CallbackSender::SendAfter(std::uint64_t sequence) {
  read_ = sequence;
  state_ = State::kSending;
  Read();
}

void CallbackSender::OnEventsAvailable() { Read(); }

void CallbackSender::Read() {
  if (state_ != State::kFirst && state_ != State::kSending) return;
  if (reading_ || queue_.size() >= kReadEvents) {
    more_ = true;
    return;
  }
  reading_ = true;
  more_ = false;
  const std::size_t max = state_ == State::kFirst ? 1 : kReadEvents;
  engine_.ReadEvents(operation_, read_, max, [loop = loop_, self = shared_from_this()](auto events) {
    loop->Post([self, events = std::move(events)]() mutable { self->OnRead(std::move(events)); });
  });
}

void CallbackSender::OnRead(absl::StatusOr<std::vector<event::ProgressEvent>> events) {
  reading_ = false;
  if (state_ == State::kStopped) return;
  if (!events.ok()) return GiveUp(std::string(events.status().message()));
  if (!events->empty()) {
    read_ = events->back().source_sequence;
    queue_.insert(queue_.end(), std::make_move_iterator(events->begin()),
                  std::make_move_iterator(events->end()));
    more_ = true;  // there may be more than was read
  }
  SendNext();
  if (more_ && state_ == State::kSending) Read();
}

void CallbackSender::SendNext() {
  if (sending_ > 0 || queue_.empty() || state_ == State::kStopped) return;
  sending_ = 1;
  repeats_ = 0;
  if (callback_->batched()) {
    std::size_t bytes = EncodedSizeBound(queue_.front());
    while (sending_ < queue_.size() && sending_ < idl::ReportProgress::kMaxEvents) {
      bytes += EncodedSizeBound(queue_[sending_]);
      if (bytes > kReportBytes) break;
      ++sending_;
    }
  }
  Send();
}

void CallbackSender::Send() {
  EncodedCallback call =
      callback_->batched() ? EncodeReport(std::span(queue_).first(sending_)) : EncodeCallback(queue_.front());
  callback_->Invoke(call.opnum, std::move(call.body),
                    state_ == State::kFirst ? causality_ : orpc::CausalityId(),
                    [self = shared_from_this()](auto outcome) { self->OnAnswered(std::move(outcome)); });
}

void CallbackSender::OnAnswered(net::InvokeOutcome outcome) {
  if (state_ == State::kStopped) return;
  if (const auto* failure = std::get_if<net::InvokeFailure>(&outcome)) return OnNoAnswer(failure->status);
  const auto& reply = std::get<net::InvokeReply>(outcome);
  const auto response = ndr::Decode<idl::ResultResponse>(reply.body, reply.endian);
  const base::HResult result = response.ok() ? response->result : base::kUnexpected;
  if (result.ok()) {
    counters_.events_sent += sending_;
  } else {
    ++counters_.refused;
  }
  if (Answered answered = std::exchange(answered_, nullptr)) answered(result);
  if (state_ == State::kStopped) return;
  if (!result.ok()) return GiveUp("it answered " + base::ToString(result));
  const bool last = IsLast(queue_[sending_ - 1]);
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(sending_));
  sending_ = 0;
  state_ = State::kSending;
  if (last) return GiveUp("");
  SendNext();
  if (more_) Read();
}

void CallbackSender::OnNoAnswer(const absl::Status& why) {
  ++counters_.unanswered;
  if (callback_->batched() && repeats_ < pauses_.size()) {
    pause_ = loop_->After(pauses_[repeats_++], [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->state_ == State::kStopped) return;
      self->counters_.events_resent += self->sending_;
      self->Send();
    });
    return;
  }
  if (Answered answered = std::exchange(answered_, nullptr)) answered(base::kServerUnavailable);
  if (state_ != State::kStopped) GiveUp(std::string(why.message()));
}

// `why` empty: all was sent.
void CallbackSender::GiveUp(const std::string& why) {
  if (!why.empty()) spdlog::warn("operation {}: its callback is given up: {}", operation_.ToString(), why);
  const auto self = shared_from_this();
  Stop();
  if (on_stopped_) std::exchange(on_stopped_, nullptr)(*this);
}

void CallbackSender::TakeOver() {
  const auto self = shared_from_this();
  Answered answered = std::exchange(answered_, nullptr);
  Stop();
  if (answered) answered(base::kOk);
}

void CallbackSender::Stop() {
  state_ = State::kStopped;
  queue_.clear();
  pause_.Cancel();
  callback_.reset();
}

}  // namespace ipam::server
