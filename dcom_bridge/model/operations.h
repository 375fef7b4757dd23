// The 49 operations with progress of [MS-IPAMM2] 3.19.4.4.1.
#pragma once

#include <array>
#include <string_view>

#include "absl/types/span.h"

namespace ipam::model {

struct Operation {
  std::string_view name;            // IpamAdminOperationId, [MS-IPAMM2] 2.2.5.63
  int ordinal;                      // its number, that of v1::IpamAdminOperationId too
  std::string_view parameter_type;  // the schema's name of its parameters
  std::string_view rbac_operation;  // [MS-IPAMM2] 3.19.6.1; two names parted by '/': of a scope, of a server
  std::string_view access_scope_object;  // the object whose access scope counts
  std::string_view section;              // of its delegate
  // Members that the delegate faults without: null, an empty collection, the number 0, the enumerator None.
  // Unused places are empty.
  std::array<std::string_view, 3> mandatory;
};

// In the order of their ordinals.
absl::Span<const Operation> Operations();
const Operation* FindOperation(std::string_view name);  // null: there is none
const Operation* FindOperation(int ordinal);

}  // namespace ipam::model
