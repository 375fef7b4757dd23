// The fragments of a call under a security context, [MS-RPCE] 2.2.2.11 and 3.3.1.5.2.2.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/pdu/header.h"
#include "dcom_bridge/pdu/sec_trailer.h"

namespace ipam::rpc {

// What level the peers really get: kCall and kPacket are signed as kIntegrity is (as Windows and Samba do),
// for no provider has less; kDefault is kConnect ([MS-RPCE] 2.2.1.1.8).
auth::AuthLevel EffectiveLevel(auth::AuthLevel level);

// How one call is protected. No context: not at all.
struct Protection {
  auth::SecurityContext* context = nullptr;
  auth::AuthLevel level = auth::AuthLevel::kNone;  // as it stands in the sec_trailer
  std::uint32_t context_id = 0;
  bool header_signing = false;

  // Whether its PDUs carry a sec_trailer: not below kCall.
  bool covers_pdus() const {
    return context != nullptr && EffectiveLevel(level) >= auth::AuthLevel::kIntegrity;
  }
};

// Cuts `stub` into request or response PDUs of at most `max_frag` bytes, each protected.
// `call_header(alloc_hint)` gives what stands between the common header and the stub. The stub of each is
// padded to a multiple of 16 before the trailer; alloc_hint is the stub that is left, [MS-RPCE] 2.2.2.6.
// `max_frag` is at least 1,024.
template <typename CallHeader>
absl::StatusOr<std::vector<base::Bytes>> Fragment(const pdu::Header& header, CallHeader call_header,
                                                  base::ByteView stub, std::size_t max_frag,
                                                  const Protection& protection);

// Verifies and, with privacy, decrypts a fragment in place. `call_header_size` octets of the body are not
// encrypted. kUnauthenticated where it is not what the peer sent.
absl::Status OpenFragment(base::Bytes& pdu, const pdu::Segments& segments, std::size_t call_header_size,
                          const Protection& protection);

// Implementation of Fragment().
std::size_t StubRoom(std::size_t max_frag, std::size_t call_header_size, const Protection& protection);
absl::StatusOr<base::Bytes> SealFragment(pdu::Header header, base::ByteView call_header, base::ByteView stub,
                                         const Protection& protection);

template <typename CallHeader>
absl::StatusOr<std::vector<base::Bytes>> Fragment(const pdu::Header& header, CallHeader call_header,
                                                  base::ByteView stub, std::size_t max_frag,
                                                  const Protection& protection) {
  std::vector<base::Bytes> fragments;
  const std::size_t room = StubRoom(max_frag, call_header(0).size(), protection);
  fragments.reserve(stub.size() / room + 1);
  std::size_t at = 0;
  do {
    const base::ByteView left = stub.subspan(at);
    const base::ByteView piece = left.first(std::min(room, left.size()));
    pdu::Header fragment = header;
    fragment.flags = static_cast<std::uint8_t>(header.flags & ~(pdu::kFirstFrag | pdu::kLastFrag));
    if (at == 0) fragment.flags |= pdu::kFirstFrag;
    if (piece.size() == left.size()) fragment.flags |= pdu::kLastFrag;
    const base::Bytes before_stub = call_header(static_cast<std::uint32_t>(left.size()));
    auto sealed = SealFragment(fragment, before_stub, piece, protection);
    if (!sealed.ok()) return std::move(sealed).status();
    fragments.push_back(*std::move(sealed));
    at += piece.size();
  } while (at < stub.size());
  return fragments;
}

}  // namespace ipam::rpc
