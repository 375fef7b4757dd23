// The names by which others may know this machine.
#pragma once

#include <string>
#include <vector>

namespace ipam::net {

std::string HostName();

// Under which names a listener on `addresses` is advertised where nobody says otherwise: the addresses
// themselves, or, where one of them is a wildcard, this host's name.
std::vector<std::string> AdvertisedHosts(const std::vector<std::string>& addresses);

}  // namespace ipam::net
