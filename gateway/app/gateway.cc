#include "gateway/app/gateway.h"

#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/memory.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/bridge/bridge.h"
#include "dcom_bridge/model/callback_xml.h"
#include "dcom_bridge/model/exception.h"
#include "dcom_bridge/model/failed_part.h"
#include "dcom_bridge/model/parameters.h"
#include "dcom_bridge/model/schema.h"
#include "dcom_bridge/model/secrets.h"
#include "dcom_bridge/settings/process.h"
#include "gateway/grpc_api/server.h"
#include "gateway/hub/service.h"
#include "gateway/web/web_server.h"

namespace ipam::app {
namespace {

namespace v1 = progress::v1;

constexpr int kFirstTypedMember = 101;  // of StartOperationRequest, for the operation with ordinal 0

absl::StatusOr<hub::CheckedParameters> CheckXml(const std::string& xml) {
  IPAM_ASSIGN_OR_RETURN(model::CheckedParameters checked, model::CheckParameters(xml));
  return hub::CheckedParameters{std::move(checked.kind), model::HoldsSecret(checked.parameters)};
}

absl::StatusOr<hub::TypedParameters> WriteTyped(const v1::StartOperationRequest& request) {
  const auto* member = request.GetDescriptor()->FindFieldByNumber(request.parameters_case());
  const model::Operation* operation = model::FindOperation(member->number() - kFirstTypedMember);
  if (operation == nullptr)
    return absl::UnimplementedError(absl::StrCat("no operation for ", member->name()));
  const google::protobuf::Message& own = request.GetReflection()->GetMessage(request, member);
  IPAM_ASSIGN_OR_RETURN(model::TypedParameters checked,
                        model::CheckTypedParameters(*operation, own, member->name()));
  return hub::TypedParameters{std::move(checked.kind), std::move(checked.xml), model::HoldsSecret(own)};
}

hub::Dependencies HubDependencies(base::Clock& clock) {
  hub::Dependencies dependencies;
  dependencies.check_parameters = [](const std::string& xml) -> absl::StatusOr<hub::CheckedParameters> {
    absl::StatusOr<hub::CheckedParameters> checked = CheckXml(xml);
    base::ReturnFreedMemory(xml.size());
    return checked;
  };
  dependencies.write_parameters =
      [](const v1::StartOperationRequest& request) -> absl::StatusOr<hub::TypedParameters> {
    absl::StatusOr<hub::TypedParameters> written = WriteTyped(request);
    base::ReturnFreedMemory(request.ByteSizeLong());
    return written;
  };
  dependencies.make_failed_part = [](const std::string& xml, const hub::SubtaskList& subtasks,
                                     const std::string& completion) -> absl::StatusOr<std::string> {
    std::vector<model::SubtaskOutcome> outcomes;
    for (std::size_t i = 0; i < subtasks.size(); ++i) {
      const v1::Subtask& subtask = subtasks.at(i);
      outcomes.push_back({.kind = subtask.unique_id(),
                          .name = subtask.name(),
                          .details_xml = subtask.details_xml(),
                          .succeeded = subtask.status() == v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS ||
                                       subtask.status() == v1::SUBTASK_STATUS_COMPLETED_WITH_WARNING ||
                                       subtask.status() == v1::SUBTASK_STATUS_NOT_APPLICABLE});
    }
    return model::FailedPart(xml, outcomes, completion);
  };
  dependencies.read_exception = [](const std::string& xml) -> std::optional<hub::ExceptionSummary> {
    auto read = model::ReadIpamException(xml);
    if (!read.ok()) return std::nullopt;
    return hub::ExceptionSummary{std::move(read->exception_id), std::move(read->message)};
  };
  dependencies.clock = &clock;
  return dependencies;
}

absl::Status CheckText(bridge::TextKind kind, const std::string& xml) {
  switch (kind) {
    case bridge::TextKind::kException:
      return model::CheckIpamExceptionXml(xml);
    case bridge::TextKind::kCompletionStatus:
      return model::CheckCompletionStatusXml(xml);
    case bridge::TextKind::kSubtaskDetails:
      return model::CheckSubtaskDetailsXml(xml);
  }
  return absl::InternalError("no kind of text");
}

absl::Status Prefixed(const absl::Status& status, const std::string& what) {
  return status.ok() ? status
                     : absl::Status(status.code(), absl::StrCat(what, ": ", std::string(status.message())));
}

}  // namespace

class Gateway::Impl {
 public:
  explicit Impl(config::GatewayConfig config) : config_(std::move(config)) {}

  absl::Status Start(base::Clock& clock) {
    IPAM_RETURN_IF_ERROR(model::LoadSchemas());
    absl::StatusOr<std::unique_ptr<hub::Service>> hub =
        hub::Service::Open(config_.hub, HubDependencies(clock));
    if (!hub.ok()) return Prefixed(hub.status(), "journal");
    hub_ = *std::move(hub);

    absl::StatusOr<std::unique_ptr<bridge::Bridge>> bridge =
        bridge::Bridge::Start(std::move(config_.bridge), *hub_, texts_, clock);
    if (!bridge.ok()) return Prefixed(bridge.status(), "DCOM callbacks");
    bridge_ = *std::move(bridge);
    for (const bridge::Bridge::Source& source : bridge_->sources())
      hub_->AddSource(source.name, *source.source);
    hub_->ResumeOperations();

    absl::StatusOr<std::unique_ptr<grpc_api::GrpcServer>> grpc =
        grpc_api::GrpcServer::Start({.address = config_.grpc_listen}, *hub_);
    if (!grpc.ok()) return Prefixed(grpc.status(), "gRPC");
    grpc_ = *std::move(grpc);

    absl::StatusOr<std::unique_ptr<web::WebServer>> web = web::WebServer::Start(config_.web, *hub_);
    if (!web.ok()) return Prefixed(web.status(), "HTTP");
    web_ = *std::move(web);

    IPAM_RETURN_IF_ERROR(pid_file_.Write(config_.pid_file));
    spdlog::info("gRPC on port {}, HTTP on port {}, DCOM callbacks on port {}", grpc_->port(), web_->port(),
                 bridge_->callback_port());
    return absl::OkStatus();
  }

  void Stop() {
    // Watchers first; then the transports, which still answer calls under way; then the sources; the journal
    // last.
    grpc_->StopServing();
    hub_->Drain(absl::Seconds(1), "the gateway is stopping");
    web_->Stop(config_.drain / 2);
    grpc_->Shutdown(config_.drain / 2);
    bridge_->Stop(absl::Seconds(1));
    hub_->Stop();
  }

 private:
  config::GatewayConfig config_;
  settings::PidFile pid_file_;
  const bridge::Texts texts_{
      .check = CheckText,
      .error = [](const std::string& xml) -> std::string {
        const auto read = model::ReadIpamException(xml);
        return read.ok() ? absl::StrCat(read->message, " (", read->exception_id, ")") : "";
      },
  };
  // Destroyed in the reverse order: who calls goes before who is called.
  std::unique_ptr<hub::Service> hub_;
  std::unique_ptr<bridge::Bridge> bridge_;
  std::unique_ptr<grpc_api::GrpcServer> grpc_;
  std::unique_ptr<web::WebServer> web_;
};

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(config::GatewayConfig config, base::Clock& clock) {
  auto impl = std::make_unique<Impl>(std::move(config));
  IPAM_RETURN_IF_ERROR(impl->Start(clock));
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

void Gateway::Stop() { impl_->Stop(); }

}  // namespace ipam::app
