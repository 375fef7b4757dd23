#include "dcom_bridge/model/exception.h"

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/xml_document.h"
#include "dcom_bridge/model/xml_text.h"
#include "dcom_bridge/model/xml_types.h"

namespace ipam::model {
namespace {

constexpr XmlLimits kExceptionLimits{
    .bytes = std::size_t{1} << 20, .value_bytes = std::size_t{1} << 18, .depth = 64, .nodes = 20'000};

const xmlNode* FindChild(const xmlNode& node, std::string_view name) {
  for (const xmlNode* child : ChildElements(node)) {
    if (LocalName(*child) == name) return child;
  }
  return nullptr;
}

std::string TextOf(const xmlNode& node, std::string_view name) {
  const xmlNode* child = FindChild(node, name);
  return child == nullptr ? std::string() : std::string(Trim(Text(*child)));
}

}  // namespace

v1::IpamException MakeIpamException(v1::IpamExceptionId id, std::string_view message) {
  v1::IpamException out;
  out.set_class_name("Microsoft.Windows.Ipam.IpamException");
  out.set_message(ToXmlText(message));
  auto* data = out.mutable_ipam_exception_data();
  data->set_exception_id(id);
  data->set_exception_message(out.message());
  return out;
}

std::string IpamExceptionXml(v1::IpamExceptionId id, std::string_view message) {
  const v1::IpamExceptionId known =
      v1::IpamExceptionId_IsValid(id) ? id : v1::IPAM_EXCEPTION_ID_IPAM_API_GENERIC_ERROR_OCCURRED;
  return IpamExceptionXml(MakeIpamException(known, message)).value();  // nothing in it can fail to be written
}

absl::StatusOr<std::string> IpamExceptionXml(const v1::IpamException& exception) {
  return ToXml(exception, kIpamExceptionRoot);
}

absl::StatusOr<std::string> CompletionStatusXml(const v1::DhcpMsmOverallCompletionStatus& status) {
  return ToXml(status, kCompletionStatusRoot);
}

absl::StatusOr<std::string> SubtaskDetailsXml(const google::protobuf::Message& object) {
  return ToXml(object, kSubtaskDetailsRoot);
}

absl::StatusOr<ExceptionSummary> ReadIpamException(std::string_view xml) {
  IPAM_ASSIGN_OR_RETURN(const XmlDocument doc, ParseXml(xml, kExceptionLimits));
  const xmlNode* at = xmlDocGetRootElement(doc.get());
  if (const xmlNode* error_info = FindChild(*at, "ErrorInfo")) at = error_info;
  for (; at != nullptr; at = FindChild(*at, "InnerIpamException")) {
    const xmlNode* data = FindChild(*at, "IpamExceptionData");
    if (data == nullptr) continue;
    ExceptionSummary out{.exception_id = TextOf(*data, "ExceptionId"),
                         .message = TextOf(*data, "ExceptionMessage")};
    if (out.exception_id.empty() || out.exception_id.size() > 256) continue;
    if (out.message.empty()) out.message = TextOf(*at, "Message");
    return out;
  }
  return absl::NotFoundError("no IpamException with an ExceptionId");
}

}  // namespace ipam::model
