#include "gateway/grpc_api/operations_service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "gateway/grpc_api/status.h"
#include "gateway/grpc_api/wait_reactor.h"

namespace ipam::grpc_api {
namespace {

namespace v1 = hub::v1;
namespace lro = google::longrunning;

constexpr std::chrono::hours kLongestWait{24};

}  // namespace

lro::Operation ToLongRunning(const v1::Operation& operation) {
  lro::Operation result;
  result.set_name(operation.name());
  result.mutable_metadata()->PackFrom(operation);
  switch (operation.state()) {
    case v1::OPERATION_STATE_SUCCEEDED:
    case v1::OPERATION_STATE_SUCCEEDED_WITH_WARNINGS:
      result.set_done(true);
      result.mutable_response()->PackFrom(operation);
      break;
    case v1::OPERATION_STATE_PARTIALLY_FAILED:
    case v1::OPERATION_STATE_FAILED:
    case v1::OPERATION_STATE_CANCELLED:
    case v1::OPERATION_STATE_OUTCOME_UNKNOWN:
      result.set_done(true);
      *result.mutable_error() = operation.error();
      if (operation.state() == v1::OPERATION_STATE_CANCELLED)
        result.mutable_error()->set_code(1);  // CANCELLED
      break;
    default:
      break;
  }
  return result;
}

grpc::ServerUnaryReactor* OperationsService::GetOperation(Context* context,
                                                          const lro::GetOperationRequest* request,
                                                          lro::Operation* response) {
  v1::GetOperationRequest get;
  get.set_name(request->name());
  const auto operation = hub_.GetOperation(get);
  if (operation.ok()) *response = ToLongRunning(*operation);
  Unary* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(operation.status()));
  return reactor;
}

grpc::ServerUnaryReactor* OperationsService::ListOperations(Context* context,
                                                            const lro::ListOperationsRequest* request,
                                                            lro::ListOperationsResponse* response) {
  v1::ListOperationsRequest list;
  list.set_filter(request->filter());
  list.set_page_size(request->page_size());
  list.set_page_token(request->page_token());
  const auto page = hub_.ListOperations(list);
  if (page.ok()) {
    for (const v1::Operation& operation : page->operations())
      *response->add_operations() = ToLongRunning(operation);
    response->set_next_page_token(page->next_page_token());
  }
  Unary* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(page.status()));
  return reactor;
}

grpc::ServerUnaryReactor* OperationsService::WaitOperation(Context*, const lro::WaitOperationRequest* request,
                                                           lro::Operation* response) {
  std::chrono::nanoseconds longest = kLongestWait;
  if (request->has_timeout()) {
    const std::chrono::nanoseconds asked =
        std::chrono::seconds(std::clamp<std::int64_t>(request->timeout().seconds(), 0, 24 * 3600)) +
        std::chrono::nanoseconds(std::clamp(request->timeout().nanos(), 0, 999'999'999));
    longest = std::min(longest, asked);
  }
  const auto deadline = std::chrono::system_clock::now() +
                        std::chrono::duration_cast<std::chrono::system_clock::duration>(longest);
  return StartWait(hub_, request->name(), deadline, response);
}

grpc::ServerUnaryReactor* OperationsService::CancelOperation(Context* context,
                                                             const lro::CancelOperationRequest* request,
                                                             google::protobuf::Empty*) {
  Unary* reactor = context->DefaultReactor();
  v1::CancelOperationRequest cancel;
  cancel.set_name(request->name());
  hub_.CancelOperation(std::move(cancel), hub::Caller{}, [reactor](absl::StatusOr<v1::Operation> result) {
    reactor->Finish(ToGrpcStatus(result.status()));
  });
  return reactor;
}

}  // namespace ipam::grpc_api
