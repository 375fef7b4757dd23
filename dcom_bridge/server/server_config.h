// Everything that ipam-dcom-server can be told.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/show.h"
#include "dcom_bridge/server/server.h"

namespace ipam::server {

enum class Command {
  kServe,
  kImport,   // FILE into the store
  kExport,   // the store to stdout
  kShow,     // the rows of a table to stdout
  kAccount,  // a line of the account file, from a name and its password
  kAccountAdd,
  kAccountRemove,
};

struct ServerConfig {
  Command command = Command::kServe;
  std::string operand;  // FILE of import, NAME of account
  engine::ShowOptions show;
  ServerOptions server;
  std::string accounts_path;
  std::string log_level = "info";
  std::string pid_file;
};

struct Parsed {
  ServerConfig config;
  bool done = false;  // --help or --version was answered
  std::vector<std::string> warnings;
};

// kInvalidArgument: one line that names the option, the file and the line.
absl::StatusOr<Parsed> Parse(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment);

}  // namespace ipam::server
