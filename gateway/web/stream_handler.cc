#include "gateway/web/stream_handler.h"

#include <utility>

#include "gateway/web/rest_api.h"

namespace ipam::web {
namespace {

constexpr absl::Duration kHeadHeldFor = absl::Milliseconds(250);

}  // namespace

StreamHandler::StreamHandler(Transport& transport, WatchFormat format, bool chunked, HttpResponse head,
                             hub::v1::WatchOperationsRequest request)
    : transport_(transport),
      format_(format),
      chunked_(chunked),
      head_(std::move(head)),
      request_(std::move(request)) {
  transport_.context().counters.streams.fetch_add(1, std::memory_order_relaxed);
}

StreamHandler::~StreamHandler() {
  if (outbox_ != nullptr) outbox_->Detach();
  transport_.context().counters.streams.fetch_sub(1, std::memory_order_relaxed);
}

void StreamHandler::OnStart() {
  transport_.ResumeReading();  // to see the peer go
  const bool may_be_done =
      format_ == WatchFormat::kServerSentEvents && request_.until_done() && !request_.resume_token().empty();
  auto outbox = transport_.context().hub.Watch(
      request_, hub::Caller{}, std::make_shared<WatchWriter>(transport_.remote(), this, /*watch=*/0));
  request_.Clear();
  if (!outbox.ok()) {
    SendInstead(ErrorResponse(outbox.status()));
    return;
  }
  outbox_ = *std::move(outbox);
  if (may_be_done) {
    transport_.SetDeadline(kHeadHeldFor);
  } else {
    SendHead();
  }
}

void StreamHandler::SendHead() {
  phase_ = Phase::kStreaming;
  transport_.ClearDeadline();
  transport_.context().counters.requests[2].fetch_add(1, std::memory_order_relaxed);
  std::string out =
      WriteHead(head_, chunked_ ? Framing::kChunked : Framing::kUntilClose, 0, /*keep_alive=*/false);
  head_ = {};
  transport_.Write(out);
}

void StreamHandler::SendInstead(HttpResponse response) {
  phase_ = Phase::kEnded;
  transport_.context().counters.requests[response.status / 100].fetch_add(1, std::memory_order_relaxed);
  for (const auto& [name, value] : head_.fields) {
    if (name.starts_with("Access-Control") || name == "Vary") response.fields.emplace_back(name, value);
  }
  transport_.Write(WriteHead(response, Framing::kLength, response.body.size(), false) + response.body);
  transport_.CloseGracefully();
}

// The request is over: what a client sends now belongs to nothing.
void StreamHandler::OnBytes(std::string_view) {}

void StreamHandler::OnPeerEnd() { transport_.Reset(); }

void StreamHandler::OnFlushed() {
  if (!std::exchange(write_outstanding_, false)) return;
  outbox_->WriteDone();
}

void StreamHandler::OnDeadline() {
  if (phase_ == Phase::kHeadHeld) SendHead();
}

void StreamHandler::OnStop(bool now) {
  // Drained watches end by themselves.
  if (now && phase_ != Phase::kEnded) OnFinish(0, absl::UnavailableError("restart"));
}

void StreamHandler::OnFrames(std::uint64_t, std::vector<hub::FramePtr> frames) {
  if (phase_ == Phase::kEnded) return;
  if (phase_ == Phase::kHeadHeld) SendHead();
  std::string* out = transport_.Scratch();
  AppendFrames(format_, chunked_, frames, out);
  transport_.context().counters.frames.fetch_add(frames.size(), std::memory_order_relaxed);
  if (transport_.Write(*out)) {
    outbox_->WriteDone();
  } else {
    write_outstanding_ = true;
  }
}

void StreamHandler::OnFinish(std::uint64_t, absl::Status status) {
  if (phase_ == Phase::kEnded) return;
  if (phase_ == Phase::kHeadHeld) {
    if (status.ok()) {
      HttpResponse nothing;
      nothing.status = 204;
      SendInstead(std::move(nothing));
      return;
    }
    SendInstead(ErrorResponse(status));
    return;
  }
  phase_ = Phase::kEnded;
  if (status.code() == absl::StatusCode::kResourceExhausted) {
    // Neither an end nor an error passes a full window.
    transport_.context().counters.resets.fetch_add(1, std::memory_order_relaxed);
    transport_.Reset();
    return;
  }
  // A stream that broke has no last chunk: the client sees that it was cut. One that drained has had its
  // Drain frame.
  if (status.ok() || status.code() == absl::StatusCode::kUnavailable) {
    std::string out;
    AppendEnd(format_, chunked_, status.ok(), &out);
    transport_.Write(out);
  }
  transport_.CloseGracefully();
}

}  // namespace ipam::web
