// ipam-gateway: wires the layers together and stops them in order.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <exception>
#include <memory>
#include <string>

#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/memory.h"
#include "dcom_bridge/settings/process.h"
#include "dcom_bridge/settings/settings.h"
#include "gateway/app/gateway.h"
#include "gateway/config/gateway_config.h"

namespace {

int Main(int argc, char** argv) {
  // Blocked before the first thread, so that every thread leaves them to sigwait() below.
  const sigset_t stop_signals = ipam::settings::BlockStopSignals();
  ipam::base::LimitKeptMemory();
  const auto invocation = ipam::settings::FromProcess(argc, argv);
  absl::StatusOr<ipam::config::Parsed> parsed =
      ipam::config::Parse(invocation.arguments, invocation.environment);
  if (!parsed.ok()) return ipam::settings::Complain("ipam-gateway", parsed.status());
  if (parsed->done) return 0;
  ipam::config::GatewayConfig& config = parsed->config;
  spdlog::set_default_logger(spdlog::stderr_logger_mt("ipam-gateway"));
  spdlog::set_level(spdlog::level::from_str(config.log_level));
  for (const std::string& warning : parsed->warnings) spdlog::warn("{}", warning);

  ipam::base::SystemClock clock;
  absl::StatusOr<std::unique_ptr<ipam::app::Gateway>> gateway =
      ipam::app::Gateway::Start(std::move(config), clock);
  if (!gateway.ok()) return ipam::settings::Complain("ipam-gateway", gateway.status());
  int signal = 0;
  sigwait(&stop_signals, &signal);
  spdlog::info("stopping");
  (*gateway)->Stop();
  spdlog::info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& e) {  // of a library: nothing of ours throws
    spdlog::critical("{}", e.what());
    return 1;
  }
}
