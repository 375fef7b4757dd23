#include "dcom_bridge/auth/accounts.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/auth/crypto.h"
#include "dcom_bridge/auth/names.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/strings.h"
#include "dcom_bridge/base/utf16.h"

namespace ipam::auth {
namespace {

constexpr std::size_t kMaxFileBytes = 4 << 20;

// The first line of `text`, taken off, without its end and outer white space.
std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return base::ToStd(absl::StripAsciiWhitespace(base::ToAbsl(line)));
}

absl::StatusOr<Account> ParseLine(std::string_view line) {
  // The hash has no colon, a name may.
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos) return absl::InvalidArgumentError("expected DOMAIN\\user:<NT hash>");
  const std::string_view name = line.substr(0, colon);
  const std::size_t slash = name.find('\\');
  Account out;
  if (slash == std::string_view::npos) {
    out.user = name;
  } else {
    out.domain = name.substr(0, slash);
    out.user = name.substr(slash + 1);
    if (out.domain.empty()) return absl::InvalidArgumentError("the domain is empty: leave out the backslash");
  }
  if (out.user.empty()) return absl::InvalidArgumentError("the user name is empty");
  if (out.user.find('\\') != std::string::npos)
    return absl::InvalidArgumentError("two backslashes in a name");
  IPAM_ASSIGN_OR_RETURN(out.nt_hash, NtHash::FromHex(line.substr(colon + 1)));
  return out;
}

}  // namespace

NtHash::~NtHash() { Wipe(value); }

NtHash NtHash::OfPassword(std::string_view password) {
  std::u16string wide = base::ToUtf16(password);
  base::Bytes octets = ToLittleEndian(wide);
  NtHash out;
  out.value = Md4({octets}).value;
  Wipe(octets);
  std::fill(wide.begin(), wide.end(), u'\0');
  return out;
}

absl::StatusOr<NtHash> NtHash::FromHex(std::string_view hex) {
  const bool digits = std::all_of(hex.begin(), hex.end(),
                                  [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); });
  NtHash out;
  if (!digits || hex.size() != 2 * out.value.size()) {
    return absl::InvalidArgumentError("an NT hash is 32 hexadecimal digits");
  }
  const std::string raw = absl::HexStringToBytes(base::ToAbsl(hex));
  std::copy(raw.begin(), raw.end(), out.value.begin());
  return out;
}

std::string NtHash::ToHex() const {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
}

absl::StatusOr<Account> ParseAccount(std::string_view line, std::string_view origin) {
  line = TakeLine(line);
  absl::StatusOr<Account> account =
      line.starts_with('#') ? absl::InvalidArgumentError("a comment") : ParseLine(line);
  if (account.ok()) return account;
  return absl::InvalidArgumentError(absl::StrCat(base::ToAbsl(origin), ": ", account.status().message()));
}

absl::StatusOr<AccountFile> AccountFile::Parse(std::string_view text, std::string_view origin) {
  AccountFile out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = TakeLine(text);
    if (line.empty() || line.front() == '#') continue;
    absl::StatusOr<Account> account = ParseLine(line);
    absl::Status problem = account.status();
    if (account.ok()) {
      Key key(UpperCase(base::ToUtf16(account->user)), UpperCase(base::ToUtf16(account->domain)));
      if (!out.accounts_.emplace(std::move(key), *std::move(account)).second) {
        problem = absl::InvalidArgumentError("the account stands here a second time");
      }
    }
    if (!problem.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(base::ToAbsl(origin), ":", number, ": ", problem.message()));
    }
  }
  return out;
}

absl::StatusOr<AccountFile> AccountFile::Load(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read the account file ", path));
  }
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, " is no regular file"));
  if (info.st_size > static_cast<off_t>(kMaxFileBytes)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is too large for an account file"));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read the account file ", path));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  absl::StatusOr<AccountFile> out = Parse(text, path);
  explicit_bzero(text.data(), text.size());
  if (out.ok() && (info.st_mode & (S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH)) != 0) {
    out->warning_ = absl::StrFormat("%s holds password equivalents and has mode %04o: set it to 0600", path,
                                    info.st_mode & 07777);
  }
  return out;
}

const Account* AccountFile::Find(std::string_view domain, std::string_view user) const {
  const std::u16string upper_user = UpperCase(base::ToUtf16(user));
  const auto exact = accounts_.find(Key(upper_user, UpperCase(base::ToUtf16(domain))));
  if (exact != accounts_.end()) return &exact->second;
  if (!domain.empty()) return nullptr;
  // Keys sort by user first: the domains of one user name are neighbours.
  const auto first = accounts_.lower_bound(Key(upper_user, std::u16string()));
  if (first == accounts_.end() || first->first.first != upper_user) return nullptr;
  const auto second = std::next(first);
  if (second != accounts_.end() && second->first.first == upper_user) return nullptr;
  return &first->second;
}

}  // namespace ipam::auth
