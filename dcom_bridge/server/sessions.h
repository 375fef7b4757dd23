// Starts operations and keeps the senders of their callbacks; the bridge between the engine's thread and the
// loop.
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/server/callback_sender.h"

namespace ipam::server {

struct StartResult {
  base::HResult result;
  std::string exception_xml;  // why not, an IpamException; may be empty
};

class Sessions final : public engine::EventListener {
 public:
  using Started = absl::AnyInvocable<void(StartResult)>;

  explicit Sessions(std::shared_ptr<net::Loop> loop) : loop_(std::move(loop)) {}

  // Before the loop runs; both outlive the last task of the loop.
  void Attach(engine::Engine& engine, CallbackPool& pool) {
    engine_ = &engine;
    pool_ = &pool;
  }
  engine::Engine& engine() { return *engine_; }

  // Loop thread. Resolves the callback, commits the operation, sends StartProgressCallback; `started` is told
  // what StartOperationWithCallback returns. `causality` is that of this call.
  void Start(engine::Prepared prepared, const auth::Principal& caller, const orpc::ObjRef& callback,
             orpc::CausalityId causality, Started started);
  // Loop thread. Gives all callbacks back.
  void Stop();

  // The engine's thread.
  void OnEventsAvailable(const base::Guid& operation) override;

 private:
  void Commit(std::shared_ptr<CallbackSender> sender, engine::Prepared prepared, engine::Caller caller,
              Started started);
  void OnCommitted(const std::shared_ptr<CallbackSender>& sender, const absl::Status& status,
                   Started started);

  const std::shared_ptr<net::Loop> loop_;
  engine::Engine* engine_ = nullptr;
  CallbackPool* pool_ = nullptr;
  absl::flat_hash_map<base::Guid, std::shared_ptr<CallbackSender>> senders_;
};

}  // namespace ipam::server
