// Operations and the senders of their callbacks, across all sessions; the bridge between the engine's threads
// and the loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/server/callback.h"
#include "dcom_bridge/server/callback_sender.h"
#include "dcom_bridge/server/parameter_check.h"

namespace ipam::server {

struct SessionOptions {
  bool progress2 = true;  // offer IIpamOperationWithProgress2
  // Accounts that may name an initiator: "user" or "DOMAIN\user", compared without case.
  std::vector<std::string> trusted_initiators;
  // With progress2: before a call to a batched callback that was not answered is sent again.
  CallbackSender::Pauses pauses = {absl::Milliseconds(250), absl::Seconds(1), absl::Seconds(3)};
};

// What a method returns.
struct Answer {
  base::HResult result;
  std::string exception_xml;  // why not, an IpamException; may be empty
};
Answer Refusal(base::HResult result, const absl::Status& why);

// A callback that came as a parameter, or null and what a call that needs it answers.
struct Unmarshaled {
  std::unique_ptr<Callback> callback;
  Answer failure;
};

// The identity of an operation that is initialized and not started.
struct Initialized {
  base::Guid operation;
  auth::Principal owner;
  // Somebody was told that there is no such operation, so there must never be one.
  bool revoked = false;
};

class Sessions final : public engine::EventListener {
 public:
  using Answered = absl::AnyInvocable<void(Answer)>;

  Sessions(SessionOptions options, std::shared_ptr<net::Loop> loop)
      : options_(std::move(options)), loop_(std::move(loop)) {}

  // Before the loop runs; all outlive the last task of the loop.
  void Attach(engine::Engine& engine, CallbackPool& pool, ParameterCheck& check) {
    engine_ = &engine;
    pool_ = &pool;
    check_ = &check;
  }

  // All that follow: loop thread.
  const SessionOptions& options() const { return options_; }
  CallbackCounters& counters() { return counters_; }
  std::size_t senders() const { return senders_.size(); }
  void Check(std::u16string parameters, ParameterCheck::Checked checked) {
    check_->Submit(std::move(parameters), std::move(checked));
  }
  // A new operation, until Start or Forget.
  std::shared_ptr<const Initialized> Initialize(const auth::Principal& owner);
  void Forget(const Initialized& initialized) { initialized_.erase(initialized.operation); }
  bool MayNameInitiator(const auth::Principal& caller) const;

  // For a call that came from `caller`.
  void OpenCallback(const auth::Principal& caller, const orpc::ObjRef& ref, orpc::CausalityId causality,
                    Callback::Opened opened) {
    Callback::Open(*loop_, *pool_, caller, ref, causality, std::move(opened));
  }

  // Commits the operation, sends StartProgressCallback; `answered` is told what StartOperationWithCallback
  // returns. `causality` is that of this call.
  void Start(const Initialized& initialized, engine::Prepared prepared, engine::Starter starter,
             std::unique_ptr<Callback> callback, orpc::CausalityId causality, Answered answered);
  // The events after `last_sequence` go to `callback` once `answered` was told S_OK.
  void Resume(const base::Guid& operation, std::uint64_t last_sequence, const auth::Principal& caller,
              Unmarshaled callback, Answered answered);
  void Cancel(const base::Guid& operation, const auth::Principal& caller, Answered answered);

  // Gives all callbacks back.
  void Stop();

  // The engine's thread.
  void OnEventsAvailable(const base::Guid& operation) override;

 private:
  std::shared_ptr<CallbackSender> NewSender(const base::Guid& operation, std::unique_ptr<Callback> callback);
  void OnCommitted(const base::Guid& operation, const absl::Status& status,
                   std::unique_ptr<Callback> callback, orpc::CausalityId causality, Answered answered);
  void OnFound(const base::Guid& operation, std::uint64_t last_sequence,
               const absl::StatusOr<engine::Standing>& found, Unmarshaled callback, Answered answered);
  // `answered` is told about an operation that is initialized and not started, which it then never is; `go_on` gets it
  // back where there is none.
  void RefuseInitialized(const base::Guid& operation, const auth::Principal& caller, Answered answered,
                         absl::AnyInvocable<void(Answered)> go_on);
  void Revoke(const base::Guid& operation, Answered answered, absl::AnyInvocable<void(Answered)> go_on);
  void Find(const base::Guid& operation, std::uint64_t last_sequence, const auth::Principal& caller,
            Unmarshaled callback, Answered answered);
  void CancelStarted(const base::Guid& operation, const auth::Principal& caller, Answered answered);

  const SessionOptions options_;
  CallbackCounters counters_;
  const std::shared_ptr<net::Loop> loop_;
  engine::Engine* engine_ = nullptr;
  CallbackPool* pool_ = nullptr;
  ParameterCheck* check_ = nullptr;
  absl::flat_hash_map<base::Guid, std::shared_ptr<Initialized>> initialized_;  // bounded by the objects
  absl::flat_hash_map<base::Guid, std::shared_ptr<CallbackSender>> senders_;
};

}  // namespace ipam::server
