#include "dcom_bridge/net/dcom_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/orpc/activation_blob.h"
#include "dcom_bridge/orpc/activation_messages.h"
#include "dcom_bridge/orpc/error_info.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/orpc/orpc_header.h"
#include "dcom_bridge/orpc/rem_unknown_messages.h"

namespace ipam::net {
namespace {

constexpr std::uint16_t kWellKnownPort = 135;
// Addresses of one resolver or exporter that are tried; more are somebody's mistake.
constexpr std::size_t kMaxAddresses = 8;

// A fault or a missing answer as a status, or the reply.
absl::StatusOr<rpc::CallReply> Reply(RpcResult result, const std::string& what) {
  if (auto* reply = std::get_if<rpc::CallReply>(&result.outcome)) return std::move(*reply);
  if (const auto* fault = std::get_if<rpc::CallFault>(&result.outcome))
    return pdu::ToStatus(fault->status, what);
  const absl::Status& status = std::get<absl::Status>(result.outcome);
  return absl::Status(status.code(), absl::StrCat(what, ": ", std::string(status.message())));
}

template <typename T>
absl::StatusOr<T> DecodeReply(RpcResult result, const std::string& what) {
  IPAM_ASSIGN_OR_RETURN(const rpc::CallReply reply, Reply(std::move(result), what));
  return ndr::Decode<T>(reply.stub, reply.endian);
}

// The TCP addresses of the bindings in their order; `preferred` first where it is among them, for the address
// that already answered us is the one that is not behind a translator.
std::vector<Endpoint> Addresses(const orpc::DualStringArray& bindings, const std::string& preferred) {
  std::vector<Endpoint> found;
  for (const orpc::StringBinding& binding : bindings.strings) {
    if (binding.tower_id != orpc::kProtseqTcp || found.size() == kMaxAddresses) continue;
    const auto address = orpc::NetworkAddress::Parse(binding.network_address);
    if (address) found.push_back({address->host, address->port.value_or(kWellKnownPort)});
  }
  std::stable_partition(found.begin(), found.end(), [&](const Endpoint& e) { return e.host == preferred; });
  return found;
}

orpc::OrpcThis NewOrpcThis(orpc::CausalityId causality = {}) {
  orpc::OrpcThis header;
  header.causality = causality.value.is_nil() ? orpc::CausalityId{base::Guid::Random()} : causality;
  return header;
}

absl::StatusOr<std::vector<Activated>> ReadActivation(RpcResult result, const Endpoint& scm,
                                                      std::size_t wanted) {
  const std::string what = absl::StrCat("activation at ", scm.ToString());
  IPAM_ASSIGN_OR_RETURN(auto response, DecodeReply<orpc::ScmActivatorResponse>(std::move(result), what));
  if (!response.result.ok()) return base::ToStatus(response.result, what);
  if (!response.properties) return absl::InvalidArgumentError(what + ": no properties in the answer");
  IPAM_ASSIGN_OR_RETURN(const orpc::ActivationReply reply,
                        orpc::ActivationReply::Decode(*response.properties));
  const auto& remote = reply.scm_reply.remote_reply;
  if (!remote || !remote->bindings) return absl::InvalidArgumentError(what + ": no exporter in the answer");
  if (reply.props_out.results.size() != wanted || reply.props_out.interfaces.size() != wanted) {
    return absl::InvalidArgumentError(what + ": not one result for each interface");
  }
  const std::vector<Endpoint> addresses = Addresses(*remote->bindings, scm.host);
  if (addresses.empty()) return absl::InvalidArgumentError(what + ": the exporter has no TCP address");
  std::vector<Activated> activated(wanted);
  for (std::size_t i = 0; i < wanted; ++i) {
    activated[i].result = reply.props_out.results[i];
    if (!activated[i].result.ok()) continue;
    if (!reply.props_out.interfaces[i])
      return absl::InvalidArgumentError(what + ": a success without an interface");
    IPAM_ASSIGN_OR_RETURN(const orpc::ObjRef ref, reply.props_out.interfaces[i]->Parse());
    const orpc::StdObjRef* std_ref = ref.std_ref();
    if (!std_ref) return absl::InvalidArgumentError(what + ": not a standard object reference");
    activated[i].interface = {ref.iid,
                              std_ref->ipid,
                              std_ref->oid,
                              std_ref->oxid,
                              std_ref->public_refs,
                              (std_ref->flags & orpc::StdObjRef::kNoPing) == 0,
                              addresses.front(),
                              scm,
                              remote->rem_unknown};
  }
  return activated;
}

}  // namespace

DcomClient::DcomClient(Loop& loop, RpcClient& rpc, base::Clock& clock, DcomClientOptions options)
    : loop_(loop), rpc_(rpc), clock_(clock), options_(options), pinger_(options.pinger) {}
DcomClient::~DcomClient() = default;

void DcomClient::Call(const Endpoint& endpoint, const base::Guid& interface, std::uint16_t opnum,
                      base::Bytes stub, absl::Duration timeout, RpcDone done) {
  rpc_.Call(endpoint, {.interface = {interface, 0, 0}, .opnum = opnum, .stub = std::move(stub)}, timeout,
            [alive = std::weak_ptr(alive_), done = std::move(done)](RpcResult result) mutable {
              if (alive.lock()) done(std::move(result));
            });
}

void DcomClient::Probe(const Endpoint& scm, absl::Duration timeout,
                       absl::AnyInvocable<void(absl::Status)> done) {
  Call(scm, orpc::kIidIObjectExporter, orpc::kServerAlive2Opnum, {}, timeout,
       [done = std::move(done)](RpcResult result) mutable {
         const auto response = DecodeReply<orpc::ServerAlive2Response>(std::move(result), "ServerAlive2");
         if (response.ok() && response->status != 0) {
           return done(base::ToStatus(base::HResult{response->status | 0x80000000u}, "ServerAlive2"));
         }
         done(response.status());
       });
}

void DcomClient::CreateInstance(const Endpoint& scm, const base::Guid& clsid, std::vector<base::Guid> iids,
                                Done<std::vector<Activated>> done) {
  orpc::ActivationRequest request;
  request.instantiation.class_id = clsid;
  request.instantiation.iids = std::move(iids);
  request.scm_request.remote_request.emplace();
  request.context
      .emplace();  // four properties: behind an odd number the header is padded, which Wireshark reads over
  const std::size_t wanted = request.instantiation.iids.size();
  orpc::RemoteCreateInstanceRequest message;
  message.orpc_this = NewOrpcThis();
  message.properties = request.Encode();
  Call(scm, orpc::kIidIRemoteScmActivator, orpc::RemoteCreateInstanceRequest::kOpnum, ndr::Encode(message),
       options_.call_timeout, [this, scm, wanted, done = std::move(done)](RpcResult result) mutable {
         absl::StatusOr<std::vector<Activated>> activated = ReadActivation(std::move(result), scm, wanted);
         if (activated.ok()) {
           for (const Activated& one : *activated) {
             if (one.result.ok()) Hold(one.interface);
           }
         }
         done(std::move(activated));
       });
}

void DcomClient::ResolveAt(std::vector<Endpoint> resolvers, orpc::Oxid oxid, absl::Status last,
                           Done<Resolved> done) {
  if (resolvers.empty()) return done(std::move(last));
  const Endpoint resolver = resolvers.front();
  resolvers.erase(resolvers.begin());
  const orpc::ResolveOxidRequest request{.oxid = oxid};
  Call(resolver, orpc::kIidIObjectExporter, orpc::ResolveOxidRequest::kOpnum2, ndr::Encode(request),
       options_.call_timeout,
       [this, resolver, rest = std::move(resolvers), oxid, done = std::move(done)](RpcResult result) mutable {
         const std::string what = absl::StrCat("ResolveOxid2 at ", resolver.ToString());
         const auto response = DecodeReply<orpc::ResolveOxid2Response>(std::move(result), what);
         absl::Status status = response.status();
         if (response.ok() && (response->status != 0 || !response->bindings)) {
           status = absl::NotFoundError(absl::StrCat(what, ": status ", response->status));
         } else if (response.ok()) {
           const std::vector<Endpoint> addresses = Addresses(*response->bindings, resolver.host);
           if (!addresses.empty()) return done(Resolved{addresses.front(), resolver, response->rem_unknown});
           status = absl::InvalidArgumentError(what + ": the exporter has no TCP address");
         }
         ResolveAt(std::move(rest), oxid, std::move(status), std::move(done));
       });
}

void DcomClient::Unmarshal(const orpc::ObjRef& ref, const base::Guid& iid, Done<RemoteInterface> done,
                           orpc::CausalityId causality) {
  const orpc::StdObjRef* std_ref = ref.std_ref();
  const auto post = [&](absl::Status status) {
    loop_.Post([done = std::move(done), status = std::move(status)]() mutable { done(std::move(status)); });
  };
  if (!std_ref) return post(absl::InvalidArgumentError("a custom object reference"));
  std::vector<Endpoint> resolvers = Addresses(*ref.resolver(), "");
  if (resolvers.empty())
    return post(absl::InvalidArgumentError("the object reference has no TCP address of a resolver"));
  ResolveAt(std::move(resolvers), std_ref->oxid, absl::OkStatus(),
            [this, wanted = iid, causality, iid = ref.iid, std_ref = *std_ref,
             done = std::move(done)](absl::StatusOr<Resolved> found) mutable {
              if (!found.ok()) return done(found.status());
              const RemoteInterface interface {
                iid, std_ref.ipid, std_ref.oid, std_ref.oxid, std_ref.public_refs,
                    (std_ref.flags & orpc::StdObjRef::kNoPing) == 0, found->exporter, found->resolver,
                    found->rem_unknown
              };
              Hold(interface);
              if (iid == wanted) return done(interface);
              QueryInterface(
                  interface, wanted,
                  [this, interface, done = std::move(done)](absl::StatusOr<RemoteInterface> other) mutable {
                    Release(interface);
                    done(std::move(other));
                  },
                  causality);
            });
}

void DcomClient::Invoke(const RemoteInterface& target, std::uint16_t opnum, base::Bytes body,
                        absl::Duration timeout, absl::AnyInvocable<void(InvokeOutcome)> done,
                        orpc::CausalityId causality) {
  InvokeOn(target.exporter, target.iid, target.ipid, opnum, std::move(body), timeout, std::move(done),
           causality);
}

void DcomClient::InvokeOn(const Endpoint& exporter, const base::Guid& iid, const orpc::Ipid& ipid,
                          std::uint16_t opnum, base::Bytes body, absl::Duration timeout,
                          absl::AnyInvocable<void(InvokeOutcome)> done, orpc::CausalityId causality) {
  rpc::CallRequest request{.interface = {iid, 0, 0},
                           .opnum = opnum,
                           .object = ipid.value,
                           .stub = orpc::JoinRequest(NewOrpcThis(causality), body)};
  rpc_.Call(exporter, std::move(request), timeout,
            [alive = std::weak_ptr(alive_), done = std::move(done)](RpcResult result) mutable {
              if (!alive.lock()) return;
              const bool no_answer = std::holds_alternative<absl::Status>(result.outcome);
              const bool unknown = no_answer && result.sent;
              absl::StatusOr<rpc::CallReply> reply = Reply(std::move(result), "ORPC call");
              if (!reply.ok()) return done(InvokeFailure{reply.status(), unknown});
              const auto split = orpc::SplitResponse(reply->stub, reply->endian);
              if (!split.ok()) return done(InvokeFailure{split.status(), true});
              done(InvokeReply{base::Bytes(split->body.begin(), split->body.end()), reply->endian,
                               orpc::ErrorDescription(split->header)});
            });
}

void DcomClient::QueryInterface(const RemoteInterface& from, const base::Guid& iid,
                                Done<RemoteInterface> done, orpc::CausalityId causality) {
  constexpr std::uint32_t kRefs = 5;  // as Windows asks for
  const orpc::RemQueryInterfaceRequest request{.ipid = from.ipid, .public_refs = kRefs, .iids = {iid}};
  InvokeOn(
      from.exporter, orpc::kIidIRemUnknown, from.rem_unknown, orpc::RemQueryInterfaceRequest::kOpnum,
      ndr::Encode(request), options_.call_timeout,
      [this, from, iid, done = std::move(done)](InvokeOutcome outcome) mutable {
        if (const auto* failure = std::get_if<InvokeFailure>(&outcome)) return done(failure->status);
        const auto& reply = std::get<InvokeReply>(outcome);
        const auto response = ndr::Decode<orpc::RemQueryInterfaceResponse>(reply.body, reply.endian);
        if (!response.ok()) return done(response.status());
        if (!response->result.ok() && response->results.size() != 1) {
          return done(base::ToStatus(response->result, "RemQueryInterface"));
        }
        if (response->results.size() != 1) {
          return done(absl::InvalidArgumentError("RemQueryInterface: not one result for one interface"));
        }
        const orpc::RemQiResult& result = response->results.front();
        if (!result.result.ok()) return done(base::ToStatus(result.result, "RemQueryInterface"));
        RemoteInterface interface = from;
        interface.iid = iid;
        interface.ipid = result.std_ref.ipid;
        interface.oid = result.std_ref.oid;
        interface.public_refs = result.std_ref.public_refs;
        Hold(interface);
        done(std::move(interface));
      },
      causality);
}

void DcomClient::Release(const RemoteInterface& interface, absl::AnyInvocable<void()> done) {
  Forget(interface);
  const orpc::RemRefsRequest request{{{interface.ipid, interface.public_refs, 0}}};
  InvokeOn(interface.exporter, orpc::kIidIRemUnknown, interface.rem_unknown,
           orpc::RemRefsRequest::kReleaseOpnum, ndr::Encode(request), options_.call_timeout,
           [done = std::move(done)](InvokeOutcome) mutable {
             if (done) done();
           },
           /*causality=*/{});
}

void DcomClient::Hold(const RemoteInterface& interface) {
  if (!interface.pinged) return;
  const std::string name = interface.resolver.ToString();
  resolvers_[name] = interface.resolver;
  pinger_.AddOid(name, interface.oid, clock_.Now());
  ArmPings();
}

void DcomClient::Forget(const RemoteInterface& interface) {
  if (interface.pinged) pinger_.RemoveOid(interface.resolver.ToString(), interface.oid);
}

void DcomClient::ArmPings() {
  const absl::Time due = pinger_.NextDeadline();
  if (due == absl::InfiniteFuture()) return ping_timer_.Cancel();
  ping_timer_ = loop_.After(std::max(due - clock_.Now(), absl::ZeroDuration()),
                            [this] { Perform(pinger_.OnTimer(clock_.Now())); });
}

void DcomClient::Perform(orpc::PingActions actions) {
  for (orpc::PingAction& action : actions) {
    if (const auto* lost = std::get_if<orpc::LostObjects>(&action)) {
      for (const orpc::Oid oid : lost->oids) {
        if (on_lost_) on_lost_(oid);
      }
      continue;
    }
    const auto& send = std::get<orpc::SendPing>(action);
    const auto* complex = std::get_if<orpc::ComplexPingRequest>(&send.ping);
    const auto done = [this, name = send.resolver, is_complex = complex != nullptr](RpcResult result) {
      if (is_complex) {
        const auto response = DecodeReply<orpc::ComplexPingResponse>(std::move(result), "ComplexPing");
        Perform(response.ok() ? pinger_.OnPingAnswer(name, response->status, response->set_id, clock_.Now())
                              : pinger_.OnPingFailed(name, clock_.Now()));
      } else {
        const auto response = DecodeReply<orpc::StatusResponse>(std::move(result), "SimplePing");
        Perform(response.ok() ? pinger_.OnPingAnswer(name, response->status, {}, clock_.Now())
                              : pinger_.OnPingFailed(name, clock_.Now()));
      }
    };
    base::Bytes stub =
        complex ? ndr::Encode(*complex) : ndr::Encode(std::get<orpc::SimplePingRequest>(send.ping));
    const std::uint16_t opnum = complex ? orpc::ComplexPingRequest::kOpnum : orpc::SimplePingRequest::kOpnum;
    Call(resolvers_.at(send.resolver), orpc::kIidIObjectExporter, opnum, std::move(stub),
         options_.call_timeout, done);
  }
  absl::erase_if(resolvers_, [this](const auto& entry) {
    return pinger_.state(entry.first) == orpc::Pinger::State::kAbsent;
  });
  ArmPings();
}

}  // namespace ipam::net
