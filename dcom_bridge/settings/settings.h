// The one way both programs are configured: YAML file < environment < flags.
//
// Options are declared once, on a CLI::App, by their flag: "--grpc-listen" is the key `listen` of the section
// `grpc` in the file and the variable PREFIX_GRPC_LISTEN. A variable of that name with _FILE at its end names
// a file that holds the value (for secrets; one trailing newline is dropped). A list in the file gives a
// repeatable option several times; a map in a list is one value, "key=value,key=value", with a backslash
// before each comma and backslash of its own. An unknown key in the file or
// an unknown flag is an error, an unknown variable with the prefix is a warning.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace ipam::settings {

struct Invocation {
  std::vector<std::string> arguments;    // without argv[0]
  std::vector<std::string> environment;  // "NAME=value"
};

// From main()'s arguments and the process's environment.
Invocation FromProcess(int argc, char** argv);

struct Outcome {
  absl::Status status;                // kInvalidArgument: what is wrong and where, in one line
  bool printed_help = false;          // --help or --version was answered on stdout: exit with 0
  std::vector<std::string> warnings;  // unknown variables
};

// Parses. `prefix` such as "IPAMGW". The file is named by --config (added here) or PREFIX_CONFIG. Options of
// `app` must be added before; an option that is given more than once takes the last value, unless it expects
// several.
Outcome Load(CLI::App& app, const std::string& prefix, const Invocation& invocation);

}  // namespace ipam::settings
