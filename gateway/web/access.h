// Who may ask: the names this server answers to, and the pages whose scripts may talk to it. A page of
// another site that makes its own name resolve to our address (DNS rebinding) sends that name as Host; a
// script of another site sends its Origin. Both are refused, on loopback too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/web/http_message.h"

namespace ipam::web {

// Immutable: any thread.
class AccessRules {
 public:
  AccessRules(std::vector<std::string> hosts, std::vector<std::string> origins);

  // True when the Host names localhost, a loopback address, `local_address` (where the connection came to) or
  // one of the allowed hosts; any port.
  bool HostAllowed(std::string_view host, std::string_view local_address) const;
  // True without an Origin, for that of Host itself, and for the allowed ones.
  bool OriginAllowed(std::string_view origin, std::string_view host) const;
  // An allowed origin that is not the page's own: it needs the CORS fields.
  bool IsCrossOrigin(std::string_view origin, std::string_view host) const;

 private:
  std::vector<std::string> hosts_;
  std::vector<std::string> origins_;
};

}  // namespace ipam::web
