#include "gateway/ctl/refusal.h"

#include <cstddef>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "gateway/ctl/text.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace ipam::ctl {
namespace {

// For a status without a message; by google.rpc.Code.
std::string CodeName(int code) {
  constexpr const char* kNames[] = {
      "ok",        "cancelled",      "unknown error",     "invalid argument",   "deadline exceeded",
      "not found", "exists",         "permission denied", "resource exhausted", "failed precondition",
      "aborted",   "out of range",   "not implemented",   "internal error",     "unavailable",
      "data loss", "unauthenticated"};
  const auto index = static_cast<std::size_t>(code);
  return index < std::size(kNames) ? kNames[index] : absl::StrCat("status ", code);
}

}  // namespace

std::string Explain(const grpc::Status& status) {
  std::string text = Harmless(status.error_message());
  if (text.empty()) text = CodeName(status.error_code());
  const std::string message = text;
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return text;
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::BadRequest bad_request;
    if (!any.Is<google::rpc::BadRequest>() || !any.UnpackTo(&bad_request)) continue;
    for (const auto& violation : bad_request.field_violations()) {
      const std::string line = Harmless(violation.field()) + ": " + Harmless(violation.description());
      if (line != message) absl::StrAppend(&text, "\n  ", line);
    }
  }
  return text;
}

}  // namespace ipam::ctl
