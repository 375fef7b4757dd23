// Whether a management server can call back: hands it a callback on a fresh session, where
// StartOperationWithCallback has to be refused ([MS-IPAMM2] 3.19.1.1: parameters come first). A stub takes the
// callback over before its method runs, [MS-DCOM] 3.1.1.5.3: the server resolves us, queries the object by a
// connection of its own, and then answers E_ILLEGAL_METHOD_CALL. One that cannot reach us answers that
// failure, or says it in the error information. The session is released after it. Loop thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "dcom_bridge/bridge/bridge.h"
#include "dcom_bridge/bridge/callback_witness.h"
#include "dcom_bridge/bridge/supervisor.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/orpc/exporter.h"

namespace ipam::bridge {

// What a check stands on; outlives it.
struct CallbackCheckContext {
  net::DcomClient& dcom;
  orpc::Exporter& exporter;
  CallbackWitness& witness;
  const Texts& texts;
  auth::Principal callback_account;
  absl::Duration timeout;  // of the call that makes the server call back
  bool fixed_port = true;  // of the listener: what to advise
};

class CallbackCheck : public std::enable_shared_from_this<CallbackCheck> {
 public:
  using Done = absl::AnyInvocable<void(CallbackVerdict)>;

  explicit CallbackCheck(const CallbackCheckContext& context) : context_(context) {}
  ~CallbackCheck();

  // One of the two, once. `done` comes later, unless the check was abandoned.
  void Begin(const net::Endpoint& server, Done done);          // with a session of its own
  void Begin(const net::RemoteInterface& session, Done done);  // takes the session over
  // Gives back what is held.
  void Abandon();

 private:
  void OnActivated(absl::StatusOr<std::vector<net::Activated>> activated);
  void Call();
  void OnAnswered(const net::InvokeOutcome& outcome);
  // Why it failed, `answer` being the server's word, and what to do.
  CallbackVerdict Failure(const std::string& answer) const;
  void Finish(CallbackVerdict verdict);

  const CallbackCheckContext& context_;
  Done done_;
  std::optional<net::RemoteInterface> session_;
  std::optional<orpc::Oid> callback_;
  std::unique_ptr<CallbackWitness::Observation> observation_;
};

// "10.0.0.1[4135], gw.example[4135]": where the callbacks of an exporter go.
std::string AdvertisedAddresses(const orpc::Exporter& exporter);

}  // namespace ipam::bridge
