#include "dcom_bridge/orpc/rem_unknown.h"

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/ndr/fault.h"
#include "dcom_bridge/orpc/rem_unknown_messages.h"

namespace ipam::orpc {
namespace {

// RemQueryInterface2 has no count; as many as Export() gives, [MS-DCOM] 3.1.1.5.1.
constexpr std::uint32_t kQuery2Refs = 5;

rpc::CallFault BadStub(const absl::Status& status) {
  return {pdu::NcaStatus{ndr::FaultStatus(status)}, true};
}

template <typename Response>
OrpcReply Reply(const Response& response) {
  return {ndr::Encode(response), {}};
}

// The text leaves the HRESULT beside an array of results open: S_FALSE says that some failed, as Windows
// does, and where all did, the first of them speaks.
class Summary {
 public:
  void Add(base::HResult result) {
    result.ok() ? any_ok_ = true : any_failed_ = true;
    if (!result.ok() && first_failure_.ok()) first_failure_ = result;
  }
  base::HResult result() const {
    if (!any_failed_) return base::kOk;
    return any_ok_ ? base::kFalse : first_failure_;
  }

 private:
  bool any_ok_ = false;
  bool any_failed_ = false;
  base::HResult first_failure_;
};

}  // namespace

std::span<const InterfaceInfo> RemUnknown::Interfaces() const {
  static constexpr InterfaceInfo kInterfaces[] = {{kIidIRemUnknown, kIidIUnknown, 6},
                                                  {kIidIRemUnknown2, kIidIRemUnknown, 7}};
  return kInterfaces;
}

void RemUnknown::Invoke(OrpcCall call, OrpcResponder respond) {
  switch (call.opnum) {
    case RemQueryInterfaceRequest::kOpnum:
      return respond(QueryInterface(call));
    case RemRefsRequest::kAddRefOpnum:
      return respond(AddRef(call));
    case RemRefsRequest::kReleaseOpnum:
      return respond(Release(call));
    case RemQueryInterface2Request::kOpnum:
      return respond(QueryInterface2(call));
  }
  respond(rpc::CallFault{pdu::kOperationRange, true});
}

OrpcOutcome RemUnknown::QueryInterface(const OrpcCall& call) {
  const auto request = ndr::Decode<RemQueryInterfaceRequest>(call.body, call.endian);
  if (!request.ok()) return BadStub(request.status());
  if (request->iids.empty()) return Reply(RemQueryInterfaceResponse{{}, base::kInvalidArgument});
  const auto object = objects_.BeginQuery(request->ipid, call.caller);
  if (const auto* error = std::get_if<base::HResult>(&object))
    return Reply(RemQueryInterfaceResponse{{}, *error});

  RemQueryInterfaceResponse response;
  Summary summary;
  for (const base::Guid& iid : request->iids) {
    const auto found = objects_.Query(std::get<Oid>(object), iid, request->public_refs);
    RemQiResult& result = response.results.emplace_back();
    if (const auto* ref = std::get_if<StdObjRef>(&found)) {
      result.std_ref = *ref;
    } else {
      result.result = std::get<base::HResult>(found);
    }
    summary.Add(result.result);
  }
  response.result = summary.result();
  return Reply(response);
}

OrpcOutcome RemUnknown::QueryInterface2(const OrpcCall& call) {
  const auto request = ndr::Decode<RemQueryInterface2Request>(call.body, call.endian);
  if (!request.ok()) return BadStub(request.status());
  const std::size_t count = request->iids.size();
  RemQueryInterface2Response response;
  response.interfaces.resize(count);
  const auto object = objects_.BeginQuery(request->ipid, call.caller);
  if (const auto* error = std::get_if<base::HResult>(&object)) {
    response.results.assign(count, *error);
    response.result = *error;
    return Reply(response);
  }
  Summary summary;
  for (std::size_t i = 0; i < count; ++i) {
    const auto found = objects_.Query(std::get<Oid>(object), request->iids[i], kQuery2Refs);
    base::HResult result = base::kOk;
    if (const auto* ref = std::get_if<StdObjRef>(&found)) {
      response.interfaces[i] = MInterfacePointer::Of(ObjRef{request->iids[i], StandardRef{*ref, resolver_}});
    } else {
      result = std::get<base::HResult>(found);
    }
    response.results.push_back(result);
    summary.Add(result);
  }
  response.result = count == 0 ? base::kInvalidArgument : summary.result();
  return Reply(response);
}

OrpcOutcome RemUnknown::AddRef(const OrpcCall& call) {
  const auto request = ndr::Decode<RemRefsRequest>(call.body, call.endian);
  if (!request.ok()) return BadStub(request.status());
  RemAddRefResponse response;
  Summary summary;
  for (const RemInterfaceRef& ref : request->refs) {
    response.results.push_back(objects_.AddRefs(ref.ipid, ref.public_refs, ref.private_refs, call.caller));
    summary.Add(response.results.back());
  }
  response.result = summary.result();
  return Reply(response);
}

// An IPID that is not there has nothing to release, [MS-DCOM] 3.1.1.5.6.1.3: that is no failure.
OrpcOutcome RemUnknown::Release(const OrpcCall& call) {
  const auto request = ndr::Decode<RemRefsRequest>(call.body, call.endian);
  if (!request.ok()) return BadStub(request.status());
  base::HResult worst = base::kOk;
  for (const RemInterfaceRef& ref : request->refs) {
    const base::HResult result =
        objects_.ReleaseRefs(ref.ipid, ref.public_refs, ref.private_refs, call.caller);
    if (result == base::kAccessDenied) worst = result;
  }
  return Reply(RemReleaseResponse{worst});
}

}  // namespace ipam::orpc
