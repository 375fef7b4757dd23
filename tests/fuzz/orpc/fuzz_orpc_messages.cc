// Every message of the resolver, the activator and IRemUnknown, and the ORPC headers, in both byte orders.
// What decodes must come back the same after encoding.
#include <cstdlib>

#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/orpc/activation_messages.h"
#include "dcom_bridge/orpc/error_info.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/orpc/rem_unknown_messages.h"

namespace ipam::orpc {
namespace {

template <typename... Messages>
void RoundTrip(base::ByteView stub, base::Endian endian) {
  const auto one = [&]<typename T>(const T*) {
    const auto message = ndr::Decode<T>(stub, endian);
    if (!message.ok()) return;
    const auto again = ndr::Decode<T>(ndr::Encode(*message), base::Endian::kLittle);
    if (!again.ok() || !(*again == *message)) std::abort();
  };
  (one(static_cast<const Messages*>(nullptr)), ...);
}

void Headers(base::ByteView stub, base::Endian endian) {
  if (const auto request = SplitRequest(stub, endian); request.ok()) {
    const base::Bytes joined = JoinRequest(request->header, request->body);
    if (!SplitRequest(joined, base::Endian::kLittle).ok()) std::abort();
  }
  if (const auto response = SplitResponse(stub, endian); response.ok())
    (void)ErrorDescription(response->header);
}

}  // namespace
}  // namespace ipam::orpc

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ipam;
  using namespace ipam::orpc;
  const base::ByteView stub(data, size);
  for (const base::Endian endian : {base::Endian::kLittle, base::Endian::kBig}) {
    RoundTrip<ResolveOxidRequest, ResolveOxidResponse, ResolveOxid2Response, SimplePingRequest,
              StatusResponse, ComplexPingRequest, ComplexPingResponse, ServerAlive2Response,
              RemQueryInterfaceRequest, RemQueryInterfaceResponse, RemRefsRequest, RemAddRefResponse,
              RemReleaseResponse, RemQueryInterface2Request, RemQueryInterface2Response,
              RemoteActivationRequest, RemoteActivationResponse, RemoteGetClassObjectRequest,
              RemoteCreateInstanceRequest, ScmActivatorResponse>(stub, endian);
    Headers(stub, endian);
  }
  return 0;
}
