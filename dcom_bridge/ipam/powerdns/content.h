// Resource records as PowerDNS has them: the presentation format of RFC 1035 5.1, names with their final dot.
#pragma once

#include <optional>
#include <string>

#include "ipam/v1/dns.pb.h"

namespace ipam::powerdns {

// "www.example.org." in small letters.
std::string Canonical(const std::string& name);
// "A", "AAAA" ...
std::string TypeName(v1::DnsResourceRecordType type);
// Absent: a type that PowerDNS does not serve.
std::optional<std::string> Content(const v1::DnsResourceRecord& record);
// How the API names a zone in a path.
std::string ZoneId(const std::string& zone);

}  // namespace ipam::powerdns
