// The running gateway: hub, bridge to the management servers, gRPC and HTTP.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/clock.h"
#include "gateway/config/gateway_config.h"

namespace ipam::app {

// One thread, that of main.
class Gateway {
 public:
  // Everything listens when this returns; the management server may still be out of reach. A status names
  // what could not be had: a port, the journal.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(config::GatewayConfig config, base::Clock& clock);
  ~Gateway();

  // Watchers are told to come back, streams end with UNAVAILABLE and 1012, then everything stops: within 10
  // s.
  void Stop();

 private:
  class Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipam::app
