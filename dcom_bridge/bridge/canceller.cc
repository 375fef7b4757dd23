#include "dcom_bridge/bridge/canceller.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dcom_bridge/bridge/server_answer.h"
#include "dcom_bridge/idl/operation_with_progress.h"
#include "dcom_bridge/idl/operation_with_progress2.h"

namespace ipam::bridge {
namespace {

using Activated = absl::StatusOr<std::vector<net::Activated>>;

void Activate(SessionContext& context, std::function<void(Activated)> done) {
  context.dcom.CreateInstance(context.server, idl::kClsidIpamOperationWithProgress,
                              {idl::kIidOperationWithProgress, idl::kIidOperationWithProgress2},
                              std::move(done));
}

// The extension alone; the other interface is given back.
absl::StatusOr<net::RemoteInterface> TakeExtension(SessionContext& context, Activated activated) {
  if (!activated.ok()) return activated.status();
  const net::Activated& base = activated->at(0);
  const net::Activated& extended = activated->at(1);
  if (!base.result.ok()) return base::ToStatus(base.result, "activation of IpamOperationWithProgress");
  context.dcom.Release(base.interface);
  context.on_extension(extended.result.ok());
  if (!extended.result.ok()) {
    return absl::UnimplementedError("the management server cannot cancel operations");
  }
  return extended.interface;
}

absl::Status Judge(const net::InvokeOutcome& outcome) {
  const auto answer = ReadAnswer<idl::ResultResponse>(outcome);
  if (!answer.transport.ok()) return answer.transport;
  if (answer.response.result == base::kFalse) {
    return absl::FailedPreconditionError("the operation had ended");
  }
  return base::ToStatus(answer.response.result, "CancelOperation");
}

}  // namespace

void CancelOperation(SessionContext& context, const base::Guid& server_operation_id, event::Done done) {
  const auto shared = std::make_shared<event::Done>(std::move(done));
  Activate(context, [&context, server_operation_id, shared](Activated activated) {
    const auto extension = TakeExtension(context, std::move(activated));
    if (!extension.ok()) return (*shared)(extension.status());
    context.dcom.Invoke(*extension, idl::CancelOperation::kOpnum,
                        ndr::Encode(idl::CancelOperation{server_operation_id}), context.call_timeout,
                        [&context, extension = *extension, shared](const net::InvokeOutcome& outcome) {
                          context.dcom.Release(extension);
                          (*shared)(Judge(outcome));
                        });
  });
}

void FindExtension(SessionContext& context) {
  Activate(context, [&context](Activated activated) {
    const auto extension = TakeExtension(context, std::move(activated));
    if (extension.ok()) context.dcom.Release(*extension);
  });
}

}  // namespace ipam::bridge
