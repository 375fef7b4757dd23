// "HOST:PORT" as options write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ipam::settings {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

// "host:port", "1.2.3.4:port" or "[v6]:port"; without a port `default_port`, where there is one. The error
// names `option`.
absl::StatusOr<HostPort> ParseHostPort(const std::string& option, const std::string& text,
                                       std::optional<std::uint16_t> default_port = std::nullopt);

// Addresses that share one port.
struct Listen {
  std::vector<std::string> addresses;
  std::uint16_t port = 0;
};
// One "ADDRESS:PORT" or more, all with the same port.
absl::StatusOr<Listen> ParseListen(const std::string& option, const std::vector<std::string>& texts);

// "10s", "200ms", "72h"; not negative. "0" is none.
absl::StatusOr<absl::Duration> ParseTime(const std::string& option, const std::string& text);

}  // namespace ipam::settings
