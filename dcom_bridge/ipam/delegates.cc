#include "dcom_bridge/ipam/delegates.h"

namespace ipam::engine {

std::unique_ptr<Delegate> MakeDelegate(const v1::OperationParameters& parameters) {
  switch (parameters.operation_id()) {
    case v1::IPAM_ADMIN_OPERATION_ID_CREATE_DNS_RESOURCE_RECORDS:
      return MakeCreateDnsResourceRecords(parameters.create_dns_resource_records());
    default:
      return nullptr;
  }
}

}  // namespace ipam::engine
