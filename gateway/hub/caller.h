// Who calls, as the transport found out.
#pragma once

#include <string>

namespace ipam::hub {

struct Caller {
  std::string name;  // empty: anonymous
};

}  // namespace ipam::hub
