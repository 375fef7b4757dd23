#pragma once

#include <cstdint>

namespace ipam::rpc {

// What inq_stats of the management interface tells, [C706] appendix Q. Counted by the associations of a
// server and of the clients that it is itself; one thread. Wraps around, as the wire has 32 bits.
struct Statistics {
  std::uint32_t calls_in = 0, calls_out = 0, packets_in = 0, packets_out = 0;
};

}  // namespace ipam::rpc
