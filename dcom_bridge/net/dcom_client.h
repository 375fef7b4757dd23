// The client's half of DCOM, [MS-DCOM] 3.2: activates, unmarshals, calls and releases objects of other
// exporters and keeps them alive by pings.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/rpc_client.h"
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
  Endpoint exporter;  // where its calls go
  Endpoint resolver;  // where its pings go
  orpc::Ipid rem_unknown;
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
};
using InvokeOutcome = std::variant<InvokeReply, InvokeFailure>;

// One interface of a new object, or why the object has it not.
struct Activated {
  base::HResult result;
  RemoteInterface interface;  // where `result` is a success
};

struct DcomClientOptions {
  absl::Duration call_timeout = absl::Seconds(30);
  orpc::PingerOptions pinger;
};

// Loop thread only. Callbacks come from the loop, never from inside the call that they answer, and not after
// the client died.
class DcomClient {
 public:
  template <typename T>
  using Done = absl::AnyInvocable<void(absl::StatusOr<T>)>;

  DcomClient(Loop& loop, RpcClient& rpc, base::Clock& clock, DcomClientOptions options);
  ~DcomClient();

  // ServerAlive2 of the resolver at `scm`, at the level of the connection: proves address, account and
  // password.
  void Probe(const Endpoint& scm, absl::Duration timeout, absl::AnyInvocable<void(absl::Status)> done);

  // IRemoteSCMActivator::RemoteCreateInstance. One result for each of `iids`, in their order.
  void CreateInstance(const Endpoint& scm, const base::Guid& clsid, std::vector<base::Guid> iids,
                      Done<std::vector<Activated>> done);

  // A call that is made on behalf of an incoming one names its `causality`; nil: a call of its own, which gets
  // a new one, [MS-DCOM] 1.3.5.

  // Takes over the references of an OBJREF that came as a parameter of type `iid`: resolves its exporter, and
  // where it was marshaled for another interface asks the object for this one, [MS-DCOM] 3.2.4.1.2.
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

 private:
  struct Resolved {
    Endpoint exporter;
    Endpoint resolver;
    orpc::Ipid rem_unknown;
  };

  // A plain RPC call to a resolver or activator.
  void Call(const Endpoint& endpoint, const base::Guid& interface, std::uint16_t opnum, base::Bytes stub,
            absl::Duration timeout, RpcDone done);
  void InvokeOn(const Endpoint& exporter, const base::Guid& iid, const orpc::Ipid& ipid, std::uint16_t opnum,
                base::Bytes body, absl::Duration timeout, absl::AnyInvocable<void(InvokeOutcome)> done,
                orpc::CausalityId causality);
  // Tries the addresses in their order; `last` is why the one before failed.
  void ResolveAt(std::vector<Endpoint> resolvers, orpc::Oxid oxid, absl::Status last, Done<Resolved> done);
  void Hold(const RemoteInterface& interface);
  void Perform(orpc::PingActions actions);
  void ArmPings();

  Loop& loop_;
  RpcClient& rpc_;
  base::Clock& clock_;
  DcomClientOptions options_;
  orpc::Pinger pinger_;
  Timer ping_timer_;
  std::function<void(orpc::Oid)> on_lost_;
  absl::flat_hash_map<std::string, Endpoint> resolvers_;  // as the pinger names them
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace ipam::net
