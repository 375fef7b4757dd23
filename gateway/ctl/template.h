// `template`: a sample of the parameters of an operation, in YAML.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "gateway/ctl/kinds.h"

namespace ipam::ctl {

// What `start KIND --from FILE` takes as it is: the fields that an operation of this kind needs are set to sample
// values, the others stand beside them as comments, each with its type, unit and enumerators. Made from the
// descriptors.
std::string Template(const OperationKind& kind);

// What of it is set.
std::unique_ptr<google::protobuf::Message> TemplateMessage(const OperationKind& kind);

}  // namespace ipam::ctl
