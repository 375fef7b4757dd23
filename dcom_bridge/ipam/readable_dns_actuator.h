// A DNS server that also says what it has.
#pragma once

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/dns_actuator.h"

namespace ipam::engine {

// Calls and errors as of DnsActuator.
class ReadableDnsActuator : public DnsActuator {
 public:
  // Whether it has exactly these; false where that cannot be told.
  virtual absl::StatusOr<bool> HasRecords(const RecordSet& records) = 0;
};

}  // namespace ipam::engine
