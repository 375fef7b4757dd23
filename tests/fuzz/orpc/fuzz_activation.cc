// Activation properties in an interface pointer, as IRemoteSCMActivator gets and returns them, and each
// property alone.
#include <cstdlib>

#include "dcom_bridge/ndr/type_serialization.h"
#include "dcom_bridge/orpc/activation_blob.h"

namespace ipam::orpc {
namespace {

template <typename... Properties>
void EachProperty(base::ByteView octets) {
  const auto one = [&]<typename T>(const T*) {
    base::ByteReader in(octets);
    const auto property = ndr::DecodeSerialized<T>(in);
    if (!property.ok()) return;
    const base::Bytes encoded = ndr::EncodeSerialized(*property);
    base::ByteReader back(encoded);
    const auto again = ndr::DecodeSerialized<T>(back);
    if (!again.ok() || !(*again == *property)) std::abort();
  };
  (one(static_cast<const Properties*>(nullptr)), ...);
}

template <typename T>
void Whole(const MInterfacePointer& pointer) {
  const auto value = T::Decode(pointer);
  if (value.ok() && !T::Decode(value->Encode()).ok()) std::abort();
}

}  // namespace
}  // namespace ipam::orpc

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ipam::orpc;
  const MInterfacePointer pointer{ipam::base::Bytes(data, data + size)};
  Whole<ActivationRequest>(pointer);
  Whole<ActivationReply>(pointer);
  (void)ActivationBlob::Decode(pointer.objref);
  EachProperty<InstantiationInfo, SpecialSystemProperties, InstanceInfo, ScmRequestInfo,
               ActivationContextInfo, LocationInfo, SecurityInfo, ScmReplyInfo, PropsOutInfo>(pointer.objref);
  return 0;
}
