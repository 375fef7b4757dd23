#include "dcom_bridge/rpc/management.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "dcom_bridge/ndr/fault.h"
#include "dcom_bridge/rpc/endpoint_messages.h"

namespace ipam::rpc {
namespace {

enum class Opnum : std::uint16_t {
  kInqIfIds = 0,
  kInqStats = 1,
  kIsServerListening = 2,
  kStopServerListening = 3,
  kInqPrincName = 4,
};

constexpr std::uint32_t kAccessDenied = 5;           // rpc_s_access_denied
constexpr std::uint32_t kNoInterfaces = 0x719;       // RPC_S_NO_INTERFACES
constexpr std::uint32_t kUnknownAuthn = 0x6D3;       // RPC_S_UNKNOWN_AUTHN_SERVICE
constexpr std::uint32_t kAuthnDefault = 0xFFFFFFFF;  // RPC_C_AUTHN_DEFAULT
constexpr std::uint32_t kInsufficientBuffer = 122;   // ERROR_INSUFFICIENT_BUFFER, as Windows has it

// rpc_if_id_vector_t [MS-RPCE] 2.2.1.3.1
struct InterfaceVector {
  std::vector<std::shared_ptr<InterfaceId>> ids;

  static constexpr ndr::Layout kNdrLayout{4, 8};
  static void Ndr(auto& io, auto& v) {
    const std::uint32_t max_count = io.MaxCount(v.ids.size());
    auto count = static_cast<std::uint32_t>(v.ids.size());
    io(count);
    io.Elements(v.ids, max_count, count);
  }
};

struct InqIfIdsResponse {
  std::shared_ptr<InterfaceVector> interfaces;
  std::uint32_t status = 0;

  static void Ndr(auto& io, auto& v) { io(v.interfaces, v.status); }
};

struct InqStatsRequest {
  std::uint32_t count = 0;

  // StatisticsCount [MS-RPCE] 2.2.1.3.2
  static void Ndr(auto& io, auto& v) { io.Range(v.count, std::uint32_t{0}, std::uint32_t{50}); }
};

struct InqStatsResponse {
  std::vector<std::uint32_t> statistics;
  std::uint32_t status = 0;

  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint32_t>(v.statistics.size());
    io(count);
    io.Array(v.statistics, count);
    io(v.status);
  }
};

struct InqPrincNameRequest {
  std::uint32_t authn_proto = 0;
  std::uint32_t size = 0;

  static void Ndr(auto& io, auto& v) {
    io(v.authn_proto);
    io.Range(v.size, std::uint32_t{0}, std::uint32_t{4096});  // [MS-RPCE] 2.2.1.3.4
  }
};

base::Bytes PrincipalName(const std::string& name, std::uint32_t size, std::uint32_t status) {
  ndr::Writer out;
  std::vector<std::uint8_t> characters(name.begin(), name.end());
  characters.push_back(0);
  characters.resize(std::min<std::size_t>(characters.size(), size));
  out(size, std::uint32_t{0}, static_cast<std::uint32_t>(characters.size()));
  out.Elements(characters, size, characters.size());
  out(status);
  return out.Take();
}

}  // namespace

bool Management::Serves(const pdu::SyntaxId& abstract) const { return abstract == kManagementInterface; }

auth::AuthLevel Management::MinimumLevel(const pdu::SyntaxId&, std::uint16_t) const {
  return auth::AuthLevel::kNone;
}

void Management::Handle(IncomingCall call, Responder respond) {
  switch (static_cast<Opnum>(call.opnum)) {
    case Opnum::kInqIfIds:
      return respond(InqIfIds());
    case Opnum::kInqStats:
      return respond(InqStats(call));
    case Opnum::kIsServerListening: {
      ndr::Writer out;
      out(std::uint32_t{0}, std::uint32_t{1});  // status, then boolean32
      return respond(CallReply{out.Take()});
    }
    case Opnum::kStopServerListening: {
      ndr::Writer out;
      out(kAccessDenied);
      return respond(CallReply{out.Take()});
    }
    case Opnum::kInqPrincName:
      return respond(InqPrincName(call));
  }
  respond(CallFault{pdu::kOperationRange, true});
}

CallOutcome Management::InqIfIds() const {
  InqIfIdsResponse response;
  if (options_.interfaces.empty()) {
    response.status = kNoInterfaces;
    return CallReply{ndr::Encode(response)};
  }
  response.interfaces = std::make_shared<InterfaceVector>();
  for (const pdu::SyntaxId& interface : options_.interfaces) {
    response.interfaces->ids.push_back(
        std::make_shared<InterfaceId>(InterfaceId{interface.uuid, interface.major, interface.minor}));
  }
  return CallReply{ndr::Encode(response)};
}

CallOutcome Management::InqStats(const IncomingCall& call) const {
  const auto request = ndr::Decode<InqStatsRequest>(call.stub, call.endian);
  if (!request.ok()) return CallFault{pdu::NcaStatus{ndr::FaultStatus(request.status())}, true};
  InqStatsResponse response;
  // The order of [C706] Q: rpc_c_stats_calls_in, _calls_out, _pkts_in, _pkts_out.
  response.statistics = {statistics_.calls_in, statistics_.calls_out, statistics_.packets_in,
                         statistics_.packets_out};
  response.statistics.resize(std::min<std::size_t>(response.statistics.size(), request->count));
  return CallReply{ndr::Encode(response)};
}

CallOutcome Management::InqPrincName(const IncomingCall& call) const {
  const auto request = ndr::Decode<InqPrincNameRequest>(call.stub, call.endian);
  if (!request.ok()) return CallFault{pdu::NcaStatus{ndr::FaultStatus(request.status())}, true};
  // Room for the NUL that a string has.
  if (request->size == 0) return CallFault{pdu::kBadStubData, true};
  for (const auto& [type, name] : options_.principals) {
    const bool asked =
        request->authn_proto == kAuthnDefault || request->authn_proto == static_cast<std::uint32_t>(type);
    if (!asked) continue;
    if (name.size() >= request->size) return CallReply{PrincipalName("", request->size, kInsufficientBuffer)};
    return CallReply{PrincipalName(name, request->size, 0)};
  }
  return CallReply{PrincipalName("", request->size, kUnknownAuthn)};
}

}  // namespace ipam::rpc
