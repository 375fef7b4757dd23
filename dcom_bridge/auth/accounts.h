// Who may log on, and with which secret: a text file, one account a line.
//
//   # comment
//   CONTOSO\alice:8846f7eaee8fb117ad06bdd830b7586c    NT hash: MD4 of the password in UTF-16
//   bob:0123456789abcdef0123456789abcdef              no domain
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace ipam::auth {

// Equivalent to the password: never logged, wiped when it goes.
struct NtHash {
  std::array<std::uint8_t, 16> value{};

  NtHash() = default;
  NtHash(const NtHash&) = default;
  NtHash& operator=(const NtHash&) = default;
  ~NtHash();

  // NTOWFv1, [MS-NLMP] 3.3.1; the password in UTF-8.
  static NtHash OfPassword(std::string_view password);
  // 32 hex digits. The error does not repeat them.
  static absl::StatusOr<NtHash> FromHex(std::string_view hex);
  std::string ToHex() const;
};

struct Account {
  std::string domain;  // may be empty
  std::string user;
  NtHash nt_hash;
};

// One line of the file that is no comment. kInvalidArgument names `origin`, never the hash.
absl::StatusOr<Account> ParseAccount(std::string_view line, std::string_view origin);

// Immutable once read. Any thread.
class AccountFile {
 public:
  // kInvalidArgument names `origin` and the line, never the hash. Accounts that differ only in case are
  // refused.
  static absl::StatusOr<AccountFile> Parse(std::string_view text, std::string_view origin);
  // kNotFound, kPermissionDenied or kInvalidArgument; a file above 4 MiB is refused.
  static absl::StatusOr<AccountFile> Load(const std::string& path);

  // Names in any case ([MS-NLMP] 3.2.5.1.2). Without a domain: the account that has none, else the only one
  // of that user name in any domain. Null where there is none. The pointer lives as long as this object.
  const Account* Find(std::string_view domain, std::string_view user) const;

  std::size_t size() const { return accounts_.size(); }
  // One line for the operator, empty where all is well: the file is readable for users who have no need to.
  const std::string& warning() const { return warning_; }

 private:
  using Key = std::pair<std::u16string, std::u16string>;  // upper case: user, domain

  std::map<Key, Account> accounts_;
  std::string warning_;
};

}  // namespace ipam::auth
