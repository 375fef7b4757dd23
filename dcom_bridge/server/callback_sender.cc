#include "dcom_bridge/server/callback_sender.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
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

CallbackSender::CallbackSender(std::shared_ptr<net::Loop> loop, CallbackPool& pool, engine::Engine& engine,
                               base::Guid operation, auth::Principal activator,
                               std::function<void(CallbackSender&)> on_stopped)
    : loop_(std::move(loop)),
      pool_(pool),
      engine_(engine),
      operation_(operation),
      activator_(std::move(activator)),
      on_stopped_(std::move(on_stopped)) {}

void CallbackSender::Open(const orpc::ObjRef& callback, orpc::CausalityId causality, Opened opened) {
  const absl::StatusOr<net::DcomClient*> dcom = pool_.ClientFor(activator_);
  if (!dcom.ok()) {
    spdlog::warn("no callback to {}: {}", activator_.Name(), std::string(dcom.status().message()));
    opened(base::kAccessDenied);
    return Stop();
  }
  dcom_ = *dcom;
  causality_ = causality;
  pool_.BeginOpen(activator_);
  dcom_->Unmarshal(
      callback, idl::kIidOperationWithProgressCallback,
      [self = shared_from_this(), opened = std::move(opened)](auto resolved) mutable {
        self->OnUnmarshaled(std::move(resolved), std::move(opened));
      },
      causality_);
}

void CallbackSender::OnUnmarshaled(absl::StatusOr<net::RemoteInterface> callback, Opened opened) {
  if (callback.ok()) pool_.Hold(activator_, *callback);
  pool_.EndOpen(activator_);
  if (!callback.ok()) {
    spdlog::warn("the callback of {} cannot be reached: {}", activator_.Name(),
                 std::string(callback.status().message()));
    opened(base::kServerUnavailable);
    return Stop();
  }
  callback_ = *std::move(callback);
  if (state_ == State::kStopped) return pool_.Release(activator_, *std::exchange(callback_, std::nullopt));
  dcom_->QueryInterface(
      *callback_, idl::kIidOperationWithProgressCallback2,
      [self = shared_from_this(), opened = std::move(opened)](auto extended) mutable {
        if (extended.ok()) {
          self->pool_.Hold(self->activator_, *extended);
          if (self->state_ == State::kStopped) {
            self->pool_.Release(self->activator_, *extended);
          } else {
            self->callback2_ = *std::move(extended);
          }
        }
        opened(base::kOk);
      },
      causality_);
}

void CallbackSender::SendFirst(Opened answered) {
  answered_ = std::move(answered);
  state_ = State::kFirst;
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
  if (sending_ || queue_.empty() || state_ == State::kStopped) return;
  std::size_t count = 1;
  EncodedCallback call;
  if (callback2_) {
    std::size_t bytes = EncodedSizeBound(queue_.front());
    while (count < queue_.size() && count < idl::ReportProgress::kMaxEvents) {
      bytes += EncodedSizeBound(queue_[count]);
      if (bytes > kReportBytes) break;
      ++count;
    }
    call = EncodeReport(std::span(queue_).first(count));
  } else {
    call = EncodeCallback(queue_.front());
  }
  sending_ = true;
  dcom_->Invoke(
      callback2_ ? *callback2_ : *callback_, call.opnum, std::move(call.body), pool_.call_timeout(),
      [self = shared_from_this(), count](auto outcome) { self->OnAnswered(count, std::move(outcome)); },
      std::exchange(causality_, {}));
}

void CallbackSender::OnAnswered(std::size_t sent, net::InvokeOutcome outcome) {
  sending_ = false;
  if (state_ == State::kStopped) return;
  if (const auto* failure = std::get_if<net::InvokeFailure>(&outcome)) {
    if (Opened answered = std::exchange(answered_, nullptr)) answered(base::kServerUnavailable);
    return GiveUp(std::string(failure->status.message()));
  }
  const auto& reply = std::get<net::InvokeReply>(outcome);
  const auto response = ndr::Decode<idl::ResultResponse>(reply.body, reply.endian);
  const base::HResult result = response.ok() ? response->result : base::kUnexpected;
  if (Opened answered = std::exchange(answered_, nullptr)) answered(result);
  if (state_ == State::kStopped) return;
  if (!result.ok()) return GiveUp("it answered " + base::ToString(result));
  const bool last = IsLast(queue_[sent - 1]);
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(sent));
  state_ = State::kSending;
  if (last) return Stop();
  SendNext();
  if (more_) Read();
}

void CallbackSender::GiveUp(const std::string& why) {
  spdlog::warn("operation {}: the callback of {} is given up: {}", operation_.ToString(), activator_.Name(),
               why);
  Stop();
}

void CallbackSender::Stop() {
  if (state_ == State::kStopped) return;
  state_ = State::kStopped;
  queue_.clear();
  const auto self = shared_from_this();
  for (auto* interface : {&callback2_, &callback_}) {
    if (*interface) pool_.Release(activator_, *std::exchange(*interface, std::nullopt));
  }
  if (on_stopped_) std::exchange(on_stopped_, nullptr)(*this);
}

}  // namespace ipam::server
