#include "gateway/config/sources.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/settings/host_port.h"

namespace ipam::config {
namespace {

constexpr std::size_t kMaxName = 128;

absl::Status Bad(const std::string& what) { return absl::InvalidArgumentError("--source: " + what); }

// The entries of "key=value,key=value". What is wrong is told by the key: a value may be a password.
absl::StatusOr<std::map<std::string, std::string>> Split(const std::string& text) {
  std::map<std::string, std::string> entries;
  std::string entry;
  const auto end_entry = [&]() -> absl::Status {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Bad("each part must be KEY=VALUE; a comma inside a value is written \\,");
    }
    const std::string key = entry.substr(0, equals);
    if (!entries.emplace(key, entry.substr(equals + 1)).second) return Bad(absl::StrCat("'", key, "' twice"));
    entry.clear();
    return absl::OkStatus();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped =
        text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == ',' || text[i + 1] == '\\');
    if (text[i] == ',') {
      IPAM_RETURN_IF_ERROR(end_entry());
    } else {
      entry += text[escaped ? ++i : i];
    }
  }
  IPAM_RETURN_IF_ERROR(end_entry());
  return entries;
}

bool UsesKerberos(const bridge::ServerOptions& server) {
  return !server.kerberos_principal.empty() || !server.keytab.empty() || !server.ccache.empty();
}

absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (in) text.assign(std::istreambuf_iterator<char>(in), {});
  if (!in || in.bad()) return Bad("cannot read " + path);
  if (absl::EndsWith(text, "\n")) text.pop_back();
  return text;
}

}  // namespace

absl::StatusOr<bridge::ServerOptions> ParseSource(const std::string& text,
                                                  const bridge::ServerOptions& defaults) {
  IPAM_ASSIGN_OR_RETURN(auto entries, Split(text));
  const auto take = [&entries](const char* key) {
    auto node = entries.extract(key);
    return node.empty() ? std::string() : std::move(node.mapped());
  };
  const std::string address = take("server");
  if (address.empty()) return Bad("'server' is missing: HOST[:PORT] of the management server");
  IPAM_ASSIGN_OR_RETURN(const settings::HostPort target, settings::ParseHostPort("--source", address, 135));
  bridge::ServerOptions server{.name = take("name"), .host = target.host, .port = target.port};
  if (server.name.empty()) server.name = address;
  server.kerberos_principal = take("kerberos_principal");
  server.keytab = take("keytab");
  server.ccache = take("ccache");
  server.spn = take("spn");
  server.callback_account = take("callback_account");
  server.domain = take("domain");
  server.user = take("user");
  server.password = take("password");
  const std::string file = take("password_file");
  if (!entries.empty()) return Bad(absl::StrCat("unknown key '", entries.begin()->first, "'"));
  const std::string of = absl::StrCat("source ", server.name, ": ");
  if (!file.empty() && !server.password.empty())
    return Bad(of + "password and password_file exclude each other");
  if (!file.empty()) {
    IPAM_ASSIGN_OR_RETURN(server.password, ReadSecret(file));
  }
  if (server.user.empty() && !UsesKerberos(server)) {
    if (!server.password.empty() || !server.domain.empty()) return Bad(of + "'user' is missing");
    if (defaults.user.empty() && !UsesKerberos(defaults))
      return Bad(of + "'user' is missing, and so is --dcom-user for all");
    server.domain = defaults.domain;
    server.user = defaults.user;
    server.password = defaults.password;
    server.kerberos_principal = defaults.kerberos_principal;
    server.keytab = defaults.keytab;
    server.ccache = defaults.ccache;
    if (server.callback_account.empty()) server.callback_account = defaults.callback_account;
  }
  if (server.user.empty() && server.kerberos_principal.empty() && server.callback_account.empty())
    return Bad(of + "'callback_account' is missing: who may call back");
  return server;
}

absl::Status CheckNames(const std::vector<bridge::ServerOptions>& servers) {
  std::set<std::string> names;
  for (const bridge::ServerOptions& server : servers) {
    const bool printable = std::all_of(server.name.begin(), server.name.end(), [](char c) {
      return absl::ascii_isgraph(static_cast<unsigned char>(c));
    });
    if (!printable || absl::StrContains(server.name, "/") || server.name.size() > kMaxName) {
      return Bad(absl::StrCat("a name has 1 to ", kMaxName, " visible ASCII characters and no slash"));
    }
    if (!names.insert(server.name).second)
      return Bad(absl::StrCat("two sources have the name ", server.name));
  }
  return absl::OkStatus();
}

}  // namespace ipam::config
