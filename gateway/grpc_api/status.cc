#include "gateway/grpc_api/status.h"

#include <string>

#include "gateway/hub/errors.h"

namespace ipam::grpc_api {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status details = hub::ToRpcStatus(status);
  // The codes are the same numbers.
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), details.message(),
                      details.details().empty() ? std::string() : details.SerializeAsString());
}

}  // namespace ipam::grpc_api
