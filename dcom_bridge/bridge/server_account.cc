#include "dcom_bridge/bridge/server_account.h"

#include <string.h>

#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/kerberos_client.h"

namespace ipam::bridge {
namespace {

bool UsesKerberos(const ServerOptions& server) {
  return !server.kerberos_principal.empty() || !server.keytab.empty() || !server.ccache.empty();
}

bool UsesNtlm(const ServerOptions& server) { return !server.user.empty() && !server.password.empty(); }

}  // namespace

auth::Credentials CredentialsOf(ServerOptions& server) {
  auth::Credentials out;
  if (UsesNtlm(server)) {
    out.domain = server.domain;
    out.user = server.user;
    out.nt_hash = auth::NtHash::OfPassword(server.password);
  }
  if (UsesKerberos(server)) {
    const bool by_password = server.keytab.empty() && server.ccache.empty();
    out.kerberos = std::make_shared<auth::KerberosClient>(
        auth::KerberosLogin{.principal = server.kerberos_principal,
                            .password = by_password ? server.password : std::string(),
                            .keytab = server.keytab,
                            .ccache = server.ccache});
  }
  explicit_bzero(server.password.data(), server.password.size());
  server.password.clear();
  return out;
}

std::string SpnOf(const ServerOptions& server, const std::string& host, const std::string& principal) {
  if (!server.spn.empty()) return server.spn;
  return principal.empty() ? "RPCSS/" + host : principal;
}

auth::Principal CallerOf(const ServerOptions& server) {
  if (!server.callback_account.empty()) {
    const std::size_t slash = server.callback_account.find('\\');
    if (slash == std::string::npos) return {"", server.callback_account};
    return {server.callback_account.substr(0, slash), server.callback_account.substr(slash + 1)};
  }
  if (!server.user.empty()) return {server.domain, server.user};
  const std::size_t at = server.kerberos_principal.rfind('@');
  if (at == std::string::npos) return {"", server.kerberos_principal};
  return {server.kerberos_principal.substr(at + 1), server.kerberos_principal.substr(0, at)};
}

absl::StatusOr<std::shared_ptr<const auth::AccountFile>> CallbackAccounts(
    const std::vector<ServerOptions>& servers) {
  std::map<std::string, auth::NtHash> known;
  std::string text;
  for (const ServerOptions& server : servers) {
    if (!UsesNtlm(server)) continue;
    const std::string name = auth::Principal{server.domain, server.user}.Name();
    const auth::NtHash hash = auth::NtHash::OfPassword(server.password);
    const auto [same, is_new] = known.emplace(absl::AsciiStrToLower(name), hash);
    if (is_new) {
      absl::StrAppend(&text, name, ":", hash.ToHex(), "\n");
    } else if (same->second.value != hash.value) {
      return absl::InvalidArgumentError(
          absl::StrCat("source ", server.name, ": another source gives ", name, " another password"));
    }
  }
  absl::StatusOr<auth::AccountFile> accounts = auth::AccountFile::Parse(text, "account of a source");
  explicit_bzero(text.data(), text.size());
  if (!accounts.ok()) return accounts.status();
  return std::make_shared<const auth::AccountFile>(*std::move(accounts));
}

}  // namespace ipam::bridge
