#include "dcom_bridge/orpc/error_info.h"

#include <algorithm>
#include <variant>

#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/orpc/obj_ref.h"

namespace ipam::orpc {
namespace {

constexpr std::uint32_t kPresent = 0xFFFFFFFF;
constexpr std::uint32_t kAbsent = 0x00000000;

// A signature and, where it says so, an ErrorInfoString 2.2.21.3. The strings are packed without alignment.
std::optional<std::string> ReadString(base::ByteReader& in) {
  const std::uint32_t signature = in.U32();
  if (!in.ok() || signature == kAbsent) return std::nullopt;
  if (signature != kPresent) {
    in.Fail("signature of an error string");
    return std::nullopt;
  }
  const std::uint32_t max = in.U32();
  const std::uint32_t offset = in.U32();
  const std::uint32_t actual = in.U32();
  if (in.ok() && (offset != 0 || actual != max)) in.Fail("counts of an error string");
  const base::ByteView octets = in.Take(in.Count(actual, 2) * 2);
  if (!in.ok()) return std::nullopt;
  std::u16string text = base::FromLittleEndian(octets);
  text.resize(std::min(text.find(u'\0'), text.size()));
  return base::ToUtf8(text);
}

void WriteString(base::ByteWriter& out, const std::optional<std::string>& utf8) {
  out.U32(utf8 ? kPresent : kAbsent);
  if (!utf8) return;
  const std::u16string text = base::ToUtf16(*utf8);
  const auto count = static_cast<std::uint32_t>(text.size() + 1);
  out.U32(count);
  out.U32(0);
  out.U32(count);
  for (const char16_t unit : text) out.U16(unit);
  out.U16(0);
}

}  // namespace

absl::StatusOr<ErrorInfo> ErrorInfo::FromExtent(const OrpcExtent& extent) {
  if (extent.id != kClsidErrorExtension) return absl::InvalidArgumentError("extent of another format");
  IPAM_ASSIGN_OR_RETURN(const ObjRef objref, ObjRef::Decode(extent.data));
  const auto* custom = std::get_if<CustomRef>(&objref.ref);
  if (custom == nullptr || custom->unmarshaler_clsid != kClsidErrorObject) {
    return absl::InvalidArgumentError("error information of unknown class");
  }
  base::ByteReader in(custom->data);
  ErrorInfo info;
  if (in.U32() != 0) in.Fail("version of error information");
  info.help_context = in.U32();
  info.iid = in.Guid();
  info.source = ReadString(in);
  info.description = ReadString(in);
  info.help_file = ReadString(in);
  if (!in.ok()) return in.status();
  return info;
}

OrpcExtent ErrorInfo::ToExtent() const {
  base::ByteWriter out;
  out.U32(0);
  out.U32(help_context);
  out.Guid(iid);
  WriteString(out, source);
  WriteString(out, description);
  WriteString(out, help_file);
  const ObjRef objref{kIidIErrorInfo, CustomRef{kClsidErrorObject, out.Take()}};
  return {kClsidErrorExtension, objref.Encode()};
}

std::string ErrorDescription(const OrpcThat& header) {
  const OrpcExtent* extent = header.extensions ? header.extensions->Find(kClsidErrorExtension) : nullptr;
  if (extent == nullptr) return {};
  const auto info = ErrorInfo::FromExtent(*extent);
  return info.ok() ? info->description.value_or("") : std::string();
}

}  // namespace ipam::orpc
