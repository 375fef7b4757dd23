#include "dcom_bridge/pdu/framer.h"

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::pdu {

void Framer::Append(base::ByteView bytes) {
  if (start_ != 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(start_));
    start_ = 0;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

absl::StatusOr<std::optional<base::Bytes>> Framer::Next() {
  const base::ByteView rest = base::ByteView(buffer_).subspan(start_);
  if (rest.size() < kHeaderSize) return std::nullopt;
  IPAM_ASSIGN_OR_RETURN(const Header header, DecodeHeader(rest.first(kHeaderSize)));
  if (header.frag_length > max_frag_) {
    refused_ = header;
    return absl::InvalidArgumentError(
        absl::StrFormat("byte 8: frag_length %d, at most %d", header.frag_length, max_frag_));
  }
  if (rest.size() < header.frag_length) return std::nullopt;
  const base::ByteView pdu = rest.first(header.frag_length);
  start_ += pdu.size();
  return base::Bytes(pdu.begin(), pdu.end());
}

}  // namespace ipam::pdu
