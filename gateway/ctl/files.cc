#include "gateway/ctl/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace ipam::ctl {
namespace {

absl::StatusOr<std::string> ReadAll(int fd, const std::string& name) {
  std::string content;
  std::string block(64 << 10, '\0');
  for (;;) {
    const ssize_t got = read(fd, block.data(), block.size());
    if (got == 0) return content;
    if (got < 0) return absl::InvalidArgumentError(absl::StrCat(name, ": ", std::strerror(errno)));
    content.append(block, 0, static_cast<std::size_t>(got));
    if (content.size() > kMaxFileBytes) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": larger than ", kMaxFileBytes >> 20, " MiB"));
    }
  }
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  if (path == "-") return ReadAll(STDIN_FILENO, "standard input");
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::InvalidArgumentError(absl::StrCat(path, ": ", std::strerror(errno)));
  auto content = ReadAll(fd, path);
  close(fd);
  return content;
}

}  // namespace ipam::ctl
