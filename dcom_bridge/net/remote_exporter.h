// An object exporter that a client holds references to: its entry of the OXID table, [MS-DCOM] 3.2.1, and the
// way to it. Of several addresses the one that answers first is used (AddressRace) until it cannot be reached
// any more; then they are tried again. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/net/address_race.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/rpc_client.h"
#include "dcom_bridge/orpc/dual_string_array.h"
#include "dcom_bridge/orpc/ids.h"
#include "dcom_bridge/orpc/well_known.h"

namespace ipam::net {

// The TCP addresses of the bindings in their order, 135 where they name no port; `preferred` first where it
// is among them, for the address that already answered us is the one that is not behind a translator.
std::vector<Endpoint> AddressesOf(const orpc::DualStringArray& bindings, const std::string& preferred);

// aPrincName of the first security binding of Kerberos or SPNEGO that has one, [MS-DCOM] 2.2.19.4; else nothing.
std::string PrincipalOf(const orpc::DualStringArray& bindings);

// The version to call a server of version `server` with, [MS-DCOM] 1.7: the lower minor one.
// kFailedPrecondition: another major one.
absl::StatusOr<orpc::ComVersion> Negotiate(orpc::ComVersion server);

// What activation and OXID resolution tell of an exporter.
struct ExporterInfo {
  orpc::Oxid oxid;
  std::vector<Endpoint> addresses;  // not empty
  Endpoint resolver;                // where the pings of its objects go
  orpc::Ipid rem_unknown;
  std::uint32_t authn_hint = 0;
  orpc::ComVersion version;    // of the server
  std::string principal = {};  // as its bindings have it; empty: none, or nobody vouches for it
};

// The SPN for a connection to `address`, one of `exporter`, [MS-DCOM] 3.2.4.2; empty: none of its own. One that
// names a host which is neither this one nor the resolver, who proved to be it, is not taken: who sends us a
// reference could have us make a ticket for another server and hand it on there.
std::string PrincipalFor(const ExporterInfo& exporter, const Endpoint& address);

class RemoteExporter : public std::enable_shared_from_this<RemoteExporter> {
 public:
  // All outlive it and its calls. `version` is the negotiated one, `own` the level of the client's calls: the
  // hint of the exporter may ask for more, [MS-DCOM] 3.2.4.2.
  RemoteExporter(Loop& loop, RpcClient& rpc, base::Clock& clock, absl::Duration stagger, ExporterInfo info,
                 orpc::ComVersion version, auth::AuthLevel own);

  // As RpcClient::Call(). Where an address has to be chosen first, that counts for the time-out.
  void Call(rpc::CallRequest request, absl::Duration timeout, RpcDone done);
  // The exporter was resolved anew.
  void Refresh(ExporterInfo info);

  const ExporterInfo& info() const { return info_; }
  // The one in use, or the one that will be tried first.
  const Endpoint& address() const { return info_.addresses.front(); }
  orpc::ComVersion version() const { return version_; }
  // No address was reached by the last call: it may have moved.
  bool unreachable() const { return unreachable_; }

  std::size_t references = 0;  // interfaces that are held

 private:
  using Chosen = absl::AnyInvocable<void(const absl::Status&)>;

  void Send(rpc::CallRequest request, absl::Time deadline, bool again, RpcDone done);
  void Choose(Chosen then);
  void Advance(const AddressRace::Step& step);
  void OnAttempt(std::size_t address, const absl::Status& status);
  void EndRace(const absl::Status& status);

  Loop& loop_;
  RpcClient& rpc_;
  base::Clock& clock_;
  const absl::Duration stagger_;
  ExporterInfo info_;
  const orpc::ComVersion version_;
  auth::AuthLevel level_;
  bool reached_ = false;  // address() has answered
  bool unreachable_ = false;
  std::optional<AddressRace> race_;
  std::vector<Endpoint> runners_;  // of the race
  std::uint64_t races_ = 0;        // numbers them: an attempt may outlive its race
  absl::Status failure_;           // of the last attempt
  Timer race_timer_;
  std::vector<Chosen> waiting_;
};

}  // namespace ipam::net
