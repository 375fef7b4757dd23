// What /metrics shows of this layer and of the hub. Prefix ipamgw_; no operation id in a label.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Collectable;
}
namespace ipam::hub {
class Service;
}

namespace ipam::web {

// Any thread.
struct WebCounters {
  std::atomic<std::int64_t> connections{0};  // gauges
  std::atomic<std::int64_t> websockets{0};
  std::atomic<std::int64_t> streams{0};         // SSE and NDJSON
  std::atomic<std::uint64_t> requests[6] = {};  // by status / 100
  std::atomic<std::uint64_t> refused_connections{0};
  std::atomic<std::uint64_t> websocket_messages{0};  // from clients
  std::atomic<std::uint64_t> frames{0};              // written to watchers
  std::atomic<std::uint64_t> bytes{0};               // written
  std::atomic<std::uint64_t> resets{0};              // connections that did not read
};

// The Prometheus text format, version 0.0.4.
std::string WriteMetrics(const WebCounters& web, const hub::Service& hub,
                         const std::vector<std::shared_ptr<prometheus::Collectable>>& others);

}  // namespace ipam::web
