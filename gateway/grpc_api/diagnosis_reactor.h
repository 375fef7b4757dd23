// One DiagnoseSource: the steps come from a thread of the source and go out one write at a time.
#pragma once

#include "gateway/hub/service.h"
#include "grpcpp/support/server_callback.h"

namespace ipam::grpc_api {

// The reactor deletes itself, once gRPC and the diagnosis are both done with it.
grpc::ServerWriteReactor<hub::v1::DiagnoseSourceResponse>* StartDiagnosis(
    hub::Service& hub, const hub::v1::DiagnoseSourceRequest& request);

}  // namespace ipam::grpc_api
