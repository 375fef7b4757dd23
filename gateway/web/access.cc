#include "gateway/web/access.h"

#include <algorithm>

namespace ipam::web {
namespace {

// Without the port and the dot of the root; brackets of IPv6 stay off. Lower case.
std::string HostName(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? "" : LowerAscii(host.substr(1, end - 1));
  }
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos) host = host.substr(0, colon);
  if (host.ends_with('.')) host.remove_suffix(1);
  return LowerAscii(host);
}

bool IsLoopback(const std::string& name) {
  if (name == "localhost" || name == "::1") return true;
  return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string::npos;
}

// The default port of the scheme is the same as none.
std::string Authority(std::string_view text, std::string_view default_port) {
  std::string lower = LowerAscii(text);
  if (lower.ends_with(default_port)) lower.resize(lower.size() - default_port.size());
  return lower;
}

bool SameOrigin(std::string_view origin, std::string_view host) {
  if (origin.starts_with("http://")) return Authority(origin.substr(7), ":80") == Authority(host, ":80");
  // TLS ends at a proxy in front of us, which passes Host on.
  if (origin.starts_with("https://")) return Authority(origin.substr(8), ":443") == Authority(host, ":443");
  return false;
}

}  // namespace

AccessRules::AccessRules(std::vector<std::string> hosts, std::vector<std::string> origins) {
  for (const std::string& host : hosts) hosts_.push_back(host == "*" ? host : HostName(host));
  for (const std::string& origin : origins) origins_.push_back(LowerAscii(origin));
}

bool AccessRules::HostAllowed(std::string_view host, std::string_view local_address) const {
  const std::string name = HostName(host);
  if (name.empty()) return false;
  if (IsLoopback(name) || name == local_address) return true;
  return std::any_of(hosts_.begin(), hosts_.end(),
                     [&](const std::string& h) { return h == "*" || h == name; });
}

bool AccessRules::OriginAllowed(std::string_view origin, std::string_view host) const {
  if (origin.empty() || SameOrigin(origin, host)) return true;
  return std::find(origins_.begin(), origins_.end(), LowerAscii(origin)) != origins_.end();
}

bool AccessRules::IsCrossOrigin(std::string_view origin, std::string_view host) const {
  return !origin.empty() && !SameOrigin(origin, host) && OriginAllowed(origin, host);
}

}  // namespace ipam::web
