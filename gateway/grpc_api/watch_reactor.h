// One WatchOperations stream: carries the frames of an outbox to gRPC. Deletes itself when the call is over.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "gateway/hub/service.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"

namespace ipam::grpc_api {

// The messages of `frames`: one for each frame, but event frames that follow each other are one message. The
// slices hold the frames.
std::deque<grpc::ByteBuffer> ToMessages(std::vector<hub::FramePtr> frames);

class WatchReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, private hub::Writer {
 public:
  // Begins the watch, or ends the call with its error.
  static WatchReactor* Start(grpc::CallbackServerContext* context, hub::Service& hub,
                             const grpc::ByteBuffer& request);

 private:
  explicit WatchReactor(grpc::CallbackServerContext* context) : context_(context) {}
  void Watch(hub::Service& hub, const hub::v1::WatchOperationsRequest& request);

  // hub::Writer
  void StartWrite(std::vector<hub::FramePtr> frames) override;
  void Finish(absl::Status status) override;
  // grpc::ServerWriteReactor
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void WriteNext();
  void End(const grpc::Status& status);

  grpc::CallbackServerContext* const context_;
  // Of the write under way: touched by the hub's thread when it starts, then by the reactions of that write
  // only.
  std::deque<grpc::ByteBuffer> messages_;
  std::atomic<bool> ended_{false};
  // Set before gRPC knows the reactor: until then it keeps what the hub writes, and no reaction comes. Null
  // where the watch was refused.
  std::shared_ptr<hub::Outbox> outbox_;
};

}  // namespace ipam::grpc_api
