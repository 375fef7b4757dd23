#pragma once

#include <cstddef>

#include "absl/time/time.h"

namespace ipam::net {

// What a TCP connection bears of its peer, on either side of a call; options, all of them.
struct ConnectionLimits {
  // What the peer has not read yet.
  std::size_t max_queued_bytes = std::size_t{16} << 20;
  // A peer that acknowledges nothing of what was sent, or keeps its window shut, for so long is gone
  // (TCP_USER_TIMEOUT).
  absl::Duration user_timeout = absl::Seconds(60);
  // A connection on which nothing moves is probed after keepalive_idle, then every keepalive_interval; a peer
  // that answers none of keepalive_probes is gone: it lost its power or its network ([MS-RPCE] 3.3.2.2.1 and
  // 3.3.3.2.1).
  absl::Duration keepalive_idle = absl::Seconds(30);
  absl::Duration keepalive_interval = absl::Seconds(10);
  int keepalive_probes = 3;
};

}  // namespace ipam::net
