#include "dcom_bridge/ipam/completion.h"

#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/model/exception.h"

namespace ipam::engine {

std::string ExceptionXml(const absl::Status& fault) {
  return model::IpamExceptionXml(FaultId(fault), std::string(fault.message()));
}

std::string DetailsXml(const google::protobuf::Message& formatter) {
  // A formatter holds texts of the request, which are XML texts, and numbers.
  return model::SubtaskDetailsXml(formatter).value_or("");
}

std::string CompletionXml(const absl::Status& fault, const std::vector<v1::EntityStatus>& entities,
                          const google::protobuf::Message* return_object) {
  v1::DhcpMsmOverallCompletionStatus status;
  if (!entities.empty()) {
    v1::EntityStatusCollection collection;
    for (const v1::EntityStatus& entity : entities) *collection.add_entity_status_list() = entity;
    status.mutable_entity_status_collection_object()->PackFrom(collection);
  }
  if (return_object != nullptr) status.mutable_return_object()->PackFrom(*return_object);
  // "Indicates if the IPAM operation had errors" (2.2.4.119): of a server, and also where a server did its part and the store
  // then could not follow. A warning is none.
  status.set_has_ipam_update_error(!fault.ok());
  if (!fault.ok()) {
    *status.mutable_error_info() = model::MakeIpamException(FaultId(fault), std::string(fault.message()));
  }
  return model::CompletionStatusXml(status).value_or("");
}

}  // namespace ipam::engine
