#include "dcom_bridge/pdu/nca_status.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/hresult.h"

namespace ipam::pdu {
namespace {

struct Entry {
  NcaStatus status;
  const char* name;
  absl::StatusCode code;
};

constexpr Entry kTable[] = {
    {kAccessDenied, "ERROR_ACCESS_DENIED", absl::StatusCode::kPermissionDenied},
    {kInvalidBound, "RPC_S_INVALID_BOUND", absl::StatusCode::kInvalidArgument},
    {kNoCallActive, "RPC_S_NO_CALL_ACTIVE", absl::StatusCode::kFailedPrecondition},
    {kUnknownAuthnService, "RPC_S_UNKNOWN_AUTHN_SERVICE", absl::StatusCode::kUnauthenticated},
    {kCannotSupport, "RPC_S_CANNOT_SUPPORT", absl::StatusCode::kUnimplemented},
    {kBadStubData, "RPC_X_BAD_STUB_DATA", absl::StatusCode::kInvalidArgument},
    {kSecurityPackageError, "RPC_S_SEC_PKG_ERROR", absl::StatusCode::kUnauthenticated},
    {kCallCancelled, "nca_s_fault_cancel", absl::StatusCode::kCancelled},
    {kUnspecifiedFault, "nca_s_fault_unspec", absl::StatusCode::kInternal},
    {kContextMismatch, "nca_s_fault_context_mismatch", absl::StatusCode::kNotFound},
    {kNoMemory, "nca_s_fault_remote_no_memory", absl::StatusCode::kResourceExhausted},
    {kOperationRange, "nca_s_op_rng_error", absl::StatusCode::kUnimplemented},
    {kUnknownInterface, "nca_s_unk_if", absl::StatusCode::kUnimplemented},
    {kProtocolError, "nca_s_proto_error", absl::StatusCode::kInternal},
    {kServerTooBusy, "nca_s_server_too_busy", absl::StatusCode::kUnavailable},
};

constexpr std::uint32_t kForbidden[] = {0x00000000, 0x80000001, 0x80000002, 0x80000003, 0xC0000005,
                                        0xC0000006, 0xC000001D, 0xC0000096, 0xC00000AA, 0xC00000FD,
                                        0xC0000194, 0xC0000235, 0xC0000409, 0xC0000420};

const Entry* Find(NcaStatus status) {
  const auto* found = std::find_if(std::begin(kTable), std::end(kTable),
                                   [status](const Entry& entry) { return entry.status == status; });
  return found == std::end(kTable) ? nullptr : found;
}

}  // namespace

std::string ToString(NcaStatus status) {
  if (const Entry* entry = Find(status)) return absl::StrFormat("%s (0x%08X)", entry->name, status.value);
  return base::ToString(base::HResult{status.value});
}

absl::Status ToStatus(NcaStatus status, const std::string& what) {
  if (const Entry* entry = Find(status)) {
    return absl::Status(entry->code, absl::StrFormat("%s: %s", what, ToString(status)));
  }
  const base::HResult result{status.value};
  if (!result.ok()) return base::ToStatus(result, what);
  return absl::UnknownError(absl::StrFormat("%s: fault 0x%08X", what, status.value));
}

bool IsForbiddenFault(NcaStatus status) {
  return std::find(std::begin(kForbidden), std::end(kForbidden), status.value) != std::end(kForbidden);
}

}  // namespace ipam::pdu
