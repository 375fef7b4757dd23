// Names of operations and the conversions that every file of the hub needs.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace ipam::hub {

// The id of "operations/{id}". kInvalidArgument naming `field` for any other form.
absl::StatusOr<std::string> ParseOperationName(const std::string& name, const std::string& field);
std::string OperationName(const std::string& id);
absl::Status OperationNotFound(const std::string& name);
// [a-z0-9-]{1,63}, random behind the time, so that ids sort as they were made.
std::string NewOperationId(absl::Time now);

// Of the monotonic clock: only to be compared with its like.
absl::Time MonotonicNow();
google::protobuf::Timestamp ToProto(absl::Time time);
absl::Time FromProto(const google::protobuf::Timestamp& time);
google::protobuf::Duration ToProto(absl::Duration duration);

// 0: `fallback`; negative: kInvalidArgument; above `limit`: `limit`.
absl::StatusOr<std::size_t> PageSize(int requested, std::size_t fallback, std::size_t limit);
// Page tokens: a position in a list, bound to what was listed (`scope`).
std::string EncodePageToken(std::uint64_t position, const std::string& scope);
absl::StatusOr<std::uint64_t> DecodePageToken(const std::string& token, const std::string& scope);

}  // namespace ipam::hub
