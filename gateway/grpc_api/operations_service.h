// google.longrunning.Operations on the hub: Get, List, Wait, Cancel. The metadata of an operation, and its
// response where it succeeded, is our Operation.
#pragma once

#include "gateway/hub/service.h"
#include "google/longrunning/operations.grpc.pb.h"

namespace ipam::grpc_api {

using OperationsCallbacks = google::longrunning::Operations::WithCallbackMethod_GetOperation<
    google::longrunning::Operations::WithCallbackMethod_ListOperations<
        google::longrunning::Operations::WithCallbackMethod_WaitOperation<
            google::longrunning::Operations::WithCallbackMethod_CancelOperation<
                google::longrunning::Operations::Service>>>>;

// Done with a response: the server said success, warnings too. Everything else that is final is done with an
// error.
google::longrunning::Operation ToLongRunning(const hub::v1::Operation& operation);

class OperationsService final : public OperationsCallbacks {
 public:
  explicit OperationsService(hub::Service& hub) : hub_(hub) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* GetOperation(Context*, const google::longrunning::GetOperationRequest*,
                      google::longrunning::Operation*) override;
  Unary* ListOperations(Context*, const google::longrunning::ListOperationsRequest*,
                        google::longrunning::ListOperationsResponse*) override;
  // Until it is done, or the time-out of the request or of the call: then the operation as it stands.
  Unary* WaitOperation(Context*, const google::longrunning::WaitOperationRequest*,
                       google::longrunning::Operation*) override;
  Unary* CancelOperation(Context*, const google::longrunning::CancelOperationRequest*,
                         google::protobuf::Empty*) override;

  hub::Service& hub_;
};

}  // namespace ipam::grpc_api
