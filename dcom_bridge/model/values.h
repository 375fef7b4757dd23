// Simple values as the data contract serializer spells them, and as the messages of ipam.v1 hold them.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ipam::model {

// sysnet:IPAddress, [MS-IPAMM2] 2.2.4.441 and System.Net.IPAddress: of version 4 in `address`, the octets as
// a little-endian number; of version 6 in `numbers`, eight groups in their order.
struct IpAddressParts {
  bool v6 = false;
  std::uint32_t address = 0;
  std::array<std::uint16_t, 8> numbers{};
  std::uint32_t scope_id = 0;
};
std::optional<IpAddressParts> ParseIpAddress(std::string_view text);  // 192.0.2.1, 2001:db8::1, fe80::1%3
std::string FormatIpAddress(const IpAddressParts& parts);

// Octets parted by ':' or '-', or run together; written with ':' and lower case.
std::optional<std::string> ParseMacAddress(std::string_view text);
std::string FormatMacAddress(std::string_view octets);

// ser:duration, a TimeSpan: [-]P1DT2H3M4.5S. Beyond the 10,000 years that a protobuf Duration can hold it
// becomes the longest Duration, which is written as TimeSpan.MaxValue: "unlimited" survives the way there and
// back.
std::optional<google::protobuf::Duration> ParseDuration(std::string_view text);
std::string FormatDuration(const google::protobuf::Duration& duration);

// xs:dateTime of the years 1 to 9999; without a time zone it is UTC.
std::optional<google::protobuf::Timestamp> ParseTimestamp(std::string_view text);
std::string FormatTimestamp(const google::protobuf::Timestamp& timestamp);

bool IsDecimal(std::string_view text);  // xs:decimal

}  // namespace ipam::model
