// Resume tokens: a position in a journal, opaque to clients. One token works on every transport.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ipam::hub {

struct Position {
  std::uint64_t journal = 0;  // random, drawn when the journal is made
  std::uint32_t epoch = 0;    // rises when the tail of the journal may have been lost
  std::uint64_t offset = 0;   // behind the event of this offset
  bool in_snapshot = false;   // "snapshot not finished": cannot be resumed from

  friend bool operator==(const Position&, const Position&) = default;
};

// 34 characters of [A-Za-z0-9_-].
std::string EncodeToken(const Position& position);
// Nothing for anything that EncodeToken does not write.
std::optional<Position> DecodeToken(std::string_view token);

}  // namespace ipam::hub
