// Bodies of the PDUs that make a connection: bind, bind_ack, bind_nak, alter_context and its answer,
// [C706] 12.6.4.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/pdu/syntax_id.h"

namespace ipam::pdu {

// p_cont_elem_t
struct PresentationContext {
  std::uint16_t id = 0;
  SyntaxId abstract_syntax;
  std::vector<SyntaxId> transfer_syntaxes;
};

// rpcconn_bind_hdr_t, rpcconn_alter_context_hdr_t: the same layout.
struct Bind {
  std::uint16_t max_xmit_frag = 0;
  std::uint16_t max_recv_frag = 0;
  std::uint32_t assoc_group_id = 0;
  std::vector<PresentationContext> contexts;
};

// p_cont_def_result_t [MS-RPCE] 2.2.2.4
enum class ContextResult : std::uint16_t {
  kAcceptance = 0,
  kUserRejection = 1,
  kProviderRejection = 2,
  kNegotiateAck = 3,
};

// p_provider_reason_t. With kNegotiateAck the reason holds feature bits instead, [MS-RPCE] 2.2.2.15.
inline constexpr std::uint16_t kReasonNotSpecified = 0;
inline constexpr std::uint16_t kReasonAbstractSyntaxNotSupported = 1;
inline constexpr std::uint16_t kReasonTransferSyntaxesNotSupported = 2;
inline constexpr std::uint16_t kReasonLocalLimitExceeded = 3;

// p_result_t
struct PresentationResult {
  ContextResult result = ContextResult::kProviderRejection;
  std::uint16_t reason = kReasonNotSpecified;
  SyntaxId transfer_syntax;  // zero unless accepted

  static void Fields(auto& io, auto& v) { io(v.result, v.reason, v.transfer_syntax); }
};

// rpcconn_bind_ack_hdr_t, rpcconn_alter_context_response_hdr_t: the same layout.
struct BindAck {
  std::uint16_t max_xmit_frag = 0;
  std::uint16_t max_recv_frag = 0;
  std::uint32_t assoc_group_id = 0;
  std::string secondary_address;  // port_spec without its NUL; empty in alter_context_resp
  std::vector<PresentationResult> results;
};

// [MS-RPCE] 2.2.2.5
enum class RejectReason : std::uint16_t {
  kNotSpecified = 0,
  kTemporaryCongestion = 1,
  kLocalLimitExceeded = 2,
  kProtocolVersionNotSupported = 4,
  kAuthTypeNotRecognized = 8,
  kInvalidChecksum = 9,
};

// bind_nak [MS-RPCE] 2.2.2.9. A Signature with extended error information is skipped.
struct BindNak {
  RejectReason reason = RejectReason::kNotSpecified;
};

absl::StatusOr<Bind> DecodeBind(base::ByteView body, base::Endian endian);
base::Bytes EncodeBind(const Bind& bind);
absl::StatusOr<BindAck> DecodeBindAck(base::ByteView body, base::Endian endian);
base::Bytes EncodeBindAck(const BindAck& ack);
absl::StatusOr<BindNak> DecodeBindNak(base::ByteView body, base::Endian endian);
base::Bytes EncodeBindNak(const BindNak& nak);

}  // namespace ipam::pdu
