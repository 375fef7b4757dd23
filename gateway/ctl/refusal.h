// What is printed of a call that did not succeed.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

namespace ipam::ctl {

// The message, and a line "  field: description" for each field violation that came with it and that the
// message does not say already. No newline at
// the end.
std::string Explain(const grpc::Status& status);

}  // namespace ipam::ctl
