// A WebSocket after its handshake: frames to messages to WsProtocol, whose actions it carries out; and the
// frames of the hub, each in the envelope of its subscription, all that are pending in one write.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/hub/outbox.h"
#include "gateway/web/transport.h"
#include "gateway/web/watch_writer.h"
#include "gateway/web/ws_frame.h"
#include "gateway/web/ws_protocol.h"

namespace ipam::web {

class WsHandler final : public Handler, public WatchUser {
 public:
  explicit WsHandler(Transport& transport);
  ~WsHandler();

  void OnStart() override;
  void OnBytes(std::string_view bytes) override;
  void OnPeerEnd() override;
  void OnFlushed() override;
  void OnDeadline() override;
  void OnStop(bool now) override;
  void OnFrames(std::uint64_t watch, std::vector<hub::FramePtr> frames) override;
  void OnFinish(std::uint64_t watch, absl::Status status) override;

 private:
  struct Subscription {
    std::uint64_t watch = 0;
    std::string id;
    std::string prefix;  // of its envelope
    std::shared_ptr<hub::Outbox> outbox;
    bool write_outstanding = false;
  };
  using Subscriptions = std::vector<Subscription>;

  void OnItem(WsItem item);
  void Run(WsProtocol::Actions actions);
  void OpenWatch(WsProtocol::OpenWatch open);
  void CloseWith(WsCloseCode code, std::string_view reason);
  void Send(WsOpcode opcode, std::string_view payload);
  void DetachAll();
  Subscriptions::iterator Find(std::uint64_t watch);

  Transport& transport_;
  WsProtocol protocol_;
  WsDecoder decoder_;
  Subscriptions subscriptions_;
  std::uint64_t next_watch_ = 1;
  std::uint8_t silent_beats_ = 0;  // heartbeats since the peer was heard
  bool closed_ = false;            // a close frame is out, or the connection is gone
};

}  // namespace ipam::web
