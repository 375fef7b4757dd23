// A server made of its parts, over real sockets and on a real store, and clients that call it and are called
// back: all on one loop that the test runs.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/auth/random.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/idl/operation_with_progress2.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/activator.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_bridge/rpc/account_auth_provider.h"
#include "dcom_bridge/server/operation_object.h"
#include "dcom_bridge/server/sessions.h"

namespace ipam::server {

// The accounts DOM\gw, DOM\other and DOM\admin.
std::shared_ptr<const auth::AccountFile> Accounts();

// A client's callback object: keeps what it is told and answers as told.
class Recorder final : public orpc::Object {
 public:
  enum class Form { kBatched, kBase, kNeither };
  explicit Recorder(Form form = Form::kBatched) : form_(form) {}
  std::span<const orpc::InterfaceInfo> Interfaces() const override;
  void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override;
  void OnReleased(orpc::ReleaseReason) override { ++released; }

  // What is held is answered with a fault, what comes then as told.
  void LetGo() {
    hold = false;
    held.clear();  // they keep this alive
  }
  bool Ended() const { return !kinds.empty() && kinds.back() == idl::EventKind::kSetOverallStatus; }

  base::HResult answer;
  int faults = 0;     // so many calls are answered with a fault, from the next on
  bool hold = false;  // answers go to `held`
  std::vector<orpc::OrpcResponder> held;
  std::vector<std::uint64_t> sequences;  // batched only; a call that gets a fault counts too
  std::vector<idl::EventKind> kinds;
  std::vector<idl::SubTaskStatus> subtask_ends;
  std::vector<orpc::CausalityId> causalities;  // one a call
  idl::OverallStatus overall = idl::OverallStatus::kNotStarted;
  int calls = 0;
  int released = 0;

 private:
  const Form form_;
};

// An exporter behind a listener, and a client that is `user`.
struct Peer {
  // `references`: the clock of objects and ping sets, where it is not that of the system.
  Peer(std::shared_ptr<net::Loop> l, const std::string& user, base::Clock* references = nullptr);
  void Listen(std::uint16_t port);

  // An OBJREF of the object, which DOM\gw may call where nothing else is said.
  orpc::MInterfacePointer Export(std::shared_ptr<orpc::Object> object, orpc::ExportOptions options = {},
                                 const base::Guid& iid = idl::kIidOperationWithProgressCallback);

  const std::shared_ptr<net::Loop> loop;
  base::SystemClock clock;
  auth::SystemRandom random;
  rpc::AccountAuthProvider acceptors;
  base::Clock& steady;
  orpc::Exporter exporter{{}, steady};
  orpc::OxidResolver resolver{{}, exporter, steady};
  orpc::Activator activator{{}, exporter};
  rpc::ServiceTable services;
  rpc::AssociationGroups groups;
  std::unique_ptr<net::RpcListener> listener;
  std::uint16_t port = 0;
  net::RpcClient rpc;
  net::DcomClient dcom;
};

// An activated object, as its client holds it.
struct Session {
  Peer* client = nullptr;
  net::RemoteInterface progress;
  std::optional<net::RemoteInterface> progress2;
};

// What a call returned; the result is E_ABORT until then. A fault leaves its status in `fault`.
struct Outcome {
  bool done = false;
  base::HResult result = base::kAbort;
  std::string exception_xml;
  base::Guid operation;  // of GetOperationId
  absl::Status fault;
};

class World : public ::testing::Test {
 protected:
  World();
  ~World() override;

  // Before the first session. Again: as a server that was started again on its store.
  void Open();
  void Close();

  Session Activate(Peer& client);
  // The outcome comes while the loop runs.
  template <typename Request>
  std::shared_ptr<Outcome> Send(const Session& session, const Request& request) {
    const bool extended = Request::kOpnum >= idl::GetOperationId::kOpnum;
    return Send(session, extended ? *session.progress2 : session.progress, Request::kOpnum,
                ndr::Encode(request));
  }
  template <typename Request>
  Outcome Call(const Session& session, const Request& request) {
    const std::shared_ptr<Outcome> outcome = Send(session, request);
    RunUntil([&] { return outcome->done; });
    return *outcome;
  }
  // Runs the loop until the condition holds; fails after a minute.
  void RunUntil(const std::function<bool()>& condition);
  // The loop does all that it can do at once.
  void Settle();

  // "records N": parameters of N records; "gate": the same of one, after Open() of the gate; others are not
  // valid.
  static idl::InitializeOperationParameters Parameters(const std::string& what);
  Session Initialized(Peer& client, const std::string& what = "records 3");
  idl::StartOperationWithCallback StartWith(Peer& client, std::shared_ptr<Recorder> callback) {
    return {client.Export(std::move(callback))};
  }
  std::vector<event::ProgressEvent> Events(const base::Guid& operation);
  std::string Query(const std::string& sql);

  class Gate;

  const std::shared_ptr<net::Loop> loop_ = std::make_shared<net::Loop>();
  std::string directory_;
  SessionOptions session_options_{.progress2 = true,
                                  .trusted_initiators = {"gw"},
                                  .pauses = {absl::ZeroDuration(), absl::ZeroDuration()}};
  engine::Options engine_options_;
  CallbackOptions callback_options_;
  base::SystemClock clock_;
  base::Clock* server_references_ = nullptr;  // Peer::steady of the server
  std::unique_ptr<Gate> gate_;
  engine::Prepared sample_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Peer> server_;
  std::unique_ptr<CallbackPool> pool_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<ParameterCheck> check_;
  std::unique_ptr<Peer> gateway_, other_, admin_;
  net::Timer poll_;

 private:
  std::shared_ptr<Outcome> Send(const Session& session, const net::RemoteInterface& target,
                                std::uint16_t opnum, base::Bytes body);
  engine::Prepared Records(int count) const;
};

// Closed until it is opened; counts who waits at it.
class World::Gate {
 public:
  void Pass();
  void Open();
  int waiting();

 private:
  base::Mutex mutex_;
  base::CondVar wake_;
  bool open_ = false;
  int waiting_ = 0;
};

}  // namespace ipam::server
