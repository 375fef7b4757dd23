#include "dcom_bridge/model/convert.h"

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/model/xml_reader.h"

namespace ipam::model {

absl::Status FromXml(std::string_view xml, google::protobuf::Message& message, const XmlLimits& limits) {
  IPAM_ASSIGN_OR_RETURN(const XmlDocument doc, ParseXml(xml, limits));
  return XmlReader(*xmlDocGetRootElement(doc.get()), limits).Read(message);
}

absl::StatusOr<std::string> ToXml(const google::protobuf::Message& message, const XmlRoot& root) {
  return XmlWriter().Write(message, root);
}

}  // namespace ipam::model
