// Any text is a filter or an error with a position; a filter and its negation never agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/hub/selector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ipam::hub;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto filter = ParseOperationFilter(text);
  if (!filter.ok()) {
    if (filter.status().code() != absl::StatusCode::kInvalidArgument) std::abort();
    return 0;
  }
  OperationInfo info;
  info.kind = "CreateDhcpScope";
  info.source = "server";
  const bool matches = Matches(*filter, info, v1::OPERATION_STATE_RUNNING);
  if (filter->empty()) return 0;
  const auto negated = ParseOperationFilter("NOT (" + text + ")");
  // One level deeper and longer than it may be.
  if (!negated.ok()) return 0;
  if (Matches(*negated, info, v1::OPERATION_STATE_RUNNING) == matches) std::abort();
  return 0;
}
