#include "dcom_bridge/orpc/activator.h"

#include <utility>

#include "absl/status/status.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/ndr/fault.h"
#include "dcom_bridge/orpc/activation_blob.h"
#include "dcom_bridge/orpc/activation_messages.h"
#include "dcom_bridge/orpc/context.h"

namespace ipam::orpc {
namespace {

constexpr base::HResult kRunAsLogonFailure{0x8000401A};  // CO_E_RUNAS_LOGON_FAILURE
constexpr base::HResult kRpcInvalidObjref{0x8001011D};   // RPC_E_INVALID_OBJREF
constexpr std::uint32_t kServicesSession = 0;            // the one logon session that a daemon can claim

rpc::CallFault BadStub(const absl::Status& status) {
  return {pdu::NcaStatus{ndr::FaultStatus(status)}, true};
}

template <typename Response>
rpc::CallReply Reply(const Response& response) {
  return rpc::CallReply{ndr::Encode(response)};
}

// [MS-DCOM] 3.1.2.5.2.3. `flags` of ORPCTHIS are ignored at activation, 2.2.13.3.
bool SupportsVersion(const OrpcThis& header) {
  constexpr ComVersion kOurs;
  return header.version.major == kOurs.major && header.version.minor <= kOurs.minor;
}

// The checks of [MS-DCOM] 3.1.2.5.2.3 that come before the exporter is created.
base::HResult CheckProperties(const ActivationRequest& request) {
  if (request.special) {
    const auto& special = *request.special;
    if ((special.flags & SpecialSystemProperties::kUseConsoleSession) != 0) return kRunAsLogonFailure;
    if (special.session_id != SpecialSystemProperties::kAnySession &&
        special.session_id != kServicesSession) {
      return kRunAsLogonFailure;
    }
  }
  constexpr std::uint32_t kOtherAddressSpace =
      sizeof(void*) > 4 ? InstantiationInfo::kActivate32BitServer : InstantiationInfo::kActivate64BitServer;
  if ((request.instantiation.activation_flags & kOtherAddressSpace) != 0) return base::kClassNotRegistered;
  if (request.context) {
    // 2.2.22.2.5. No client context is an error there, but impacket sends none, and Windows bears it.
    for (const auto* context : {&request.context->client_context, &request.context->prototype_context}) {
      if (*context && !Context::Unmarshal(**context).ok()) return kRpcInvalidObjref;
    }
  }
  // An object that ought to be initialized from storage must not come without it.
  if (request.instance && (request.instance->file_name || request.instance->storage))
    return base::kNotImplemented;
  return base::kOk;
}

}  // namespace

Activator::Activator(ActivatorOptions options, Exporter& exporter) : options_(options), exporter_(exporter) {}

void Activator::Register(const base::Guid& clsid, ClassFactory factory) {
  classes_[clsid] = std::make_shared<ClassObject>(exporter_, std::move(factory));
}

bool Activator::Serves(const pdu::SyntaxId& abstract) const {
  return abstract == pdu::SyntaxId{kIidIActivation, 0, 0} ||
         abstract == pdu::SyntaxId{kIidIRemoteScmActivator, 0, 0};
}

auth::AuthLevel Activator::MinimumLevel(const pdu::SyntaxId& /*abstract*/, std::uint16_t /*opnum*/) const {
  return options_.minimum_level;
}

void Activator::Handle(rpc::IncomingCall call, rpc::Responder respond) {
  if (call.interface.uuid == kIidIActivation) {
    if (call.opnum == RemoteActivationRequest::kOpnum) return respond(RemoteActivation(call));
  } else if (call.opnum == RemoteGetClassObjectRequest::kOpnum) {
    return respond(RemoteGetClassObject(call));
  } else if (call.opnum == RemoteCreateInstanceRequest::kOpnum) {
    return respond(RemoteCreateInstance(call));
  }
  respond(rpc::CallFault{pdu::kOperationRange, true});
}

Activator::Activation Activator::Activate(const base::Guid& clsid, bool class_object,
                                          const std::vector<base::Guid>& iids,
                                          const std::optional<auth::Principal>& caller) {
  Activation activation;
  const auto found = classes_.find(clsid);
  if (found == classes_.end()) {
    activation.result = base::kClassNotRegistered;
    return activation;
  }
  // A factory may register a class: nothing of the table is used after it.
  const std::shared_ptr<ClassObject> factory = found->second;
  std::shared_ptr<Object> object = factory;
  if (!class_object) {
    Created created = factory->Create(caller);
    if (const auto* error = std::get_if<base::HResult>(&created)) {
      activation.result = *error;
      return activation;
    }
    object = std::get<std::shared_ptr<Object>>(std::move(created));
  }
  bool any = false;
  for (const base::Guid& iid : iids) {
    const auto ref = exporter_.Export(object, iid);
    any = any || ref.ok();
    if (ref.ok()) {
      activation.results.push_back(base::kOk);
      activation.interfaces.emplace_back(MInterfacePointer::Of(*ref));
    } else {
      activation.results.push_back(absl::IsInvalidArgument(ref.status()) ? base::kNoInterface
                                                                         : base::kOutOfMemory);
      activation.interfaces.emplace_back();
    }
  }
  if (!any)
    activation.result = activation.results.empty() ? base::kInvalidArgument : activation.results.front();
  return activation;
}

// [MS-DCOM] 3.1.2.5.2.3.1. A failure keeps the arrays as long as asked for: zero results, NULL pointers.
rpc::CallOutcome Activator::RemoteActivation(const rpc::IncomingCall& call) {
  const auto request = ndr::Decode<RemoteActivationRequest>(call.stub, call.endian);
  if (!request.ok()) return BadStub(request.status());
  RemoteActivationResponse response;
  Activation activation;
  if (!SupportsVersion(request->orpc_this)) {
    activation.result = base::kRpcVersionMismatch;
  } else if (request->object_name || request->object_storage) {
    activation.result = base::kNotImplemented;
  } else {
    activation = Activate(request->clsid, request->mode == RemoteActivationRequest::kModeClassFactory,
                          request->iids, call.caller);
  }
  response.activation_result = activation.result;
  if (activation.result.ok()) {
    response.oxid = exporter_.oxid();
    response.bindings = exporter_.bindings();
    response.rem_unknown = exporter_.rem_unknown();
    response.authn_hint = static_cast<std::uint32_t>(exporter_.minimum_level());
    response.interfaces = std::move(activation.interfaces);
    response.results = std::move(activation.results);
  } else {
    response.interfaces.resize(request->iids.size());
    response.results.resize(request->iids.size());
  }
  return Reply(response);
}

rpc::CallOutcome Activator::RemoteGetClassObject(const rpc::IncomingCall& call) {
  const auto request = ndr::Decode<RemoteGetClassObjectRequest>(call.stub, call.endian);
  if (!request.ok()) return BadStub(request.status());
  return Scm(request->orpc_this, request->properties, true, call.caller);
}

rpc::CallOutcome Activator::RemoteCreateInstance(const rpc::IncomingCall& call) {
  const auto request = ndr::Decode<RemoteCreateInstanceRequest>(call.stub, call.endian);
  if (!request.ok()) return BadStub(request.status());
  return Scm(request->orpc_this, request->properties, false, call.caller);
}

rpc::CallOutcome Activator::Scm(const OrpcThis& header, const std::optional<MInterfacePointer>& properties,
                                bool class_object, const std::optional<auth::Principal>& caller) {
  const auto fail = [](base::HResult result) { return Reply(ScmActivatorResponse{{}, {}, result}); };
  if (!SupportsVersion(header)) return fail(base::kRpcVersionMismatch);
  if (!properties) return fail(base::kInvalidArgument);
  const auto request = ActivationRequest::Decode(*properties);
  if (!request.ok()) return fail(base::kInvalidArgument);
  if (const base::HResult result = CheckProperties(*request); !result.ok()) return fail(result);

  const InstantiationInfo& wanted = request->instantiation;
  Activation activation = Activate(wanted.class_id, class_object, wanted.iids, caller);
  if (!activation.result.ok()) return fail(activation.result);
  ActivationReply reply;
  reply.props_out = {wanted.iids, std::move(activation.results), std::move(activation.interfaces)};
  ScmReplyInfo::RemoteReply remote;
  remote.oxid = exporter_.oxid();
  remote.bindings = exporter_.bindings();
  remote.rem_unknown = exporter_.rem_unknown();
  remote.authn_hint = static_cast<std::uint32_t>(exporter_.minimum_level());
  reply.scm_reply.remote_reply = remote;
  return Reply(ScmActivatorResponse{{}, reply.Encode(), base::kOk});
}

}  // namespace ipam::orpc
