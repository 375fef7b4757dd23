// Walks the way to a management server over connections of its own, reports each step, and stops at the first
// that fails: which side refused, with what, and what to change. Leaves the running source alone. Loop thread.
//
//   step            asks                                                        by
//   --------------  ----------------------------------------------------------  ---------------------------
//   name            its addresses                                               the resolver of this host
//   port            a TCP connection to each                                    TCP
//   bind            ServerAlive2, anonymous: a fault is an answer too           level none
//   authentication  ServerAlive2; the clocks are compared                       level connect
//   level           ServerAlive2; the activation of a class that nobody has,    the level of the source
//                   which is a fault only where the level is too low
//   activation      a session                                                   RemoteCreateInstance
//   exporter        ResolveOxid2 at the server, then a query at the exporter    the level of the source
//   callback        a callback on the session (callback_check.h)                the same
//
// Each step has a time limit, and so has the whole: a step that is under way then fails.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dcom_bridge/bridge/callback_check.h"
#include "dcom_bridge/bridge/dcom_source.h"
#include "dcom_bridge/event/diagnosis.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/rpc_client.h"

namespace ipam::bridge {

struct DiagnosisOptions {
  net::Endpoint server;
  NewInitiator new_initiator;
  KdcClock kdc_clock = nullptr;
  auth::AuthLevel level = auth::AuthLevel::kPrivacy;
  std::string account = {};                             // that calls, for the reports
  std::string server_name = {};                         // the server's SPN
  absl::Duration step_timeout = absl::Seconds(5);       // of a look-up, a connection, a call
  absl::Duration callback_timeout = absl::Seconds(30);  // of the call that makes the server call back
  absl::Duration total_timeout = absl::Seconds(60);
};

class Diagnosis : public std::enable_shared_from_this<Diagnosis> {
 public:
  // What it stands on; outlives it.
  struct Dependencies {
    net::Loop& loop;
    base::Clock& clock;
    base::Clock& steady;
    orpc::Exporter& exporter;
    CallbackWitness& witness;
    const Texts& texts;
    auth::Principal callback_account;
    bool fixed_callback_port = true;
  };

  Diagnosis(DiagnosisOptions options, Dependencies dependencies, event::OnReport on_report);

  // `done` comes last, from the loop.
  void Begin(event::Done done);
  // Ends it without a further report.
  void Abandon(absl::Status why);

 private:
  using Step = event::DiagnosisStep;
  using Outcome = event::DiagnosisOutcome;

  void Name();
  void Port(std::vector<std::string> addresses);
  void TryNext(std::vector<std::string> rest, std::vector<std::string> failures);
  void Bind();
  void OnBound(const net::RpcResult& result);
  void Authentication();
  void OnAuthenticated(const net::RpcResult& result);
  void Level();
  void OnProtected(const net::RpcResult& result);
  void OnLevelKnown(const net::RpcResult& result);
  void Activation();
  void OnActivated(absl::StatusOr<std::vector<net::Activated>> activated);
  void Exporter();
  void OnResolved(const net::RpcResult& result);
  void OnQueried(absl::StatusOr<net::RemoteInterface> queried, const std::string& addresses);
  void Callback();
  void OnCallback(const CallbackVerdict& verdict);

  void Enter(Step step);
  // False: nobody listens, and it is over.
  bool Report(Outcome outcome, std::string detail, std::string advice = "");
  void Fail(std::string detail, std::string advice);
  void Finish(absl::Status status);
  void ServerAlive2(net::RpcClient& client, void (Diagnosis::*next)(const net::RpcResult&));
  std::unique_ptr<net::RpcClient> NewClient(auth::AuthLevel level);
  // Which clock is too far from ours, and how far; empty: none that is known.
  std::string Clocks() const;

  const DiagnosisOptions options_;
  const Dependencies dependencies_;
  event::OnReport on_report_;
  event::Done done_;
  net::Timer limit_;
  Step step_ = Step::kName;
  absl::Time step_began_;
  std::unique_ptr<net::RpcClient> anonymous_;
  std::unique_ptr<net::RpcClient> connect_level_;
  std::unique_ptr<net::RpcClient> rpc_;  // at the level of the source
  std::unique_ptr<net::DcomClient> dcom_;
  std::optional<absl::Duration> server_clock_;  // ahead of ours
  std::string logon_failure_;                   // of our side of a handshake
  std::optional<net::RemoteInterface> session_;
  std::optional<CallbackCheckContext> check_context_;
  std::shared_ptr<CallbackCheck> check_;
};

}  // namespace ipam::bridge
