#include "gateway/grpc_api/diagnosis_reactor.h"

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "dcom_bridge/base/mutex.h"
#include "gateway/grpc_api/status.h"

namespace ipam::grpc_api {
namespace {

class DiagnosisReactor final : public grpc::ServerWriteReactor<hub::v1::DiagnoseSourceResponse> {
 public:
  // The diagnosis holds `self` until it is done, gRPC until OnDone().
  void Begin(hub::Service& hub, const hub::v1::DiagnoseSourceRequest& request,
             const std::shared_ptr<DiagnosisReactor>& self) {
    of_grpc_ = self;
    hub.DiagnoseSource(
        request, [self](hub::v1::DiagnoseSourceResponse step) { return self->Add(std::move(step)); },
        [self](const absl::Status& status) { self->End(status); });
  }

 private:
  bool Add(hub::v1::DiagnoseSourceResponse step) {
    base::MutexLock lock(mutex_);
    if (gone_) return false;
    steps_.push_back(std::move(step));
    if (steps_.size() == 1) StartWrite(&steps_.front());
    return true;
  }

  void End(const absl::Status& status) {
    base::MutexLock lock(mutex_);
    end_ = ToGrpcStatus(status);
    FinishWhenIdle();
  }

  void OnWriteDone(bool ok) override {
    base::MutexLock lock(mutex_);
    steps_.pop_front();
    if (!ok) {
      gone_ = true;
      steps_.clear();
    }
    if (!steps_.empty()) return StartWrite(&steps_.front());
    FinishWhenIdle();
  }

  void OnCancel() override {
    base::MutexLock lock(mutex_);
    gone_ = true;
  }

  void OnDone() override { const auto last = std::exchange(of_grpc_, nullptr); }

  void FinishWhenIdle() IPAM_REQUIRES(mutex_) {
    if (!end_ || !steps_.empty()) return;
    Finish(*std::exchange(end_, std::nullopt));
  }

  base::Mutex mutex_;
  std::deque<hub::v1::DiagnoseSourceResponse> steps_ IPAM_GUARDED_BY(mutex_);  // the first is being written
  std::optional<grpc::Status> end_ IPAM_GUARDED_BY(mutex_);
  bool gone_ IPAM_GUARDED_BY(mutex_) = false;
  std::shared_ptr<DiagnosisReactor> of_grpc_;
};

}  // namespace

grpc::ServerWriteReactor<hub::v1::DiagnoseSourceResponse>* StartDiagnosis(
    hub::Service& hub, const hub::v1::DiagnoseSourceRequest& request) {
  const auto reactor = std::make_shared<DiagnosisReactor>();
  reactor->Begin(hub, request, reactor);
  return reactor.get();
}

}  // namespace ipam::grpc_api
