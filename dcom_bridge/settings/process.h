// What the main functions share: signals, the pid file, the one line of complaint.
#pragma once

#include <csignal>
#include <string>

#include "absl/status/status.h"

namespace ipam::settings {

// Blocks SIGINT and SIGTERM, to be taken by sigwait(), and ignores SIGPIPE. Before the first thread.
sigset_t BlockStopSignals();

// One line on stderr, "program: what is wrong". Gives the exit code: 2 for kInvalidArgument (usage), else 1.
int Complain(const std::string& program, const absl::Status& status);

// Holds the process id in `path` while it lives; does nothing for an empty path.
class PidFile {
 public:
  PidFile() = default;
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  absl::Status Write(const std::string& path);

 private:
  std::string path_;
};

}  // namespace ipam::settings
