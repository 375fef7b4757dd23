#include "dcom_bridge/net/local_names.h"

#include <unistd.h>

#include <algorithm>

namespace ipam::net {

std::string HostName() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

std::vector<std::string> AdvertisedHosts(const std::vector<std::string>& addresses) {
  const auto is_wildcard = [](const std::string& one) { return one == "0.0.0.0" || one == "::"; };
  if (std::any_of(addresses.begin(), addresses.end(), is_wildcard)) return {HostName()};
  return addresses;
}

}  // namespace ipam::net
