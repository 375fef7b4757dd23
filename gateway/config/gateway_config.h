// Everything that ipam-gateway can be told, in one value.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/bridge/bridge.h"
#include "gateway/hub/service.h"
#include "gateway/web/web_options.h"

namespace ipam::config {

struct GatewayConfig {
  bridge::BridgeOptions bridge;
  hub::Options hub;
  web::WebOptions web;
  std::string grpc_listen = "127.0.0.1:50051";
  std::string log_level = "info";
  std::string pid_file;  // empty: none
  absl::Duration drain = absl::Seconds(8);
};

struct Parsed {
  GatewayConfig config;
  bool done = false;                  // --help or --version was answered
  std::vector<std::string> warnings;  // for the log, once there is one
};

// kInvalidArgument: one line that names the option, the file and the line.
absl::StatusOr<Parsed> Parse(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment);

}  // namespace ipam::config
