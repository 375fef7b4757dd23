#include "dcom_bridge/orpc/advertisement.h"

#include "absl/strings/str_cat.h"

namespace ipam::orpc {
namespace {

constexpr std::uint16_t kResolverPort = 135;  // [MS-RPCE] 2.1.1.1

DualStringArray Bindings(const Advertisement& at, bool with_port) {
  DualStringArray bindings;
  for (const std::string& host : at.hosts) {
    bindings.strings.push_back({kProtseqTcp, with_port ? absl::StrCat(host, "[", at.port, "]") : host});
  }
  for (const auth::AuthType type : at.auth_types) {
    bindings.securities.push_back({static_cast<std::uint16_t>(type), at.principal});
  }
  return bindings;
}

}  // namespace

DualStringArray ExporterBindings(const Advertisement& at) { return Bindings(at, true); }

DualStringArray ResolverBindings(const Advertisement& at) { return Bindings(at, at.port != kResolverPort); }

}  // namespace ipam::orpc
