#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace ipam::rpc {

// Every limit that a server sets to its clients; options, all of them. Those of one connection are kept by
// ServerAssociation, the rest by who owns the connections. The longest stub of a call is its Service's.
struct ServerLimits {
  // --- of one connection

  // What bind_ack offers at most. Windows and Samba use 5840; a multiple of 8.
  std::uint16_t max_frag = 5840;
  std::size_t max_presentation_contexts = 256;
  std::size_t max_security_contexts = 64;
  std::size_t max_outstanding_calls = 64;
  // Stubs of delivered and unfinished requests together; a call beyond it gets nca_s_server_too_busy.
  std::size_t max_buffered_bytes = std::size_t{128} << 20;

  // --- of all connections

  std::size_t max_connections = 8192;
  std::size_t max_connections_per_peer = 8192;  // of one IPv4 address, or network /64 of IPv6
  // Connections without an authenticated call, of all and of one peer: whoever knows no password
  // cannot keep out those who do from another address.
  std::size_t max_unauthenticated = 1024;
  std::size_t max_unauthenticated_per_peer = 512;

  // --- the time of each phase; a connection beyond it is closed

  absl::Duration bind_timeout = absl::Seconds(10);  // from its beginning to its bind
  absl::Duration auth_timeout = absl::Seconds(15);  // from the first token of a security context to the last
  // From one PDU of a request to the next, and from the first octet of a PDU to its last.
  absl::Duration fragment_timeout = absl::Seconds(30);
  // Of a connection without an authenticated call: from one PDU to the next, and in all.
  absl::Duration unauthenticated_idle = absl::Minutes(2);
  absl::Duration unauthenticated_lifetime = absl::Minutes(15);
};

}  // namespace ipam::rpc
