#include "gateway/grpc_api/progress_service.h"

#include <utility>

#include "gateway/grpc_api/diagnosis_reactor.h"
#include "gateway/grpc_api/status.h"
#include "gateway/grpc_api/watch_reactor.h"

namespace ipam::grpc_api {
namespace {

template <typename Response>
void Finish(grpc::ServerUnaryReactor* reactor, Response* response, absl::StatusOr<Response> result) {
  if (result.ok()) *response = *std::move(result);
  reactor->Finish(ToGrpcStatus(result.status()));
}

template <typename Response>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, Response* response,
                                 absl::StatusOr<Response> result) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Finish(reactor, response, std::move(result));
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* ProgressService::StartOperation(Context* context,
                                                          const v1::StartOperationRequest* request,
                                                          v1::Operation* response) {
  Unary* reactor = context->DefaultReactor();
  hub_.StartOperation(*request, hub::Caller{}, [reactor, response](absl::StatusOr<v1::Operation> result) {
    Finish(reactor, response, std::move(result));
  });
  return reactor;
}

grpc::ServerUnaryReactor* ProgressService::CancelOperation(Context* context,
                                                           const v1::CancelOperationRequest* request,
                                                           v1::Operation* response) {
  Unary* reactor = context->DefaultReactor();
  hub_.CancelOperation(*request, hub::Caller{}, [reactor, response](absl::StatusOr<v1::Operation> result) {
    Finish(reactor, response, std::move(result));
  });
  return reactor;
}

grpc::ServerUnaryReactor* ProgressService::GetOperation(Context* context,
                                                        const v1::GetOperationRequest* request,
                                                        v1::Operation* response) {
  return Answer(context, response, hub_.GetOperation(*request));
}

grpc::ServerUnaryReactor* ProgressService::ListOperations(Context* context,
                                                          const v1::ListOperationsRequest* request,
                                                          v1::ListOperationsResponse* response) {
  return Answer(context, response, hub_.ListOperations(*request));
}

grpc::ServerUnaryReactor* ProgressService::ListSubtasks(Context* context,
                                                        const v1::ListSubtasksRequest* request,
                                                        v1::ListSubtasksResponse* response) {
  return Answer(context, response, hub_.ListSubtasks(*request));
}

grpc::ServerUnaryReactor* ProgressService::ListEvents(Context* context, const v1::ListEventsRequest* request,
                                                      v1::ListEventsResponse* response) {
  return Answer(context, response, hub_.ListEvents(*request));
}

grpc::ServerUnaryReactor* ProgressService::ListSources(Context* context,
                                                       const v1::ListSourcesRequest* request,
                                                       v1::ListSourcesResponse* response) {
  return Answer(context, response, hub_.ListSources(*request));
}

grpc::ServerWriteReactor<v1::DiagnoseSourceResponse>* ProgressService::DiagnoseSource(
    Context*, const v1::DiagnoseSourceRequest* request) {
  return StartDiagnosis(hub_, *request);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* ProgressService::WatchOperations(
    Context* context, const grpc::ByteBuffer* request) {
  return WatchReactor::Start(context, hub_, *request);
}

}  // namespace ipam::grpc_api
