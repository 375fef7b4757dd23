#include "dcom_bridge/pdu/call_pdus.h"

namespace ipam::pdu {

namespace {

base::ByteView TakeStub(base::ByteReader& in, std::size_t pad_length) {
  if (in.ok() && pad_length > in.remaining()) in.Fail("padding longer than the stub");
  return in.Take(in.ok() ? in.remaining() - pad_length : 0);
}

}  // namespace

absl::StatusOr<Request> DecodeRequest(base::ByteView body, base::Endian endian, bool has_object,
                                      std::size_t pad_length) {
  base::ByteReader in(body, endian);
  Request request;
  request.alloc_hint = in.U32();
  request.context_id = in.U16();
  request.opnum = in.U16();
  if (has_object) request.object = in.Guid();
  request.stub = TakeStub(in, pad_length);
  if (!in.ok()) return in.status();
  return request;
}

absl::StatusOr<Response> DecodeResponse(base::ByteView body, base::Endian endian, std::size_t pad_length) {
  base::ByteReader in(body, endian);
  Response response;
  response.alloc_hint = in.U32();
  response.context_id = in.U16();
  response.cancel_count = in.U8();
  in.Skip(1);
  response.stub = TakeStub(in, pad_length);
  if (!in.ok()) return in.status();
  return response;
}

absl::StatusOr<Fault> DecodeFault(base::ByteView body, base::Endian endian) {
  base::ByteReader in(body, endian);
  Fault fault;
  in.Skip(4);  // alloc_hint
  fault.context_id = in.U16();
  fault.cancel_count = in.U8();
  in.Skip(1);  // extended error information follows or not, [MS-RPCE] 2.2.2.8
  fault.status.value = in.U32();
  if (!in.ok()) return in.status();
  return fault;
}

void EncodeRequest(base::ByteWriter& out, const Request& request) {
  out.U32(request.alloc_hint);
  out.U16(request.context_id);
  out.U16(request.opnum);
  if (request.object) out.Guid(*request.object);
  out.Append(request.stub);
}

void EncodeResponse(base::ByteWriter& out, const Response& response) {
  out.U32(response.alloc_hint);
  out.U16(response.context_id);
  out.U8(response.cancel_count);
  out.U8(0);
  out.Append(response.stub);
}

base::Bytes EncodeFault(const Fault& fault) {
  base::ByteWriter out;
  out.U32(kHeaderSize + kFaultSize);  // alloc_hint: what Windows writes, the PDU's length
  out.U16(fault.context_id);
  out.U8(fault.cancel_count);
  out.U8(0);
  out.U32(fault.status.value);
  out.U32(0);
  return out.Take();
}

}  // namespace ipam::pdu
