#include "dcom_bridge/base/hresult.h"

#include "absl/strings/str_format.h"

namespace ipam::base {
namespace {

struct Entry {
  HResult result;
  const char* name;
  absl::StatusCode code;
};

constexpr Entry kTable[] = {
    {kIllegalMethodCall, "E_ILLEGAL_METHOD_CALL", absl::StatusCode::kFailedPrecondition},
    {kNotImplemented, "E_NOTIMPL", absl::StatusCode::kUnimplemented},
    {kNoInterface, "E_NOINTERFACE", absl::StatusCode::kUnimplemented},
    {kAbort, "E_ABORT", absl::StatusCode::kAborted},
    {kFail, "E_FAIL", absl::StatusCode::kInternal},
    {kUnexpected, "E_UNEXPECTED", absl::StatusCode::kInternal},
    {kRpcDisconnected, "RPC_E_DISCONNECTED", absl::StatusCode::kUnavailable},
    {kRpcVersionMismatch, "RPC_E_VERSION_MISMATCH", absl::StatusCode::kFailedPrecondition},
    {kRpcInvalidHeader, "RPC_E_INVALID_HEADER", absl::StatusCode::kInvalidArgument},
    {kRpcInvalidExtension, "RPC_E_INVALID_EXTENSION", absl::StatusCode::kInvalidArgument},
    {kRpcInvalidIpid, "RPC_E_INVALID_IPID", absl::StatusCode::kNotFound},
    {kRpcInvalidObject, "RPC_E_INVALID_OBJECT", absl::StatusCode::kNotFound},
    {kRpcAccessDenied, "RPC_E_ACCESS_DENIED", absl::StatusCode::kPermissionDenied},
    {kClassNotRegistered, "REGDB_E_CLASSNOTREG", absl::StatusCode::kNotFound},
    {kObjectNotRegistered, "CO_E_OBJNOTREG", absl::StatusCode::kNotFound},
    {kAccessDenied, "E_ACCESSDENIED", absl::StatusCode::kPermissionDenied},
    {kOutOfMemory, "E_OUTOFMEMORY", absl::StatusCode::kResourceExhausted},
    {kInvalidArgument, "E_INVALIDARG", absl::StatusCode::kInvalidArgument},
    {kServerUnavailable, "RPC_S_SERVER_UNAVAILABLE", absl::StatusCode::kUnavailable},
    {kNotFound, "ERROR_NOT_FOUND", absl::StatusCode::kNotFound},
};

const Entry* Find(HResult result) {
  for (const Entry& entry : kTable) {
    if (entry.result == result) return &entry;
  }
  return nullptr;
}

}  // namespace

std::string ToString(HResult result) {
  if (result == kOk) return "S_OK";
  if (result == kFalse) return "S_FALSE";
  const Entry* entry = Find(result);
  return entry ? absl::StrFormat("%s (0x%08X)", entry->name, result.value)
               : absl::StrFormat("0x%08X", result.value);
}

absl::Status ToStatus(HResult result, const std::string& what) {
  if (result.ok()) return absl::OkStatus();
  const Entry* entry = Find(result);
  return absl::Status(entry ? entry->code : absl::StatusCode::kUnknown,
                      absl::StrFormat("%s: %s", what, ToString(result)));
}

}  // namespace ipam::base
