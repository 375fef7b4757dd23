// A mark on the status of a bind: the server refused to be authenticated to, which says nothing of the call.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace ipam::rpc {

inline constexpr char kAuthenticationRefused[] = "ipam.rpc/authentication-refused";

inline absl::Status MarkAuthenticationRefused(absl::Status status) {
  status.SetPayload(kAuthenticationRefused, absl::Cord());
  return status;
}
inline bool IsAuthenticationRefused(const absl::Status& status) {
  return status.GetPayload(kAuthenticationRefused).has_value();
}

}  // namespace ipam::rpc
