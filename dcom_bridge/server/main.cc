// ipam-dcom-server: serves, or imports into and exports from its store.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

#include "dcom_bridge/auth/account_edit.h"
#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/memory.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/server/server.h"
#include "dcom_bridge/server/server_config.h"
#include "dcom_bridge/settings/process.h"
#include "dcom_bridge/settings/settings.h"

namespace {

using ipam::server::Command;
using ipam::server::ServerConfig;

constexpr char kProgram[] = "ipam-dcom-server";

int Report(const absl::Status& status) {
  return status.ok() ? 0 : ipam::settings::Complain(kProgram, status);
}

int PrintAccount(const std::string& name) {
  const auto hash = ipam::auth::AskPassword(name);
  if (!hash.ok()) return Report(hash.status());
  std::printf("%s:%s\n", name.c_str(), hash->ToHex().c_str());
  return 0;
}

int AddAccount(const std::string& path, const std::string& name) {
  const auto hash = ipam::auth::AskPassword(name);
  if (!hash.ok()) return Report(hash.status());
  const auto added = ipam::auth::SetAccount(path, name, *hash);
  if (!added.ok()) return Report(added.status());
  std::printf("%s %s; a running server reads the file at its next start\n", name.c_str(),
              *added ? "is added" : "has its new password");
  return 0;
}

int Serve(const ServerConfig& config, const sigset_t& stop_signals) {
  absl::StatusOr<ipam::auth::AccountFile> accounts = ipam::auth::AccountFile();
  if (!config.accounts_path.empty()) accounts = ipam::auth::AccountFile::Load(config.accounts_path);
  if (!accounts.ok()) return Report(accounts.status());
  if (!accounts->warning().empty()) spdlog::warn("{}", accounts->warning());
  ipam::base::SystemClock clock;
  auto server = ipam::server::Server::Start(
      config.server, std::make_shared<const ipam::auth::AccountFile>(*std::move(accounts)), clock);
  if (!server.ok()) return Report(server.status());
  ipam::settings::PidFile pid_file;
  if (absl::Status status = pid_file.Write(config.pid_file); !status.ok()) return Report(status);
  for (const std::string& address : config.server.addresses)
    spdlog::info("DCOM on {}:{}", address, (*server)->port());
  if (!config.server.metrics_address.empty()) {
    spdlog::info("metrics on {}:{}", config.server.metrics_address, (*server)->metrics_port());
  }
  int signal = 0;
  sigwait(&stop_signals, &signal);
  spdlog::info("stopping");
  (*server)->Stop();
  spdlog::info("stopped");
  return 0;
}

int Main(int argc, char** argv) {
  // Blocked before the first thread, so that every thread leaves them to sigwait().
  const sigset_t stop_signals = ipam::settings::BlockStopSignals();
  ipam::base::LimitKeptMemory();
  const auto invocation = ipam::settings::FromProcess(argc, argv);
  absl::StatusOr<ipam::server::Parsed> parsed =
      ipam::server::Parse(invocation.arguments, invocation.environment);
  if (!parsed.ok()) return Report(parsed.status());
  if (parsed->done) return 0;
  const ServerConfig& config = parsed->config;
  spdlog::set_default_logger(spdlog::stderr_logger_mt(kProgram));
  spdlog::set_level(spdlog::level::from_str(config.log_level));
  for (const std::string& warning : parsed->warnings) spdlog::warn("{}", warning);
  switch (config.command) {
    case Command::kServe:
      return Serve(config, stop_signals);
    case Command::kImport:
      return Report(ipam::engine::ImportYaml(config.server.engine.database, config.operand));
    case Command::kExport:
      return Report(ipam::engine::ExportYaml(config.server.engine.database, std::cout));
    case Command::kShow:
      return Report(ipam::engine::ShowTable(config.server.engine.database, config.show, std::cout));
    case Command::kAccount:
      return PrintAccount(config.operand);
    case Command::kAccountAdd:
      return AddAccount(config.accounts_path, config.operand);
    case Command::kAccountRemove:
      return Report(ipam::auth::RemoveAccount(config.accounts_path, config.operand));
  }
  return 1;
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
