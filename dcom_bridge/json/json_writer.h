// The JSON form of messages (the "JSON Mapping" of the language guide of Protocol Buffers), with its defaults: names in
// lowerCamelCase, enumerators by name, 64-bit integers as strings, octets in base64, fields without presence left out at
// their default.
#pragma once

#include <string>

#include "google/protobuf/message.h"

namespace ipam::json {

// Equal messages give equal texts. Empty: the message holds an Any of a type that this program does not have.
// Strings are UTF-8 (protobuf checks it on the way in). Any thread.
std::string Write(const google::protobuf::Message& message);

}  // namespace ipam::json
