// User and domain names as NTLM compares and carries them.
#pragma once

#include <string>
#include <string_view>

#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

// One code unit to one, as Windows folds names: Latin, Greek and Cyrillic letters; all else is left as it is.
std::u16string UpperCase(std::u16string_view text);

// UTF-16 in little-endian order, [MS-NLMP] UNICODE().
base::Bytes ToLittleEndian(std::u16string_view text);

// For logs: "DOMAIN\user" with control characters escaped, cut at 64 octets a name.
std::string Printable(std::u16string_view domain, std::u16string_view user);

}  // namespace ipam::auth
