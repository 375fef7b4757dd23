#include "dcom_bridge/settings/process.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace ipam::settings {

sigset_t BlockStopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

int Complain(const std::string& program, const absl::Status& status) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), std::string(status.message()).c_str());
  return status.code() == absl::StatusCode::kInvalidArgument ? 2 : 1;
}

PidFile::~PidFile() {
  if (!path_.empty()) unlink(path_.c_str());
}

absl::Status PidFile::Write(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  // Written aside and renamed: a reader never sees half a number.
  const std::string aside = path + ".new";
  std::ofstream(aside) << getpid() << '\n';
  if (std::rename(aside.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
  }
  path_ = path;
  return absl::OkStatus();
}

}  // namespace ipam::settings
