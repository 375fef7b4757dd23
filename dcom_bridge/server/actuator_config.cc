#include "dcom_bridge/server/actuator_config.h"

#include <array>
#include <fstream>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/actuators.h"
#include "dcom_bridge/ipam/kea/kea_actuator.h"
#include "dcom_bridge/ipam/powerdns/powerdns_actuator.h"

namespace ipam::server {
namespace {

constexpr std::size_t kMaxSecret = 4096;

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      words.back() += text[++i];
    } else if (text[i] == ' ' || text[i] == ',') {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += text[i];
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

bool IsUrl(const std::string& text) {
  return absl::StartsWith(text, "http://") || absl::StartsWith(text, "https://");
}

// Empty: fine; else what is wrong.
std::string Set(const std::string& key, const std::string& value, ActuatorConfig& config) {
  struct Member {
    const char* key;
    std::string ActuatorConfig::*value;
    bool url;
  };
  static constexpr std::array kMembers = {Member{"user", &ActuatorConfig::user, false},
                                          Member{"password_file", &ActuatorConfig::password_file, false},
                                          Member{"ha_url", &ActuatorConfig::ha_url, true},
                                          Member{"hooks", &ActuatorConfig::hooks_directory, false},
                                          Member{"powerdns", &ActuatorConfig::powerdns_url, true},
                                          Member{"recursor", &ActuatorConfig::recursor_url, true},
                                          Member{"key_file", &ActuatorConfig::key_file, false}};
  if (value.empty()) return key + " has no value";
  if (key == "server") {
    return absl::SimpleAtoi(value, &config.server) && config.server > 0
               ? ""
               : "server is the record id of a server of the store, a number above 0";
  }
  if (key == "kea") {
    if (absl::StartsWith(value, "unix:/")) {
      config.kea_socket = value.substr(5);
      return "";
    }
    config.kea_url = value;
    return IsUrl(value) ? ""
                        : "kea is unix:/PATH of a control socket, or http://HOST:PORT of a control agent";
  }
  for (const Member& member : kMembers) {
    if (key != member.key) continue;
    config.*member.value = value;
    return member.url && !IsUrl(value) ? key + " begins with http:// or https://" : "";
  }
  return absl::StrCat("unknown key ", key,
                      " (server, kea, user, password_file, ha_url, hooks, powerdns, recursor, key_file)");
}

std::string Check(const ActuatorConfig& config) {
  const bool powerdns = !config.powerdns_url.empty() || !config.recursor_url.empty();
  if (config.server == 0) return "server is missing";
  if (config.is_kea() == powerdns) return "either kea, or powerdns and recursor (one of them will do)";
  if (!config.kea_socket.empty() && !config.kea_url.empty()) return "kea is there twice";
  if (powerdns) {
    if (config.key_file.empty()) return "key_file is missing: the file with the API key";
    if (!config.user.empty() || !config.password_file.empty() || !config.ha_url.empty() ||
        !config.hooks_directory.empty()) {
      return "user, password_file, ha_url and hooks are for kea";
    }
    return "";
  }
  if (!config.key_file.empty()) return "key_file is for powerdns";
  if (config.user.empty() != config.password_file.empty()) return "user and password_file go together";
  if (!config.user.empty() && config.kea_url.empty()) return "a control socket takes no user";
  return "";
}

absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string secret(kMaxSecret + 1, '\0');
  if (!file.read(secret.data(), static_cast<std::streamsize>(secret.size())) && !file.eof()) {
    return absl::InvalidArgumentError(absl::StrCat("--engine-actuator: cannot read ", path));
  }
  secret.resize(static_cast<std::size_t>(file.gcount()));
  absl::StripAsciiWhitespace(&secret);
  if (secret.empty() || secret.size() > kMaxSecret) {
    return absl::InvalidArgumentError(absl::StrCat("--engine-actuator: no secret is in ", path));
  }
  return secret;
}

}  // namespace

absl::StatusOr<std::vector<ActuatorConfig>> ParseActuators(const std::string& option,
                                                           const std::vector<std::string>& texts) {
  std::vector<ActuatorConfig> configs;
  std::set<std::pair<bool, std::int64_t>> seen;
  for (const std::string& text : texts) {
    ActuatorConfig config;
    std::string wrong;
    std::set<std::string> keys;
    for (const std::string& word : Words(text)) {
      const std::size_t sign = word.find('=');
      const std::string key = word.substr(0, sign);
      if (sign == std::string::npos) {
        wrong = absl::StrCat("not KEY=VALUE: ", word);
      } else if (!keys.insert(key).second) {
        wrong = key + " is there twice";
      } else {
        wrong = Set(key, word.substr(sign + 1), config);
      }
      if (!wrong.empty()) break;
    }
    if (wrong.empty()) wrong = Check(config);
    if (wrong.empty() && !seen.emplace(config.is_kea(), config.server).second) {
      wrong = "the server has an actuator already";
    }
    if (!wrong.empty()) return absl::InvalidArgumentError(absl::StrCat(option, " '", text, "': ", wrong));
    configs.push_back(std::move(config));
  }
  return configs;
}

absl::StatusOr<std::unique_ptr<engine::Actuators>> MakeActuators(const std::vector<ActuatorConfig>& configs) {
  if (configs.empty()) return nullptr;
  auto actuators = std::make_unique<engine::Actuators>();
  const std::stop_token stop = actuators->stop_token();
  kea::Peers peers;
  for (const ActuatorConfig& config : configs) {
    if (!config.ha_url.empty()) peers.urls[config.server] = config.ha_url;
  }
  for (const ActuatorConfig& config : configs) {
    IPAM_ASSIGN_OR_RETURN(std::string password, ReadSecret(config.password_file));
    IPAM_ASSIGN_OR_RETURN(std::string key, ReadSecret(config.key_file));
    if (config.is_kea()) {
      kea::KeaOptions options{.channel = {.socket = config.kea_socket,
                                          .url = config.kea_url,
                                          .user = config.user,
                                          .password = std::move(password),
                                          .stop = stop},
                              .peers = peers};
      if (!config.hooks_directory.empty()) options.peers.hooks_directory = config.hooks_directory;
      actuators->Add(config.server, std::make_unique<kea::KeaActuator>(std::move(options)));
    } else {
      actuators->Add(config.server, std::make_unique<powerdns::PowerDnsActuator>(
                                        powerdns::PowerDnsOptions{.url = config.powerdns_url,
                                                                  .api_key = std::move(key),
                                                                  .recursor_url = config.recursor_url,
                                                                  .stop = stop}));
    }
  }
  return actuators;
}

}  // namespace ipam::server
