#include "dcom_bridge/auth/account_edit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/names.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/utf16.h"

namespace ipam::auth {
namespace {

constexpr char kInterrupt = 0x03;  // what Ctrl-C types where it makes no signal

// Upper case; two lines of the same key are the same account.
absl::StatusOr<std::u16string> KeyOf(std::string_view line, std::string_view origin) {
  IPAM_ASSIGN_OR_RETURN(const Account account, ParseAccount(line, origin));
  return UpperCase(base::ToUtf16(Principal{account.domain, account.user}.Name()));
}

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  // Loaded first: a file that a server would not take is not made worse.
  absl::StatusOr<AccountFile> whole = AccountFile::Load(path);
  if (absl::IsNotFound(whole.status())) return std::string();
  if (!whole.ok()) return whole.status();
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  return text;
}

absl::Status Replace(const std::string& path, const std::string& text) {
  const auto failed = [&path](std::string_view what) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", std::string(what), " ", path));
  };
  std::string fresh = path + ".XXXXXX";
  const int file = mkostemp(fresh.data(), O_CLOEXEC);  // mode 0600
  if (file < 0) return failed("write beside");
  bool done = false;
  const auto clean_up = absl::MakeCleanup([&] {
    close(file);
    if (!done) unlink(fresh.c_str());
  });
  struct stat old {};
  if (stat(path.c_str(), &old) == 0 && fchown(file, old.st_uid, old.st_gid) != 0 && geteuid() == 0)
    return failed("keep the owner of");
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = write(file, text.data() + at, text.size() - at);
    if (wrote < 0 && errno != EINTR) return failed("write");
    if (wrote > 0) at += static_cast<std::size_t>(wrote);
  }
  if (fsync(file) != 0) return failed("write");
  if (rename(fresh.c_str(), path.c_str()) != 0) return failed("replace");
  done = true;
  return absl::OkStatus();
}

// Puts `line` in the place of the account that it stands for, or takes that out where it is empty. True: the
// account was there.
absl::StatusOr<bool> Edit(const std::string& path, std::string_view name, const std::string& line) {
  IPAM_ASSIGN_OR_RETURN(const std::u16string wanted,
                        KeyOf(absl::StrCat(std::string(name), ":", NtHash().ToHex()), "the account"));
  IPAM_ASSIGN_OR_RETURN(std::string text, ReadAll(path));
  const auto wipe = absl::MakeCleanup([&text] { explicit_bzero(text.data(), text.size()); });
  bool found = false;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view old = std::string_view(text).substr(at, end - at);
    at = end + 1;
    const absl::StatusOr<std::u16string> key = KeyOf(old, path);
    const bool same = key.ok() && *key == wanted;
    found |= same;
    if (!same) {
      out.append(old).push_back('\n');
    } else if (!line.empty()) {
      out.append(line).push_back('\n');
    }
  }
  if (!found && line.empty()) return false;
  if (!found) out.append(line).push_back('\n');
  absl::Status replaced = Replace(path, out);
  explicit_bzero(out.data(), out.size());
  if (!replaced.ok()) return replaced;
  return found;
}

// Without an echo, and without signals: they would leave the terminal as it is.
std::optional<std::string> AskTerminal(const std::string& prompt) {
  termios old{};
  if (tcgetattr(STDIN_FILENO, &old) != 0) return std::nullopt;
  termios silent = old;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
  std::cerr << prompt << std::flush;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string answer;
  std::getline(std::cin, answer);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
  std::cerr << "\n";
  if (!std::cin || answer.find(kInterrupt) != std::string::npos) return std::nullopt;
  return answer;
}

}  // namespace

absl::StatusOr<bool> SetAccount(const std::string& path, std::string_view name, const NtHash& nt_hash) {
  absl::StatusOr<bool> was_there = Edit(path, name, absl::StrCat(std::string(name), ":", nt_hash.ToHex()));
  if (!was_there.ok()) return was_there.status();
  return !*was_there;
}

absl::Status RemoveAccount(const std::string& path, std::string_view name) {
  IPAM_ASSIGN_OR_RETURN(const bool was_there, Edit(path, name, ""));
  return was_there ? absl::OkStatus()
                   : absl::NotFoundError(absl::StrCat(path, " has no account ", std::string(name)));
}

absl::StatusOr<NtHash> AskPassword(std::string_view name) {
  std::string password, again;
  const auto wipe = absl::MakeCleanup([&] {
    explicit_bzero(password.data(), password.size());
    explicit_bzero(again.data(), again.size());
  });
  if (isatty(STDIN_FILENO) != 1) {
    std::getline(std::cin, password);
    if (password.empty()) return absl::InvalidArgumentError("no password on standard input");
    return NtHash::OfPassword(password);
  }
  std::optional<std::string> first = AskTerminal(absl::StrCat("Password for ", std::string(name), ": "));
  std::optional<std::string> second = first ? AskTerminal("The same again: ") : std::nullopt;
  if (!first || !second) return absl::CancelledError("no password was given");
  password.swap(*first);
  again.swap(*second);
  if (password.empty()) return absl::InvalidArgumentError("an empty password");
  if (password != again) return absl::InvalidArgumentError("the two differ");
  return NtHash::OfPassword(password);
}

}  // namespace ipam::auth
