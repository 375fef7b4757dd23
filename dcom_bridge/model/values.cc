#include "dcom_bridge/model/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace ipam::model {
namespace {

constexpr std::int64_t kLongestSeconds = 315'576'000'000;  // of a protobuf Duration: 10,000 years
constexpr std::int32_t kLongestNanos = 999'999'999;
constexpr std::string_view kMaxTimeSpan = "P10675199DT2H48M5.4775807S";
constexpr std::string_view kMinTimeSpan = "-P10675199DT2H48M5.4775808S";

// Takes digits off the front; nothing where there is none or the number has more than 18.
std::optional<std::int64_t> TakeNumber(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  if (count == 0 || count > 18) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + count, value);
  text.remove_prefix(count);
  return value;
}

// Takes ".5" as 500,000,000; what is beyond the ninth digit is cut off.
std::int32_t TakeNanos(std::string_view& text) {
  if (!text.starts_with('.')) return 0;
  text.remove_prefix(1);
  std::int32_t nanos = 0;
  std::int32_t weight = 100'000'000;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    nanos += (text.front() - '0') * weight;
    weight /= 10;
    text.remove_prefix(1);
  }
  return nanos;
}

std::string Fraction(std::int32_t nanos) {
  if (nanos == 0) return "";
  std::string digits = absl::StrFormat(".%09d", nanos);
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

}  // namespace

std::optional<IpAddressParts> ParseIpAddress(std::string_view text) {
  IpAddressParts out;
  const std::size_t percent = text.find('%');
  const std::string host(text.substr(0, percent));
  in_addr v4{};
  if (percent == std::string_view::npos && inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    // System.Net.IPAddress keeps the octets in memory order as one number.
    const std::uint32_t big_endian = ntohl(v4.s_addr);
    out.address = (big_endian >> 24) | ((big_endian >> 8) & 0xFF00) | ((big_endian << 8) & 0xFF0000) |
                  (big_endian << 24);
    return out;
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return std::nullopt;
  out.v6 = true;
  for (std::size_t i = 0; i < out.numbers.size(); ++i) {
    out.numbers[i] = static_cast<std::uint16_t>(v6.s6_addr[2 * i] << 8 | v6.s6_addr[2 * i + 1]);
  }
  if (percent != std::string_view::npos) {
    const std::string_view scope = text.substr(percent + 1);
    const auto [end, error] = std::from_chars(scope.data(), scope.data() + scope.size(), out.scope_id);
    if (error != std::errc() || end != scope.data() + scope.size()) return std::nullopt;
  }
  return out;
}

std::string FormatIpAddress(const IpAddressParts& parts) {
  if (!parts.v6) {
    return absl::StrCat(parts.address & 0xFF, ".", (parts.address >> 8) & 0xFF, ".",
                        (parts.address >> 16) & 0xFF, ".", parts.address >> 24);
  }
  in6_addr v6{};
  for (std::size_t i = 0; i < parts.numbers.size(); ++i) {
    v6.s6_addr[2 * i] = static_cast<std::uint8_t>(parts.numbers[i] >> 8);
    v6.s6_addr[2 * i + 1] = static_cast<std::uint8_t>(parts.numbers[i] & 0xFF);
  }
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, &v6, text, sizeof(text));
  return parts.scope_id == 0 ? std::string(text) : absl::StrCat(text, "%", parts.scope_id);
}

std::optional<std::string> ParseMacAddress(std::string_view text) {
  std::string octets;
  while (!text.empty()) {
    if (!octets.empty() && (text.front() == ':' || text.front() == '-')) text.remove_prefix(1);
    if (text.size() < 2) return std::nullopt;
    const auto high = HexDigit(text[0]);
    const auto low = HexDigit(text[1]);
    if (!high || !low) return std::nullopt;
    octets.push_back(static_cast<char>(*high << 4 | *low));
    text.remove_prefix(2);
  }
  return octets;
}

std::string FormatMacAddress(std::string_view octets) {
  std::string out;
  for (const char octet : octets) {
    absl::StrAppendFormat(&out, "%s%02x", out.empty() ? "" : ":", static_cast<unsigned char>(octet));
  }
  return out;
}

std::optional<google::protobuf::Duration> ParseDuration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (!text.starts_with('P')) return std::nullopt;
  text.remove_prefix(1);
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  bool beyond = false;
  bool any = false;
  std::string_view units = "DHMS";  // what may still come
  bool in_time = false;
  while (!text.empty()) {
    if (!in_time && text.front() == 'T') {
      in_time = true;
      text.remove_prefix(1);
      if (units.starts_with('D')) units.remove_prefix(1);
      if (text.empty()) return std::nullopt;
    }
    const auto number = TakeNumber(text);
    if (!number) return std::nullopt;
    const bool fraction = text.starts_with('.');
    const std::int32_t part = TakeNanos(text);
    if (text.empty() || (fraction && text.front() != 'S')) return std::nullopt;
    const char unit = text.front();
    text.remove_prefix(1);
    const std::size_t at = units.find(unit);
    if (at == std::string_view::npos || (unit == 'D') == in_time) return std::nullopt;
    units.remove_prefix(at + 1);
    const std::int64_t scale = unit == 'D' ? 86'400 : unit == 'H' ? 3'600 : unit == 'M' ? 60 : 1;
    beyond = beyond || *number > kLongestSeconds / scale;
    if (!beyond) seconds += *number * scale;
    nanos += part;
    any = true;
  }
  if (!any) return std::nullopt;
  if (beyond || seconds >= kLongestSeconds) {
    seconds = kLongestSeconds;
    nanos = kLongestNanos;
  }
  google::protobuf::Duration out;
  out.set_seconds(negative ? -seconds : seconds);
  out.set_nanos(negative ? -nanos : nanos);
  return out;
}

std::string FormatDuration(const google::protobuf::Duration& duration) {
  if (duration.seconds() >= kLongestSeconds) return std::string(kMaxTimeSpan);
  if (duration.seconds() <= -kLongestSeconds) return std::string(kMinTimeSpan);
  const bool negative = duration.seconds() < 0 || duration.nanos() < 0;
  std::int64_t left = std::abs(duration.seconds());
  const std::string fraction = Fraction(std::abs(duration.nanos()));
  std::string out = negative ? "-P" : "P";
  if (left >= 86'400) absl::StrAppend(&out, left / 86'400, "D");
  left %= 86'400;
  std::string time;
  if (left >= 3'600) absl::StrAppend(&time, left / 3'600, "H");
  left %= 3'600;
  if (left >= 60) absl::StrAppend(&time, left / 60, "M");
  left %= 60;
  if (left > 0 || !fraction.empty()) absl::StrAppend(&time, left, fraction, "S");
  if (!time.empty()) absl::StrAppend(&out, "T", time);
  if (out.back() == 'P') out += "T0S";
  return out;
}

std::optional<google::protobuf::Timestamp> ParseTimestamp(std::string_view text) {
  const auto take = [&text](std::size_t digits, char before) -> std::optional<int> {
    if (before != '\0') {
      if (!text.starts_with(before)) return std::nullopt;
      text.remove_prefix(1);
    }
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (text[i] < '0' || text[i] > '9') return std::nullopt;
      value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
  };
  const auto year = take(4, '\0');
  const auto month = take(2, '-');
  const auto day = take(2, '-');
  const auto hour = take(2, 'T');
  const auto minute = take(2, ':');
  const auto second = take(2, ':');
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::int32_t nanos = TakeNanos(text);
  std::int64_t offset = 0;  // seconds
  if (text == "Z") {
    text = {};
  } else if (text.starts_with('+') || text.starts_with('-')) {
    const bool west = text.front() == '-';
    const auto hours = take(2, text.front());
    const auto minutes = take(2, ':');
    if (!hours || !minutes || *hours > 14 || *minutes > 59) return std::nullopt;
    offset = (*hours * 3'600 + *minutes * 60) * (west ? -1 : 1);
  }
  const bool midnight = *hour == 24 && *minute == 0 && *second == 0 && nanos == 0;
  if (!text.empty() || *year == 0 || *month < 1 || *month > 12 || *day < 1 || (*hour > 23 && !midnight) ||
      *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  const absl::CivilDay date(*year, *month, *day);
  if (date.month() != *month) return std::nullopt;  // the 31st of a short month
  const std::int64_t days = date - absl::CivilDay(1970, 1, 1);
  const std::int64_t seconds = days * 86'400 + *hour * 3'600 + *minute * 60 + *second - offset;
  constexpr std::int64_t kFirst = -62'135'596'800;  // 0001-01-01T00:00:00Z, the first of a protobuf Timestamp
  constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31T23:59:59Z
  google::protobuf::Timestamp out;
  out.set_seconds(std::clamp(seconds, kFirst, kLast));
  out.set_nanos(nanos);
  return out;
}

std::string FormatTimestamp(const google::protobuf::Timestamp& timestamp) {
  const absl::CivilSecond civil = absl::CivilSecond(1970, 1, 1) + timestamp.seconds();
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d%sZ", civil.year(), civil.month(), civil.day(),
                         civil.hour(), civil.minute(), civil.second(), Fraction(timestamp.nanos()));
}

bool IsDecimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  bool digit = false;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      digit = true;
    } else {
      return false;
    }
  }
  return digit;
}

}  // namespace ipam::model
