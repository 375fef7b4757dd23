// ModifiedProperties, [MS-IPAMM2] 2.2.4.64: the members of an object that an update takes over.
#pragma once

#include <string>

#include "google/protobuf/message.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace ipam::engine {

using PropertyNames = google::protobuf::RepeatedPtrField<std::string>;

// Copies the members that `names` names, as the schema spells them, to a message of the same type: absent ones too,
// and those of the derived type where both are of it. Names without a member are computed by Windows' own clients.
void CopyProperties(const google::protobuf::Message& from, const PropertyNames& names,
                    google::protobuf::Message& to);

// Those of `names` whose members differ between two messages of one type.
PropertyNames DifferingProperties(const google::protobuf::Message& a, const google::protobuf::Message& b,
                                  const PropertyNames& names);

}  // namespace ipam::engine
