// Any bytes, split anywhere, from a client: after nothing, after a bind, after a bind with a token. The first
// byte says which, the second how long the pieces are. Delivered calls are answered at once or at the end.
#include <cstdint>

#include "dcom_bridge/pdu/bind.h"
#include "dcom_bridge/pdu/sec_trailer.h"
#include "dcom_bridge/rpc/endpoint_mapper.h"
#include "dcom_bridge/rpc/management.h"
#include "tests/unit/rpc/support/wire.h"

namespace {

using namespace ipam;

base::Bytes Bind(bool with_token, bool multiplexed) {
  pdu::Bind bind{
      5840, 5840, 0, {{0, rpc_test::kEcho, {pdu::kNdr}}, {1, rpc::kManagementInterface, {pdu::kNdr}}}};
  pdu::Header header;
  header.type = pdu::PduType::kBind;
  if (multiplexed) header.flags |= pdu::kConcurrentMultiplexing;
  const auto token = rpc_test::FakeInitiator(auth::AuthType::kNtlm)->Step({});
  const pdu::AuthPart auth{{10, 6, 0, 0, 7}, token->bytes};
  return pdu::Assemble(header, pdu::EncodeBind(bind), with_token ? &auth : nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t start = data[0];
  const std::size_t piece = data[1] == 0 ? size : data[1];
  rpc_test::Server server;
  rpc::EndpointMapper mapper;
  mapper.Register({{rpc_test::kEcho, pdu::kNdr, 135, {127, 0, 0, 1}}, {}, "fuzz"});
  rpc::Management management({{rpc_test::kEcho}, {}});
  server.table.Add(mapper);
  server.table.Add(management);
  if (start % 3 != 0) server.Feed(Bind(start % 3 == 2, start % 2 == 0));
  const base::ByteView input(data + 2, size - 2);
  for (std::size_t at = 0; at < input.size(); at += piece) {
    server.Feed(input.subspan(at, std::min(piece, input.size() - at)));
  }
  for (const rpc::IncomingCall& call : server.service.calls) {
    server.Do(server.association->Complete(call.id, rpc::CallReply{call.stub}));
  }
  return 0;
}
