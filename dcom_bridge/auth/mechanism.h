// A security mechanism that SPNEGO can negotiate and wrap.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

class Mechanism : public SecurityContext {
 public:
  // The mechListMIC, RFC 4178 section 5: of ours to send, of the peer to check. Once complete, at most once
  // each, and before the first Protect and Unprotect.
  virtual absl::StatusOr<base::Bytes> MakeMechListMic(base::ByteView mech_types) = 0;
  virtual absl::Status CheckMechListMic(base::ByteView mech_types, base::ByteView mic) = 0;
};

}  // namespace ipam::auth
