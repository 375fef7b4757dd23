// A program of the distribution, started for one test with all its state in a directory of its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace ipam::test_support {

// Made empty, removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Process {
 public:
  // `command[0]` is a path; `environment` is the whole environment, "NAME=value"; what it prints goes to `log`.
  Process(std::vector<std::string> command, std::vector<std::string> environment,
          const std::filesystem::path& log);
  ~Process() { Kill(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // SIGKILL, and its end.
  void Kill();

 private:
  pid_t pid_ = 0;
};

// The exit code, and what it printed.
struct Finished {
  int code = -1;
  std::string output;
};
Finished Run(const std::string& shell_command);

// A TCP port of 127.0.0.1 that nobody listens on.
int FreePort();

}  // namespace ipam::test_support
