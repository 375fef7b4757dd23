#include "gateway/ctl/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"

namespace ipam::ctl {
namespace {

constexpr int kMaxMessageBytes =
    64 << 20;  // an operation with its completion status and 1,000 subtasks is below it
constexpr absl::Duration kRepeatAfter = absl::Milliseconds(300);

std::chrono::system_clock::time_point After(absl::Duration duration) {
  return absl::ToChronoTime(absl::Now() + duration);
}

// gRPC's account of a failed connection ends with what the system said.
std::string ShortReason(const std::string& message) {
  for (const absl::string_view marker :
       {"Failed to connect to remote host: ", "DNS resolution failed for "}) {
    const auto at = message.rfind(std::string(marker));
    if (at == std::string::npos) continue;
    const auto last = message.rfind(": ");
    return message.substr(std::max(last + 2, at));
  }
  return message;
}

}  // namespace

Client::Client(std::string address, Timing timing, const std::atomic<bool>& interrupted)
    : address_(std::move(address)), timing_(timing), interrupted_(interrupted) {
  Connect();
}

void Client::Connect() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // a proxy of the web would be asked for 127.0.0.1 too
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(timing_.connect)));
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a new channel is a new connection
  channel_ = grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
  stub_ = v1::ProgressService::NewStub(channel_);
}

Client::~Client() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

bool Client::Ready() { return channel_->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY; }

bool Client::Sleep(absl::Duration duration, const std::function<void()>& on_tick) {
  const absl::Time end = absl::Now() + duration;
  while (!interrupted_) {
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) return true;
    absl::SleepFor(std::min(left, timing_.tick));
    on_tick();
  }
  return false;
}

CallResult Client::Judge(const grpc::Status& status, const std::string& reason) {
  using How = CallResult::How;
  if (interrupted_) return {How::kInterrupted, grpc::Status(grpc::StatusCode::CANCELLED, "interrupted")};
  // The gateway answers UNAVAILABLE too, over a connection that stands.
  const bool lost = status.error_code() == grpc::StatusCode::UNAVAILABLE && !Ready();
  if (reason.empty() && !lost) return {How::kAnswered, status};
  return {How::kUnreachable,
          grpc::Status(grpc::StatusCode::UNAVAILABLE,
                       absl::StrCat("cannot reach the gateway at ", address_, ": ",
                                    reason.empty() ? ShortReason(status.error_message()) : reason))};
}

CallResult Client::Repeat(const Begin& begin) {
  const absl::Time deadline = absl::Now() + timing_.call;
  absl::Time give_up = absl::InfinitePast();  // of repeating
  bool ever_ready = false;
  for (;;) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline));
    grpc::Status status;
    const absl::Time connect_by = absl::Now() + timing_.connect;
    std::string reason;
    bool was_ready = false;
    const std::shared_ptr<void> call = begin(context, status);
    for (;;) {
      void* tag = nullptr;
      bool ok = false;
      if (queue_.AsyncNext(&tag, &ok, After(timing_.tick)) == grpc::CompletionQueue::GOT_EVENT) break;
      was_ready = was_ready || Ready();
      if (interrupted_) {
        context.TryCancel();
      } else if (!was_ready && reason.empty() && absl::Now() > connect_by) {
        reason = absl::StrCat("no answer within ", absl::FormatDuration(timing_.connect));
        context.TryCancel();
      }
    }
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && !was_ready && !Ready() &&
        reason.empty()) {
      reason = absl::StrCat("no answer within ", absl::FormatDuration(timing_.call));
    }
    CallResult result = Judge(status, reason);
    ever_ready = ever_ready || was_ready;
    result.was_sent = ever_ready || result.how == CallResult::How::kAnswered;
    if (result.how != CallResult::How::kUnreachable) return result;
    if (was_ready) give_up = absl::Now() + timing_.connect;
    if (absl::Now() + kRepeatAfter > std::min(give_up, deadline)) return result;
    Sleep(kRepeatAfter, [] {});  // an interrupt ends the next attempt
  }
}

CallResult Client::Pump(grpc::ClientContext& context, const std::function<void(void*)>& start,
                        const std::function<void(void*)>& read,
                        const std::function<void(grpc::Status*, void*)>& finish,
                        const std::function<void()>& on_message, const std::function<void()>& on_tick) {
  enum class Pending { kStart, kRead, kFinish };  // one at a time
  Pending pending = Pending::kStart;
  grpc::Status status;
  std::string reason;
  absl::Time heard = absl::Now();
  absl::Time ticked = heard;
  bool connected = false;
  start(&pending);
  for (;;) {
    void* tag = nullptr;
    bool ok = false;
    const bool event = queue_.AsyncNext(&tag, &ok, After(timing_.tick)) == grpc::CompletionQueue::GOT_EVENT;
    const absl::Time now = absl::Now();
    if (event) {
      if (pending == Pending::kFinish) {
        CallResult result = Judge(status, reason);
        // A connection over which nothing comes may be dead without either end knowing.
        if (!reason.empty()) Connect();
        return result;
      }
      if (pending == Pending::kRead && ok) {
        heard = now;
        on_message();
      }
      if (ok) {
        pending = Pending::kRead;
        read(&pending);
      } else {
        pending = Pending::kFinish;
        finish(&status, &pending);
      }
    }
    if (now - ticked >= timing_.tick || !event) {
      ticked = now;
      on_tick();
    }
    connected = connected || Ready();
    if (interrupted_) {
      context.TryCancel();
    } else if (reason.empty() && now - heard > (connected ? timing_.silence : timing_.connect)) {
      reason = absl::StrCat(connected ? "nothing heard for " : "no answer within ",
                            absl::FormatDuration(connected ? timing_.silence : timing_.connect));
      context.TryCancel();
    }
  }
}

}  // namespace ipam::ctl
