#include "dcom_bridge/orpc/oxid_resolver.h"

#include <algorithm>
#include <utility>

#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/ndr/fault.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/orpc/pinger.h"

namespace ipam::orpc {
namespace {

// error_status_t, [MS-ERREF] 2.2
constexpr std::uint32_t kErrorAccessDenied = 5;
constexpr std::uint32_t kErrorOutOfMemory = 14;

rpc::CallFault BadStub(const absl::Status& status) {
  return {pdu::NcaStatus{ndr::FaultStatus(status)}, true};
}

template <typename Response>
rpc::CallReply Reply(const Response& response) {
  return rpc::CallReply{ndr::Encode(response)};
}

SetId NewSetId() {
  const base::Guid random = base::Guid::Random();
  return SetId{static_cast<std::uint64_t>(random.data1) << 32 |
               static_cast<std::uint64_t>(random.data2) << 16 |
               static_cast<std::uint64_t>(random.data4[6]) << 8 | random.data4[7]};
}

std::string OwnerOf(const rpc::IncomingCall& call) {
  return call.caller ? call.caller->Name() : std::string();
}

}  // namespace

OxidResolver::OxidResolver(OxidResolverOptions options, Exporter& exporter, base::Clock& clock)
    : options_(options), exporter_(exporter), clock_(clock) {}

bool OxidResolver::Serves(const pdu::SyntaxId& abstract) const {
  return abstract == pdu::SyntaxId{kIidIObjectExporter, 0, 0};
}

auth::AuthLevel OxidResolver::MinimumLevel(const pdu::SyntaxId& /*abstract*/, std::uint16_t opnum) const {
  switch (opnum) {
    case kServerAliveOpnum:
    case kServerAlive2Opnum:
      return auth::AuthLevel::kNone;
    case SimplePingRequest::kOpnum:
    case ComplexPingRequest::kOpnum:
      return options_.ping_level;
    default:
      return options_.resolve_level;
  }
}

void OxidResolver::Handle(rpc::IncomingCall call, rpc::Responder respond) {
  switch (call.opnum) {
    case ResolveOxidRequest::kOpnum:
    case ResolveOxidRequest::kOpnum2:
      return respond(ResolveOxid(call));
    case SimplePingRequest::kOpnum:
      return respond(SimplePing(call));
    case ComplexPingRequest::kOpnum:
      return respond(ComplexPing(call));
    case kServerAliveOpnum:
      return respond(Reply(StatusResponse{}));
    case kServerAlive2Opnum:
      return respond(Reply(ServerAlive2Response{{}, exporter_.resolver_bindings(), 0, 0}));
  }
  respond(rpc::CallFault{pdu::kOperationRange, true});
}

// 3.1.2.5.1.1, 3.1.2.5.1.5. There is one protocol sequence, which the requested ones cannot add to.
rpc::CallOutcome OxidResolver::ResolveOxid(const rpc::IncomingCall& call) {
  const auto request = ndr::Decode<ResolveOxidRequest>(call.stub, call.endian);
  if (!request.ok()) return BadStub(request.status());
  ResolveOxid2Response response;
  if (request->oxid == exporter_.oxid()) {
    response.bindings = exporter_.bindings();
    response.rem_unknown = exporter_.rem_unknown();
    response.authn_hint = static_cast<std::uint32_t>(exporter_.minimum_level());
  } else {
    response.status = kOrInvalidOxid;
  }
  if (call.opnum == ResolveOxidRequest::kOpnum2) return Reply(response);
  return Reply(
      ResolveOxidResponse{response.bindings, response.rem_unknown, response.authn_hint, response.status});
}

// 3.1.2.5.1.2
rpc::CallOutcome OxidResolver::SimplePing(const rpc::IncomingCall& call) {
  const auto request = ndr::Decode<SimplePingRequest>(call.stub, call.endian);
  if (!request.ok()) return BadStub(request.status());
  const auto it = sets_.find(request->set_id);
  if (it == sets_.end()) return Reply(StatusResponse{kOrInvalidSet});
  if (it->second.owner != OwnerOf(call)) return Reply(StatusResponse{kErrorAccessDenied});
  Touch(it->second);
  return Reply(StatusResponse{});
}

// 3.1.2.5.1.3
rpc::CallOutcome OxidResolver::ComplexPing(const rpc::IncomingCall& call) {
  const auto request = ndr::Decode<ComplexPingRequest>(call.stub, call.endian);
  if (!request.ok()) return BadStub(request.status());
  ComplexPingResponse response;
  response.set_id = request->set_id;

  const bool create = request->set_id == SetId{};
  if (create && !NewSet(OwnerOf(call), response.set_id)) {
    response.status = kErrorOutOfMemory;
    return Reply(response);
  }
  const auto it = sets_.find(response.set_id);
  if (it == sets_.end()) {
    response.status = kOrInvalidSet;
    return Reply(response);
  }
  PingSet& set = it->second;
  if (set.owner != OwnerOf(call)) {
    response.status = kErrorAccessDenied;
    return Reply(response);
  }
  response.ping_backoff_factor = set.backoff;
  if (set.sequence > request->sequence) return Reply(response);
  set.sequence = request->sequence;
  set.backoff = response.ping_backoff_factor = sets_.size() > options_.busy_ping_sets ? 1 : 0;
  Touch(set);
  response.status = Add(set, request->add, call.caller, create);
  if (response.status != 0) return Reply(response);
  for (const Oid oid : request->remove) {
    if (set.oids.erase(oid) > 0) {
      --pins_;
      exporter_.objects().Unpin(oid, /*expired=*/false);
    }
  }
  return Reply(response);
}

void OxidResolver::Touch(PingSet& set) {
  set.expires = clock_.Now() + options_.ping_set_timeout * (1 << set.backoff);
}

bool OxidResolver::NewSet(const std::string& owner, SetId& id) {
  if (sets_.size() >= options_.max_ping_sets) return false;
  std::size_t& count = sets_of_[owner];
  if (count >= options_.max_ping_sets_per_caller) return false;
  ++count;
  do {
    id = NewSetId();
  } while (id == SetId{} || sets_.contains(id));
  PingSet& set = sets_[id];
  set.owner = owner;
  set.expires = clock_.Now() + options_.ping_set_timeout;
  deadlines_.insert({set.expires, id});
  return true;
}

// A new set passes over OIDs that are not there; one that exists stops at them with OR_INVALID_OID.
std::uint32_t OxidResolver::Add(PingSet& set, const std::vector<Oid>& oids, const Caller& caller,
                                bool create) {
  for (const Oid oid : oids) {
    if (set.oids.contains(oid)) continue;
    if (set.oids.size() >= options_.max_oids_per_set || pins_ >= options_.max_oids) return kErrorOutOfMemory;
    if (exporter_.objects().Pin(oid, caller)) {
      ++pins_;
      set.oids.insert(oid);
    } else if (!create) {
      return kOrInvalidOid;
    }
  }
  return 0;
}

absl::Time OxidResolver::NextDeadline() const {
  const absl::Time sets = deadlines_.empty() ? absl::InfiniteFuture() : deadlines_.begin()->first;
  return std::min(sets, exporter_.objects().NextDeadline());
}

// 3.1.2.6. Pings only write `expires`; a later time is found when the one in the queue has come.
void OxidResolver::OnTimer(absl::Time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const SetId id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    const auto it = sets_.find(id);
    if (it->second.expires > now) {
      deadlines_.insert({it->second.expires, id});
      continue;
    }
    const PingSet set = std::move(it->second);
    sets_.erase(it);
    pins_ -= set.oids.size();
    if (const auto owner = sets_of_.find(set.owner); --owner->second == 0) sets_of_.erase(owner);
    for (const Oid oid : set.oids) exporter_.objects().Unpin(oid, /*expired=*/true);
  }
  exporter_.objects().OnTimer(now);
}

}  // namespace ipam::orpc
