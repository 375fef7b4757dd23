#include "gateway/grpc_api/server.h"

#include <grpc/support/log.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/grpc_api/operations_service.h"
#include "gateway/grpc_api/progress_service.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace ipam::grpc_api {
namespace {

// The library's own lines, in our log. They name its source files, not what to do: what ends a call or the
// start comes back as a status, which is what an operator gets to read.
void Log(gpr_log_func_args* args) { spdlog::debug("gRPC library: {}", args->message); }

int Milliseconds(absl::Duration duration) { return static_cast<int>(absl::ToInt64Milliseconds(duration)); }

class GrpcServerImpl final : public GrpcServer {
 public:
  explicit GrpcServerImpl(hub::Service& hub) : progress_(hub), operations_(hub) {}
  ~GrpcServerImpl() override {
    if (server_ != nullptr) Shutdown(absl::ZeroDuration());
  }

  absl::Status Listen(const GrpcOptions& options) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options.address, grpc::InsecureServerCredentials(), &port_);
    // Without it a second gateway would share the port, and each would get some of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(options.max_request_bytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive));
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(options.keepalive_timeout));
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    // Clients may ask as often as a watch may beat.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
    builder.RegisterService(&progress_);
    builder.RegisterService(&operations_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(absl::StrCat("cannot listen for gRPC on ", options.address,
                                                 ": the port is in use, or not ours to have"));
    }
    auto* health = server_->GetHealthCheckService();
    health->SetServingStatus(v1::ProgressService::service_full_name(), true);
    health->SetServingStatus(google::longrunning::Operations::service_full_name(), true);
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  void StopServing() override { server_->GetHealthCheckService()->SetServingStatus(false); }
  void Shutdown(absl::Duration grace) override {
    server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
    server_->Wait();
  }

 private:
  ProgressService progress_;
  OperationsService operations_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcOptions& options, hub::Service& hub) {
  // All are switches of the process; setting them again changes nothing.
  gpr_set_log_function(Log);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto server = std::make_unique<GrpcServerImpl>(hub);
  if (absl::Status listening = server->Listen(options); !listening.ok()) return listening;
  return std::unique_ptr<GrpcServer>(std::move(server));
}

}  // namespace ipam::grpc_api
