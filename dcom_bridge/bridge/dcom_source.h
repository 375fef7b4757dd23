// One management server over DCOM: keeps a probed connection to it, and its sessions.
//
// State x event:
//
//   Connecting     probe answered                  Connected
//                  probe failed                    Disconnected, try again after the back-off
//   Connected      probe without an answer while   Connected, probe again: large parameters keep a
//                  parameters are being checked    server busy
//                  probe failed, or connection     Disconnected: every session is told, try again at
//                  closed                          once
//   Disconnected   back-off over                   probe; the state stays until it is answered
//
// A probe is ServerAlive2 at the level of protection of all calls, so it proves address, account and
// password.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/bridge/bridge.h"
#include "dcom_bridge/bridge/session.h"
#include "dcom_bridge/event/operation_source.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/rpc_client.h"

namespace ipam::bridge {

class DcomSource final : public event::OperationSource {
 public:
  struct Dependencies {
    std::shared_ptr<net::Loop> loop;
    std::unique_ptr<net::RpcClient> rpc;  // at the account of this server
    orpc::Exporter& exporter;
    event::EventSink& sink;
    const Texts& texts;
    base::Clock& clock;
    base::Clock& steady;
  };
  DcomSource(ServerOptions server, const BridgeOptions& options, Dependencies dependencies);
  ~DcomSource() override;

  // event::OperationSource: any thread.
  void Start(event::StartRequest request, event::Done done) override;
  void Resume(std::string operation, std::string server_operation_id, std::uint64_t last_source_sequence,
              event::Done done) override;
  void Cancel(std::string server_operation_id, event::Done done) override;
  event::SourceStatus State() const override;

  // Loop thread from here on.
  void Connect();
  // A connection to the callback listener is gone: sessions whose callbacks came by it are lost.
  void OnCallbackConnectionClosed(std::uint64_t association);
  // Gives the server's objects back; nothing is published any more.
  void Stop();

 private:
  void StartOnLoop(event::StartRequest request, event::Done done);
  void Probe();
  void OnProbed(const absl::Status& status);
  void OnDisconnected(const std::string& reason);
  std::vector<std::shared_ptr<Session>> Sessions() const;
  bool SetState(event::SourceState state, const std::string& reason);
  void SetCanCancel(bool can_cancel);
  absl::Duration RetryAfter(int failures);

  const ServerOptions server_;
  const BridgeOptions& options_;
  std::shared_ptr<net::Loop> loop_;
  base::Clock& clock_;
  std::unique_ptr<net::RpcClient> rpc_;
  net::DcomClient dcom_;
  SessionContext context_;
  absl::flat_hash_map<Session*, std::shared_ptr<Session>> sessions_;
  net::Timer next_probe_;
  absl::Duration backoff_;
  std::mt19937 random_{std::random_device{}()};
  bool stopped_ = false;

  mutable base::Mutex mutex_;
  event::SourceStatus status_ IPAM_GUARDED_BY(mutex_);
};

}  // namespace ipam::bridge
