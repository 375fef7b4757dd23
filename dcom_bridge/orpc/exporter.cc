#include "dcom_bridge/orpc/exporter.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ndr/fault.h"
#include "dcom_bridge/orpc/error_info.h"
#include "dcom_bridge/orpc/orpc_header.h"
#include "dcom_bridge/orpc/rem_unknown.h"

namespace ipam::orpc {
namespace {

constexpr ComVersion kVersion;              // 5.7
constexpr std::size_t kOrpcThisBytes = 32;  // without extensions
constexpr std::uint16_t kFirstRemoteOpnum =
    3;                                     // 0 to 2 are IUnknown's: never on the wire, [MS-DCOM] 3.1.1.5.8
constexpr std::uint32_t kMaxExtents = 64;  // [MS-DCOM] 2.2.21 knows two formats

Oxid NewOxid() {
  const base::Guid random = base::Guid::Random();
  return Oxid{static_cast<std::uint64_t>(random.data1) << 32 |
              static_cast<std::uint64_t>(random.data2) << 16 |
              static_cast<std::uint64_t>(random.data4[6]) << 8 | random.data4[7] | 1};
}

// Refused before the object saw the call.
rpc::CallFault Refusal(std::uint32_t status) { return {pdu::NcaStatus{status}, /*did_not_execute=*/true}; }
rpc::CallFault Refusal(base::HResult result) { return Refusal(result.value); }

// [MS-DCOM] 3.1.1.5.4, the checks of ORPCTHIS.
std::optional<rpc::CallFault> Check(const OrpcThis& header) {
  if (header.version.major != kVersion.major || header.version.minor > kVersion.minor) {
    return Refusal(base::kRpcVersionMismatch);
  }
  if (header.flags != 0) return Refusal(base::kRpcInvalidHeader);
  if (header.extensions && header.extensions->present() > kMaxExtents)
    return Refusal(base::kRpcInvalidExtension);
  return std::nullopt;
}

// The answer of one call: exactly one goes out, whatever becomes of the object's responder, and the call
// counts as running until then.
class PendingReply {
 public:
  PendingReply(ObjectTable::Lease lease, const base::Guid& iid, rpc::Responder respond)
      : lease_(std::move(lease)), iid_(iid), respond_(std::move(respond)) {}
  PendingReply(PendingReply&& other) noexcept
      : lease_(std::move(other.lease_)), iid_(other.iid_), respond_(std::exchange(other.respond_, nullptr)) {
    other.lease_.reset();
  }
  PendingReply& operator=(PendingReply&&) = delete;
  ~PendingReply() { Answer(rpc::CallFault{pdu::NcaStatus{base::kUnexpected.value}}); }

  void Answer(OrpcOutcome outcome) {
    if (!respond_) return;
    rpc::Responder respond = std::exchange(respond_, nullptr);
    if (auto* fault = std::get_if<rpc::CallFault>(&outcome)) {
      respond(*fault);
    } else {
      const auto& reply = std::get<OrpcReply>(outcome);
      OrpcThat header;
      if (!reply.error_description_xml.empty()) {
        ErrorInfo info;
        info.iid = iid_;
        info.description = reply.error_description_xml;
        header.extensions = OrpcExtentArray::Of({info.ToExtent()});
      }
      respond(rpc::CallReply{JoinResponse(header, reply.body)});
    }
    lease_.reset();
  }

 private:
  std::optional<ObjectTable::Lease> lease_;
  base::Guid iid_;
  rpc::Responder respond_;
};

}  // namespace

Exporter::Exporter(ExporterOptions options, base::Clock& clock)
    : options_(std::move(options)),
      oxid_(NewOxid()),
      objects_(options_.objects, oxid_, clock),
      rem_unknown_(objects_.AddPermanent(std::make_shared<RemUnknown>(objects_, resolver_bindings_),
                                         kIidIRemUnknown2)),
      interfaces_({kIidIUnknown, kIidIRemUnknown, kIidIRemUnknown2}) {
  interfaces_.insert(options_.interfaces.begin(), options_.interfaces.end());
}

Exporter::~Exporter() { RevokeAll(); }

void Exporter::Advertise(const Advertisement& at) {
  bindings_ = ExporterBindings(at);
  resolver_bindings_ = ResolverBindings(at);
}

absl::StatusOr<ObjRef> Exporter::Export(std::shared_ptr<Object> object, const base::Guid& iid,
                                        const ExportOptions& options) {
  for (const InterfaceInfo& info : object->Interfaces()) interfaces_.insert(info.iid);
  IPAM_ASSIGN_OR_RETURN(const StdObjRef ref, objects_.Add(std::move(object), iid, options));
  return ObjRef{iid, StandardRef{ref, resolver_bindings_}};
}

absl::StatusOr<std::shared_ptr<Object>> Exporter::Unmarshal(const StdObjRef& ref) {
  return objects_.TakeBack(ref);
}

void Exporter::Revoke(Oid oid) { objects_.Revoke(oid); }

void Exporter::RevokeAll() { objects_.RevokeAll(); }

// [MS-DCOM] 1.7: every interface has the RPC version 0.0.
bool Exporter::Serves(const pdu::SyntaxId& abstract) const {
  return abstract.major == 0 && abstract.minor == 0 && interfaces_.contains(abstract.uuid);
}

auth::AuthLevel Exporter::MinimumLevel(const pdu::SyntaxId& /*abstract*/, std::uint16_t /*opnum*/) const {
  return options_.minimum_level;
}

std::size_t Exporter::StubLimit(const pdu::SyntaxId& abstract, std::uint16_t opnum) const {
  for (const MethodStubLimit& limit : options_.stub_limits) {
    if (limit.iid == abstract.uuid && limit.opnum == opnum) return limit.bytes;
  }
  return rpc::kDefaultStubLimit;
}

void Exporter::Handle(rpc::IncomingCall call, rpc::Responder respond) {
  if (call.stub.size() < kOrpcThisBytes) return respond(Refusal(ndr::kFaultBadStubData));
  const auto parts = SplitRequest(call.stub, call.endian);
  // What stands before the extensions cannot fail.
  if (!parts.ok()) return respond(Refusal(base::kRpcInvalidExtension));
  if (const auto fault = Check(parts->header)) return respond(*fault);

  auto begun = objects_.BeginCall(Ipid{call.object.value_or(base::Guid{})}, call.caller);
  if (const auto* error = std::get_if<base::HResult>(&begun)) return respond(Refusal(*error));
  auto& lease = std::get<ObjectTable::Lease>(begun);
  const std::shared_ptr<Object> object = lease.object();
  const base::Guid& iid = call.interface.uuid;
  if (!IsOrInherits(*object, lease.iid(), iid)) return respond(Refusal(base::kRpcInvalidIpid));
  const InterfaceInfo* interface = FindInterface(*object, iid);
  if (interface == nullptr || call.opnum < kFirstRemoteOpnum || call.opnum >= interface->methods) {
    return respond(Refusal(pdu::kOperationRange.value));
  }

  OrpcCall orpc;
  orpc.association = call.association;
  orpc.iid = iid;
  orpc.opnum = call.opnum;
  // In place: a request may be large.
  call.stub.erase(call.stub.begin(), call.stub.end() - static_cast<std::ptrdiff_t>(parts->body.size()));
  orpc.body = std::move(call.stub);
  orpc.endian = call.endian;
  orpc.caller = std::move(call.caller);
  orpc.level = call.level;
  orpc.causality = parts->header.causality;
  object->Invoke(std::move(orpc), [reply = PendingReply(std::move(lease), iid, std::move(respond))](
                                      OrpcOutcome outcome) mutable { reply.Answer(std::move(outcome)); });
}

}  // namespace ipam::orpc
