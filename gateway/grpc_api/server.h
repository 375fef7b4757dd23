// The gRPC server of the gateway: ProgressService, google.longrunning.Operations, health and reflection on
// one port.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/hub/service.h"

namespace ipam::grpc_api {

struct GrpcOptions {
  std::string address = "127.0.0.1:50051";  // host:port; port 0: any free one
  int max_request_bytes = 32 << 20;
  int max_streams = 1000;                        // of one connection
  absl::Duration keepalive = absl::Seconds(30);  // a silent connection is asked, and closed after
  absl::Duration keepalive_timeout = absl::Seconds(10);
};

class GrpcServer {
 public:
  // Serves until Shutdown. kUnavailable, with the address, where the port cannot be had. `hub` outlives the
  // server.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcOptions& options, hub::Service& hub);
  virtual ~GrpcServer() = default;  // shuts down at once

  virtual int port() const = 0;
  // For a drain: health says NOT_SERVING, calls go on.
  virtual void StopServing() = 0;
  // Takes no new call, waits for those under way, cancels them after `grace`. Blocks. Call hub.Drain() before
  // it, so that the watches end by themselves.
  virtual void Shutdown(absl::Duration grace) = 0;
};

}  // namespace ipam::grpc_api
