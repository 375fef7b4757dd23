// Cuts a stream of bytes, split anywhere, into whole PDUs.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/pdu/header.h"

namespace ipam::pdu {

// Call Append() with what arrived, then Next() until it gives nothing. One thread. Holds at most one PDU of
// `max_frag` and what was appended last.
class Framer {
 public:
  // [C706] 12.6.3.1: a PDU is never longer than its 16-bit frag_length; `max_frag` may be less.
  explicit Framer(std::uint16_t max_frag) : max_frag_(max_frag) {}

  void Append(base::ByteView bytes);
  // kInvalidArgument where frag_length is shorter than a header or beyond the limit: nothing is reserved for
  // it, and there is no way to go on.
  absl::StatusOr<std::optional<base::Bytes>> Next();

  // After Next() failed for a PDU beyond the limit: its header, to answer it.
  const std::optional<Header>& refused() const { return refused_; }

  std::size_t buffered() const { return buffer_.size() - start_; }

 private:
  std::uint16_t max_frag_;
  std::optional<Header> refused_;
  base::Bytes buffer_;
  std::size_t start_ = 0;  // of the first byte not yet given out
};

}  // namespace ipam::pdu
