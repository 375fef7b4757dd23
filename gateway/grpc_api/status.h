// Results of the hub as gRPC statuses, with their details in grpc-status-details-bin.
#pragma once

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace ipam::grpc_api {

grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace ipam::grpc_api
