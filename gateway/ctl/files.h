// Files of parameters.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace ipam::ctl {

inline constexpr std::size_t kMaxFileBytes = std::size_t{32} << 20;  // a request of the gateway is not larger

// "-" is the standard input. The error is one line that names the file.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace ipam::ctl
