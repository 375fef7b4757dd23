// The objects whose access scopes say whether a caller may start an operation, [MS-IPAMM2] 3.19.6.1.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/enums.pb.h"
#include "ipam/v1/parameters.pb.h"

namespace ipam::engine {

struct AccessObject {
  v1::IpamObjectType type = v1::IPAM_OBJECT_TYPE_NONE;
  std::int64_t id = 0;
  // Of ADM_AdminOperationsTable, of a suboperation; empty: that of the operation.
  std::string_view operation = {};
};

// What is about to be made has none: then it is that of what it is made in (discrepancies G.3). What is not there has
// none either: the operation will say so.
absl::StatusOr<std::vector<AccessObject>> AccessObjectsOf(const v1::OperationParameters& parameters,
                                                          Store& store);

}  // namespace ipam::engine
