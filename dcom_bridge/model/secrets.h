// The members of the model that are secrets: passwords of DNS registration, shared secrets of failover.
#pragma once

#include <google/protobuf/message.h>

namespace ipam::model {

bool HoldsSecret(const google::protobuf::Message& message);
// Afterwards it holds none.
void ClearSecrets(google::protobuf::Message& message);

}  // namespace ipam::model
