// IP addresses as the store keeps them: 4 or 16 octets, in the order of comparison.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dcom_bridge/base/byte_reader.h"

namespace ipam::engine {

using IpOctets = base::Bytes;  // 4 or 16; never compared across families

// "192.0.2.1", "2001:db8::1"; no zone index.
std::optional<IpOctets> ParseIp(std::string_view text);
std::string FormatIp(const IpOctets& ip);
int Family(const IpOctets& ip);         // 4 or 6
int FamilyOfText(std::string_view ip);  // of a text that ParseIp takes

// Bitwise and; of one family.
IpOctets Mask(const IpOctets& ip, const IpOctets& mask);
// The mask of a prefix length, which is within the family.
IpOctets PrefixMask(int family, int prefix_length);
std::optional<IpOctets> Next(const IpOctets& ip);      // absent: the last of its family
std::optional<IpOctets> Previous(const IpOctets& ip);  // absent: the first
bool IsUnspecified(const IpOctets& ip);

struct IpInterval {
  IpOctets start;
  IpOctets end;  // not before start
};
bool Overlap(const IpInterval& a, const IpInterval& b);
// What is left of `whole` without the `excluded`, in any order: ApplicableAddressRanges of 3.1.1.1.1.2.2.
std::vector<IpInterval> Without(const IpInterval& whole, std::vector<IpInterval> excluded);

// The address that the name of a PTR record stands for: "20" in "4.99.10.in-addr.arpa" is 10.99.4.20. The
// zone may be part of the name already.
std::optional<IpOctets> ReverseNameToIp(std::string_view name, std::string_view zone);

}  // namespace ipam::engine
