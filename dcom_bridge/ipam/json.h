// The JSON form of ipam.v1 messages in the column `details`.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace ipam::engine {

// Deterministic: equal messages give equal texts.
std::string ToJson(const google::protobuf::Message& message);
// kInternal: a text that ToJson did not make. Members that a later version wrote are passed over.
absl::Status FromJson(const std::string& text, google::protobuf::Message& message);

}  // namespace ipam::engine
