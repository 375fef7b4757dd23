// The fixture of the session's tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fake_server.h"
#include "loop_fixture.h"
#include "tests/support/matchers.h"

namespace ipam::bridge {

// A session and its server, both on one loop, over real sockets.
class SessionTest : public LoopTest {
 protected:
  void Begin(bool validate_only = false) {
    session_ = std::make_shared<Session>(context_,
                                         event::StartRequest{.operation = "op-1",
                                                             .parameters_xml = "<p/>",
                                                             .initiator = initiator_,
                                                             .validate_only = validate_only},
                                         [this](absl::Status status) {
                                           EXPECT_FALSE(done_.has_value()) << "two answers";
                                           done_ = std::move(status);
                                         });
    session_->Begin();
  }
  // To the point where the server holds the callback and has answered the start.
  void BeginAndRun() {
    Begin();
    RunUntil([&] { return done_.has_value(); });
    ASSERT_OK(*done_);
    ASSERT_TRUE(server_.callback.has_value());
    if (server_.extended) {
      EXPECT_EQ(Call(Report(1, {idl::EventKind::kStartProgressCallback})), base::kOk);
    } else {
      EXPECT_EQ(Call(idl::StartProgressCallback{}), base::kOk);
    }
  }
  template <typename Request>
  base::HResult Call(const Request& request) {
    std::optional<base::HResult> result;
    server_.CallBack(request, [&](base::HResult value) { result = value; });
    RunUntil([&] { return result.has_value(); });
    return result.value_or(base::kUnexpected);
  }
  // What was posted before has run.
  void Settle() {
    bool passed = false;
    loop_->Post([&] { passed = true; });
    RunUntil([&] { return passed; });
  }
  void HoldStep(const std::string& name) {
    server_.on_step = [name](const std::string& step) { return Step{.hold = step == name}; };
  }
  static idl::AddSubTask Subtask() { return {idl::SubTaskInstance{.sub_task_instance_id = 1}}; }
  static idl::SetOverallStatus End() { return {idl::OverallStatus::kCompletedWithSuccess, {}}; }
  static idl::ReportProgress Report(std::uint64_t first, const std::vector<idl::EventKind>& kinds) {
    idl::ReportProgress report;
    for (const idl::EventKind kind : kinds) {
      idl::ProgressEvent& event = report.events.emplace_back();
      event.sequence = first++;
      event.kind = kind;
      if (kind == idl::EventKind::kAddSubTask) event.sub_task_instance.emplace();
      if (kind == idl::EventKind::kSetOverallStatus) {
        event.overall_status = idl::OverallStatus::kCompletedWithSuccess;
      }
    }
    return report;
  }

  FakeServer server_{loop_};
  Side client_{loop_};
  FakeSink sink_;
  Texts texts_{.check = [](TextKind, const std::string&) { return absl::OkStatus(); },
               .error = [](const std::string& xml) { return "words of " + xml; }};
  std::string initiator_;
  bool ended_ = false;
  bool connected_ = true;
  std::optional<bool> offered_;
  std::vector<int> failures_;  // that a retry was asked after
  SessionContext context_{.loop = loop_,
                          .dcom = client_.dcom,
                          .exporter = client_.exporter,
                          .sink = sink_,
                          .texts = texts_,
                          .server = {"127.0.0.1", server_.side.listener->port()},
                          .callback_account = {"DOM", "gw"},
                          .call_timeout = absl::Minutes(1),
                          .resume_timeout = absl::Minutes(10),
                          .connected = [this] { return connected_; },
                          .retry_after =
                              [this](int failures) {
                                failures_.push_back(failures);
                                return absl::Milliseconds(1);
                              },
                          .on_extension = [this](bool offered) { offered_ = offered; },
                          .on_end = [this](Session&) { ended_ = true; }};
  std::shared_ptr<Session> session_;
  std::optional<absl::Status> done_;
};

}  // namespace ipam::bridge
