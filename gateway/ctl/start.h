// ipamctl start and retry.
#pragma once

#include <string>
#include <vector>

#include "gateway/ctl/commands.h"

namespace ipam::ctl {

// Starts one operation for each file, and follows them where that is asked for.
ExitCode Start(const Options& options, Client& client, const Output& output, const Reconnect& reconnect);

// Starts an operation again for what failed of it.
ExitCode Retry(const Options& options, Client& client, const Output& output, const Reconnect& reconnect);

// The key of file `index` of `count`: random where `request_id` is empty, which makes a repeated call
// harmless.
std::string RequestId(const std::string& request_id, std::size_t index, std::size_t count);

}  // namespace ipam::ctl
