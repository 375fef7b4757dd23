#include "dcom_bridge/orpc/class_object.h"

#include "absl/status/status.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/ndr/fault.h"
#include "dcom_bridge/orpc/class_factory_messages.h"

namespace ipam::orpc {
namespace {

rpc::CallFault BadStub(const absl::Status& status) {
  return {pdu::NcaStatus{ndr::FaultStatus(status)}, true};
}

template <typename Response>
OrpcReply Reply(const Response& response) {
  return {ndr::Encode(response), {}};
}

}  // namespace

Created ClassObject::Create(const std::optional<auth::Principal>& caller) {
  Created created = factory_(caller);
  if (const auto* object = std::get_if<std::shared_ptr<Object>>(&created);
      object != nullptr && *object == nullptr) {
    return base::kFail;
  }
  return created;
}

std::span<const InterfaceInfo> ClassObject::Interfaces() const {
  static constexpr InterfaceInfo kInterfaces[] = {{kIidIClassFactory, kIidIUnknown, 5}};
  return kInterfaces;
}

void ClassObject::Invoke(OrpcCall call, OrpcResponder respond) {
  switch (call.opnum) {
    case CreateInstanceRequest::kOpnum:
      return respond(CreateInstance(call));
    case LockServerRequest::kOpnum:
      return respond(LockServer(call));
  }
  respond(rpc::CallFault{pdu::kOperationRange, true});
}

OrpcOutcome ClassObject::CreateInstance(const OrpcCall& call) {
  const auto request = ndr::Decode<CreateInstanceRequest>(call.body, call.endian);
  if (!request.ok()) return BadStub(request.status());
  Created created = Create(call.caller);
  if (const auto* error = std::get_if<base::HResult>(&created))
    return Reply(CreateInstanceResponse{{}, *error});
  const auto ref = exporter_.Export(std::get<std::shared_ptr<Object>>(std::move(created)), request->iid);
  if (!ref.ok()) {
    return Reply(CreateInstanceResponse{
        {}, absl::IsInvalidArgument(ref.status()) ? base::kNoInterface : base::kOutOfMemory});
  }
  return Reply(CreateInstanceResponse{MInterfacePointer::Of(*ref), base::kOk});
}

// The server runs whether it is locked or not.
OrpcOutcome ClassObject::LockServer(const OrpcCall& call) {
  const auto request = ndr::Decode<LockServerRequest>(call.body, call.endian);
  if (!request.ok()) return BadStub(request.status());
  return Reply(LockServerResponse{base::kOk});
}

}  // namespace ipam::orpc
