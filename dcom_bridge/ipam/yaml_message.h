// The JSON form of ipam.v1 messages in YAML: members by their JSON or proto name, enumerators by their name,
// their number or the schema's spelling, durations and times as JSON has them.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace ipam::engine {

class YamlReader {
 public:
  // `max_values`: of all calls together.
  explicit YamlReader(std::size_t max_values) : max_values_(max_values) {}

  // Adds to `message`. kInvalidArgument: "line 7: serverRoleInfo.recordId: not an integer: \"x\"". An unknown
  // member, one that stands twice, or a value of another type is an error.
  absl::Status Read(const YAML::Node& node, google::protobuf::Message& message);

 private:
  absl::Status ReadMembers(const YAML::Node& node, google::protobuf::Message& message,
                           const std::string& path, int depth);
  absl::Status ReadValue(const YAML::Node& node, google::protobuf::Message& message,
                         const google::protobuf::FieldDescriptor& field, const std::string& path, int depth);

  const std::size_t max_values_;
  std::size_t values_ = 0;
};

// "line 7: what"
absl::Status YamlError(const YAML::Node& node, const std::string& path, const std::string& what);

// Members in the order of their numbers, defaults left out.
void WriteYaml(const google::protobuf::Message& message, YAML::Emitter& out);

}  // namespace ipam::engine
