// The addresses that object references carry: where the exporter and its resolver are reached from outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/orpc/dual_string_array.h"

namespace ipam::orpc {

struct Advertisement {
  std::vector<std::string> hosts;          // names or addresses, the preferred one first
  std::uint16_t port = 135;                // exporter and resolver share it
  std::vector<auth::AuthType> auth_types;  // the preferred one first
  std::string principal;                   // SPN for ORPC calls; empty: none
};

// "host[port]" always, [MS-DCOM] 2.2.19.3.
DualStringArray ExporterBindings(const Advertisement& at);
// "host" at port 135, as ServerAlive2 and saResAddr ask ([MS-DCOM] 3.1.2.5.1.6); "host[port]" elsewhere, an
// extension without which a resolver beside the well-known port cannot be found.
DualStringArray ResolverBindings(const Advertisement& at);

}  // namespace ipam::orpc
