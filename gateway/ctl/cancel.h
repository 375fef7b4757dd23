// ipamctl cancel.
#pragma once

#include "gateway/ctl/commands.h"

namespace ipam::ctl {

// Asks each operation to stop, and follows them where that is asked for. A refusal keeps none of the others from
// being asked.
ExitCode Cancel(const Options& options, Client& client, const Output& output, const Reconnect& reconnect);

}  // namespace ipam::ctl
