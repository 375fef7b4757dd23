// ipamctl results: what became of each entity of an operation.
#pragma once

#include "gateway/ctl/commands.h"

namespace ipam::ctl {

// kSucceeded whatever became of them: it is the question that succeeded.
ExitCode Results(const Options& options, Client& client, const Output& output);

}  // namespace ipam::ctl
