// HRESULT, [MS-ERREF] 2.1: a value that travels between COM objects, not an error of ours.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace ipam::base {

struct HResult {
  std::uint32_t value = 0;

  constexpr bool ok() const { return (value & 0x80000000u) == 0; }
  friend constexpr bool operator==(HResult, HResult) = default;
};

inline constexpr HResult kOk{0x00000000};
inline constexpr HResult kFalse{0x00000001};
inline constexpr HResult kIllegalMethodCall{0x8000000E};    // E_ILLEGAL_METHOD_CALL
inline constexpr HResult kNotImplemented{0x80004001};       // E_NOTIMPL
inline constexpr HResult kNoInterface{0x80004002};          // E_NOINTERFACE
inline constexpr HResult kAbort{0x80004004};                // E_ABORT
inline constexpr HResult kFail{0x80004005};                 // E_FAIL
inline constexpr HResult kUnexpected{0x8000FFFF};           // E_UNEXPECTED
inline constexpr HResult kRpcDisconnected{0x80010108};      // RPC_E_DISCONNECTED
inline constexpr HResult kRpcVersionMismatch{0x80010110};   // RPC_E_VERSION_MISMATCH
inline constexpr HResult kRpcInvalidHeader{0x80010111};     // RPC_E_INVALID_HEADER
inline constexpr HResult kRpcInvalidExtension{0x80010112};  // RPC_E_INVALID_EXTENSION
inline constexpr HResult kRpcInvalidIpid{0x80010113};       // RPC_E_INVALID_IPID
inline constexpr HResult kRpcInvalidObject{0x80010114};     // RPC_E_INVALID_OBJECT
inline constexpr HResult kRpcAccessDenied{0x8001011B};      // RPC_E_ACCESS_DENIED
inline constexpr HResult kClassNotRegistered{0x80040154};   // REGDB_E_CLASSNOTREG
inline constexpr HResult kObjectNotRegistered{0x800401FB};  // CO_E_OBJNOTREG
inline constexpr HResult kAccessDenied{0x80070005};         // E_ACCESSDENIED
inline constexpr HResult kOutOfMemory{0x8007000E};          // E_OUTOFMEMORY
inline constexpr HResult kInvalidArgument{0x80070057};      // E_INVALIDARG
inline constexpr HResult kServerUnavailable{0x800706BA};    // HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE)
inline constexpr HResult kNotFound{0x80070490};             // HRESULT_FROM_WIN32(ERROR_NOT_FOUND)

// "E_INVALIDARG (0x80070057)", or the number alone where it has no name here.
std::string ToString(HResult result);

// The one table that maps an HRESULT to a status and its code. `ok()` for success codes. The message begins
// with `what`.
absl::Status ToStatus(HResult result, const std::string& what);

}  // namespace ipam::base
