// The native DCOM server backend: everything of DCOM on one port, the class object, and the operations engine
// behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/auth/logon_guard.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/server/actuator_config.h"
#include "dcom_bridge/server/sessions.h"

namespace ipam::server {

struct ServerOptions {
  std::vector<std::string> addresses = {"127.0.0.1"};  // IP addresses to listen on
  std::uint16_t port = 135;                            // of all of them; 0: any free one
  // Names or addresses under which clients reach the port, the preferred one first. Empty: `addresses`, or,
  // where one of them is a wildcard, this host's name.
  std::vector<std::string> hosts;
  // Of activation and ORPC; nothing below packet integrity is taken (CVE-2021-26414).
  auth::AuthLevel minimum_level = auth::AuthLevel::kIntegrity;
  auth::AuthLevel callback_level = auth::AuthLevel::kPrivacy;
  bool resolver_fallback = false;  // of the clients that are called back, as CallbackOptions has it
  std::string callback_account;    // "DOMAIN\user"; empty: the account that activated
  // The keys of our services; empty: no Kerberos.
  std::string keytab;
  // Callbacks by Kerberos with these keys, as `callback_account`, here "user@REALM", or the first of them.
  // Empty: by NTLM, with the account file.
  std::string callback_keytab;
  std::string callback_spn;  // of the clients that are called back; empty: as CallbackOptions has it
  auth::LogonGuardOptions logon_guard;
  SessionOptions sessions;
  // Where /metrics is served by HTTP, without authentication: an IP address; empty: nowhere.
  std::string metrics_address;
  std::uint16_t metrics_port = 0;  // 0: any free one
  engine::Options engine;
  std::vector<ActuatorConfig> actuators;
};

class Server {
 public:
  // Listens when this returns. kAlreadyExists: the port is in use. `clock` outlives the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options,
                                                       std::shared_ptr<const auth::AccountFile> accounts,
                                                       base::Clock& clock);
  ~Server();

  std::uint16_t port() const;
  std::uint16_t metrics_port() const;  // 0: none

  // Gives the callbacks back and ends. Operations that run are ended as failed by the next start.
  void Stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipam::server
