// What the HTTP side can be told. Everything has a default that is safe on loopback.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace prometheus {
class Collectable;
}

namespace ipam::web {

struct WebLimits {
  std::size_t connections = 20'000;                // beyond: 503 and close
  std::size_t websockets = 10'000;                 // beyond: close 1013
  std::size_t subscriptions_per_socket = 32;       // beyond: close 4429
  std::size_t message_bytes = 64 << 10;            // one WebSocket message; beyond: close 1009
  std::size_t header_bytes = 16 << 10;             // request line and header; beyond: 431
  std::size_t body_bytes = std::size_t{32} << 20;  // beyond: 413
  // What the kernel keeps for a peer that does not read (twice this), before the watch's own bound counts.
  int send_buffer_bytes = 128 << 10;
};

struct WebTimeouts {
  absl::Duration header = absl::Seconds(10);  // from the first byte of a request to the end of its header
  absl::Duration body = absl::Seconds(120);   // from the end of the header to the end of the body
  absl::Duration idle = absl::Seconds(75);    // keep-alive between requests
  absl::Duration write_stall = absl::Seconds(30);     // no byte taken by the peer: reset
  absl::Duration websocket_init = absl::Seconds(10);  // neither connection_init nor subscribe: close 4408
  absl::Duration heartbeat = absl::Seconds(15);   // WebSocket ping; a peer silent for three of them is gone
  absl::Duration linger = absl::Seconds(2);       // for the peer to read the last bytes and to close
  absl::Duration tick = absl::Milliseconds(250);  // how finely all of these are watched
};

struct WebOptions {
  std::string address = "127.0.0.1";  // numeric
  std::uint16_t port = 8080;          // 0: any free one
  int threads = 1;                    // loops; a connection stays on one
  // Host names served beside localhost, the loopback addresses and the address a connection came to. "*":
  // any.
  std::vector<std::string> allowed_hosts;
  // Origins ("https://portal.example") allowed beside the page's own.
  std::vector<std::string> allowed_origins;
  WebLimits limits;
  WebTimeouts timeouts;
  std::function<absl::Status()> ready;  // for /readyz; any loop, must not block; empty: always ready
  // For /metrics, beside those of this layer.
  std::vector<std::shared_ptr<prometheus::Collectable>> metrics;
};

}  // namespace ipam::web
