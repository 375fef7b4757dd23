// The HTTP side of the gateway: REST, server-sent events, NDJSON, WebSocket and the dashboard on one port.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/web/web_options.h"

namespace ipam::hub {
class Service;
}

namespace ipam::web {

// Start and Stop from one thread, that of main. Runs threads of its own: `options.threads` loops.
class WebServer {
 public:
  // `service` outlives the server. kUnavailable where the port is taken, kInvalidArgument for a bad address.
  static absl::StatusOr<std::unique_ptr<WebServer>> Start(WebOptions options, hub::Service& service);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  std::uint16_t port() const;

  // Call hub::Service::Drain first: watchers then have their Drain frame and end by themselves. Accepts
  // nothing more, lets answers under way go out, closes WebSockets with 1012, and after `grace` resets what
  // is left. Blocks until the loops have ended. The destructor is Stop(0).
  void Stop(absl::Duration grace);

 private:
  class Impl;
  explicit WebServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipam::web
