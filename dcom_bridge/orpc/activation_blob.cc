#include "dcom_bridge/orpc/activation_blob.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ndr/type_serialization.h"

namespace ipam::orpc {
namespace {

// CustomHeader 2.2.22.1
struct CustomHeader {
  std::uint32_t total_size = 0;
  std::uint32_t header_size = 0;
  std::uint32_t reserved = 0;
  std::uint32_t destination_context = 2;  // MSHCTX_DIFFERENTMACHINE
  base::Guid class_info_clsid;
  std::vector<base::Guid> clsids;
  std::vector<std::uint32_t> sizes;
  std::optional<std::uint32_t> reserved_pointer;

  static constexpr ndr::Layout kNdrLayout{.alignment = 4, .min_bytes = 48};
  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint32_t>(v.clsids.size());
    io(v.total_size, v.header_size, v.reserved, v.destination_context);
    io.Range(count, kMinActivationProperties, kMaxActivationProperties);
    io(v.class_info_clsid);
    io.UniqueArray(v.clsids, count);
    io.UniqueArray(v.sizes, count);
    io(v.reserved_pointer);
  }
};

constexpr std::size_t kBlobHeaderBytes = 8;  // dwSize and dwReserved

absl::StatusOr<ActivationBlob> UnwrapBlob(const MInterfacePointer& properties, const base::Guid& clsid) {
  IPAM_ASSIGN_OR_RETURN(const ObjRef objref, properties.Parse());
  const auto* custom = std::get_if<CustomRef>(&objref.ref);
  if (custom == nullptr || custom->unmarshaler_clsid != clsid) {
    return absl::InvalidArgumentError("activation properties of unknown class");
  }
  return ActivationBlob::Decode(custom->data);
}

template <typename T>
absl::StatusOr<std::optional<T>> Optional(const ActivationBlob& blob) {
  for (const auto& property : blob.properties) {
    if (property.clsid != T::kClsid) continue;
    base::ByteReader in(property.octets);
    IPAM_ASSIGN_OR_RETURN(T value, ndr::DecodeSerialized<T>(in));
    return std::optional<T>(std::move(value));
  }
  return std::optional<T>();
}

template <typename T>
absl::StatusOr<T> Required(const ActivationBlob& blob) {
  IPAM_ASSIGN_OR_RETURN(std::optional<T> value, Optional<T>(blob));
  if (!value) {
    return absl::InvalidArgumentError(absl::StrCat("no activation property ", T::kClsid.ToString()));
  }
  return *std::move(value);
}

template <typename T>
void Add(ActivationBlob& blob, const T& value) {
  blob.properties.push_back({T::kClsid, ndr::EncodeSerialized(value)});
}
template <typename T>
void Add(ActivationBlob& blob, const std::optional<T>& value) {
  if (value) Add(blob, *value);
}

}  // namespace

absl::StatusOr<ActivationBlob> ActivationBlob::Decode(base::ByteView octets) {
  base::ByteReader in(octets);
  const std::uint32_t size = in.U32();
  in.Skip(4);
  base::ByteReader body(in.Take(size));
  if (!in.ok()) return in.status();
  IPAM_ASSIGN_OR_RETURN(const CustomHeader header, ndr::DecodeSerialized<CustomHeader>(body));
  // headerSize says where the properties begin: not before the end of what was read.
  if (header.header_size < body.offset()) return absl::InvalidArgumentError("size of the custom header");
  body.Seek(header.header_size);
  ActivationBlob blob;
  for (std::size_t i = 0; i < header.clsids.size(); ++i) {
    const base::ByteView property = body.Take(header.sizes[i]);
    blob.properties.push_back({header.clsids[i], base::Bytes(property.begin(), property.end())});
  }
  if (!body.ok()) return body.status();
  return blob;
}

base::Bytes ActivationBlob::Encode() const {
  CustomHeader header;
  std::size_t size = 0;
  for (const Property& property : properties) {
    header.clsids.push_back(property.clsid);
    header.sizes.push_back(static_cast<std::uint32_t>(property.octets.size()));
    size += property.octets.size();
  }
  header.header_size = static_cast<std::uint32_t>(ndr::EncodeSerialized(header).size());
  header.total_size = static_cast<std::uint32_t>(header.header_size + size);
  base::ByteWriter out;
  out.U32(header.total_size);
  out.U32(0);
  out.Append(ndr::EncodeSerialized(header));
  for (const Property& property : properties) out.Append(property.octets);
  return out.Take();
}

absl::StatusOr<ActivationRequest> ActivationRequest::Decode(const MInterfacePointer& properties) {
  IPAM_ASSIGN_OR_RETURN(const ActivationBlob blob, UnwrapBlob(properties, kClsidActivationPropertiesIn));
  ActivationRequest request;
  IPAM_ASSIGN_OR_RETURN(request.instantiation, Required<InstantiationInfo>(blob));
  IPAM_ASSIGN_OR_RETURN(request.scm_request, Required<ScmRequestInfo>(blob));
  if (!request.scm_request.remote_request)
    return absl::InvalidArgumentError("no remote request in ScmRequestInfo");
  // LocationInfo and SecurityInfo MUST be ignored: not even decoded.
  IPAM_ASSIGN_OR_RETURN(request.context, Optional<ActivationContextInfo>(blob));
  IPAM_ASSIGN_OR_RETURN(request.instance, Optional<InstanceInfo>(blob));
  IPAM_ASSIGN_OR_RETURN(request.special, Optional<SpecialSystemProperties>(blob));
  return request;
}

MInterfacePointer ActivationRequest::Encode() const {
  ActivationBlob blob;
  InstantiationInfo sized = instantiation;
  sized.this_size = static_cast<std::uint32_t>(ndr::EncodeSerialized(instantiation).size());
  Add(blob, special);
  Add(blob, sized);
  Add(blob, context);
  Add(blob, security);
  Add(blob, location);
  Add(blob, scm_request);
  Add(blob, instance);
  return MInterfacePointer::Of(
      {kIidActivationPropertiesIn, CustomRef{kClsidActivationPropertiesIn, blob.Encode()}});
}

absl::StatusOr<ActivationReply> ActivationReply::Decode(const MInterfacePointer& properties) {
  IPAM_ASSIGN_OR_RETURN(const ActivationBlob blob, UnwrapBlob(properties, kClsidActivationPropertiesOut));
  ActivationReply reply;
  IPAM_ASSIGN_OR_RETURN(reply.props_out, Required<PropsOutInfo>(blob));
  IPAM_ASSIGN_OR_RETURN(reply.scm_reply, Required<ScmReplyInfo>(blob));
  if (!reply.scm_reply.remote_reply || !reply.scm_reply.remote_reply->bindings) {
    return absl::InvalidArgumentError("no remote reply in ScmReplyInfo");
  }
  return reply;
}

MInterfacePointer ActivationReply::Encode() const {
  ActivationBlob blob;
  Add(blob, props_out);
  Add(blob, scm_reply);
  return MInterfacePointer::Of(
      {kIidActivationPropertiesOut, CustomRef{kClsidActivationPropertiesOut, blob.Encode()}});
}

}  // namespace ipam::orpc
