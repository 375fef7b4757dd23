// Status codes of fault PDUs, [C706] appendix E and N, [MS-RPCE] 3.3.3.5.7: values that travel. A Win32 code
// or an HRESULT fits too.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace ipam::pdu {

struct NcaStatus {
  std::uint32_t value = 0;
  friend constexpr bool operator==(NcaStatus, NcaStatus) = default;
};

inline constexpr NcaStatus kAccessDenied{0x00000005};          // ERROR_ACCESS_DENIED
inline constexpr NcaStatus kInvalidBound{0x000006C6};          // RPC_S_INVALID_BOUND
inline constexpr NcaStatus kNoCallActive{0x000006BD};          // RPC_S_NO_CALL_ACTIVE
inline constexpr NcaStatus kUnknownAuthnService{0x000006D3};   // RPC_S_UNKNOWN_AUTHN_SERVICE
inline constexpr NcaStatus kCannotSupport{0x000006E4};         // RPC_S_CANNOT_SUPPORT
inline constexpr NcaStatus kBadStubData{0x000006F7};           // RPC_X_BAD_STUB_DATA
inline constexpr NcaStatus kSecurityPackageError{0x00000721};  // RPC_S_SEC_PKG_ERROR
inline constexpr NcaStatus kCallCancelled{0x1C00000D};         // nca_s_fault_cancel
inline constexpr NcaStatus kUnspecifiedFault{0x1C000012};      // nca_s_fault_unspec
inline constexpr NcaStatus kContextMismatch{0x1C00001A};       // nca_s_fault_context_mismatch
inline constexpr NcaStatus kNoMemory{0x1C00001B};              // nca_s_fault_remote_no_memory
inline constexpr NcaStatus kOperationRange{0x1C010002};        // nca_s_op_rng_error
inline constexpr NcaStatus kUnknownInterface{0x1C010003};      // nca_s_unk_if
inline constexpr NcaStatus kProtocolError{0x1C01000B};         // nca_s_proto_error
inline constexpr NcaStatus kServerTooBusy{0x1C010014};         // nca_s_server_too_busy

// "nca_s_op_rng_error (0x1C010002)", or the number alone where it has no name here.
std::string ToString(NcaStatus status);

// The one table that maps a fault to a status of ours. Never OK: a fault that says 0 is a fault. The message
// begins with `what`.
absl::Status ToStatus(NcaStatus status, const std::string& what);

// [MS-RPCE] 3.3.3.5.1: no server may send these.
bool IsForbiddenFault(NcaStatus status);

}  // namespace ipam::pdu
