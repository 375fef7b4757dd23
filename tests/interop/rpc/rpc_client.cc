// net::RpcClient against an RPC server that others wrote: management and endpoint mapper on one connection. Prints
// what it was told, one fact a line, or "error" and why, and ends.
//
//   rpc_client HOST PORT DOMAIN USER PASSWORD (none|ntlm|spnego) (none|connect|packet|integrity|privacy)
#include "dcom_bridge/net/rpc_client.h"

#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/random.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/rpc/endpoint_mapper.h"
#include "dcom_bridge/rpc/endpoint_messages.h"
#include "dcom_bridge/rpc/management.h"
#include "dcom_bridge/rpc/tower.h"

namespace ipam {
namespace {

class Caller {
 public:
  Caller(net::Loop& loop, net::RpcClient& client, net::Endpoint server)
      : loop_(loop), client_(client), server_(std::move(server)) {}

  // The stub of the reply; after the first failure nothing any more.
  base::Bytes Call(const pdu::SyntaxId& interface, std::uint16_t opnum, base::Bytes stub) {
    if (failed_) return {};
    std::optional<net::RpcResult> answer;
    client_.Call(server_, {interface, opnum, {}, std::move(stub)}, absl::Seconds(20),
                 [&](net::RpcResult result) {
                   answer = std::move(result);
                   loop_.Stop();
                 });
    loop_.Run();
    loop_.Restart();
    if (auto* reply = std::get_if<rpc::CallReply>(&answer->outcome)) return std::move(reply->stub);
    if (const auto* fault = std::get_if<rpc::CallFault>(&answer->outcome))
      return Fail(pdu::ToString(fault->status));
    return Fail(std::get<absl::Status>(answer->outcome).ToString());
  }
  template <typename Response, typename Request>
  Response Ask(const pdu::SyntaxId& interface, std::uint16_t opnum, const Request& request) {
    auto response =
        ndr::Decode<Response>(Call(interface, opnum, ndr::Encode(request)), base::Endian::kLittle);
    if (response.ok()) return *std::move(response);
    Fail(response.status().ToString());
    return {};
  }
  std::uint32_t FirstInteger(const base::Bytes& stub, std::size_t offset = 0) {
    base::ByteReader in(stub);
    in.Skip(offset);
    return in.U32();
  }
  bool failed() const { return failed_; }

 private:
  base::Bytes Fail(const std::string& why) {
    if (!std::exchange(failed_, true)) std::printf("error %s\n", why.c_str());
    return {};
  }

  net::Loop& loop_;
  net::RpcClient& client_;
  const net::Endpoint server_;
  bool failed_ = false;
};

void AskManagement(Caller& caller) {
  const base::Bytes interfaces = caller.Call(rpc::kManagementInterface, 0, {});
  if (!caller.failed()) std::printf("interfaces %u\n", caller.FirstInteger(interfaces, 4));
  const base::Bytes listening = caller.Call(rpc::kManagementInterface, 2, {});
  if (!caller.failed()) std::printf("listening %u\n", caller.FirstInteger(listening, 4));
  // Servers ignore what stands behind the parameters: a request of many fragments.
  caller.Call(rpc::kManagementInterface, 2, base::Bytes(100'000));
  if (!caller.failed()) std::printf("fragments\n");
}

void AskEndpointMapper(Caller& caller) {
  rpc::EptMapRequest map;
  rpc::Tower tower;
  tower.interface = rpc::kEndpointMapperInterface;
  map.tower = std::make_shared<rpc::TowerOctets>(rpc::TowerOctets{rpc::EncodeTower(tower)});
  map.max_towers = 4;
  const auto mapped = caller.Ask<rpc::EptMapResponse>(rpc::kEndpointMapperInterface, 3, map);
  if (!mapped.items.empty()) {
    const auto found = rpc::DecodeTower(mapped.items.front()->octets);
    if (found.ok()) std::printf("ept_map %d status %u\n", found->port, mapped.status);
  }
  rpc::EptLookupRequest lookup;
  lookup.version_option = 1;
  lookup.max_entries = 2;
  std::size_t entries = 0, batches = 0;
  for (bool more = true; more && !caller.failed(); more = !lookup.handle.uuid.is_nil()) {
    const auto batch = caller.Ask<rpc::EptLookupResponse>(rpc::kEndpointMapperInterface, 2, lookup);
    entries += batch.items.size();
    ++batches;
    lookup.handle = batch.handle;
  }
  std::printf("ept_lookup %zu entries in %zu batches\n", entries, batches);
  lookup.handle = {};
  const auto batch = caller.Ask<rpc::EptLookupResponse>(rpc::kEndpointMapperInterface, 2, lookup);
  const auto freed = caller.Ask<rpc::EptHandleFreeResponse>(rpc::kEndpointMapperInterface, 4,
                                                            rpc::EptHandleFreeRequest{batch.handle});
  if (!caller.failed()) std::printf("ept_lookup_handle_free status %u\n", freed.status);
}

int Run(char** argv) {
  static const std::map<std::string, auth::AuthLevel> kLevels = {{"none", auth::AuthLevel::kNone},
                                                                 {"connect", auth::AuthLevel::kConnect},
                                                                 {"packet", auth::AuthLevel::kPacket},
                                                                 {"integrity", auth::AuthLevel::kIntegrity},
                                                                 {"privacy", auth::AuthLevel::kPrivacy}};
  const std::string type = argv[6];
  base::SystemClock clock;
  auth::SystemRandom random;
  net::Loop loop;
  net::RpcClient client(
      loop, {.level = kLevels.at(argv[7])}, [&](const net::Endpoint& endpoint, const std::string&) {
        return auth::NewInitiator(type == "ntlm" ? auth::AuthType::kNtlm : auth::AuthType::kSpnego,
                                  {argv[3], argv[4], auth::NtHash::OfPassword(argv[5])},
                                  "RPCSS/" + endpoint.host, clock, random);
      });
  Caller caller(loop, client, {argv[1], static_cast<std::uint16_t>(std::stoi(argv[2]))});
  AskManagement(caller);
  AskEndpointMapper(caller);
  caller.Call({{9, 9, 9, {}}, 1, 0}, 0, {});  // no server has it: the last line is this error
  return 0;
}

}  // namespace
}  // namespace ipam

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr, "usage: rpc_client HOST PORT DOMAIN USER PASSWORD TYPE LEVEL\n");
    return 2;
  }
  return ipam::Run(argv);
}
