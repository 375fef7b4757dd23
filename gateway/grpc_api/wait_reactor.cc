#include "gateway/grpc_api/wait_reactor.h"

#include <utility>

#include "gateway/grpc_api/operations_service.h"
#include "gateway/grpc_api/status.h"

namespace ipam::grpc_api {
namespace {

namespace v1 = hub::v1;

class WaitReactor;

// Outlives the reactor where an alarm or the hub still knows it.
class Wait final : public hub::Writer, public std::enable_shared_from_this<Wait> {
 public:
  Wait(hub::Service& hub, std::string name, google::longrunning::Operation* response,
       grpc::ServerUnaryReactor* reactor)
      : hub_(hub), name_(std::move(name)), response_(response), reactor_(reactor) {}

  void Begin(std::chrono::system_clock::time_point deadline) {
    v1::WatchOperationsRequest request;
    request.add_names(name_);
    request.set_until_done(true);
    request.set_start(v1::START_MODE_LIVE);
    request.mutable_heartbeat()->set_seconds(60);
    auto outbox = hub_.Watch(request, hub::Caller{}, shared_from_this());
    if (!outbox.ok()) return Answer(outbox.status());
    bool written = false;
    {
      base::MutexLock lock(mutex_);
      outbox_ = *outbox;
      written = written_;
    }
    if (written) (*outbox)->WriteDone();
    {
      base::MutexLock lock(mutex_);
      if (!answered_) {
        deadline_.Set(deadline, [self = shared_from_this()](bool expired) mutable {
          const auto keep = std::move(self);  // the alarm keeps its callback: a cycle otherwise
          if (expired) keep->Answer(absl::OkStatus());
          keep->Release();
        });
        return;
      }
    }
    Release();
  }

  void Abandon() {
    Answer(absl::CancelledError("the call was cancelled"));
    Release();
  }

 private:
  // The frames are not wanted. The outbox must not be called from here.
  void StartWrite(std::vector<hub::FramePtr>) override {
    auto alarm = std::make_shared<grpc::Alarm>();
    grpc::Alarm& at_once = *alarm;
    at_once.Set(std::chrono::system_clock::now(), [self = shared_from_this(), alarm](bool) mutable {
      const auto keep = std::move(alarm);  // not by its own callback: it would never go
      self->Written();
    });
  }
  void Finish(absl::Status status) override {
    Answer(std::move(status));
    base::MutexLock lock(mutex_);
    deadline_.Cancel();
  }

  void Written() {
    std::shared_ptr<hub::Outbox> outbox;
    {
      base::MutexLock lock(mutex_);
      outbox = outbox_;
      written_ = outbox == nullptr;
    }
    if (outbox != nullptr) outbox->WriteDone();
  }
  // Once. The reactor is not touched after it.
  void Answer(absl::Status status) {
    if (answered_.exchange(true)) return;
    if (status.ok()) {
      v1::GetOperationRequest request;
      request.set_name(name_);
      auto operation = hub_.GetOperation(request);
      if (operation.ok()) *response_ = ToLongRunning(*operation);
      status = operation.status();
    }
    reactor_->Finish(ToGrpcStatus(status));
  }
  void Release() {
    std::shared_ptr<hub::Outbox> outbox;
    {
      base::MutexLock lock(mutex_);
      outbox = std::exchange(outbox_, nullptr);
      deadline_.Cancel();
    }
    if (outbox != nullptr) outbox->Detach();
  }

  hub::Service& hub_;
  const std::string name_;
  google::longrunning::Operation* const response_;
  grpc::ServerUnaryReactor* const reactor_;
  std::atomic<bool> answered_{false};
  base::Mutex mutex_;
  grpc::Alarm deadline_ IPAM_GUARDED_BY(mutex_);
  std::shared_ptr<hub::Outbox> outbox_ IPAM_GUARDED_BY(mutex_);
  bool written_ IPAM_GUARDED_BY(mutex_) = false;  // before the outbox was known
};

class WaitReactor final : public grpc::ServerUnaryReactor {
 public:
  WaitReactor(hub::Service& hub, const std::string& name, google::longrunning::Operation* response)
      : wait_(std::make_shared<Wait>(hub, name, response, this)) {}
  void Begin(std::chrono::system_clock::time_point deadline) {
    // Of its own: the answer may come, and delete this, before Begin returns.
    const std::shared_ptr<Wait> wait = wait_;
    wait->Begin(deadline);
  }

 private:
  void OnCancel() override { wait_->Abandon(); }
  void OnDone() override { delete this; }

  const std::shared_ptr<Wait> wait_;
};

}  // namespace

grpc::ServerUnaryReactor* StartWait(hub::Service& hub, const std::string& name,
                                    std::chrono::system_clock::time_point deadline,
                                    google::longrunning::Operation* response) {
  auto* reactor = new WaitReactor(hub, name, response);
  reactor->Begin(deadline);
  return reactor;
}

}  // namespace ipam::grpc_api
