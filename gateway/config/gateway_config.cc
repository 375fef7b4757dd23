#include "gateway/config/gateway_config.h"

#include <CLI/CLI.hpp>
#include <map>
#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/settings/host_port.h"
#include "dcom_bridge/settings/settings.h"
#include "gateway/config/sources.h"

namespace ipam::config {
namespace {

// What CLI11 fills before it becomes a GatewayConfig.
struct Raw {
  std::string server;
  std::string source_name;
  std::vector<std::string> sources;
  std::vector<std::string> callback_listen = {"127.0.0.1:0"};
  std::string http_listen = "127.0.0.1:8080";
  std::string retention_age = "720h";
  std::string drain = "8s";
  std::string resume_timeout = "10m";
};

void Declare(CLI::App& app, GatewayConfig& c, bridge::ServerOptions& server, Raw& raw) {
  app.set_version_flag("--version", "ipam-gateway " IPAM_VERSION);

  app.add_option("--dcom-server", raw.server, "Management server")->type_name("HOST[:PORT]");
  app.add_option("--dcom-source", raw.source_name, "Its name in the API (default: as in --dcom-server)");
  app.add_option(
         "--source,--sources", raw.sources,
         "One more management server, repeatable: name=NAME,server=HOST[:PORT],domain=DOMAIN,user=USER,"
         "password_file=FILE, or kerberos_principal, keytab, ccache; spn, callback_account. Without an "
         "account: "
         "that of the --dcom- options. In the file a list of maps")
      ->type_name("KEY=VALUE,...")
      ->take_all();
  app.add_option("--dcom-domain", server.domain, "Domain of the account");
  app.add_option("--dcom-user", server.user, "Account that calls the server and may call back");
  app.add_option("--dcom-password", server.password,
                 "Its password; better in a file that IPAMGW_DCOM_PASSWORD_FILE names");
  app.add_option("--dcom-kerberos-principal", server.kerberos_principal,
                 "Account for Kerberos, user@REALM; with --dcom-password, --dcom-keytab or --dcom-ccache");
  app.add_option("--dcom-keytab", server.keytab, "Its keys: tickets are got and renewed with them")
      ->type_name("FILE");
  app.add_option("--dcom-ccache", server.ccache,
                 "Tickets that others get and renew, such as FILE:/run/ipam/krb5cc");
  app.add_option("--dcom-spn", server.spn,
                 "Name of the server at the KDC (default: RPCSS/<its host>; for calls, as it names itself)");
  app.add_option(
      "--dcom-callback-account", server.callback_account,
      "Account that may call back, DOMAIN\\user; of Kerberos REALM\\name (default: the account that "
      "calls the server)");
  app.add_option("--dcom-callback-keytab", c.bridge.callback_keytab,
                 "Keys of the gateway's own names at the KDC (RPCSS/<host>): callbacks may come by Kerberos")
      ->type_name("FILE");
  app.add_option("--dcom-protection", c.bridge.protection, "integrity or privacy (default privacy)")
      ->transform(CLI::CheckedTransformer(std::map<std::string, bridge::Protection>{
          {"integrity", bridge::Protection::kIntegrity}, {"privacy", bridge::Protection::kPrivacy}}));
  app.add_option(
         "--dcom-mechanism", c.bridge.mechanism,
         "spnego: Kerberos where the account has it and there is a ticket, else NTLM; or ntlm or kerberos "
         "(default spnego)")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, bridge::Mechanism>{{"spnego", bridge::Mechanism::kSpnego},
                                                   {"ntlm", bridge::Mechanism::kNtlm},
                                                   {"kerberos", bridge::Mechanism::kKerberos}}));
  app.add_option("--dcom-callback-listen", raw.callback_listen,
                 "Where callbacks are taken; port 0: any free one; repeatable, for several addresses")
      ->type_name("ADDRESS:PORT")
      ->take_all()
      ->capture_default_str();
  app.add_option(
         "--dcom-callback-advertise", c.bridge.callback_hosts,
         "Name or address under which the server reaches it, repeatable (default: the listen address)")
      ->take_all();

  app.add_option("--dcom-resume-timeout", raw.resume_timeout,
                 "An operation whose session is lost for so long is of unknown outcome, until it is had back")
      ->capture_default_str();

  app.add_option("--grpc-listen", c.grpc_listen, "gRPC")->type_name("ADDRESS:PORT")->capture_default_str();
  app.add_option("--http-listen", raw.http_listen, "HTTP, WebSocket and dashboard")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  app.add_option("--http-threads", c.web.threads, "Threads of the HTTP side")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--http-allowed-host", c.web.allowed_hosts,
                 "Host name that requests may carry beside loopback's, repeatable; *: any")
      ->take_all();
  app.add_option("--http-allowed-origin", c.web.allowed_origins,
                 "Origin of pages that may call, such as https://portal.example, repeatable")
      ->take_all();

  c.hub.journal_path = "ipam-journal.db";
  app.add_option("--journal-path", c.hub.journal_path, "Journal, an SQLite database")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--journal-durability", c.hub.durability,
                 "process: survives a kill; power: flushed before every answer (default process)")
      ->transform(CLI::CheckedTransformer(std::map<std::string, hub::Durability>{
          {"process", hub::Durability::kProcess}, {"power", hub::Durability::kPower}}));
  app.add_option(
         "--journal-parameters-bytes", c.hub.parameters_bytes,
         "Parameters up to so many bytes are kept with their operation, so that what failed of it can be "
         "submitted again; those with a secret never are. 0: none")
      ->capture_default_str();
  app.add_option("--journal-retention-age", raw.retention_age, "Finished operations are kept for so long")
      ->capture_default_str();
  app.add_option("--journal-retention-operations", c.hub.retention.max_operations, "At most so many of them")
      ->capture_default_str();
  app.add_option("--journal-retention-bytes", c.hub.retention.max_bytes, "At most so many bytes")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str();

  app.add_option("--drain", raw.drain, "Time that watchers get to leave at a stop")->capture_default_str();
  app.add_option("--log-level", c.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.add_option("--pid-file", c.pid_file, "Written when everything listens")->type_name("FILE");
}

absl::Status AddServer(GatewayConfig& c, bridge::ServerOptions server, const Raw& raw) {
  IPAM_ASSIGN_OR_RETURN(const settings::HostPort target,
                        settings::ParseHostPort("--dcom-server", raw.server, 135));
  server.host = target.host;
  server.port = target.port;
  const bool kerberos =
      !server.kerberos_principal.empty() || !server.keytab.empty() || !server.ccache.empty();
  if (server.user.empty() && !kerberos)
    return absl::InvalidArgumentError("--dcom-user is missing: the account for " + raw.server);
  if (server.user.empty() && server.kerberos_principal.empty() && server.callback_account.empty())
    return absl::InvalidArgumentError("--dcom-callback-account is missing: who may call back");
  server.name = raw.source_name.empty() ? raw.server : raw.source_name;
  c.bridge.servers.insert(c.bridge.servers.begin(), std::move(server));
  return absl::OkStatus();
}

absl::Status Finish(GatewayConfig& c, bridge::ServerOptions server, const Raw& raw) {
  for (const std::string& source : raw.sources) {
    IPAM_ASSIGN_OR_RETURN(bridge::ServerOptions more, ParseSource(source, server));
    c.bridge.servers.push_back(std::move(more));
  }
  if (raw.server.empty() && raw.sources.empty()) {
    return absl::InvalidArgumentError("--dcom-server is missing: HOST[:PORT] of the management server");
  }
  if (!raw.server.empty()) {
    IPAM_RETURN_IF_ERROR(AddServer(c, std::move(server), raw));
  }
  IPAM_RETURN_IF_ERROR(CheckNames(c.bridge.servers));
  IPAM_ASSIGN_OR_RETURN(settings::Listen callback,
                        settings::ParseListen("--dcom-callback-listen", raw.callback_listen));
  c.bridge.callback_addresses = std::move(callback.addresses);
  c.bridge.callback_port = callback.port;
  IPAM_ASSIGN_OR_RETURN(const settings::HostPort http,
                        settings::ParseHostPort("--http-listen", raw.http_listen));
  c.web.address = http.host;
  c.web.port = http.port;
  IPAM_RETURN_IF_ERROR(settings::ParseHostPort("--grpc-listen", c.grpc_listen).status());
  IPAM_ASSIGN_OR_RETURN(c.hub.retention.max_age,
                        settings::ParseTime("--journal-retention-age", raw.retention_age));
  IPAM_ASSIGN_OR_RETURN(c.bridge.resume_timeout,
                        settings::ParseTime("--dcom-resume-timeout", raw.resume_timeout));
  IPAM_ASSIGN_OR_RETURN(c.drain, settings::ParseTime("--drain", raw.drain));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Parsed> Parse(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment) {
  CLI::App app(
      "Terminates the IPAM progress callbacks of a management server and serves them as gRPC, WebSocket and "
      "server-sent events.",
      "ipam-gateway");
  Parsed parsed;
  bridge::ServerOptions server;
  Raw raw;
  Declare(app, parsed.config, server, raw);
  settings::Outcome outcome = settings::Load(app, "IPAMGW", {arguments, environment});
  if (!outcome.status.ok()) return outcome.status;
  parsed.warnings = std::move(outcome.warnings);
  parsed.done = outcome.printed_help;
  if (parsed.done) return parsed;
  IPAM_RETURN_IF_ERROR(Finish(parsed.config, std::move(server), raw));
  return parsed;
}

}  // namespace ipam::config
