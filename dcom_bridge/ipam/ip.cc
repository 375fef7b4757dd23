#include "dcom_bridge/ipam/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "dcom_bridge/base/strings.h"

namespace ipam::engine {
namespace {

constexpr char kIpv4Suffix[] = ".in-addr.arpa";
constexpr char kIpv6Suffix[] = ".ip6.arpa";

std::string WithoutDot(std::string_view name) {
  return std::string(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
}

}  // namespace

std::optional<IpOctets> ParseIp(std::string_view text) {
  const std::string copy(text);
  std::array<std::uint8_t, 16> octets;
  if (inet_pton(AF_INET, copy.c_str(), octets.data()) == 1)
    return IpOctets(octets.begin(), octets.begin() + 4);
  if (inet_pton(AF_INET6, copy.c_str(), octets.data()) == 1) return IpOctets(octets.begin(), octets.end());
  return std::nullopt;
}

std::string FormatIp(const IpOctets& ip) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (ip.size() != 4 && ip.size() != 16) return "";
  return inet_ntop(ip.size() == 4 ? AF_INET : AF_INET6, ip.data(), text.data(), text.size()) == nullptr
             ? ""
             : text.data();
}

int Family(const IpOctets& ip) { return ip.size() == 4 ? 4 : 6; }

int FamilyOfText(std::string_view ip) { return ip.find(':') == std::string_view::npos ? 4 : 6; }

IpOctets Mask(const IpOctets& ip, const IpOctets& mask) {
  IpOctets masked = ip;
  for (std::size_t i = 0; i < masked.size() && i < mask.size(); ++i) masked[i] &= mask[i];
  return masked;
}

IpOctets PrefixMask(int family, int prefix_length) {
  IpOctets mask(family == 4 ? 4 : 16, 0);
  for (int bit = 0; bit < prefix_length; ++bit) {
    mask[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80u >> (bit % 8));
  }
  return mask;
}

std::optional<IpOctets> Next(const IpOctets& ip) {
  IpOctets next = ip;
  for (auto octet = next.rbegin(); octet != next.rend(); ++octet) {
    if (++*octet != 0) return next;
  }
  return std::nullopt;
}

std::optional<IpOctets> Previous(const IpOctets& ip) {
  IpOctets previous = ip;
  for (auto octet = previous.rbegin(); octet != previous.rend(); ++octet) {
    if ((*octet)-- != 0) return previous;
  }
  return std::nullopt;
}

bool IsUnspecified(const IpOctets& ip) {
  return std::all_of(ip.begin(), ip.end(), [](std::uint8_t octet) { return octet == 0; });
}

bool Overlap(const IpInterval& a, const IpInterval& b) { return a.start <= b.end && b.start <= a.end; }

std::vector<IpInterval> Without(const IpInterval& whole, std::vector<IpInterval> excluded) {
  std::sort(excluded.begin(), excluded.end(),
            [](const IpInterval& a, const IpInterval& b) { return a.start < b.start; });
  std::vector<IpInterval> left;
  IpOctets start = whole.start;
  for (const IpInterval& hole : excluded) {
    if (hole.end < start || hole.start > whole.end) continue;
    if (hole.start > start) left.push_back({start, *Previous(hole.start)});
    const std::optional<IpOctets> after = Next(hole.end);
    if (!after || *after > whole.end) return left;
    start = *after;
  }
  left.push_back({start, whole.end});
  return left;
}

std::optional<IpOctets> ReverseNameToIp(std::string_view name, std::string_view zone) {
  std::string full = WithoutDot(name);
  const std::string suffix = "." + WithoutDot(zone);
  if (!absl::EndsWithIgnoreCase(full, suffix)) full += suffix;
  const bool v4 = absl::EndsWithIgnoreCase(full, kIpv4Suffix);
  if (!v4 && !absl::EndsWithIgnoreCase(full, kIpv6Suffix)) return std::nullopt;
  full.resize(full.size() - (v4 ? sizeof kIpv4Suffix : sizeof kIpv6Suffix) + 1);
  std::vector<std::string> labels = absl::StrSplit(full, '.');
  std::reverse(labels.begin(), labels.end());
  if (v4) return labels.size() == 4 ? ParseIp(absl::StrJoin(labels, ".")) : std::nullopt;
  if (labels.size() != 32) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].size() != 1) return std::nullopt;
    if (i != 0 && i % 4 == 0) text += ':';
    text += labels[i];
  }
  return ParseIp(text);
}

}  // namespace ipam::engine
