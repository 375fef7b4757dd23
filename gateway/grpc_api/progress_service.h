// ipam.progress.v1.ProgressService on the hub. Reactions come on gRPC's threads and do not wait.
#pragma once

#include "gateway/hub/service.h"
#include "ipam/progress/v1/progress.grpc.pb.h"

namespace ipam::grpc_api {

namespace v1 = ::ipam::progress::v1;

using ProgressCallbacks = v1::ProgressService::WithRawCallbackMethod_WatchOperations<
    v1::ProgressService::WithCallbackMethod_DiagnoseSource<
        v1::ProgressService::WithCallbackMethod_StartOperation<
            v1::ProgressService::WithCallbackMethod_GetOperation<
                v1::ProgressService::WithCallbackMethod_ListOperations<
                    v1::ProgressService::WithCallbackMethod_ListSubtasks<
                        v1::ProgressService::WithCallbackMethod_ListEvents<
                            v1::ProgressService::WithCallbackMethod_CancelOperation<
                                v1::ProgressService::WithCallbackMethod_ListSources<
                                    v1::ProgressService::Service>>>>>>>>>;

class ProgressService final : public ProgressCallbacks {
 public:
  explicit ProgressService(hub::Service& hub) : hub_(hub) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* StartOperation(Context*, const v1::StartOperationRequest*, v1::Operation*) override;
  Unary* GetOperation(Context*, const v1::GetOperationRequest*, v1::Operation*) override;
  Unary* ListOperations(Context*, const v1::ListOperationsRequest*, v1::ListOperationsResponse*) override;
  Unary* ListSubtasks(Context*, const v1::ListSubtasksRequest*, v1::ListSubtasksResponse*) override;
  Unary* ListEvents(Context*, const v1::ListEventsRequest*, v1::ListEventsResponse*) override;
  Unary* CancelOperation(Context*, const v1::CancelOperationRequest*, v1::Operation*) override;
  Unary* ListSources(Context*, const v1::ListSourcesRequest*, v1::ListSourcesResponse*) override;
  grpc::ServerWriteReactor<v1::DiagnoseSourceResponse>* DiagnoseSource(
      Context*, const v1::DiagnoseSourceRequest*) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchOperations(Context*, const grpc::ByteBuffer*) override;

  hub::Service& hub_;
};

}  // namespace ipam::grpc_api
