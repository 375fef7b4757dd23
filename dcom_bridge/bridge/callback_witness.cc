#include "dcom_bridge/bridge/callback_witness.h"

#include <optional>
#include <utility>

#include "dcom_bridge/bridge/watched_context.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/orpc/orpc_header.h"
#include "dcom_bridge/orpc/rem_unknown_messages.h"

namespace ipam::bridge {
namespace {

// Passes everything on; `Look` sees each call first.
template <typename Look>
class Onlooker : public rpc::Service {
 public:
  Onlooker(rpc::Service& inner, Look look) : inner_(inner), look_(std::move(look)) {}

  bool Serves(const pdu::SyntaxId& abstract) const override { return inner_.Serves(abstract); }
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override {
    return inner_.MinimumLevel(abstract, opnum);
  }
  std::size_t StubLimit(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override {
    return inner_.StubLimit(abstract, opnum);
  }
  void Handle(rpc::IncomingCall call, rpc::Responder respond) override {
    look_(call);
    inner_.Handle(std::move(call), std::move(respond));
  }

 private:
  rpc::Service& inner_;
  Look look_;
};

using Looker = std::function<void(const rpc::IncomingCall&)>;

// The IPID that a RemQueryInterface of either interface asks about.
std::optional<orpc::Ipid> QueriedObject(const rpc::IncomingCall& call) {
  const bool rem_unknown = call.interface.uuid == orpc::kIidIRemUnknown;
  if (!rem_unknown && call.interface.uuid != orpc::kIidIRemUnknown2) return std::nullopt;
  const auto split = orpc::SplitRequest(call.stub, call.endian);
  if (!split.ok()) return std::nullopt;
  if (call.opnum == orpc::RemQueryInterfaceRequest::kOpnum) {
    const auto request = ndr::Decode<orpc::RemQueryInterfaceRequest>(split->body, call.endian);
    if (request.ok()) return request->ipid;
  } else if (call.opnum == orpc::RemQueryInterface2Request::kOpnum) {
    const auto request = ndr::Decode<orpc::RemQueryInterface2Request>(split->body, call.endian);
    if (request.ok()) return request->ipid;
  }
  return std::nullopt;
}

}  // namespace

class CallbackWitness::Resolver final : public Onlooker<Looker> {
  using Onlooker::Onlooker;
};
class CallbackWitness::Exporter final : public Onlooker<Looker> {
  using Onlooker::Onlooker;
};

class CallbackWitness::Acceptors final : public rpc::AuthProvider {
 public:
  Acceptors(rpc::AuthProvider& inner, std::set<Observation*>& observations)
      : inner_(inner), observations_(observations) {}

  absl::StatusOr<std::unique_ptr<auth::SecurityContext>> NewAcceptor(
      auth::AuthType type, const std::string& peer_address) override {
    auto made = inner_.NewAcceptor(type, peer_address);
    if (!made.ok()) {
      for (Observation* each : observations_)
        each->seen_.logon_failure = std::string(made.status().message());
      return made;
    }
    if (observations_.empty()) return made;
    return std::make_unique<WatchedContext>(*std::move(made), [this](const auto& token, const auto& context) {
      for (Observation* each : observations_) {
        if (!token.ok()) each->seen_.logon_failure = std::string(token.status().message());
        if (context.peer()) ++each->seen_.logons;
      }
    });
  }

 private:
  rpc::AuthProvider& inner_;
  std::set<Observation*>& observations_;
};

CallbackWitness::Observation::Observation(CallbackWitness& witness, orpc::Ipid object)
    : witness_(witness), object_(object) {
  witness_.observations_.insert(this);
}
CallbackWitness::Observation::~Observation() { witness_.observations_.erase(this); }

CallbackWitness::CallbackWitness(rpc::Service& resolver, rpc::Service& exporter, rpc::AuthProvider& acceptors)
    : resolver_(std::make_unique<Resolver>(resolver,
                                           [this](const rpc::IncomingCall& call) {
                                             if (call.opnum != orpc::ResolveOxidRequest::kOpnum &&
                                                 call.opnum != orpc::ResolveOxidRequest::kOpnum2)
                                               return;
                                             for (Observation* each : observations_)
                                               ++each->seen_.resolutions;
                                           })),
      exporter_(std::make_unique<Exporter>(exporter,
                                           [this](const rpc::IncomingCall& call) {
                                             if (observations_.empty()) return;
                                             const std::optional<orpc::Ipid> queried = QueriedObject(call);
                                             for (Observation* each : observations_) {
                                               if (queried == each->object_) each->seen_.queried = true;
                                             }
                                           })),
      acceptors_(std::make_unique<Acceptors>(acceptors, observations_)) {}
CallbackWitness::~CallbackWitness() = default;

rpc::Service& CallbackWitness::resolver() { return *resolver_; }
rpc::Service& CallbackWitness::exporter() { return *exporter_; }
rpc::AuthProvider& CallbackWitness::acceptors() { return *acceptors_; }

}  // namespace ipam::bridge
