#include "dcom_bridge/net/activation.h"

#include <optional>
#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/orpc/activation_blob.h"
#include "dcom_bridge/orpc/activation_messages.h"
#include "dcom_bridge/orpc/context.h"

namespace ipam::net {
namespace {

// IRemoteSCMActivator came with 5.6, [MS-DCOM] 2.2.11.
bool HasScmActivator(orpc::ComVersion version) { return version.minor >= 6; }

orpc::OrpcThis Header(orpc::ComVersion version) {
  orpc::OrpcThis header;
  header.version = version;
  header.causality.value = base::Guid::Random();
  return header;
}

orpc::MInterfacePointer Properties(const ActivationCall& call) {
  orpc::ActivationRequest request;
  request.instantiation.class_id = call.clsid;
  request.instantiation.iids = call.iids;
  request.instantiation.client_version = call.version;
  request.scm_request.remote_request.emplace();
  // [MS-DCOM] 3.2.4.1.1.2: without properties too. With it there are four properties: behind an odd number
  // the header is padded, which Wireshark reads over.
  request.context.emplace();
  request.context->client_context = orpc::Context{base::Guid::Random(), {}}.Marshal();
  return request.Encode();
}

using Interfaces = std::vector<std::optional<orpc::MInterfacePointer>>;

absl::StatusOr<std::vector<ActivationAnswer::Result>> Results(const std::vector<base::HResult>& results,
                                                              const Interfaces& interfaces,
                                                              std::size_t wanted, const std::string& what) {
  if (results.size() != wanted || interfaces.size() != wanted) {
    return absl::InvalidArgumentError(what + ": not one result for each interface");
  }
  std::vector<ActivationAnswer::Result> read(wanted);
  for (std::size_t i = 0; i < wanted; ++i) {
    read[i].result = results[i];
    if (!results[i].ok()) continue;
    if (!interfaces[i]) return absl::InvalidArgumentError(what + ": a success without an interface");
    IPAM_ASSIGN_OR_RETURN(read[i].ref, interfaces[i]->Parse());
    if (!read[i].ref.std_ref()) return absl::InvalidArgumentError(what + ": not a standard object reference");
  }
  return read;
}

absl::StatusOr<ActivationAnswer> ReadScm(const ActivationCall& call, const rpc::CallReply& reply,
                                         const Endpoint& scm, const std::string& what) {
  IPAM_ASSIGN_OR_RETURN(const auto response,
                        ndr::Decode<orpc::ScmActivatorResponse>(reply.stub, reply.endian));
  if (!response.result.ok()) return base::ToStatus(response.result, what);
  if (!response.properties) return absl::InvalidArgumentError(what + ": no properties in the answer");
  IPAM_ASSIGN_OR_RETURN(const orpc::ActivationReply properties,
                        orpc::ActivationReply::Decode(*response.properties));
  const orpc::RemoteScmReply& remote = *properties.scm_reply.remote_reply;
  ActivationAnswer answer;
  answer.exporter = {remote.oxid,
                     AddressesOf(*remote.bindings, scm.host),
                     scm,
                     remote.rem_unknown,
                     remote.authn_hint,
                     remote.server_version,
                     PrincipalOf(*remote.bindings)};
  IPAM_ASSIGN_OR_RETURN(answer.results, Results(properties.props_out.results, properties.props_out.interfaces,
                                                call.iids.size(), what));
  return answer;
}

absl::StatusOr<ActivationAnswer> ReadRemoteActivation(const ActivationCall& call, const rpc::CallReply& reply,
                                                      const Endpoint& scm, const std::string& what) {
  IPAM_ASSIGN_OR_RETURN(const auto response,
                        ndr::Decode<orpc::RemoteActivationResponse>(reply.stub, reply.endian));
  if (response.status != 0)
    return base::ToStatus(base::HResult{0x80070000u | (response.status & 0xFFFF)}, what);
  if (!response.activation_result.ok()) return base::ToStatus(response.activation_result, what);
  if (!response.bindings) return absl::InvalidArgumentError(what + ": no exporter in the answer");
  ActivationAnswer answer;
  answer.exporter = {response.oxid,
                     AddressesOf(*response.bindings, scm.host),
                     scm,
                     response.rem_unknown,
                     response.authn_hint,
                     response.server_version,
                     PrincipalOf(*response.bindings)};
  IPAM_ASSIGN_OR_RETURN(answer.results,
                        Results(response.results, response.interfaces, call.iids.size(), what));
  return answer;
}

}  // namespace

rpc::CallRequest ActivationCall::ToRequest() const {
  if (!HasScmActivator(version)) {
    orpc::RemoteActivationRequest message;
    message.orpc_this = Header(version);
    message.clsid = clsid;
    message.client_impersonation_level = 2;  // as Windows does, [MS-DCOM] 7 <70>
    if (class_object) message.mode = orpc::RemoteActivationRequest::kModeClassFactory;
    message.iids = iids;
    return {.interface = {orpc::kIidIActivation, 0, 0},
            .opnum = orpc::RemoteActivationRequest::kOpnum,
            .stub = ndr::Encode(message)};
  }
  rpc::CallRequest request;
  request.interface = {orpc::kIidIRemoteScmActivator, 0, 0};
  if (class_object) {
    request.opnum = orpc::RemoteGetClassObjectRequest::kOpnum;
    request.stub = ndr::Encode(orpc::RemoteGetClassObjectRequest{Header(version), Properties(*this)});
  } else {
    request.opnum = orpc::RemoteCreateInstanceRequest::kOpnum;
    request.stub =
        ndr::Encode(orpc::RemoteCreateInstanceRequest{Header(version), std::nullopt, Properties(*this)});
  }
  return request;
}

absl::StatusOr<ActivationAnswer> ReadActivation(const ActivationCall& call, const rpc::CallReply& reply,
                                                const Endpoint& scm, const std::string& what) {
  absl::StatusOr<ActivationAnswer> answer = HasScmActivator(call.version)
                                                ? ReadScm(call, reply, scm, what)
                                                : ReadRemoteActivation(call, reply, scm, what);
  if (answer.ok() && answer->exporter.addresses.empty())
    return absl::InvalidArgumentError(what + ": the exporter has no TCP address");
  return answer;
}

}  // namespace ipam::net
