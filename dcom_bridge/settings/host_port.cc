#include "dcom_bridge/settings/host_port.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::settings {

absl::StatusOr<HostPort> ParseHostPort(const std::string& option, const std::string& text,
                                       std::optional<std::uint16_t> default_port) {
  const absl::Status bad = absl::InvalidArgumentError(
      absl::StrCat(option, ": '", text, "' must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080"));
  HostPort result;
  std::string rest;  // ":port", or nothing
  if (absl::StartsWith(text, "[")) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string::npos) return bad;
    result.host = text.substr(1, bracket - 1);
    rest = text.substr(bracket + 1);
  } else {
    const std::size_t colon = text.find(':');
    result.host = text.substr(0, colon);
    if (colon != std::string::npos) rest = text.substr(colon);
  }
  if (result.host.empty()) return bad;
  if (rest.empty()) {
    if (!default_port) return bad;
    result.port = *default_port;
    return result;
  }
  std::uint32_t port = 0;
  if (rest[0] != ':' || !absl::SimpleAtoi(rest.substr(1), &port) || port > 65535) return bad;
  result.port = static_cast<std::uint16_t>(port);
  return result;
}

absl::StatusOr<Listen> ParseListen(const std::string& option, const std::vector<std::string>& texts) {
  Listen listen;
  for (const std::string& text : texts) {
    IPAM_ASSIGN_OR_RETURN(HostPort one, ParseHostPort(option, text));
    if (!listen.addresses.empty() && one.port != listen.port) {
      return absl::InvalidArgumentError(
          absl::StrCat(option, ": '", text, "' has another port than '", texts.front(), "'"));
    }
    listen.addresses.push_back(std::move(one.host));
    listen.port = one.port;
  }
  if (listen.addresses.empty()) return absl::InvalidArgumentError(option + ": no address");
  return listen;
}

absl::StatusOr<absl::Duration> ParseTime(const std::string& option, const std::string& text) {
  absl::Duration time;
  if (absl::ParseDuration(text, &time) && time >= absl::ZeroDuration() && time < absl::InfiniteDuration())
    return time;
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": '", text, "' is no time, use for example 200ms, 10s or 72h"));
}

}  // namespace ipam::settings
