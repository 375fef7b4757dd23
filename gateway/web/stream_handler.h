// One watch as server-sent events or NDJSON, from the head of the response to its end. The connection closes
// after it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/hub/outbox.h"
#include "gateway/web/http_message.h"
#include "gateway/web/transport.h"
#include "gateway/web/watch_format.h"
#include "gateway/web/watch_writer.h"

namespace ipam::web {

class StreamHandler final : public Handler, public WatchUser {
 public:
  StreamHandler(Transport& transport, WatchFormat format, bool chunked, HttpResponse head,
                hub::v1::WatchOperationsRequest request);
  ~StreamHandler();

  void OnStart() override;
  void OnBytes(std::string_view bytes) override;
  void OnPeerEnd() override;
  void OnFlushed() override;
  void OnDeadline() override;
  void OnStop(bool now) override;
  void OnFrames(std::uint64_t watch, std::vector<hub::FramePtr> frames) override;
  void OnFinish(std::uint64_t watch, absl::Status status) override;

 private:
  // A resumed stream that has nothing left to say answers 204, so that an EventSource stays away: the head
  // waits until the hub has spoken, or for a moment.
  enum class Phase { kHeadHeld, kStreaming, kEnded };

  void SendHead();
  void SendInstead(HttpResponse response);

  Transport& transport_;
  const WatchFormat format_;
  const bool chunked_;
  HttpResponse head_;
  hub::v1::WatchOperationsRequest request_;
  std::shared_ptr<hub::Outbox> outbox_;
  Phase phase_ = Phase::kHeadHeld;
  bool write_outstanding_ = false;  // of the outbox
};

}  // namespace ipam::web
