// A token that is taken is exactly what we would write for its position.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/hub/token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string token(reinterpret_cast<const char*>(data), size);
  const auto position = ipam::hub::DecodeToken(token);
  if (position.has_value() && ipam::hub::EncodeToken(*position) != token) std::abort();
  return 0;
}
