#include "dcom_bridge/server/server_config.h"

#include <CLI/CLI.hpp>
#include <map>
#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/settings/host_port.h"
#include "dcom_bridge/settings/settings.h"

namespace ipam::server {
namespace {

// What CLI11 fills before it becomes a ServerConfig.
struct Raw {
  std::vector<std::string> listen = {"127.0.0.1:135"};
  std::string step_delay = "0";
  std::string metrics_listen;
  std::string lock_window = "10m";
  std::string lock_time = "30s";
  std::string lock_max = "15m";
  std::string show_output = "table";
  std::vector<std::string> actuators;
  std::string printed_account;  // NAME of account without add or remove
};

void Declare(CLI::App& app, ServerConfig& c, Raw& raw) {
  app.set_version_flag("--version", "ipam-dcom-server " IPAM_VERSION);
  app.fallthrough();
  app.require_subcommand(0, 1);

  const CLI::CheckedTransformer level(std::map<std::string, auth::AuthLevel>{
      {"integrity", auth::AuthLevel::kIntegrity}, {"privacy", auth::AuthLevel::kPrivacy}});
  const CLI::CheckedTransformer on_off(std::map<std::string, bool>{{"on", true}, {"off", false}});
  app.add_option("--dcom-listen", raw.listen,
                 "All of DCOM on this one port; repeatable, for several addresses")
      ->type_name("ADDRESS:PORT")
      ->take_all()
      ->capture_default_str();
  app.add_option("--dcom-advertise", c.server.hosts,
                 "Name or address under which clients reach it, repeatable (default: the listen address)")
      ->take_all();
  app.add_option("--auth-accounts", c.accounts_path, "Account file: DOMAIN\\user:NT-hash, one a line")
      ->type_name("FILE");
  app.add_option("--auth-keytab", c.server.keytab,
                 "Keys of this server's names at the KDC (RPCSS/<host>): clients may log on by Kerberos")
      ->type_name("FILE");
  app.add_option("--auth-minimum-level", c.server.minimum_level,
                 "Least protection of activation and calls: integrity or privacy (default integrity)")
      ->transform(level);
  app.add_option("--auth-callback-account", c.server.callback_account,
                 "Account of the callbacks, DOMAIN\\user (default: the account that activated)");
  app.add_option(
         "--auth-callback-keytab", c.server.callback_keytab,
         "Keys of the account of the callbacks, here user@REALM: they are made by Kerberos (default: NTLM)")
      ->type_name("FILE");
  app.add_option(
      "--auth-callback-spn", c.server.callback_spn,
      "Name of the clients at the KDC for callbacks by Kerberos (default: as they call themselves, else "
      "RPCSS/<the client's host>)");
  app.add_option("--auth-lock-after", c.server.logon_guard.account_failures,
                 "So many wrong passwords for an account from one address within --auth-lock-window lock it "
                 "there; 0: never")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--auth-lock-address-after", c.server.logon_guard.address_failures,
                 "So many from one address, whatever the account, lock the address; 0: never")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--auth-lock-window", raw.lock_window, "Wrong passwords are counted for so long")
      ->type_name("TIME")
      ->capture_default_str();
  app.add_option("--auth-lock-time", raw.lock_time, "First lock; each further wrong password doubles it")
      ->type_name("TIME")
      ->capture_default_str();
  app.add_option("--auth-lock-max", raw.lock_max, "Longest lock")->type_name("TIME")->capture_default_str();
  app.add_option("--auth-callback-level", c.server.callback_level,
                 "Protection of the callbacks: integrity or privacy (default privacy)")
      ->transform(level);
  app.add_option("--auth-resolver-fallback", c.server.resolver_fallback,
                 "Ask the OXID resolver of a client, and ping it, without authentication where it refuses "
                 "authentication, as j-Interop's does; the callbacks keep theirs: on or off (default off)")
      ->transform(on_off);
  app.add_option("--auth-trusted-initiator", c.server.sessions.trusted_initiators,
                 "Account, DOMAIN\\user, that may name the person on whose behalf it starts operations "
                 "(SetInitiator), who is authorized instead of it, repeatable")
      ->take_all();
  app.add_option(
         "--progress2", c.server.sessions.progress2,
         "Offer IIpamOperationWithProgress2, by which clients resume and cancel: on or off (default on)")
      ->transform(on_off);
  c.server.engine.database = "ipam.db";
  app.add_option("--store-path", c.server.engine.database,
                 "IPAM data store: a file of SQLite, or a database of PostgreSQL, "
                 "postgresql://USER@HOST:PORT/DATABASE; its password comes from PGPASSWORD, from "
                 "passfile=FILE behind a ?, or "
                 "from ~/.pgpass")
      ->type_name("FILE|URI")
      ->capture_default_str();
  app.add_option("--engine-administrator", c.server.engine.administrators,
                 "Account that may run every operation, DOMAIN\\user, repeatable")
      ->take_all();
  app.add_option("--engine-step-delay", raw.step_delay, "Slows each step of an operation, for demonstrations")
      ->type_name("TIME")
      ->capture_default_str();
  app.add_option(
         "--engine-actuator", raw.actuators,
         "A DHCP or DNS server of the store, by its record id, that does what operations change, repeatable: "
         "'server=17 kea=unix:/run/kea/kea4.sock', 'server=17 kea=http://HOST:8000 user=NAME "
         "password_file=FILE ha_url=http://HOST:8001/ hooks=DIRECTORY', 'server=31 powerdns=http://HOST:8081 "
         "recursor=http://HOST:8082 key_file=FILE'")
      ->type_name("'KEY=VALUE ...'")
      ->take_all();
  app.add_option("--engine-max-running", c.server.engine.max_running, "Operations that run side by side")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--engine-max-queued", c.server.engine.max_queued, "Operations that wait for their turn")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option(
         "--metrics-listen", raw.metrics_listen,
         "Prometheus metrics by HTTP at /metrics, without authentication; a PORT alone is on loopback "
         "(default: nowhere)")
      ->type_name("[ADDRESS:]PORT");
  app.add_option("--log-level", c.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.add_option("--pid-file", c.pid_file, "Written when the port is open")->type_name("FILE");

  app.add_subcommand("serve", "Run the server (the default)");
  CLI::App* import = app.add_subcommand("import", "Load servers, scopes, zones ... from YAML into the store");
  import->add_option("FILE", c.operand, "As `export` writes it")->required();
  app.add_subcommand("export", "Write the store as YAML to standard output");
  CLI::App* show = app.add_subcommand("show", "Print the rows of a table of the store");
  show->add_option("TABLE", c.show.table, "Such as dhcp_scopes; another word lists the tables there are")
      ->required();
  show->add_option("--filter", c.show.filter,
                   "Only rows that fit: FIELD = VALUE, or != : < <= > >=, joined by AND; : is \"contains\"")
      ->type_name("EXPR");
  show->add_option("--output", raw.show_output, "table: for people; json: one array of rows, proto3 JSON")
      ->capture_default_str()
      ->check(CLI::IsMember({"table", "json"}));
  CLI::App* account = app.add_subcommand(
      "account", "Print a line for the account file; the password is asked for, or read from standard input");
  account->require_subcommand(0, 1);
  account->add_option("NAME", raw.printed_account, "DOMAIN\\user");
  account->add_subcommand("add", "Put it into the file of --auth-accounts, or change its password there")
      ->add_option("NAME", c.operand, "DOMAIN\\user")
      ->required();
  account->add_subcommand("remove", "Take it out of the file of --auth-accounts")
      ->add_option("NAME", c.operand, "DOMAIN\\user")
      ->required();
}

Command CommandOf(const CLI::App& app) {
  if (app.got_subcommand("import")) return Command::kImport;
  if (app.got_subcommand("export")) return Command::kExport;
  if (app.got_subcommand("show")) return Command::kShow;
  if (app.got_subcommand("account")) {
    const CLI::App& account = *app.get_subcommand("account");
    if (account.got_subcommand("add")) return Command::kAccountAdd;
    if (account.got_subcommand("remove")) return Command::kAccountRemove;
    return Command::kAccount;
  }
  return Command::kServe;
}

}  // namespace

absl::StatusOr<Parsed> Parse(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment) {
  CLI::App app(
      "A management server for IPAM operations: DCOM on one port, the operations of [MS-IPAMM2] on an SQLite "
      "store.",
      "ipam-dcom-server");
  Parsed parsed;
  ServerConfig& c = parsed.config;
  Raw raw;
  Declare(app, c, raw);
  settings::Outcome outcome = settings::Load(app, "IPAMDS", {arguments, environment});
  if (!outcome.status.ok()) return outcome.status;
  parsed.warnings = std::move(outcome.warnings);
  parsed.done = outcome.printed_help;
  if (parsed.done) return parsed;
  c.command = CommandOf(app);
  c.show.json = raw.show_output == "json";
  IPAM_ASSIGN_OR_RETURN(settings::Listen listen, settings::ParseListen("--dcom-listen", raw.listen));
  c.server.addresses = std::move(listen.addresses);
  c.server.port = listen.port;
  IPAM_ASSIGN_OR_RETURN(c.server.engine.step_delay,
                        settings::ParseTime("--engine-step-delay", raw.step_delay));
  IPAM_ASSIGN_OR_RETURN(c.server.actuators, ParseActuators("--engine-actuator", raw.actuators));
  auth::LogonGuardOptions& guard = c.server.logon_guard;
  IPAM_ASSIGN_OR_RETURN(guard.window, settings::ParseTime("--auth-lock-window", raw.lock_window));
  IPAM_ASSIGN_OR_RETURN(guard.first_lock, settings::ParseTime("--auth-lock-time", raw.lock_time));
  IPAM_ASSIGN_OR_RETURN(guard.max_lock, settings::ParseTime("--auth-lock-max", raw.lock_max));
  if (!raw.metrics_listen.empty()) {
    const bool port_alone = raw.metrics_listen.find(':') == std::string::npos;
    IPAM_ASSIGN_OR_RETURN(
        settings::HostPort metrics,
        settings::ParseHostPort("--metrics-listen", (port_alone ? "127.0.0.1:" : "") + raw.metrics_listen));
    c.server.metrics_address = std::move(metrics.host);
    c.server.metrics_port = metrics.port;
  }
  const bool edits = c.command == Command::kAccountAdd || c.command == Command::kAccountRemove;
  if (c.accounts_path.empty() && (edits || (c.command == Command::kServe && c.server.keytab.empty()))) {
    return absl::InvalidArgumentError(
        "--auth-accounts is missing: the file of accounts that may log on (`ipam-dcom-server account add` "
        "makes "
        "its lines)");
  }
  if (edits && !raw.printed_account.empty())
    return absl::InvalidArgumentError("account: one NAME only; a password is never an argument");
  if (c.command == Command::kAccount) c.operand = raw.printed_account;
  if (c.command == Command::kAccount && c.operand.empty())
    return absl::InvalidArgumentError("account: NAME is missing");
  return parsed;
}

}  // namespace ipam::server
