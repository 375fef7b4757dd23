// What is wrong with a document, as a status that a caller of the gateway gets as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace ipam::model {

struct Problem {
  int line = 0;            // from 1; 0: not known
  int column = 0;          // from 1; 0: not known
  std::string field = {};  // the path of the element, such as paramters.Scope.PrefixLength; may be empty
  std::string what = {};
};

// kInvalidArgument. The message is "line 12: paramters.Scope.PrefixLength: what" for the first problem and
// how many more there are; all of them are in a google.rpc.BadRequest payload. `problems` is not empty.
absl::Status InvalidDocument(const std::vector<Problem>& problems);

// At most `max_bytes` of a text from outside, cut between characters, so that no message repeats a document.
std::string Shorten(std::string_view text, std::size_t max_bytes = 200);

}  // namespace ipam::model
