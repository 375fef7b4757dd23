// The command line. Pure; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gateway/ctl/exit_code.h"
#include "gateway/ctl/renderer.h"

namespace ipam::ctl {

inline constexpr char kDefaultGateway[] = "127.0.0.1:50051";

enum class Command { kStart, kWatch, kCancel, kList, kGet, kEvents, kSources, kDoctor, kVersion };

struct Options {
  Command command = Command::kVersion;
  std::string gateway;  // host:port
  bool json = false;
  absl::Duration timeout;

  std::vector<std::string> files;  // start
  bool watch = false;              // cancel too
  bool validate_only = false;
  std::string source;  // doctor too
  std::string request_id;

  ProgressMode progress = ProgressMode::kAuto;  // start, watch, cancel

  std::vector<std::string> names;  // watch, cancel, get, events: each "operations/{id}"
  std::string filter;              // watch, list
  bool until_done = false;
  bool latest = false;
  std::string resume_token;

  int limit = 0;            // list; 0: all
  std::uint64_t after = 0;  // events
};

struct ParsedOptions {
  std::optional<Options> options;  // else print `text` and leave with `exit_code`: 0 for a help text
  ExitCode exit_code = kSucceeded;
  std::string text;
};

// `arguments` without argv[0].
ParsedOptions ParseOptions(std::vector<std::string> arguments);

}  // namespace ipam::ctl
