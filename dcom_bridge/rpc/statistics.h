#pragma once

#include <cstdint>

namespace ipam::rpc {

// Counted by the associations of a server and of the clients that it is itself; one thread.
struct Statistics {
  // What inq_stats of the management interface tells, [C706] appendix Q. Wraps around, as the wire has 32 bits.
  std::uint32_t calls_in = 0, calls_out = 0, packets_in = 0, packets_out = 0;
  // Fault PDUs.
  std::uint64_t faults_in = 0, faults_out = 0;
};

}  // namespace ipam::rpc
