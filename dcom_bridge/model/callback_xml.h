// The check of the XML texts that a server's callbacks bring.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "dcom_bridge/model/xml_document.h"

namespace ipam::model {

// Well-formed, within the limits, with the root element that ipam_progress.idl gives it, and valid against
// the schemas: else kInvalidArgument with the line, which is E_INVALIDARG to the server. Any thread.
absl::Status CheckIpamExceptionXml(std::string_view xml,
                                   const XmlLimits& limits = {});  // ipam1:IpamException
absl::Status CheckCompletionStatusXml(std::string_view xml,
                                      const XmlLimits& limits = {});  // ipam:completionStatus
absl::Status CheckSubtaskDetailsXml(std::string_view xml,
                                    const XmlLimits& limits = {});  // ipam:SubTaskInstanceDetails

}  // namespace ipam::model
