// `doctor`: has the gateway walk the way to a management server, and shows each step as it ends.
#pragma once

#include "gateway/ctl/commands.h"

namespace ipam::ctl {

// kSucceeded where every step worked, kFailed where one did not.
ExitCode Doctor(const Options& options, Client& client, const Output& output);

}  // namespace ipam::ctl
