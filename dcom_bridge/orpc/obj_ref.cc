#include "dcom_bridge/orpc/obj_ref.h"

#include <utility>

#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/fields.h"

namespace ipam::orpc {
namespace {

constexpr std::uint32_t kSignature = 0x574F454D;          // "MEOW"
constexpr std::uint32_t kExtendedSignature = 0x4E535956;  // "VYSN"
constexpr std::uint32_t kStandard = 1;
constexpr std::uint32_t kHandler = 2;
constexpr std::uint32_t kCustom = 4;
constexpr std::uint32_t kExtended = 8;

StdObjRef ReadStd(base::ByteReader& in) {
  StdObjRef std_ref;
  base::ReadFields(in, std_ref);
  return std_ref;
}

StandardRef ReadStandard(base::ByteReader& in) {
  StandardRef ref;
  ref.std_ref = ReadStd(in);
  ref.resolver = DualStringArray::Read(in);
  return ref;
}

HandlerRef ReadHandler(base::ByteReader& in) {
  HandlerRef ref;
  ref.std_ref = ReadStd(in);
  ref.handler_clsid = in.Guid();
  ref.resolver = DualStringArray::Read(in);
  return ref;
}

CustomRef ReadCustom(base::ByteReader& in) {
  CustomRef ref;
  ref.unmarshaler_clsid = in.Guid();
  in.Skip(8);  // cbExtension and reserved: ignored on receipt
  const base::ByteView data = in.Take(in.remaining());
  ref.data.assign(data.begin(), data.end());
  return ref;
}

ExtendedRef ReadExtended(base::ByteReader& in) {
  ExtendedRef ref;
  ref.std_ref = ReadStd(in);
  if (in.U32() != kExtendedSignature) in.Fail("first signature of an extended reference");
  ref.resolver = DualStringArray::Read(in);
  if (in.U32() != 1) in.Fail("number of data elements is not 1");
  if (in.U32() != kExtendedSignature) in.Fail("second signature of an extended reference");
  ref.data_id = in.Guid();
  const std::uint32_t size = in.U32();
  const std::uint32_t rounded = in.U32();
  if (in.ok() && ref.data_id.is_nil()) in.Fail("data element without identifier");
  if (in.ok() && size == 0) in.Fail("empty data element");
  if (in.ok() && rounded != (std::uint64_t{size} + 7) / 8 * 8) in.Fail("rounded size of a data element");
  const base::ByteView data = in.Take(rounded);
  if (in.ok()) ref.data.assign(data.begin(), data.begin() + size);
  return ref;
}

void Write(base::ByteWriter& out, const StandardRef& ref) {
  base::WriteFields(out, ref.std_ref);
  ref.resolver.Write(out);
}

void Write(base::ByteWriter& out, const HandlerRef& ref) {
  base::WriteFields(out, ref.std_ref);
  out.Guid(ref.handler_clsid);
  ref.resolver.Write(out);
}

void Write(base::ByteWriter& out, const CustomRef& ref) {
  out.Guid(ref.unmarshaler_clsid);
  out.U32(0);
  out.U32(static_cast<std::uint32_t>(ref.data.size()));
  out.Append(ref.data);
}

void Write(base::ByteWriter& out, const ExtendedRef& ref) {
  base::WriteFields(out, ref.std_ref);
  out.U32(kExtendedSignature);
  ref.resolver.Write(out);
  out.U32(1);
  out.U32(kExtendedSignature);
  out.Guid(ref.data_id);
  const std::size_t rounded = (ref.data.size() + 7) / 8 * 8;
  out.U32(static_cast<std::uint32_t>(ref.data.size()));
  out.U32(static_cast<std::uint32_t>(rounded));
  out.Append(ref.data);
  out.Fill(rounded - ref.data.size());
}

std::uint32_t FlagsOf(const ObjRef& objref) {
  struct Flags {
    std::uint32_t operator()(const StandardRef&) const { return kStandard; }
    std::uint32_t operator()(const HandlerRef&) const { return kHandler; }
    std::uint32_t operator()(const CustomRef&) const { return kCustom; }
    std::uint32_t operator()(const ExtendedRef&) const { return kExtended; }
  };
  return std::visit(Flags{}, objref.ref);
}

}  // namespace

absl::StatusOr<ObjRef> ObjRef::Decode(base::ByteView octets) {
  base::ByteReader in(octets);
  ObjRef objref;
  if (in.U32() != kSignature) in.Fail("signature of an object reference");
  const std::uint32_t flags = in.U32();
  objref.iid = in.Guid();
  if (in.ok() && objref.iid.is_nil()) in.Fail("object reference without interface");
  if (!in.ok()) return in.status();
  switch (flags) {
    case kStandard:
      objref.ref = ReadStandard(in);
      break;
    case kHandler:
      objref.ref = ReadHandler(in);
      break;
    case kCustom:
      objref.ref = ReadCustom(in);
      break;
    case kExtended:
      objref.ref = ReadExtended(in);
      break;
    default:
      in.Fail("kind of object reference");
  }
  if (!in.ok()) return in.status();
  return objref;
}

base::Bytes ObjRef::Encode() const {
  base::ByteWriter out;
  out.U32(kSignature);
  out.U32(FlagsOf(*this));
  out.Guid(iid);
  std::visit([&out](const auto& one) { Write(out, one); }, ref);
  return out.Take();
}

const StdObjRef* ObjRef::std_ref() const {
  if (const auto* standard = std::get_if<StandardRef>(&ref)) return &standard->std_ref;
  if (const auto* handler = std::get_if<HandlerRef>(&ref)) return &handler->std_ref;
  if (const auto* extended = std::get_if<ExtendedRef>(&ref)) return &extended->std_ref;
  return nullptr;
}

const DualStringArray* ObjRef::resolver() const {
  if (const auto* standard = std::get_if<StandardRef>(&ref)) return &standard->resolver;
  if (const auto* handler = std::get_if<HandlerRef>(&ref)) return &handler->resolver;
  if (const auto* extended = std::get_if<ExtendedRef>(&ref)) return &extended->resolver;
  return nullptr;
}

}  // namespace ipam::orpc
