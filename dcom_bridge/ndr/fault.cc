#include "dcom_bridge/ndr/fault.h"

namespace ipam::ndr {

std::uint32_t FaultStatus(const absl::Status& status) {
  return absl::IsOutOfRange(status) ? kFaultInvalidBound : kFaultBadStubData;
}

}  // namespace ipam::ndr
