#include "dcom_bridge/net/dcom_client.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/net/address_race.h"
#include "dcom_bridge/orpc/error_info.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/orpc/orpc_header.h"
#include "dcom_bridge/orpc/rem_unknown_messages.h"
#include "dcom_bridge/rpc/authentication_refused.h"

namespace ipam::net {
namespace {

constexpr std::uint32_t kRefs = 5;                  // that we ask for, as Windows does
constexpr orpc::ComVersion kOldest{5, 1};           // of a server that cannot say it, [MS-DCOM] 1.7
constexpr base::HResult kNotConnected{0x800401FD};  // CO_E_OBJNOTCONNECTED
constexpr std::size_t kMaxPlainResolvers = 1024;    // remembered; references of strangers name them

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

template <typename T>
absl::StatusOr<T> DecodeReply(const InvokeOutcome& outcome) {
  if (const auto* failure = std::get_if<InvokeFailure>(&outcome)) return failure->status;
  const auto& reply = std::get<InvokeReply>(outcome);
  return ndr::Decode<T>(reply.body, reply.endian);
}

bool IsFault(const RpcResult& result, std::uint32_t status) {
  const auto* fault = std::get_if<rpc::CallFault>(&result.outcome);
  return fault != nullptr && fault->status.value == status;
}

// Why a call with authentication was refused for its authentication: by the bind, or by a fault, which is how
// errors of an auth3 show. Empty: it was not.
std::string RefusalOfAuthentication(const RpcResult& result) {
  if (const auto* fault = std::get_if<rpc::CallFault>(&result.outcome)) {
    for (const pdu::NcaStatus status :
         {pdu::kAccessDenied, pdu::kUnknownAuthnService, pdu::kSecurityPackageError}) {
      if (fault->status == status) return pdu::ToString(status);
    }
    return "";
  }
  const auto* status = std::get_if<absl::Status>(&result.outcome);
  return status != nullptr && rpc::IsAuthenticationRefused(*status) ? std::string(status->message()) : "";
}

rpc::CallRequest ResolverCall(std::uint16_t opnum, base::Bytes stub = {}) {
  return {.interface = {orpc::kIidIObjectExporter, 0, 0}, .opnum = opnum, .stub = std::move(stub)};
}

// error_status_t of a method of the resolver.
absl::Status ToStatus(std::uint32_t status, const std::string& what) {
  return status == 0 ? absl::OkStatus()
                     : base::ToStatus(base::HResult{0x80070000u | (status & 0xFFFF)}, what);
}

}  // namespace

DcomClient::DcomClient(Loop& loop, RpcClient& rpc, base::Clock& clock, DcomClientOptions options)
    : loop_(loop), rpc_(rpc), clock_(clock), options_(options), pinger_(options.pinger) {}
DcomClient::~DcomClient() = default;

RpcDone DcomClient::Counted(RpcDone done) {
  ++outstanding_;
  return [this, alive = std::weak_ptr(alive_), done = std::move(done)](RpcResult result) mutable {
    if (!alive.lock()) return;
    --outstanding_;
    done(std::move(result));
  };
}

void DcomClient::Call(const Endpoint& endpoint, rpc::CallRequest request, absl::Duration timeout,
                      RpcDone done, std::optional<auth::AuthLevel> level) {
  rpc_.Call(endpoint, std::move(request), timeout, Counted(std::move(done)), level);
}

void DcomClient::CallResolver(const Endpoint& resolver, rpc::CallRequest request, absl::Duration timeout,
                              RpcDone done, std::optional<auth::AuthLevel> level) {
  if (!options_.resolver_fallback) {
    return Call(resolver, std::move(request), timeout, std::move(done), level);
  }
  if (plain_resolvers_.contains(resolver)) {
    return Call(
        resolver, std::move(request), timeout,
        [this, resolver, done = std::move(done)](RpcResult result) mutable {
          // Another one is there now: the next call is with authentication again.
          if (IsFault(result, pdu::kAccessDenied.value)) plain_resolvers_.erase(resolver);
          done(std::move(result));
        },
        auth::AuthLevel::kNone);
  }
  Call(
      resolver, request, timeout,
      [this, resolver, request, timeout, done = std::move(done)](RpcResult result) mutable {
        const std::string refusal = RefusalOfAuthentication(result);
        if (refusal.empty()) return done(std::move(result));
        AddPlain(resolver, refusal);
        Call(resolver, std::move(request), timeout, std::move(done), auth::AuthLevel::kNone);
      },
      level);
}

void DcomClient::AddPlain(const Endpoint& resolver, const std::string& refusal) {
  if (plain_resolvers_.size() >= kMaxPlainResolvers) plain_resolvers_.clear();
  if (!plain_resolvers_.insert(resolver).second) return;
  spdlog::warn("the resolver at {} refuses authentication ({}): it is asked without", resolver.ToString(),
               refusal);
}

void DcomClient::ServerAlive2(const Endpoint& resolver, absl::Duration timeout,
                              std::optional<auth::AuthLevel> level, Done<orpc::ComVersion> done) {
  Call(
      resolver, ResolverCall(orpc::kServerAlive2Opnum), timeout,
      [done = std::move(done)](RpcResult result) mutable {
        if (IsFault(result, pdu::kOperationRange.value)) return done(kOldest);
        const auto response = DecodeReply<orpc::ServerAlive2Response>(std::move(result), "ServerAlive2");
        if (!response.ok()) return done(response.status());
        if (response->status != 0) return done(ToStatus(response->status, "ServerAlive2"));
        done(response->version);
      },
      level);
}

void DcomClient::Probe(const Endpoint& scm, absl::Duration timeout,
                       absl::AnyInvocable<void(absl::Status)> done) {
  ServerAlive2(scm, timeout, std::nullopt,
               [this, scm, done = std::move(done)](absl::StatusOr<orpc::ComVersion> version) mutable {
                 if (version.ok()) versions_[scm] = *version;
                 done(version.status());
               });
}

void DcomClient::CreateInstance(const Endpoint& scm, const base::Guid& clsid, std::vector<base::Guid> iids,
                                Done<std::vector<Activated>> done) {
  Activate(scm, {.clsid = clsid, .iids = std::move(iids), .version = {}}, std::move(done));
}

void DcomClient::GetClassObject(const Endpoint& scm, const base::Guid& clsid, std::vector<base::Guid> iids,
                                Done<std::vector<Activated>> done) {
  Activate(scm, {.clsid = clsid, .class_object = true, .iids = std::move(iids), .version = {}},
           std::move(done));
}

void DcomClient::Activate(const Endpoint& scm, ActivationCall call, Done<std::vector<Activated>> done) {
  const auto known = versions_.find(scm);
  if (known == versions_.end()) {
    // [MS-DCOM] 3.2.4.1.1.1: without security. A server that refuses that is taken for one of today; whether
    // it can be reached, the activation itself says.
    return ServerAlive2(scm, options_.address_timeout, auth::AuthLevel::kNone,
                        [this, scm, call = std::move(call),
                         done = std::move(done)](absl::StatusOr<orpc::ComVersion> version) mutable {
                          versions_[scm] = version.value_or(orpc::ComVersion{});
                          Activate(scm, std::move(call), std::move(done));
                        });
  }
  const absl::StatusOr<orpc::ComVersion> version = Negotiate(known->second);
  if (!version.ok()) {
    return loop_.Post(
        [alive = std::weak_ptr(alive_), done = std::move(done), status = version.status()]() mutable {
          if (alive.lock()) done(std::move(status));
        });
  }
  call.version = *version;
  rpc::CallRequest request = call.ToRequest();
  Call(scm, std::move(request), options_.call_timeout,
       [this, scm, call = std::move(call), done = std::move(done)](RpcResult result) mutable {
         done(OnActivated(call, scm, std::move(result)));
       });
}

absl::StatusOr<std::vector<Activated>> DcomClient::OnActivated(const ActivationCall& call,
                                                               const Endpoint& scm, RpcResult result) {
  const std::string what = absl::StrCat("activation at ", scm.ToString());
  // Another server may be there by the next time.
  if (!std::holds_alternative<rpc::CallReply>(result.outcome)) versions_.erase(scm);
  IPAM_ASSIGN_OR_RETURN(const rpc::CallReply reply, Reply(std::move(result), what));
  IPAM_ASSIGN_OR_RETURN(ActivationAnswer answer, ReadActivation(call, reply, scm, what));
  IPAM_ASSIGN_OR_RETURN(RemoteExporter * exporter, Enter(std::move(answer.exporter)));
  std::vector<Activated> activated;
  for (const ActivationAnswer::Result& one : answer.results) {
    Activated& made = activated.emplace_back();
    made.result = one.result;
    if (!one.result.ok()) continue;
    made.interface = InterfaceOf(*exporter, one.ref.iid, *one.ref.std_ref());
    Hold(made.interface);
  }
  if (exporter->references == 0) exporters_.erase(exporter->info().oxid);
  return activated;
}

void DcomClient::ChooseResolver(std::vector<Endpoint> resolvers,
                                absl::AnyInvocable<void(std::vector<Endpoint>)> done) {
  if (resolvers.size() == 1) return done(std::move(resolvers));
  struct Choice {
    Choice(std::vector<Endpoint> addresses, absl::Duration stagger)
        : race(addresses.size(), stagger), resolvers(std::move(addresses)) {}
    AddressRace race;
    std::vector<Endpoint> resolvers;
    absl::AnyInvocable<void(std::vector<Endpoint>)> done;
    std::function<void(AddressRace::Step)> advance;
    Timer timer;
  };
  const auto choice = std::make_shared<Choice>(std::move(resolvers), options_.address_stagger);
  choice->done = std::move(done);
  // Each attempt keeps the choice; it ends with the last.
  choice->advance = [this, weak = std::weak_ptr(choice)](const AddressRace::Step& step) {
    const auto self = weak.lock();
    if (!self) return;
    if (step.chosen) {
      const auto winner = self->resolvers.begin() + static_cast<std::ptrdiff_t>(*step.chosen);
      std::rotate(self->resolvers.begin(), winner, winner + 1);
    }
    if (step.chosen || step.exhausted) {
      self->timer.Cancel();
      return std::exchange(self->done, nullptr)(self->resolvers);
    }
    if (step.attempt) {
      ServerAlive2(
          self->resolvers[*step.attempt], options_.address_timeout, auth::AuthLevel::kNone,
          [this, self, at = *step.attempt](const absl::StatusOr<orpc::ComVersion>& version) {
            self->advance(version.ok() ? self->race.OnAnswered(at) : self->race.OnFailed(at, clock_.Now()));
          });
    }
    const absl::Time due = self->race.NextDeadline();
    if (due == absl::InfiniteFuture()) return self->timer.Cancel();
    self->timer = loop_.After(std::max(due - clock_.Now(), absl::ZeroDuration()),
                              [this, alive = std::weak_ptr(alive_), weak] {
                                const auto late = weak.lock();
                                if (late && alive.lock()) late->advance(late->race.OnTimer(clock_.Now()));
                              });
  };
  choice->advance(choice->race.Start(clock_.Now()));
}

void DcomClient::ResolveAt(std::vector<Endpoint> resolvers, orpc::Oxid oxid, std::uint16_t opnum,
                           absl::Status last, Done<ExporterInfo> done) {
  if (resolvers.empty()) return done(std::move(last));
  const Endpoint resolver = resolvers.front();
  const orpc::ResolveOxidRequest request{.oxid = oxid};
  const bool several = resolvers.size() > 1;
  CallResolver(
      resolver, ResolverCall(opnum, ndr::Encode(request)),
      several ? std::min(options_.address_timeout, options_.call_timeout) : options_.call_timeout,
      [this, rest = std::move(resolvers), oxid, opnum, done = std::move(done)](RpcResult result) mutable {
        if (opnum == orpc::ResolveOxidRequest::kOpnum2 && IsFault(result, pdu::kOperationRange.value)) {
          return ResolveAt(std::move(rest), oxid, orpc::ResolveOxidRequest::kOpnum, {}, std::move(done));
        }
        const Endpoint at = rest.front();
        rest.erase(rest.begin());
        const std::string what = absl::StrCat("ResolveOxid at ", at.ToString());
        absl::StatusOr<orpc::ResolveOxid2Response> response;
        if (opnum == orpc::ResolveOxidRequest::kOpnum2) {
          response = DecodeReply<orpc::ResolveOxid2Response>(std::move(result), what);
        } else {
          auto old = DecodeReply<orpc::ResolveOxidResponse>(std::move(result), what);
          if (!old.ok()) response = old.status();
          if (old.ok())
            response = orpc::ResolveOxid2Response{std::move(old->bindings), old->rem_unknown, old->authn_hint,
                                                  kOldest, old->status};
        }
        absl::Status status = response.status();
        if (response.ok() && (response->status != 0 || !response->bindings)) {
          status = absl::NotFoundError(absl::StrCat(what, ": status ", response->status));
        } else if (response.ok()) {
          ExporterInfo info{oxid,
                            AddressesOf(*response->bindings, at.host),
                            at,
                            response->rem_unknown,
                            response->authn_hint,
                            response->version,
                            PrincipalOf(*response->bindings)};
          // Anybody could have said it.
          if (plain_resolvers_.contains(at)) info.principal.clear();
          if (!info.addresses.empty()) return done(std::move(info));
          status = absl::InvalidArgumentError(what + ": the exporter has no TCP address");
        }
        ResolveAt(std::move(rest), oxid, orpc::ResolveOxidRequest::kOpnum2, std::move(status),
                  std::move(done));
      });
}

void DcomClient::PostFailure(Done<RemoteInterface> done, absl::Status status) {
  loop_.Post([alive = std::weak_ptr(alive_), done = std::move(done), status = std::move(status)]() mutable {
    if (alive.lock()) done(std::move(status));
  });
}

void DcomClient::Unmarshal(const orpc::ObjRef& ref, const base::Guid& iid, Done<RemoteInterface> done,
                           orpc::CausalityId causality) {
  const orpc::StdObjRef* std_ref = ref.std_ref();
  if (!std_ref) {
    const auto& custom = std::get<orpc::CustomRef>(ref.ref);
    return PostFailure(std::move(done), absl::UnimplementedError("a custom object reference of class " +
                                                                 custom.unmarshaler_clsid.ToString()));
  }
  if (const auto* extended = std::get_if<orpc::ExtendedRef>(&ref.ref)) {
    if (const auto envoy = orpc::Context::Decode(extended->data); !envoy.ok())
      return PostFailure(std::move(done), envoy.status());  // RPC_E_INVALID_OBJREF
  }
  if (const RemoteExporter* known = Find(std_ref->oxid); known && !known->unreachable()) {
    return loop_.Post([this, alive = std::weak_ptr(alive_), ref, iid, info = known->info(),
                       done = std::move(done), causality]() mutable {
      if (alive.lock()) OnResolved(ref, iid, std::move(info), std::move(done), causality);
    });
  }
  std::vector<Endpoint> resolvers = AddressesOf(*ref.resolver(), "");
  if (resolvers.empty()) {
    return PostFailure(std::move(done),
                       absl::InvalidArgumentError("the object reference has no TCP address of a resolver"));
  }
  ChooseResolver(std::move(resolvers), [this, ref, iid, done = std::move(done),
                                        causality](std::vector<Endpoint> ordered) mutable {
    ResolveAt(std::move(ordered), ref.std_ref()->oxid, orpc::ResolveOxidRequest::kOpnum2, absl::OkStatus(),
              [this, ref, iid, done = std::move(done), causality](auto info) mutable {
                OnResolved(ref, iid, std::move(info), std::move(done), causality);
              });
  });
}

void DcomClient::OnResolved(const orpc::ObjRef& ref, const base::Guid& iid, absl::StatusOr<ExporterInfo> info,
                            Done<RemoteInterface> done, orpc::CausalityId causality) {
  if (!info.ok()) return done(info.status());
  absl::StatusOr<RemoteExporter*> exporter = Enter(*std::move(info));
  if (!exporter.ok()) return done(exporter.status());
  Adopt(**exporter, ref, iid, std::move(done), causality);
}

void DcomClient::Adopt(RemoteExporter& exporter, const orpc::ObjRef& ref, const base::Guid& iid,
                       Done<RemoteInterface> done, orpc::CausalityId causality) {
  RemoteInterface interface = InterfaceOf(exporter, ref.iid, *ref.std_ref());
  if (const auto* handler = std::get_if<orpc::HandlerRef>(&ref.ref))
    interface.handler = handler->handler_clsid;
  if (const auto* extended = std::get_if<orpc::ExtendedRef>(&ref.ref))
    interface.envoy = orpc::Context::Decode(extended->data)->properties;
  Hold(interface);
  auto exchange = [this, iid, done = std::move(done),
                   causality](absl::StatusOr<RemoteInterface> held) mutable {
    if (!held.ok() || held->iid == iid) return done(std::move(held));
    const RemoteInterface first = *held;
    QueryInterface(
        first, iid,
        [this, first, done = std::move(done)](absl::StatusOr<RemoteInterface> other) mutable {
          Release(first);
          done(std::move(other));
        },
        causality);
  };
  if (interface.public_refs > 0) return exchange(std::move(interface));
  AddRefs(interface, std::move(exchange), causality);
}

// [MS-DCOM] 3.2.4.4.1
void DcomClient::AddRefs(const RemoteInterface& interface, Done<RemoteInterface> done,
                         orpc::CausalityId causality) {
  RemoteExporter& exporter = *Find(interface.oxid);
  const orpc::RemRefsRequest request{{{interface.ipid, kRefs, 0}}};
  InvokeOn(
      exporter, orpc::kIidIRemUnknown, exporter.info().rem_unknown, orpc::RemRefsRequest::kAddRefOpnum,
      ndr::Encode(request), options_.call_timeout,
      [this, held = interface, done = std::move(done)](const InvokeOutcome& outcome) mutable {
        const auto response = DecodeReply<orpc::RemAddRefResponse>(outcome);
        absl::Status status = response.status();
        if (response.ok() && response->results.size() != 1)
          status = absl::InvalidArgumentError("RemAddRef: not one result for one reference");
        else if (response.ok())
          status = base::ToStatus(response->results.front(), "RemAddRef");
        if (!status.ok()) {
          Forget(held);
          return done(std::move(status));
        }
        held.public_refs = kRefs;
        done(std::move(held));
      },
      causality);
}

void DcomClient::Invoke(const RemoteInterface& target, std::uint16_t opnum, base::Bytes body,
                        absl::Duration timeout, Invoked done, orpc::CausalityId causality) {
  RemoteExporter* exporter = Find(target.oxid);
  if (exporter == nullptr) {
    return loop_.Post([alive = std::weak_ptr(alive_), done = std::move(done)]() mutable {
      if (alive.lock())
        done(InvokeFailure{absl::FailedPreconditionError("the reference was released"), false});
    });
  }
  InvokeOn(
      *exporter, target.iid, target.ipid, opnum, std::move(body), timeout,
      [this, alive = std::weak_ptr(alive_), oid = target.oid,
       done = std::move(done)](InvokeOutcome outcome) mutable {
        const auto* failure = std::get_if<InvokeFailure>(&outcome);
        const bool lost = failure != nullptr && failure->disconnected;
        done(std::move(outcome));
        if (lost && alive.lock() && on_lost_) on_lost_(oid);
      },
      causality);
}

void DcomClient::InvokeOn(RemoteExporter& exporter, const base::Guid& iid, const orpc::Ipid& ipid,
                          std::uint16_t opnum, base::Bytes body, absl::Duration timeout, Invoked done,
                          orpc::CausalityId causality) {
  orpc::OrpcThis header;
  header.version = exporter.version();
  header.causality = causality.value.is_nil() ? orpc::CausalityId{base::Guid::Random()} : causality;
  rpc::CallRequest request{.interface = {iid, 0, 0},
                           .opnum = opnum,
                           .object = ipid.value,
                           .stub = orpc::JoinRequest(header, body)};
  exporter.Call(std::move(request), timeout, Counted([done = std::move(done)](RpcResult result) mutable {
                  const bool no_answer = std::holds_alternative<absl::Status>(result.outcome);
                  const bool unknown = no_answer && result.sent;
                  const bool disconnected =
                      IsFault(result, base::kRpcDisconnected.value) || IsFault(result, kNotConnected.value);
                  absl::StatusOr<rpc::CallReply> reply = Reply(std::move(result), "ORPC call");
                  if (!reply.ok()) return done(InvokeFailure{reply.status(), unknown, disconnected});
                  const auto split = orpc::SplitResponse(reply->stub, reply->endian);
                  if (!split.ok()) return done(InvokeFailure{split.status(), true});
                  done(InvokeReply{base::Bytes(split->body.begin(), split->body.end()), reply->endian,
                                   orpc::ErrorDescription(split->header)});
                }));
}

void DcomClient::QueryInterface(const RemoteInterface& from, const base::Guid& iid,
                                Done<RemoteInterface> done, orpc::CausalityId causality) {
  RemoteExporter* exporter = Find(from.oxid);
  if (exporter == nullptr)
    return PostFailure(std::move(done), absl::FailedPreconditionError("the reference was released"));
  const orpc::RemQueryInterfaceRequest request{.ipid = from.ipid, .public_refs = kRefs, .iids = {iid}};
  InvokeOn(
      *exporter, orpc::kIidIRemUnknown, exporter->info().rem_unknown, orpc::RemQueryInterfaceRequest::kOpnum,
      ndr::Encode(request), options_.call_timeout,
      [this, oxid = from.oxid, iid, done = std::move(done)](const InvokeOutcome& outcome) mutable {
        const auto response = DecodeReply<orpc::RemQueryInterfaceResponse>(outcome);
        if (!response.ok()) return done(response.status());
        if (!response->result.ok() && response->results.size() != 1) {
          return done(base::ToStatus(response->result, "RemQueryInterface"));
        }
        if (response->results.size() != 1) {
          return done(absl::InvalidArgumentError("RemQueryInterface: not one result for one interface"));
        }
        const orpc::RemQiResult& result = response->results.front();
        if (!result.result.ok()) return done(base::ToStatus(result.result, "RemQueryInterface"));
        const RemoteExporter* known = Find(oxid);
        // Its last reference was given back meanwhile: what came with the answer goes with the object's pings.
        if (known == nullptr) return done(absl::CancelledError("the reference was released"));
        const RemoteInterface interface = InterfaceOf(*known, iid, result.std_ref);
        Hold(interface);
        done(interface);
      },
      causality);
}

// Once, whatever comes of it: [MS-DCOM] 3.2.4.4.2 knows no second call, which could take references that were got
// since. What the server still counts goes when nobody pings it, 3.1.1.6.2.
void DcomClient::Release(const RemoteInterface& interface, absl::AnyInvocable<void()> done) {
  StopPings(interface);
  RemoteExporter* exporter = Find(interface.oxid);
  if (exporter == nullptr) {
    if (!done) return;
    return loop_.Post([alive = std::weak_ptr(alive_), done = std::move(done)]() mutable {
      if (alive.lock()) done();
    });
  }
  const orpc::RemRefsRequest request{{{interface.ipid, interface.public_refs, 0}}};
  InvokeOn(*exporter, orpc::kIidIRemUnknown, exporter->info().rem_unknown,
           orpc::RemRefsRequest::kReleaseOpnum, ndr::Encode(request), options_.call_timeout,
           [this, oxid = interface.oxid, done = std::move(done)](const InvokeOutcome&) mutable {
             Drop(oxid);
             if (done) done();
           },
           /*causality=*/{});
}

void DcomClient::Forget(const RemoteInterface& interface) {
  StopPings(interface);
  Drop(interface.oxid);
}

std::size_t DcomClient::references() const {
  std::size_t held = 0;
  for (const auto& [oxid, exporter] : exporters_) held += exporter->references;
  return held;
}

RemoteExporter* DcomClient::Find(orpc::Oxid oxid) const {
  const auto it = exporters_.find(oxid);
  return it == exporters_.end() ? nullptr : it->second.get();
}

absl::StatusOr<RemoteExporter*> DcomClient::Enter(ExporterInfo info) {
  // Below packet integrity anybody on the way could have written it.
  if (rpc_.level() < auth::AuthLevel::kIntegrity) info.principal.clear();
  IPAM_ASSIGN_OR_RETURN(const orpc::ComVersion version, Negotiate(info.version));
  std::shared_ptr<RemoteExporter>& entry = exporters_[info.oxid];
  if (entry == nullptr) {
    entry = std::make_shared<RemoteExporter>(loop_, rpc_, clock_, options_.address_stagger, std::move(info),
                                             version, rpc_.level());
  } else if (entry->unreachable()) {
    entry->Refresh(std::move(info));
  }
  return entry.get();
}

RemoteInterface DcomClient::InterfaceOf(const RemoteExporter& exporter, const base::Guid& iid,
                                        const orpc::StdObjRef& ref) const {
  return {.iid = iid,
          .ipid = ref.ipid,
          .oid = ref.oid,
          .oxid = exporter.info().oxid,
          .public_refs = ref.public_refs,
          .pinged = (ref.flags & orpc::StdObjRef::kNoPing) == 0,
          .exporter = exporter.address(),
          .resolver = exporter.info().resolver,
          .rem_unknown = exporter.info().rem_unknown};
}

void DcomClient::Hold(const RemoteInterface& interface) {
  ++Find(interface.oxid)->references;
  if (!interface.pinged) return;
  const std::string name = interface.resolver.ToString();
  resolvers_[name] = interface.resolver;
  pinger_.AddOid(name, interface.oid, clock_.Now());
  ArmPings();
}

void DcomClient::StopPings(const RemoteInterface& interface) {
  if (interface.pinged) pinger_.RemoveOid(interface.resolver.ToString(), interface.oid);
}

void DcomClient::Drop(orpc::Oxid oxid) {
  RemoteExporter* exporter = Find(oxid);
  if (exporter != nullptr && --exporter->references == 0) exporters_.erase(oxid);
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
        Perform(response.ok() ? pinger_.OnPingAnswer(name, response->status, response->set_id, clock_.Now(),
                                                     response->ping_backoff_factor)
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
    // [MS-DCOM] 3.2.6.1: at packet integrity or above.
    CallResolver(resolvers_.at(send.resolver), ResolverCall(opnum, std::move(stub)), options_.call_timeout,
                 done, std::max(rpc_.level(), auth::AuthLevel::kIntegrity));
  }
  absl::erase_if(resolvers_, [this](const auto& entry) {
    return pinger_.state(entry.first) == orpc::Pinger::State::kAbsent;
  });
  ArmPings();
}

}  // namespace ipam::net
