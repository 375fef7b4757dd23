// proto3 JSON in and out, and errors as google.rpc.Status.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace google::protobuf {
class Message;
}

namespace ipam::web {

// Defaults left out.
std::string ToJson(const google::protobuf::Message& message);
// Unknown fields are kInvalidArgument. `text` is bounded by the caller; its depth is here.
absl::Status FromJson(std::string_view text, google::protobuf::Message* message);

// {"code":3,"message":"...","details":[...]}: the payloads of the status that are known google.rpc details.
std::string StatusToJson(const absl::Status& status);
int HttpStatus(absl::StatusCode code);

// Query parameters into the fields of a request: names snake_case or lowerCamel, values as proto3 JSON writes
// them without quotes, a repeated field by repetition. `bound` are names that the path has taken
// (snake_case).
absl::Status FromQuery(const std::vector<std::pair<std::string, std::string>>& query,
                       const std::vector<std::string_view>& bound, google::protobuf::Message* message);

}  // namespace ipam::web
