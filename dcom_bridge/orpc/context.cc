#include "dcom_bridge/orpc/context.h"

#include <utility>
#include <variant>

#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::orpc {
namespace {

constexpr std::uint16_t kVersion = 1;          // major and minor
constexpr std::uint32_t kByValue = 2;          // CTXMSHLFLAGS_BYVAL
constexpr std::size_t kPropertyMinBytes = 40;  // a PROPMARSHALHEADER with no data

}  // namespace

absl::StatusOr<Context> Context::Decode(base::ByteView octets) {
  base::ByteReader in(octets);
  Context context;
  if (in.U16() != kVersion || in.U16() != kVersion) in.Fail("version of a context");
  context.id = in.Guid();
  if (in.U32() != kByValue) in.Fail("a context that is not marshaled by value");
  in.Skip(4);  // Reserved
  const std::uint32_t extents = in.U32();
  const std::uint32_t extent_bytes = in.U32();
  if (extents != 0 || extent_bytes != 0) in.Fail("a context with extents");
  in.Skip(4);  // MshlFlags
  const std::uint32_t count = in.U32();
  in.Skip(4);  // Frozen
  for (std::size_t left = in.Count(count, kPropertyMinBytes); left > 0 && in.ok(); --left) {
    ContextProperty& property = context.properties.emplace_back();
    property.clsid = in.Guid();
    property.policy = in.Guid();
    property.flags = in.U32();
    const std::uint32_t size = in.U32();
    const base::ByteView data = in.Take(in.Count(size, 1));
    property.data.assign(data.begin(), data.end());
  }
  if (!in.ok()) return in.status();
  return context;
}

base::Bytes Context::Encode() const {
  base::ByteWriter out;
  out.U16(kVersion);
  out.U16(kVersion);
  out.Guid(id);
  out.U32(kByValue);
  out.U32(0);
  out.U32(0);
  out.U32(0);
  out.U32(0);  // MshlFlags
  out.U32(static_cast<std::uint32_t>(properties.size()));
  out.U32(1);  // Frozen
  for (const ContextProperty& property : properties) {
    out.Guid(property.clsid);
    out.Guid(property.policy);
    out.U32(property.flags);
    out.U32(static_cast<std::uint32_t>(property.data.size()));
    out.Append(property.data);
  }
  return out.Take();
}

absl::StatusOr<Context> Context::Unmarshal(const MInterfacePointer& pointer) {
  IPAM_ASSIGN_OR_RETURN(const ObjRef objref, pointer.Parse());
  const auto* custom = std::get_if<CustomRef>(&objref.ref);
  if (custom == nullptr || custom->unmarshaler_clsid != kClsidContextMarshaler) {
    return absl::InvalidArgumentError("a context of unknown class");
  }
  return Decode(custom->data);
}

MInterfacePointer Context::Marshal() const {
  return MInterfacePointer::Of({kIidIContext, CustomRef{kClsidContextMarshaler, Encode()}});
}

ObjRef WithEnvoy(const ObjRef& standard, const Context& envoy) {
  // dataID must not be nil, 2.2.18.8.
  const base::Guid id = envoy.id.is_nil() ? base::Guid::Random() : envoy.id;
  return {standard.iid, ExtendedRef{*standard.std_ref(), *standard.resolver(), id, envoy.Encode()}};
}

ObjRef WithHandler(const ObjRef& standard, const base::Guid& handler_clsid) {
  return {standard.iid, HandlerRef{*standard.std_ref(), handler_clsid, *standard.resolver()}};
}

}  // namespace ipam::orpc
