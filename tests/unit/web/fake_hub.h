// A hub without a journal: canned answers, and watches that a test feeds.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "dcom_bridge/base/mutex.h"
#include "gateway/hub/service.h"

namespace ipam::web {

namespace v1 = ipam::progress::v1;

class FakeHub final : public hub::Service {
 public:
  struct Watched {
    v1::WatchOperationsRequest request;
    std::shared_ptr<hub::Outbox> outbox;
  };

  void Publish(const std::string&, event::ProgressEvent, event::Stored stored) override {
    stored(absl::OkStatus());
  }
  void AddSource(std::string, event::OperationSource&) override {}
  void ResumeOperations() override {}
  void StartOperation(v1::StartOperationRequest request, hub::Caller, hub::OperationCallback done) override {
    base::MutexLock lock(mutex_);
    started_.push_back(std::move(request));
    if (hold_starts_) {
      held_.push_back(std::move(done));
    } else {
      done(start_answer_);
    }
  }
  void CancelOperation(v1::CancelOperationRequest request, hub::Caller,
                       hub::OperationCallback done) override {
    done(absl::UnimplementedError("cannot cancel " + request.name()));
  }
  absl::StatusOr<v1::Operation> GetOperation(const v1::GetOperationRequest& request) override {
    if (request.name() != "operations/one") return absl::NotFoundError("no " + request.name());
    v1::Operation operation;
    operation.set_name(request.name());
    operation.set_percent(0);
    return operation;
  }
  absl::StatusOr<v1::ListOperationsResponse> ListOperations(
      const v1::ListOperationsRequest& request) override {
    v1::ListOperationsResponse response;
    response.set_next_page_token(request.filter() + "/" + std::to_string(request.page_size()));
    return response;
  }
  void DiagnoseSource(const v1::DiagnoseSourceRequest& request, OnDiagnosis on_step,
                      absl::AnyInvocable<void(absl::Status)> done) override {
    if (request.source() != "ipam1") return done(absl::NotFoundError("no source " + request.source()));
    v1::DiagnoseSourceResponse step;
    step.set_step(v1::DIAGNOSIS_STEP_NAME);
    step.set_outcome(v1::DIAGNOSIS_OUTCOME_OK);
    on_step(step);
    step.set_step(v1::DIAGNOSIS_STEP_PORT);
    step.set_outcome(v1::DIAGNOSIS_OUTCOME_FAILED);
    step.set_detail("refused");
    on_step(step);
    done(absl::OkStatus());
  }
  absl::StatusOr<v1::ListSubtasksResponse> ListSubtasks(const v1::ListSubtasksRequest& request) override {
    v1::ListSubtasksResponse response;
    response.add_subtasks()->set_name("of " + request.parent());
    return response;
  }
  absl::StatusOr<v1::ListEventsResponse> ListEvents(const v1::ListEventsRequest& request) override {
    v1::ListEventsResponse response;
    auto* event = response.add_events();
    event->set_operation(request.parent());
    event->set_sequence(request.after_sequence() + 1);
    return response;
  }
  absl::StatusOr<v1::ListSourcesResponse> ListSources(const v1::ListSourcesRequest&) override {
    v1::ListSourcesResponse response;
    response.add_sources()->set_source("ipam1");
    return response;
  }
  absl::StatusOr<std::string> CompletionStatusXml(const std::string& name) override {
    if (name != "operations/one") return absl::NotFoundError("no completion status");
    return xml_;
  }
  absl::StatusOr<std::shared_ptr<hub::Outbox>> Watch(const v1::WatchOperationsRequest& request,
                                                     const hub::Caller&,
                                                     std::shared_ptr<hub::Writer> writer) override {
    base::MutexLock lock(mutex_);
    if (!request.names().empty() && request.names(0) == "operations/none") return absl::NotFoundError("none");
    auto outbox = std::make_shared<hub::Outbox>(std::move(writer), outbox_bytes_);
    watches_.push_back({request, outbox});
    for (const auto& frame : first_frames_) outbox->Push(frame);
    if (finish_at_once_) outbox->FinishWhenEmpty(absl::OkStatus());
    return outbox;
  }
  void Drain(absl::Duration, std::string reason) override {
    v1::WatchOperationsResponse drain;
    drain.mutable_drain()->set_reason(reason);
    const auto frame = std::make_shared<const hub::Frame>(drain);
    for (const Watched& watched : watches()) {
      watched.outbox->PushAlways(frame);
      watched.outbox->FinishWhenEmpty(absl::UnavailableError("drained"));
    }
  }
  void Stop() override {}
  hub::Counters counters() const override { return {}; }

  // For the test, any thread.
  std::vector<Watched> watches() {
    base::MutexLock lock(mutex_);
    return {watches_.begin(), watches_.end()};
  }
  // Waits until so many watches were opened in all; false after 10 s.
  bool WaitForWatches(std::size_t count) {
    for (int i = 0; i < 1000; ++i) {
      if (watches().size() >= count) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }
  void Push(const hub::FramePtr& frame) {
    for (const Watched& watched : watches()) watched.outbox->Push(frame);
  }
  std::vector<v1::StartOperationRequest> started() {
    base::MutexLock lock(mutex_);
    return started_;
  }
  std::vector<hub::OperationCallback> TakeHeld() {
    base::MutexLock lock(mutex_);
    return std::exchange(held_, {});
  }

  // Set before the server starts.
  std::size_t outbox_bytes_ = 256 << 10;
  std::vector<hub::FramePtr> first_frames_;
  bool finish_at_once_ = false;
  bool hold_starts_ = false;
  absl::StatusOr<v1::Operation> start_answer_ = v1::Operation();
  std::string xml_ = "<IpamObject/>";

 private:
  base::Mutex mutex_;
  std::vector<Watched> watches_ IPAM_GUARDED_BY(mutex_);
  std::vector<v1::StartOperationRequest> started_ IPAM_GUARDED_BY(mutex_);
  std::vector<hub::OperationCallback> held_ IPAM_GUARDED_BY(mutex_);
};

inline hub::FramePtr HeartbeatFrame(const std::string& token) {
  v1::WatchOperationsResponse response;
  response.set_resume_token(token);
  response.mutable_heartbeat();
  return std::make_shared<const hub::Frame>(response);
}

inline hub::FramePtr PercentFrame(const std::string& token, double percent) {
  v1::WatchOperationsResponse response;
  response.set_resume_token(token);
  v1::Event* event = response.mutable_events()->add_events();
  event->set_operation("operations/one");
  event->mutable_percentage()->set_percent(percent);
  return std::make_shared<const hub::Frame>(response);
}

}  // namespace ipam::web
