// Object references, the contexts that travel beside them, and the error information that travels in one. What decodes must come back the same.
#include <cstdlib>

#include "dcom_bridge/orpc/context.h"
#include "dcom_bridge/orpc/error_info.h"
#include "dcom_bridge/orpc/obj_ref.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ipam;
  const base::ByteView octets(data, size);
  if (const auto objref = orpc::ObjRef::Decode(octets); objref.ok()) {
    const auto again = orpc::ObjRef::Decode(objref->Encode());
    if (!again.ok() || !(*again == *objref)) std::abort();
    if (const auto* resolver = objref->resolver()) {
      for (const auto& binding : resolver->strings)
        (void)orpc::NetworkAddress::Parse(binding.network_address);
    }
  }
  if (const auto context = orpc::Context::Decode(octets); context.ok()) {
    const auto again = orpc::Context::Decode(context->Encode());
    if (!again.ok() || !(*again == *context)) std::abort();
  }
  const auto info = orpc::ErrorInfo::FromExtent({orpc::kClsidErrorExtension, base::Bytes(data, data + size)});
  if (info.ok()) {
    const auto again = orpc::ErrorInfo::FromExtent(info->ToExtent());
    if (!again.ok() || !(*again == *info)) std::abort();
  }
  return 0;
}
