#include "dcom_bridge/model/callback_xml.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/model/schema.h"
#include "dcom_bridge/model/xml_types.h"

namespace ipam::model {
namespace {

const xmlChar* Chars(const char* text) { return reinterpret_cast<const xmlChar*>(text); }

// The schemas have no global elements for these texts: each is validated in its place in the message of
// [MS-IPAMM2] 3.21 that it belongs to, `message` or the `inner` element of that, under the name that it has
// there.
struct Place {
  const char* root;
  v1::XmlNamespace ns;
  const char* message;
  const char* inner;  // null: none
  const char* name;
};

absl::Status Check(std::string_view xml, const XmlLimits& limits, const Place& place) {
  IPAM_ASSIGN_OR_RETURN(const XmlDocument doc, ParseXml(xml, limits));
  xmlNode* root = xmlDocGetRootElement(doc.get());
  if (LocalName(*root) != place.root || Namespace(*root) != NamespaceUri(place.ns)) {
    return InvalidDocument({ProblemAt(*root, absl::StrCat("the root element must be ", place.root, " of ",
                                                          std::string(NamespaceUri(place.ns))))});
  }
  const std::string ipam(NamespaceUri(v1::IPAM));
  xmlNode* outer = xmlNewDocNode(doc.get(), nullptr, Chars(place.message), nullptr);
  xmlNs* ns = xmlNewNs(outer, Chars(ipam.c_str()), nullptr);
  xmlSetNs(outer, ns);
  xmlDocSetRootElement(doc.get(), outer);  // takes `root` out
  xmlNode* parent = outer;
  if (place.inner != nullptr) parent = xmlNewChild(outer, ns, Chars(place.inner), nullptr);
  xmlAddChild(parent, root);
  xmlNodeSetName(root, Chars(place.name));
  xmlSetNs(root, ns);
  return ValidateAgainstSchema(*doc);
}

}  // namespace

absl::Status CheckIpamExceptionXml(std::string_view xml, const XmlLimits& limits) {
  return Check(xml, limits, {"IpamException", v1::CONTRACT, "SetSubTaskStatus", nullptr, "completionStatus"});
}

absl::Status CheckCompletionStatusXml(std::string_view xml, const XmlLimits& limits) {
  return Check(xml, limits, {"completionStatus", v1::IPAM, "SetOverallStatus", nullptr, "completionStatus"});
}

absl::Status CheckSubtaskDetailsXml(std::string_view xml, const XmlLimits& limits) {
  return Check(
      xml, limits,
      {"SubTaskInstanceDetails", v1::IPAM, "AddSubTask", "subTaskInstance", "SubTaskInstanceDetails"});
}

}  // namespace ipam::model
