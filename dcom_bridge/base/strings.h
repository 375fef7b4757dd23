// Debian builds Abseil with its own string_view: these two lines are the border between it and std's.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace ipam::base {

inline absl::string_view ToAbsl(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view ToStd(absl::string_view s) { return {s.data(), s.size()}; }

}  // namespace ipam::base
