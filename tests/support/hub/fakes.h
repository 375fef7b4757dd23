// A source, a watcher and a clock for the tests of the hub.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/event/event_sink.h"
#include "dcom_bridge/event/operation_source.h"
#include "gateway/hub/errors.h"
#include "gateway/hub/service.h"

namespace ipam::hub {

// A new folder that goes with the test.
class TempDir {
 public:
  TempDir()
      : path_(std::filesystem::temp_directory_path() / ("hub_test_" + base::Guid::Random().ToString())) {
    std::filesystem::create_directories(path_);
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// Set by the test, read by any thread.
class ManualClock final : public base::Clock {
 public:
  absl::Time Now() override { return absl::FromUnixMicros(micros_++); }
  void Advance(absl::Duration by) { micros_ += absl::ToInt64Microseconds(by); }

 private:
  std::atomic<std::int64_t> micros_{1'700'000'000'000'000};
};

// Blocks until `done` was called, for results that come by callback.
template <typename T>
class Waiter {
 public:
  auto Callback() {
    return [this](T value) {
      base::MutexLock lock(mutex_);
      value_.emplace(std::move(value));
      ready_.notify_all();
    };
  }
  T Get() {
    base::MutexLock lock(mutex_);
    if (!ready_.wait_for(mutex_, std::chrono::seconds(20), [this] { return value_.has_value(); })) {
      ADD_FAILURE() << "no answer";
      std::abort();
    }
    return *value_;
  }

 private:
  base::Mutex mutex_;
  base::CondVar ready_;
  std::optional<T> value_;
};

inline absl::Status PublishAndWait(event::EventSink& sink, const std::string& operation,
                                   event::ProgressEvent event) {
  Waiter<absl::Status> waiter;
  sink.Publish(operation, std::move(event), waiter.Callback());
  return waiter.Get();
}
template <typename Change>
absl::Status Send(event::EventSink& sink, const std::string& operation, Change change,
                  std::uint64_t sequence = 0) {
  event::ProgressEvent event;
  event.source_sequence = sequence;
  event.change = std::move(change);
  return PublishAndWait(sink, operation, std::move(event));
}

inline event::SubtaskInstance MakeSubtask(int id, const std::string& name = "subtask") {
  event::SubtaskInstance subtask;
  subtask.instance_id = id;
  subtask.unique_id = 7;
  subtask.name = name;
  return subtask;
}
inline event::SubtaskChanged Changed(int id, event::SubtaskStatus status, double percent) {
  event::SubtaskChanged change;
  change.subtask = MakeSubtask(id);
  change.status = status;
  change.percent = percent;
  return change;
}

// Accepts, then does as told.
class FakeSource final : public event::OperationSource {
 public:
  explicit FakeSource(event::EventSink& sink) : sink_(sink) {}

  void Start(event::StartRequest request, event::Done done) override {
    starts_++;
    {
      base::MutexLock lock(mutex_);
      last_parameters_ = request.parameters_xml;
    }
    if (request.validate_only) return done(validate_status);
    {
      base::MutexLock lock(mutex_);
      last_operation_ = request.operation;
    }
    if (!refuse_before.ok()) return done(refuse_before);
    event::ProgressEvent accepted;
    accepted.change = event::Accepted{server_operation_id};
    sink_.Publish(
        request.operation, std::move(accepted),
        [this, operation = request.operation, done = std::move(done)](absl::Status stored) mutable {
          if (!stored.ok() || refuse_after.ok()) return done(stored);
          event::ProgressEvent refused;
          refused.change = event::StartRefused{refuse_after.code(), std::string(refuse_after.message()), ""};
          sink_.Publish(operation, std::move(refused),
                        [this, done = std::move(done)](absl::Status) mutable { done(refuse_after); });
        });
  }
  struct Resumed {
    std::string operation;
    std::string server_operation_id;
    std::uint64_t last_source_sequence = 0;
  };
  void Resume(std::string operation, std::string server_id, std::uint64_t last_source_sequence,
              event::Done done) override {
    {
      base::MutexLock lock(mutex_);
      resumed_.push_back({std::move(operation), std::move(server_id), last_source_sequence});
    }
    done(resume_status);
  }
  std::vector<Resumed> resumed() const {
    base::MutexLock lock(mutex_);
    return resumed_;
  }
  void Cancel(std::string, event::Done done) override { done(cancel_status); }
  // Two steps, unless nobody wants the second.
  void Diagnose(event::OnReport on_report, event::Done done) override {
    const bool wanted = on_report({.step = event::DiagnosisStep::kName,
                                   .outcome = event::DiagnosisOutcome::kOk,
                                   .detail = "an address",
                                   .duration = absl::Milliseconds(1500)});
    if (wanted) {
      on_report({.step = event::DiagnosisStep::kPort,
                 .outcome = event::DiagnosisOutcome::kFailed,
                 .detail = "refused",
                 .advice = "start it"});
    }
    done(absl::OkStatus());
  }
  event::SourceStatus State() const override {
    base::MutexLock lock(mutex_);
    return state_;
  }
  void SetState(event::SourceState state, std::string reason) {
    base::MutexLock lock(mutex_);
    state_.state = state;
    state_.reason = std::move(reason);
  }
  std::string last_parameters() const {
    base::MutexLock lock(mutex_);
    return last_parameters_;
  }
  std::string last_operation() const {
    base::MutexLock lock(mutex_);
    return last_operation_;
  }

  std::atomic<int> starts_{0};
  std::string server_operation_id = "8b0cb5ad-0000-4000-8000-000000000001";
  absl::Status validate_status, refuse_before, refuse_after, cancel_status, resume_status;

 private:
  event::EventSink& sink_;
  mutable base::Mutex mutex_;
  event::SourceStatus state_{"", event::SourceState::kConnected, "", absl::UnixEpoch()};
  std::string last_operation_;
  std::string last_parameters_;
  std::vector<Resumed> resumed_;
};

// The transport of one watch. Reads as long as the test waits on it.
class Client final : public Writer {
 public:
  void StartWrite(std::vector<FramePtr> frames) override {
    base::MutexLock lock(mutex_);
    EXPECT_FALSE(writing_) << "two writes at once";
    EXPECT_FALSE(finish_.has_value()) << "a write after the end";
    std::size_t bytes = 0;
    for (const FramePtr& frame : frames) bytes += frame->proto().size();
    EXPECT_TRUE(bytes <= Outbox::kWriteBytes || frames.size() == 1);
    for (FramePtr& frame : frames) frames_.push_back(std::move(frame));
    writing_ = true;
    changed_.notify_all();
  }
  void Finish(absl::Status status) override {
    base::MutexLock lock(mutex_);
    EXPECT_FALSE(finish_.has_value()) << "two ends";
    finish_ = std::move(status);
    changed_.notify_all();
  }

  void Attach(std::shared_ptr<Outbox> outbox) { outbox_ = std::move(outbox); }
  Outbox& outbox() { return *outbox_; }

  // Reads until `enough` says so, or the watch ended. False after 20 s.
  bool ReadUntil(const std::function<bool(const std::vector<v1::WatchOperationsResponse>&)>& enough) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
      bool done_writing = false;
      {
        base::MutexLock lock(mutex_);
        for (; decoded_ < frames_.size(); ++decoded_) {
          responses_.emplace_back();
          EXPECT_TRUE(responses_.back().ParseFromString(frames_[decoded_]->proto()));
        }
        if (enough(responses_)) return true;
        if (finish_.has_value()) return false;
        done_writing = std::exchange(writing_, false);
        if (!done_writing && changed_.wait_until(mutex_, deadline) == std::cv_status::timeout) return false;
      }
      if (done_writing) outbox_->WriteDone();
    }
  }
  bool ReadUntilFinished() {
    ReadUntil([](const auto&) { return false; });
    base::MutexLock lock(mutex_);
    return finish_.has_value();
  }
  bool ReadEvents(std::size_t count) {
    return ReadUntil([count](const auto& responses) { return CountEvents(responses) >= count; });
  }
  static std::size_t CountEvents(const std::vector<v1::WatchOperationsResponse>& responses) {
    std::size_t events = 0;
    for (const auto& response : responses)
      events += static_cast<std::size_t>(response.events().events_size());
    return events;
  }
  const std::vector<v1::WatchOperationsResponse>& responses() const { return responses_; }
  std::vector<v1::Event> events() const {
    std::vector<v1::Event> events;
    for (const auto& response : responses_) {
      for (const auto& event : response.events().events()) events.push_back(event);
    }
    return events;
  }
  std::optional<absl::Status> finish() {
    base::MutexLock lock(mutex_);
    return finish_;
  }
  std::vector<FramePtr> frames() {
    base::MutexLock lock(mutex_);
    return frames_;
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<FramePtr> frames_;
  std::size_t decoded_ = 0;
  std::vector<v1::WatchOperationsResponse> responses_;
  bool writing_ = false;
  std::optional<absl::Status> finish_;
  std::shared_ptr<Outbox> outbox_;
};

// The check of "<Slow/>" waits until it is opened.
class Gate {
 public:
  void Pass() {
    base::MutexLock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(mutex_, [this] { return open_; });
    --waiting_;
  }
  void AwaitWaiting(int count) {
    base::MutexLock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(mutex_, std::chrono::seconds(60), [&] { return waiting_ == count; }));
  }
  void Open() {
    base::MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  int waiting_ = 0;
  bool open_ = false;
};

inline Dependencies TestDependencies(base::Clock& clock, Gate* gate = nullptr) {
  Dependencies dependencies;
  dependencies.clock = &clock;
  dependencies.check_parameters = [gate](const std::string& xml) -> absl::StatusOr<CheckedParameters> {
    if (gate != nullptr && xml == "<Slow/>") gate->Pass();
    if (xml.find("<") != 0) return absl::InvalidArgumentError("line 1: not XML");
    return CheckedParameters{xml.find("Scope") != std::string::npos ? "CreateDhcpScope" : "CreateDnsZone",
                             xml.find("secret") != std::string::npos};
  };
  dependencies.write_parameters =
      [](const v1::StartOperationRequest& request) -> absl::StatusOr<TypedParameters> {
    const std::string& name = request.create_dhcp_scope().scope().scope_name();
    if (name == "bad") return InvalidField("create_dhcp_scope.scope.scope_name", "is bad");
    return TypedParameters{"CreateDhcpScope", absl::StrCat("<Scope>", name, "</Scope>")};
  };
  dependencies.make_failed_part = [](const std::string& xml, const SubtaskList& subtasks,
                                     const std::string& completion) -> absl::StatusOr<std::string> {
    std::string failed;
    for (std::size_t i = 0; i < subtasks.size(); ++i) {
      if (subtasks.at(i).status() != v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS)
        failed += subtasks.at(i).name();
    }
    if (failed.empty()) return absl::FailedPreconditionError("nothing failed");
    return absl::StrCat(xml, " again: ", failed, completion.empty() ? "" : " of " + completion);
  };
  dependencies.read_exception = [](const std::string& xml) -> std::optional<ExceptionSummary> {
    if (xml.find("IpamException") == std::string::npos) return std::nullopt;
    return ExceptionSummary{"IpamObjectAlreadyExists", "it is there"};
  };
  return dependencies;
}

// A hub with one source.
class Hub {
 public:
  explicit Hub(const std::string& journal, std::function<void(Options&)> change = nullptr,
               const std::string& source_name = "server") {
    Options options;
    options.journal_path = journal;
    if (change) change(options);
    auto opened = Service::Open(options, TestDependencies(clock_, &slow_checks));
    if (!opened.ok()) {
      ADD_FAILURE() << opened.status();
      std::abort();
    }
    service = *std::move(opened);
    source = std::make_unique<FakeSource>(*service);
    service->AddSource(source_name, *source);
  }
  ~Hub() {
    slow_checks.Open();
    service->Stop();
  }

  absl::StatusOr<v1::Operation> Start(const std::string& xml = "<Scope/>", const std::string& request_id = "",
                                      const std::string& caller = "") {
    v1::StartOperationRequest request;
    request.set_parameters_xml(xml);
    request.set_request_id(request_id);
    return Start(request, caller);
  }
  absl::StatusOr<v1::Operation> Start(const v1::StartOperationRequest& request,
                                      const std::string& caller = "") {
    Waiter<absl::StatusOr<v1::Operation>> waiter;
    service->StartOperation(request, Caller{caller}, waiter.Callback());
    return waiter.Get();
  }
  // Started, and its id. `sequence`: that of StartProgressCallback at the server.
  std::string Run(const std::string& xml = "<Scope/>", std::uint64_t sequence = 0) {
    const auto operation = Start(xml);
    EXPECT_TRUE(operation.ok()) << operation.status();
    const std::string id = operation->name().substr(11);
    EXPECT_TRUE(Send(*service, id, event::Started{false}, sequence).ok());
    return id;
  }
  void Succeed(const std::string& id) {
    EXPECT_TRUE(
        Send(*service, id, event::OverallStatusSet{event::OverallStatus::kCompletedWithSuccess, std::nullopt})
            .ok());
  }
  v1::Operation Get(const std::string& id) {
    v1::GetOperationRequest request;
    request.set_name("operations/" + id);
    const auto operation = service->GetOperation(request);
    EXPECT_TRUE(operation.ok()) << operation.status();
    return operation.value_or(v1::Operation());
  }
  std::shared_ptr<Client> Watch(const v1::WatchOperationsRequest& request = {}) {
    auto client = std::make_shared<Client>();
    auto outbox = service->Watch(request, Caller{}, client);
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    if (!outbox.ok()) return client;
    client->Attach(*outbox);
    // Outbox and writer hold each other until one of them lets go: the test's handle does.
    return {client.get(), [client](Client* watching) { watching->outbox().Detach(); }};
  }

  ManualClock clock_;
  Gate slow_checks;
  std::unique_ptr<Service> service;
  std::unique_ptr<FakeSource> source;
};

}  // namespace ipam::hub
