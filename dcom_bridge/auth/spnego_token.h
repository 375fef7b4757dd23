// The two messages of SPNEGO, RFC 4178 section 4.2 with NegTokenInit2 of [MS-SPNG] 2.2.1: bytes to fields and
// back.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

// Contents octets of an OBJECT IDENTIFIER.
using Oid = base::Bytes;

// 1.3.6.1.4.1.311.2.2.10, [MS-NLMP] 1.9
extern const Oid kNtlmOid;
// 1.2.840.113554.1.2.2, RFC 4121; and as Windows 2000 wrote it, 1.2.840.48018.1.2.2: the same mechanism,
// offered by all clients of Windows to this day ([MS-SPNG] 3.1.5.2).
extern const Oid kKerberosOid;
extern const Oid kMsKerberosOid;

// RFC 4178 4.2.2
enum class NegState : std::uint8_t {
  kAcceptCompleted = 0,
  kAcceptIncomplete = 1,
  kReject = 2,
  kRequestMic = 3
};

struct NegTokenInit {
  std::vector<Oid> mech_types;
  // The DER encoding of the MechTypeList as it stands in the message: what the mechListMIC covers.
  base::Bytes mech_types_der;
  std::optional<base::Bytes> mech_token;

  // With the GSS-API framing of RFC 2743 3.1. reqFlags, negHints and a mechListMIC in this message are passed
  // over.
  static absl::StatusOr<NegTokenInit> Decode(base::ByteView bytes);
  // mech_types_der is not read: Encode() makes it of mech_types.
  base::Bytes Encode() const;
};

base::Bytes EncodeMechTypes(const std::vector<Oid>& mech_types);

struct NegTokenResp {
  std::optional<NegState> state;
  std::optional<Oid> supported_mech;
  std::optional<base::Bytes> response_token;
  std::optional<base::Bytes> mech_list_mic;

  static absl::StatusOr<NegTokenResp> Decode(base::ByteView bytes);
  base::Bytes Encode() const;
};

}  // namespace ipam::auth
