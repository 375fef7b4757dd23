// The escapes of URLs, RFC 3986 2.1.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ipam::web {

// False on a broken escape, on NUL and on what is not UTF-8.
bool PercentDecode(std::string_view text, std::string* out);
// "a=1&b=x+y"; `+` is a space, a name without `=` has an empty value.
bool ParseQuery(std::string_view text, std::vector<std::pair<std::string, std::string>>* out);

// RFC 3629: no overlong form, no surrogate.
bool IsUtf8(std::string_view text);

}  // namespace ipam::web
