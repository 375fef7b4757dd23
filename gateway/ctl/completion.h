// The completion of command lines by a shell: a script for it, which calls `ipamctl __complete WORD...`.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "gateway/ctl/commands.h"

namespace ipam::ctl {

inline constexpr char kCompleteCommand[] = "__complete";

// `shell`: bash, zsh or fish.
std::string CompletionScript(const std::string& shell);

// Prints what the last of `words` may become, one a line; ":files" where it may be the name of a file. Names of
// operations and sources are asked of the gateway, which has two seconds; without it there are none, and no
// complaint: a prompt is no place for it.
ExitCode PrintCompletions(std::vector<std::string> words, const Output& output,
                          const std::atomic<bool>& interrupted);

}  // namespace ipam::ctl
