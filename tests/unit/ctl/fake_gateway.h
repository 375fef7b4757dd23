// A ProgressService on a loopback port whose answers a test sets. The functions run on gRPC's threads.
#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <string>

#include "ipam/progress/v1/progress.grpc.pb.h"

namespace ipam::ctl {

namespace v1 = progress::v1;

class FakeGateway final : public v1::ProgressService::Service {
 public:
  FakeGateway() { Listen(0); }
  ~FakeGateway() override { Stop(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Ends every call and closes the port; Restart() opens the same one.
  void Stop();
  void Restart() { Listen(port_); }

  using Writer = grpc::ServerWriter<v1::WatchOperationsResponse>;
  std::function<grpc::Status(const v1::StartOperationRequest&, v1::Operation*)> start;
  std::function<grpc::Status(const v1::GetOperationRequest&, v1::Operation*)> get;
  std::function<grpc::Status(const v1::CancelOperationRequest&, v1::Operation*)> cancel;
  std::function<grpc::Status(const v1::ListOperationsRequest&, v1::ListOperationsResponse*)> list;
  std::function<grpc::Status(const v1::ListSubtasksRequest&, v1::ListSubtasksResponse*)> subtasks;
  std::function<grpc::Status(const v1::ListEventsRequest&, v1::ListEventsResponse*)> events;
  std::function<grpc::Status(const v1::ListSourcesRequest&, v1::ListSourcesResponse*)> sources;
  std::function<grpc::Status(const v1::WatchOperationsRequest&, grpc::ServerContext*, Writer*)> watch;
  std::function<grpc::Status(const v1::DiagnoseSourceRequest&,
                             grpc::ServerWriter<v1::DiagnoseSourceResponse>*)>
      diagnose;

 private:
  void Listen(int port);

  grpc::Status StartOperation(grpc::ServerContext*, const v1::StartOperationRequest* request,
                              v1::Operation* response) override {
    return Answer(start, *request, response);
  }
  grpc::Status GetOperation(grpc::ServerContext*, const v1::GetOperationRequest* request,
                            v1::Operation* response) override {
    return Answer(get, *request, response);
  }
  grpc::Status CancelOperation(grpc::ServerContext*, const v1::CancelOperationRequest* request,
                               v1::Operation* response) override {
    return Answer(cancel, *request, response);
  }
  grpc::Status ListOperations(grpc::ServerContext*, const v1::ListOperationsRequest* request,
                              v1::ListOperationsResponse* response) override {
    return Answer(list, *request, response);
  }
  grpc::Status ListSubtasks(grpc::ServerContext*, const v1::ListSubtasksRequest* request,
                            v1::ListSubtasksResponse* response) override {
    return Answer(subtasks, *request, response);
  }
  grpc::Status ListEvents(grpc::ServerContext*, const v1::ListEventsRequest* request,
                          v1::ListEventsResponse* response) override {
    return Answer(events, *request, response);
  }
  grpc::Status ListSources(grpc::ServerContext*, const v1::ListSourcesRequest* request,
                           v1::ListSourcesResponse* response) override {
    return Answer(sources, *request, response);
  }
  grpc::Status DiagnoseSource(grpc::ServerContext*, const v1::DiagnoseSourceRequest* request,
                              grpc::ServerWriter<v1::DiagnoseSourceResponse>* writer) override {
    return Answer(diagnose, *request, writer);
  }
  grpc::Status WatchOperations(grpc::ServerContext* context, const v1::WatchOperationsRequest* request,
                               Writer* writer) override {
    if (watch == nullptr) return {grpc::StatusCode::UNIMPLEMENTED, "the test expects no such call"};
    return watch(*request, context, writer);
  }

  template <typename Function, typename Request, typename Response>
  static grpc::Status Answer(const Function& function, const Request& request, Response* response) {
    if (function == nullptr) return {grpc::StatusCode::UNIMPLEMENTED, "the test expects no such call"};
    return function(request, response);
  }

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// Holds a stream open until its client goes away or the server stops.
grpc::Status HoldOpen(grpc::ServerContext* context);

}  // namespace ipam::ctl
