#include "dcom_bridge/server/operation_object.h"

#include <utility>

#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/idl/operation_with_progress.h"
#include "dcom_bridge/model/exception.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/ndr/fault.h"

namespace ipam::server {
namespace {

constexpr orpc::InterfaceInfo kInterfaces[] = {{.iid = idl::kIidOperationWithProgress, .methods = 5}};

orpc::OrpcReply Result(base::HResult result, std::string exception_xml = {}) {
  return {ndr::Encode(idl::ResultResponse{result}), std::move(exception_xml)};
}

}  // namespace

std::span<const orpc::InterfaceInfo> OperationObject::Interfaces() const { return kInterfaces; }

void OperationObject::Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) {
  switch (call.opnum) {
    case idl::InitializeOperationParameters::kOpnum:
      return respond(Initialize(call));
    case idl::StartOperationWithCallback::kOpnum:
      return Start(call, std::move(respond));
    default:
      return respond(rpc::CallFault{pdu::kOperationRange});
  }
}

orpc::OrpcOutcome OperationObject::Initialize(const orpc::OrpcCall& call) {
  const auto request = ndr::Decode<idl::InitializeOperationParameters>(call.body, call.endian);
  if (!request.ok()) return rpc::CallFault{pdu::NcaStatus{ndr::FaultStatus(request.status())}};
  if (state_ != State::kSessionInitialized) return Result(base::kIllegalMethodCall);
  // 3.19.1.1: a failed validation closes the session.
  state_ = State::kClosed;
  if (!request->parameters) {
    return Result(
        base::kInvalidArgument,
        model::IpamExceptionXml(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, "parameters is NULL"));
  }
  bool well_formed = false;
  const std::string xml = base::ToUtf8(*request->parameters, &well_formed);
  if (!well_formed) {
    return Result(base::kInvalidArgument,
                  model::IpamExceptionXml(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                                          "parameters is not well-formed UTF-16"));
  }
  absl::StatusOr<engine::Prepared> prepared = sessions_.engine().Prepare(xml);
  if (!prepared.ok()) {
    return Result(base::kInvalidArgument,
                  model::IpamExceptionXml(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER,
                                          std::string(prepared.status().message())));
  }
  prepared_ = *std::move(prepared);
  state_ = State::kInitialized;
  return Result(base::kOk);
}

void OperationObject::Start(const orpc::OrpcCall& call, orpc::OrpcResponder respond) {
  const auto request = ndr::Decode<idl::StartOperationWithCallback>(call.body, call.endian);
  if (!request.ok()) return respond(rpc::CallFault{pdu::NcaStatus{ndr::FaultStatus(request.status())}});
  if (state_ != State::kInitialized) return respond(Result(base::kIllegalMethodCall));
  if (!request->progress_callback) return respond(Result(base::kInvalidArgument));
  const absl::StatusOr<orpc::ObjRef> callback = request->progress_callback->Parse();
  if (!callback.ok() || !callback->std_ref()) return respond(Result(base::kInvalidArgument));
  state_ = State::kStarting;
  sessions_.Start(std::move(prepared_), *call.caller, *callback, call.causality,
                  [self = shared_from_this(), respond = std::move(respond)](StartResult result) mutable {
                    self->state_ = result.result.ok() ? State::kStarted : State::kClosed;
                    respond(Result(result.result, std::move(result.exception_xml)));
                  });
}

}  // namespace ipam::server
