#include "gateway/grpc_api/watch_reactor.h"

#include <utility>

#include "gateway/grpc_api/status.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "grpcpp/support/slice.h"

namespace ipam::grpc_api {
namespace {

// A slice of the frame's bytes that keeps the frame.
grpc::Slice ToSlice(hub::FramePtr frame) {
  const std::string& proto = frame->proto();
  auto* holder = new hub::FramePtr(std::move(frame));
  return grpc::Slice(
      const_cast<char*>(proto.data()), proto.size(),
      [](void* held) { delete static_cast<hub::FramePtr*>(held); }, holder);
}

}  // namespace

std::deque<grpc::ByteBuffer> ToMessages(std::vector<hub::FramePtr> frames) {
  std::deque<grpc::ByteBuffer> messages;
  std::vector<grpc::Slice> slices;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const bool joins = frames[i]->is_event() && i + 1 < frames.size() && frames[i + 1]->is_event();
    slices.push_back(ToSlice(std::move(frames[i])));
    if (joins) continue;
    messages.emplace_back(slices.data(), slices.size());
    slices.clear();
  }
  return messages;
}

WatchReactor* WatchReactor::Start(grpc::CallbackServerContext* context, hub::Service& hub,
                                  const grpc::ByteBuffer& request) {
  auto* reactor = new WatchReactor(context);
  reactor->StartSendInitialMetadata();
  hub::v1::WatchOperationsRequest parsed;
  grpc::ByteBuffer bytes = request;
  grpc::ProtoBufferReader reader(&bytes);
  if (!reader.status().ok() || !parsed.ParseFromZeroCopyStream(&reader)) {
    reactor->End(
        grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "the request is not a WatchOperationsRequest"));
    return reactor;
  }
  reactor->Watch(hub, parsed);
  return reactor;
}

void WatchReactor::Watch(hub::Service& hub, const hub::v1::WatchOperationsRequest& request) {
  // Not owning: after Detach the hub does not call, and OnDone, which comes last, detaches.
  std::shared_ptr<hub::Writer> writer(std::shared_ptr<void>(), this);
  auto outbox = hub.Watch(request, hub::Caller{}, std::move(writer));
  if (!outbox.ok()) {
    End(ToGrpcStatus(outbox.status()));
    return;
  }
  outbox_ = *std::move(outbox);
}

void WatchReactor::StartWrite(std::vector<hub::FramePtr> frames) {
  messages_ = ToMessages(std::move(frames));
  WriteNext();
}

void WatchReactor::WriteNext() {
  grpc::WriteOptions options;
  if (messages_.size() > 1) options.set_buffer_hint();
  ServerWriteReactor::StartWrite(&messages_.front(), options);
}

void WatchReactor::OnWriteDone(bool ok) {
  if (!ok) return;  // OnCancel comes
  messages_.pop_front();
  if (!messages_.empty()) return WriteNext();
  outbox_->WriteDone();
}

void WatchReactor::Finish(absl::Status status) {
  // A reader that is stuck gets no trailers either: the stream is reset.
  if (absl::IsResourceExhausted(status)) context_->TryCancel();
  End(ToGrpcStatus(status));
}

void WatchReactor::OnCancel() {
  if (outbox_ != nullptr) outbox_->Detach();
  End(grpc::Status::CANCELLED);
}

void WatchReactor::OnDone() {
  if (outbox_ != nullptr) outbox_->Detach();
  delete this;
}

void WatchReactor::End(const grpc::Status& status) {
  if (!ended_.exchange(true)) ServerWriteReactor::Finish(status);
}

}  // namespace ipam::grpc_api
