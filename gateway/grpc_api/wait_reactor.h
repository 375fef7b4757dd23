// WaitOperation: a watch of the one operation, whose end answers the call.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "dcom_bridge/base/mutex.h"
#include "gateway/hub/service.h"
#include "google/longrunning/operations.pb.h"
#include "grpcpp/alarm.h"
#include "grpcpp/support/server_callback.h"

namespace ipam::grpc_api {

// Answers with the operation as it stands when it is done, or at `deadline`. Deletes itself when the call is
// over.
grpc::ServerUnaryReactor* StartWait(hub::Service& hub, const std::string& name,
                                    std::chrono::system_clock::time_point deadline,
                                    google::longrunning::Operation* response);

}  // namespace ipam::grpc_api
