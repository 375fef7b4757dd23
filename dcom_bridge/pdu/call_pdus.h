// Bodies of the PDUs of a call: request, response, fault, [C706] 12.6.4. co_cancel, orphaned and shutdown
// have none; rpc_auth_3 has four octets of padding, [MS-RPCE] 2.2.2.10.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/pdu/header.h"
#include "dcom_bridge/pdu/nca_status.h"

namespace ipam::pdu {

// rpcconn_request_hdr_t, one fragment. `stub` is a view into the body.
struct Request {
  std::uint32_t alloc_hint = 0;  // never trusted for an allocation
  std::uint16_t context_id = 0;
  std::uint16_t opnum = 0;
  std::optional<base::Guid> object;  // with PFC_OBJECT_UUID
  base::ByteView stub;
};

// rpcconn_response_hdr_t, one fragment.
struct Response {
  std::uint32_t alloc_hint = 0;
  std::uint16_t context_id = 0;
  std::uint8_t cancel_count = 0;
  base::ByteView stub;
};

// rpcconn_fault_hdr_t. Stub data is ignored and never made, [MS-RPCE] 2.2.2.8.
struct Fault {
  std::uint16_t context_id = 0;
  std::uint8_t cancel_count = 0;
  NcaStatus status;
};

inline constexpr std::size_t kRequestHeaderSize = 8;  // without object
inline constexpr std::size_t kResponseHeaderSize = 8;
inline constexpr std::size_t kFaultSize = 16;
inline constexpr std::size_t kAuth3Size = 4;

// `pad_length`: of the sec_trailer; so many octets at the end of the body are not stub.
absl::StatusOr<Request> DecodeRequest(base::ByteView body, base::Endian endian, bool has_object,
                                      std::size_t pad_length = 0);
absl::StatusOr<Response> DecodeResponse(base::ByteView body, base::Endian endian, std::size_t pad_length = 0);
absl::StatusOr<Fault> DecodeFault(base::ByteView body, base::Endian endian);

void EncodeRequest(base::ByteWriter& out, const Request& request);
void EncodeResponse(base::ByteWriter& out, const Response& response);
base::Bytes EncodeFault(const Fault& fault);

}  // namespace ipam::pdu
