// The client's half of DCOM, [MS-DCOM] 3.2: activates, unmarshals, calls and releases objects of other
// exporters and keeps them alive by pings.
//
// A reference whose server is cut off stays: the next call dials anew, and the pings decide. What the server
// does not know any more (it was started again, or has reclaimed the object) fails with RPC_E_DISCONNECTED and
// is told to set_on_lost(); so are objects whose pings fail for good. Release or Forget those too. A release
// that does not get through is not repeated: the object is out of our ping set, and its server reclaims it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/net/activation.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/remote_exporter.h"
#include "dcom_bridge/net/rpc_client.h"
#include "dcom_bridge/orpc/context.h"
#include "dcom_bridge/orpc/obj_ref.h"
#include "dcom_bridge/orpc/pinger.h"

namespace ipam::net {

// An interface of an object that lives elsewhere, with references that we hold and must Release(). A value.
struct RemoteInterface {
  base::Guid iid;
  orpc::Ipid ipid;
  orpc::Oid oid;
  orpc::Oxid oxid;
  std::uint32_t public_refs = 0;
  bool pinged = false;
  Endpoint exporter;  // where its calls went first; a dual-homed exporter may be reached elsewhere later
  Endpoint resolver;  // where its pings go
  orpc::Ipid rem_unknown;
  // What its OBJREF said besides, for the application: the class of a handler, the envoy context.
  std::optional<base::Guid> handler = std::nullopt;
  std::vector<orpc::ContextProperty> envoy = {};
};

// The answer of an ORPC call.
struct InvokeReply {
  base::Bytes body;  // behind ORPCTHAT
  base::Endian endian = base::Endian::kLittle;
  std::string error_description;  // of the error information extension; may be empty
};
struct InvokeFailure {
  absl::Status status;
  bool executed_unknown = true;  // false: a fault, or the request never left
  bool disconnected = false;     // RPC_E_DISCONNECTED: the server does not know the object any more
};
using InvokeOutcome = std::variant<InvokeReply, InvokeFailure>;

// One interface of a new object, or why the object has it not.
struct Activated {
  base::HResult result;
  RemoteInterface interface;  // where `result` is a success
};

struct DcomClientOptions {
  absl::Duration call_timeout = absl::Seconds(30);
  // Of one address, where a resolver or exporter has several: how long it is waited for, and after which time
  // the next one is tried beside it.
  absl::Duration address_timeout = absl::Seconds(3);
  absl::Duration address_stagger = absl::Milliseconds(250);
  orpc::PingerOptions pinger;
  // A resolver that refuses authentication is asked, and pinged, without, for that call and the next ones: some
  // clients' resolvers know no other, j-Interop's for one. Activations and ORPC calls never are.
  bool resolver_fallback = false;
};

// Loop thread only. Callbacks come from the loop, never from inside the call that they answer, and not after
// the client died.
class DcomClient {
 public:
  template <typename T>
  using Done = absl::AnyInvocable<void(absl::StatusOr<T>)>;

  // `clock`: a steady one, for pings must go on while somebody sets the wall clock.
  DcomClient(Loop& loop, RpcClient& rpc, base::Clock& clock, DcomClientOptions options);
  ~DcomClient();

  // ServerAlive2 of the resolver at `scm`, at the level of the connection: proves address, account and
  // password. Its answer is the version that activations at `scm` are made with.
  void Probe(const Endpoint& scm, absl::Duration timeout, absl::AnyInvocable<void(absl::Status)> done);

  // [MS-DCOM] 3.2.4.1.1. One result for each of `iids`, in their order.
  void CreateInstance(const Endpoint& scm, const base::Guid& clsid, std::vector<base::Guid> iids,
                      Done<std::vector<Activated>> done);
  // The same for the class object, IClassFactory for one.
  void GetClassObject(const Endpoint& scm, const base::Guid& clsid, std::vector<base::Guid> iids,
                      Done<std::vector<Activated>> done);

  // A call that is made on behalf of an incoming one names its `causality`; nil: a call of its own, which gets
  // a new one, [MS-DCOM] 1.3.5.

  // Takes over the references of an OBJREF that came as a parameter of type `iid`: resolves its exporter where
  // it is not known, asks for references where it brings none, and where it was marshaled for another
  // interface asks the object for this one, [MS-DCOM] 3.2.4.1.2. kUnimplemented: a custom reference, which is
  // for who knows its class.
  void Unmarshal(const orpc::ObjRef& ref, const base::Guid& iid, Done<RemoteInterface> done,
                 orpc::CausalityId causality = {});

  // `body` is what follows ORPCTHIS.
  void Invoke(const RemoteInterface& target, std::uint16_t opnum, base::Bytes body, absl::Duration timeout,
              absl::AnyInvocable<void(InvokeOutcome)> done, orpc::CausalityId causality = {});

  // kUnimplemented: the object does not have it.
  void QueryInterface(const RemoteInterface& from, const base::Guid& iid, Done<RemoteInterface> done,
                      orpc::CausalityId causality = {});

  // Gives the references back and stops the pings. `done`, where given, is told when the server answered or
  // could not.
  void Release(const RemoteInterface& interface, absl::AnyInvocable<void()> done = nullptr);
  // Forgets them without a word: the server, or its connection, is gone.
  void Forget(const RemoteInterface& interface);

  // Told of objects whose pings failed for good or that their server does not know any more.
  void set_on_lost(std::function<void(orpc::Oid)> on_lost) { on_lost_ = std::move(on_lost); }

  // For metrics.
  std::size_t references() const;  // interfaces that are held, those whose release is not answered too
  std::size_t exporters() const { return exporters_.size(); }
  std::size_t outstanding_calls() const { return outstanding_; }
  std::size_t ping_sets() const { return pinger_.sets(); }
  std::size_t pinged_objects() const { return pinger_.oids(); }

 private:
  using Invoked = absl::AnyInvocable<void(InvokeOutcome)>;

  // A plain RPC call to a resolver or activator.
  void Call(const Endpoint& endpoint, rpc::CallRequest request, absl::Duration timeout, RpcDone done,
            std::optional<auth::AuthLevel> level = std::nullopt);
  // The same to the resolver of an object, with the fallback that the options allow.
  void CallResolver(const Endpoint& resolver, rpc::CallRequest request, absl::Duration timeout, RpcDone done,
                    std::optional<auth::AuthLevel> level = std::nullopt);
  void AddPlain(const Endpoint& resolver, const std::string& refusal);
  // Not called when the client dies first; counts it as outstanding until then.
  RpcDone Counted(RpcDone done);
  void ServerAlive2(const Endpoint& resolver, absl::Duration timeout, std::optional<auth::AuthLevel> level,
                    Done<orpc::ComVersion> done);
  void Activate(const Endpoint& scm, ActivationCall call, Done<std::vector<Activated>> done);
  absl::StatusOr<std::vector<Activated>> OnActivated(const ActivationCall& call, const Endpoint& scm,
                                                     RpcResult result);

  void InvokeOn(RemoteExporter& exporter, const base::Guid& iid, const orpc::Ipid& ipid, std::uint16_t opnum,
                base::Bytes body, absl::Duration timeout, Invoked done, orpc::CausalityId causality);
  void AddRefs(const RemoteInterface& interface, Done<RemoteInterface> done, orpc::CausalityId causality);

  // [MS-DCOM] 3.2.4.1.2.1: the first resolver that answers, then the others in their order.
  void ChooseResolver(std::vector<Endpoint> resolvers, absl::AnyInvocable<void(std::vector<Endpoint>)> done);
  // Tries the addresses in their order; `last` is why the one before failed. `opnum`: ResolveOxid2, or
  // ResolveOxid for a server that does not have it.
  void ResolveAt(std::vector<Endpoint> resolvers, orpc::Oxid oxid, std::uint16_t opnum, absl::Status last,
                 Done<ExporterInfo> done);
  void OnResolved(const orpc::ObjRef& ref, const base::Guid& iid, absl::StatusOr<ExporterInfo> info,
                  Done<RemoteInterface> done, orpc::CausalityId causality);
  void Adopt(RemoteExporter& exporter, const orpc::ObjRef& ref, const base::Guid& iid,
             Done<RemoteInterface> done, orpc::CausalityId causality);

  // The entry of the OXID table; made where there is none.
  absl::StatusOr<RemoteExporter*> Enter(ExporterInfo info);
  RemoteExporter* Find(orpc::Oxid oxid) const;
  RemoteInterface InterfaceOf(const RemoteExporter& exporter, const base::Guid& iid,
                              const orpc::StdObjRef& ref) const;
  void Hold(const RemoteInterface& interface);
  void Drop(orpc::Oxid oxid);  // one reference of an interface
  void StopPings(const RemoteInterface& interface);
  void Perform(orpc::PingActions actions);
  void ArmPings();
  void PostFailure(Done<RemoteInterface> done, absl::Status status);

  Loop& loop_;
  RpcClient& rpc_;
  base::Clock& clock_;
  DcomClientOptions options_;
  orpc::Pinger pinger_;
  Timer ping_timer_;
  std::function<void(orpc::Oid)> on_lost_;
  absl::flat_hash_map<orpc::Oxid, std::shared_ptr<RemoteExporter>> exporters_;
  std::map<Endpoint, orpc::ComVersion> versions_;         // of activators, as they last said
  absl::flat_hash_map<std::string, Endpoint> resolvers_;  // as the pinger names them
  std::set<Endpoint> plain_resolvers_;                    // they refused authentication
  std::size_t outstanding_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace ipam::net
