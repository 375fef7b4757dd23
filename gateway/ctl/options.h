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

enum class Command {
  kStart,
  kTemplate,
  kWatch,
  kCancel,
  kRetry,
  kList,
  kGet,
  kResults,
  kEvents,
  kSources,
  kDoctor,
  kCompletion,
  kVersion
};

struct Options {
  Command command = Command::kVersion;
  std::string gateway;  // host:port
  bool json = false;
  absl::Duration timeout;

  std::vector<std::string> files;  // start
  std::string kind;    // start: what the files are parameters of, empty where they are XML; template
  bool watch = false;  // cancel, retry too
  bool validate_only = false;
  std::string source;  // doctor too
  std::string request_id;

  ProgressMode progress = ProgressMode::kAuto;  // start, watch, cancel

  std::vector<std::string> names;  // watch, cancel, retry, get, results, events: each "operations/{id}"
  std::string filter;              // watch, list
  bool until_done = false;
  bool latest = false;
  std::string resume_token;

  bool failed = false;  // results

  std::string shell;  // completion

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

// What may stand at the end of a command line, for the completion of shells.
struct Completions {
  enum class Values { kNone, kOperations, kSources, kKinds, kFiles };
  std::vector<std::string> words;  // commands, flags, enumerators; not sorted, not filtered
  Values values = Values::kNone;   // what else may stand there
  std::string head;                // of the word: "--progress=", behind which the others stand
};
// `before`: the words behind "ipamctl" and before the one to complete, of which `prefix` is there already. A "=" may
// be a word of its own, as bash has it.
Completions Complete(const std::vector<std::string>& before, const std::string& prefix);

}  // namespace ipam::ctl
