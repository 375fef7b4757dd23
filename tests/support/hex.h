// Golden bytes as text: hex digits, white space anywhere, comments from // to the end of the line.
#pragma once

#include <string>
#include <string_view>

#include "dcom_bridge/base/byte_reader.h"

namespace ipam::test_support {

// Aborts the test program on anything but hex digits, white space and comments.
base::Bytes FromHex(std::string_view text);
// Lower case, no separators.
std::string ToHex(base::ByteView bytes);
// tests/golden/<path> below the source tree.
std::string GoldenText(std::string_view path);
base::Bytes GoldenBytes(std::string_view path);

}  // namespace ipam::test_support
