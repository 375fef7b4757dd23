#include "dcom_bridge/bridge/callback_object.h"

#include <utility>

#include "dcom_bridge/bridge/decode_callback.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/ndr/codec.h"

namespace ipam::bridge {
namespace {

constexpr orpc::InterfaceInfo kInterfaces[] = {
    {.iid = idl::kIidOperationWithProgressCallback, .methods = 8},
    {.iid = idl::kIidOperationWithProgressCallback2,
     .base = idl::kIidOperationWithProgressCallback,
     .methods = 9},
};

orpc::OrpcReply Result(base::HResult result) { return {.body = ndr::Encode(idl::ResultResponse{result})}; }

}  // namespace

std::span<const orpc::InterfaceInfo> CallbackObject::Interfaces() const { return kInterfaces; }

void CallbackObject::Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) {
  Decoded decoded = DecodeCallback(call.opnum, call.body, call.endian, texts_);
  if (const auto* fault = std::get_if<pdu::NcaStatus>(&decoded)) return respond(rpc::CallFault{*fault});
  if (const auto* result = std::get_if<base::HResult>(&decoded)) return respond(Result(*result));
  const auto session = session_.lock();
  if (!session) return respond(Result(base::kIllegalMethodCall));
  session->OnCallbacks(
      std::get<std::vector<event::ProgressEvent>>(std::move(decoded)), call.association,
      [respond = std::move(respond)](base::HResult result) mutable { respond(Result(result)); });
}

void CallbackObject::OnReleased(orpc::ReleaseReason reason) {
  const auto session = session_.lock();
  if (!session) return;
  switch (reason) {
    case orpc::ReleaseReason::kReferencesGone:
      return session->OnCallbackReleased("the server released the callback before the end of the operation");
    case orpc::ReleaseReason::kPingsExpired:
      return session->OnCallbackReleased("the server's pings of the callback stopped");
    case orpc::ReleaseReason::kRevoked:
      return;  // by the session itself
  }
}

}  // namespace ipam::bridge
