// The JSON form of ipam.v1 messages in YAML: members by their JSON or proto name, enumerators by their name,
// their number or the schema's spelling, durations and times as JSON has them.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace ipam::model {

class YamlReader {
 public:
  // `file_bytes`: of the file that all calls read from. A value takes an octet of it at least; aliases may repeat
  // some, but not without end.
  explicit YamlReader(std::size_t file_bytes) : max_values_(100'000 + 10 * file_bytes) {}

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

// A file of one document. The whole text is in memory; what its aliases expand to is bounded by its size.
absl::Status FromYaml(const std::string& text, google::protobuf::Message& message);

// "line 7: what"
absl::Status YamlError(const YAML::Node& node, const std::string& path, const std::string& what);

// A number, a bool, or an enumerator by its name; `index` is -1 where the field is not repeated.
std::string ScalarText(const google::protobuf::Message& message,
                       const google::protobuf::FieldDescriptor& field, int index);

// Members in the order of their numbers, defaults left out.
void WriteYaml(const google::protobuf::Message& message, YAML::Emitter& out);

}  // namespace ipam::model
