// One request after the other: checks who asks, answers, or hands the connection over to a watch or a
// WebSocket.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/web/http_decoder.h"
#include "gateway/web/rest_api.h"
#include "gateway/web/routes.h"
#include "gateway/web/transport.h"

namespace ipam::web {

class HttpHandler final : public Handler {
 public:
  explicit HttpHandler(Transport& transport);

  void OnStart() override;
  void OnBytes(std::string_view bytes) override;
  void OnPeerEnd() override;
  void OnFlushed() override;
  void OnDeadline() override;
  void OnStop(bool now) override;

 private:
  enum class Phase {
    kReading,    // a request, or the pause before one
    kAnswering,  // the hub has it
    kWriting,    // the answer is more than the socket takes
    kHandedOver,
    kClosing,
  };
  // What of a request the answer needs.
  struct Exchange {
    bool head = false;
    bool keep_alive = false;
    HttpFields cors;
  };

  void Process();
  void OnRequest();
  bool RefuseAccess(const HttpRequest& request);
  void Dispatch(HttpRequest request);
  void OpenWatch(const HttpRequest& request, const Route& route);
  void OpenWebSocket(const HttpRequest& request);
  void AnswerOptions(const Route& route);
  void Send(HttpResponse response);
  void WatchTheClock();

  Transport& transport_;
  HttpDecoder decoder_;
  Phase phase_ = Phase::kReading;
  Exchange exchange_;
  enum class Clock { kNone, kIdle, kHeader, kBody } clock_ = Clock::kNone;
  bool peer_ended_ = false;
};

}  // namespace ipam::web
