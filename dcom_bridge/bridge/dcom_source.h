// One management server over DCOM: a connection to it that is probed, the sessions over it, and what its
// Supervisor (supervisor.h, with the table of states) says of both.
//
// A probe is ServerAlive2 at the level of protection of all calls, so it proves address, account and
// password; a CallbackCheck at each connect proves that the server can call back. Large parameters, and a
// server that looks for a way back to us, may keep a probe waiting: that is no loss of the connection.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/bridge/bridge.h"
#include "dcom_bridge/bridge/callback_check.h"
#include "dcom_bridge/bridge/session.h"
#include "dcom_bridge/bridge/supervisor.h"
#include "dcom_bridge/event/operation_source.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/rpc_client.h"

namespace ipam::bridge {

class Diagnosis;

// A fresh initiator for a connection to `endpoint`, at the account of one server; `principal`: SpnOf().
using NewInitiator = std::function<absl::StatusOr<std::unique_ptr<auth::SecurityContext>>(
    const net::Endpoint& endpoint, const std::string& principal)>;
// How far the KDC's clock is ahead of ours, since its last tickets; nothing: no KDC was asked.
using KdcClock = std::function<std::optional<absl::Duration>()>;

class DcomSource final : public event::OperationSource {
 public:
  struct Dependencies {
    std::shared_ptr<net::Loop> loop;
    NewInitiator new_initiator;
    auth::AuthLevel level;
    orpc::Exporter& exporter;
    CallbackWitness& witness;
    event::EventSink& sink;
    const Texts& texts;
    base::Clock& clock;
    base::Clock& steady;
    auth::RandomSource& random;
    KdcClock kdc_clock = nullptr;
  };
  DcomSource(ServerOptions server, const BridgeOptions& options, Dependencies dependencies);
  ~DcomSource() override;

  // event::OperationSource: any thread.
  void Start(event::StartRequest request, event::Done done) override;
  void Resume(std::string operation, std::string server_operation_id, std::uint64_t last_source_sequence,
              event::Done done) override;
  void Cancel(std::string server_operation_id, event::Done done) override;
  event::SourceStatus State() const override;
  void Diagnose(event::OnReport on_report, event::Done done) override;

  // Loop thread from here on.
  void Connect();
  // A connection to the callback listener is gone: sessions whose callbacks came by it are lost.
  void OnCallbackConnectionClosed(std::uint64_t association);
  // Gives the server's objects back; nothing is published any more.
  void Stop();

 private:
  void StartOnLoop(event::StartRequest request, event::Done done);
  void DiagnoseOnLoop(event::OnReport on_report, event::Done done);
  void Probe();
  void OnProbed(const absl::Status& status);
  void TestCallbacks();
  void Perform(SupervisorActions actions);
  void OnDisconnected(const std::string& reason);
  void OnStateChanged();
  void EndCheck();
  std::vector<std::shared_ptr<Session>> Sessions() const;
  // Looks at the server's clock against ours, which either side may set at any time.
  void CheckClocks();
  void Publish();
  void SetState(event::SourceState state, const std::string& reason);
  void SetCanCancel(bool can_cancel);
  absl::Duration RetryAfter(int failures);

  const ServerOptions server_;
  const BridgeOptions& options_;
  std::shared_ptr<net::Loop> loop_;
  base::Clock& clock_;
  base::Clock& steady_;
  auth::RandomSource& random_;
  const NewInitiator new_initiator_;
  const KdcClock kdc_clock_;  // may be null
  const auth::AuthLevel level_;
  CallbackWitness& witness_;
  net::RpcClient rpc_;
  net::DcomClient dcom_;
  SessionContext context_;
  CallbackCheckContext check_context_;
  Supervisor supervisor_;
  Supervisor::State told_ = Supervisor::State::kConnecting;  // what the sessions know of
  absl::flat_hash_map<Session*, std::shared_ptr<Session>> sessions_;
  net::Timer next_probe_;
  net::Timer next_test_;
  std::shared_ptr<CallbackCheck> check_;  // while one runs
  std::set<std::shared_ptr<Diagnosis>> diagnoses_;
  std::optional<absl::Duration> server_clock_;  // ahead of steady_, since the last logon
  std::string clock_note_;                      // empty: near enough
  bool stopped_ = false;

  mutable base::Mutex mutex_;
  event::SourceStatus status_ IPAM_GUARDED_BY(mutex_);
};

}  // namespace ipam::bridge
