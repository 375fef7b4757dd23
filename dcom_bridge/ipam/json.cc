#include "dcom_bridge/ipam/json.h"

#include <google/protobuf/util/json_util.h>

#include "dcom_bridge/json/json_writer.h"

namespace ipam::engine {

std::string ToJson(const google::protobuf::Message& message) { return json::Write(message); }

absl::Status FromJson(const std::string& text, google::protobuf::Message& message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(text, &message, options);
  return status.ok() ? absl::OkStatus() : absl::InternalError("store: " + status.ToString());
}

}  // namespace ipam::engine
