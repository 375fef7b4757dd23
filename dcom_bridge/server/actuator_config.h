// The options that say which servers do what the store says, and what is made of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ipam::engine {
class Actuators;
}

namespace ipam::server {

// One server of the store by its record id: a DHCP server that is Kea, or a DNS server that is PowerDNS.
struct ActuatorConfig {
  std::int64_t server = 0;
  std::string kea_socket;  // of a control socket; or
  std::string kea_url;     // of a control agent
  std::string user;        // of the agent
  std::string password_file;
  std::string ha_url;           // by which its partner reaches it
  std::string hooks_directory;  // of Kea; empty: as Debian has it
  std::string powerdns_url;     // of the authoritative server
  std::string recursor_url;
  std::string key_file;  // with the API key of both

  bool is_kea() const { return !kea_socket.empty() || !kea_url.empty(); }
};

// "server=17 kea=unix:/run/kea/kea4.sock": words with spaces or commas between them, a backslash before one that is part of a value.
// kInvalidArgument: one line that says what is wrong.
absl::StatusOr<std::vector<ActuatorConfig>> ParseActuators(const std::string& option,
                                                           const std::vector<std::string>& texts);

// Null where there are none. kInvalidArgument: a file of a secret that cannot be read.
absl::StatusOr<std::unique_ptr<engine::Actuators>> MakeActuators(const std::vector<ActuatorConfig>& configs);

}  // namespace ipam::server
