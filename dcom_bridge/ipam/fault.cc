#include "dcom_bridge/ipam/fault.h"

#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ipam::engine {
namespace {

constexpr char kPayload[] = "ipam.v1.IpamExceptionId";

std::optional<v1::IpamExceptionId> CarriedId(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  int id = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &id) || !v1::IpamExceptionId_IsValid(id)) {
    return std::nullopt;
  }
  return static_cast<v1::IpamExceptionId>(id);
}

}  // namespace

absl::Status Fault(v1::IpamExceptionId id, const std::string& message) {
  absl::Status status = absl::FailedPreconditionError(message);
  status.SetPayload(kPayload, absl::Cord(absl::StrCat(static_cast<int>(id))));
  return status;
}

bool IsFault(const absl::Status& status) {
  return !status.ok() && status.code() != absl::StatusCode::kUnavailable;
}

absl::Status AsFault(v1::IpamExceptionId id, const absl::Status& status) {
  if (!IsFault(status) || CarriedId(status)) return status;
  return Fault(id, std::string(status.message()));
}

v1::IpamExceptionId FaultId(const absl::Status& status) {
  if (const auto id = CarriedId(status)) return *id;
  return status.code() == absl::StatusCode::kAlreadyExists
             ? v1::IPAM_EXCEPTION_ID_IPAM_API_FAILED_WITH_UNIQUE_KEY_VIOLATION
             : v1::IPAM_EXCEPTION_ID_IPAM_API_GENERIC_DATABASE_ERROR;
}

}  // namespace ipam::engine
