// StartOperation, CancelOperation and the lists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hub/fakes.h"
#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

using test_support::IsOk;
using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(Start, TheSameRequestIdReturnsTheSameOperationAlsoAfterARestart) {
  TempDir dir;
  std::string name;
  {
    Hub hub(dir.File("j"));
    const auto first = hub.Start("<Scope/>", "key", "alice");
    ASSERT_OK(first);
    name = first->name();
    EXPECT_EQ(hub.Start("<Scope/>", "key", "alice")->name(), name);
    EXPECT_EQ(hub.source->starts_, 1);
    EXPECT_THAT(hub.Start("<Zone/>", "key", "alice"), StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_NE(hub.Start("<Scope/>", "key", "bob")->name(), name) << "another initiator";
    EXPECT_NE(hub.Start("<Scope/>", "", "alice")->name(), hub.Start("<Scope/>", "", "alice")->name());
  }
  Hub hub(dir.File("j"));
  EXPECT_EQ(hub.Start("<Scope/>", "key", "alice")->name(), name);
  EXPECT_THAT(hub.Start("<Zone/>", "key", "alice"), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(hub.source->starts_, 0);
}

v1::StartOperationRequest Typed(const std::string& scope_name, const std::string& request_id = "") {
  v1::StartOperationRequest request;
  request.set_request_id(request_id);
  request.mutable_create_dhcp_scope()->mutable_scope()->set_scope_name(scope_name);
  return request;
}

TEST(Start, TypedParametersReachTheSourceAsXml) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const auto started = hub.Start(Typed("one"));
  ASSERT_OK(started);
  EXPECT_EQ(started->kind(), "CreateDhcpScope");
  EXPECT_EQ(hub.source->last_parameters(), "<Scope>one</Scope>");
  v1::StartOperationRequest only_checked = Typed("two");
  only_checked.set_validate_only(true);
  EXPECT_EQ(hub.Start(only_checked)->kind(), "CreateDhcpScope");
  EXPECT_EQ(hub.source->last_parameters(), "<Scope>two</Scope>");
}

TEST(Start, ARequestIdIsOneContentAlsoOfTypedParameters) {
  TempDir dir;
  std::string name;
  {
    Hub hub(dir.File("j"));
    name = hub.Start(Typed("one", "key"))->name();
    EXPECT_EQ(hub.Start(Typed("one", "key"))->name(), name);
    EXPECT_THAT(hub.Start(Typed("two", "key")), StatusIs(absl::StatusCode::kAlreadyExists));
    v1::StartOperationRequest other = Typed("one", "key");
    other.mutable_edit_dhcp_scope()->mutable_scope()->set_scope_name("one");
    EXPECT_THAT(hub.Start(other), StatusIs(absl::StatusCode::kAlreadyExists))
        << "another kind, the same fields";
  }
  Hub hub(dir.File("j"));
  EXPECT_EQ(hub.Start(Typed("one", "key"))->name(), name);
}

TEST(Start, ARefusalOfTypedParametersNamesTheirField) {
  TempDir dir;
  Hub hub(dir.File("j"));
  EXPECT_THAT(hub.Start(Typed("bad")),
              StatusIs(absl::StatusCode::kInvalidArgument, "create_dhcp_scope.scope.scope_name: is bad"));
  EXPECT_EQ(hub.source->starts_, 0);
}

TEST(Start, RequestsWithOneIdAtTheSameTimeStartOnce) {
  TempDir dir;
  Hub hub(dir.File("j"));
  std::vector<std::thread> threads;
  base::Mutex mutex;
  std::set<std::string> names;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto operation = hub.Start("<Scope/>", "key");
      EXPECT_OK(operation);
      base::MutexLock lock(mutex);
      names.insert(operation->name());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(names.size(), 1u);
  EXPECT_EQ(hub.source->starts_, 1);
}

TEST(Start, WhatIsRefusedBeforeAcceptedLeavesNothing) {
  TempDir dir;
  Hub hub(dir.File("j"));
  hub.source->refuse_before = absl::PermissionDeniedError("not yours");
  EXPECT_THAT(hub.Start("<Scope/>", "key"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(hub.service->counters().operations, 0u);
  hub.source->refuse_before = absl::OkStatus();
  EXPECT_OK(hub.Start("<Zone/>", "key")) << "the key is free again";
}

TEST(Start, WhatIsRefusedAfterAcceptedEndsFailedAndIsTheStatusOfTheCall) {
  TempDir dir;
  Hub hub(dir.File("j"));
  hub.source->refuse_after = absl::PermissionDeniedError("not yours");
  EXPECT_THAT(hub.Start("<Scope/>", "key"), StatusIs(absl::StatusCode::kPermissionDenied, "not yours"));
  const v1::Operation operation = hub.Get(hub.source->last_operation());
  EXPECT_EQ(operation.state(), v1::OPERATION_STATE_FAILED);
  EXPECT_EQ(operation.error().code(), static_cast<int>(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(hub.Start("<Scope/>", "key")->name(), operation.name()) << "the same key: the same operation";
}

TEST(Start, ChecksBeforeAnythingIsRecorded) {
  TempDir dir;
  Hub hub(dir.File("j"));
  EXPECT_THAT(hub.Start("no xml"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 1")));
  EXPECT_THAT(hub.Start(v1::StartOperationRequest()), StatusIs(absl::StatusCode::kInvalidArgument));
  v1::StartOperationRequest request;
  request.set_parameters_xml("<Scope/>");
  request.set_source("elsewhere");
  EXPECT_THAT(hub.Start(request), StatusIs(absl::StatusCode::kNotFound));
  FakeSource second(*hub.service);
  hub.service->AddSource("second", second);
  EXPECT_THAT(hub.Start(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("source")));
  request.set_source("second");
  EXPECT_OK(hub.Start(request));
  second.SetState(event::SourceState::kDisconnected, "no route");
  EXPECT_THAT(hub.Start(request), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no route")));
  EXPECT_EQ(hub.service->counters().operations, 1u);
}

TEST(Start, ValidateOnlyRecordsNothing) {
  TempDir dir;
  Hub hub(dir.File("j"));
  v1::StartOperationRequest request;
  request.set_parameters_xml("<Scope/>");
  request.set_request_id("key");
  request.set_validate_only(true);
  const auto operation = hub.Start(request);
  ASSERT_OK(operation);
  EXPECT_EQ(operation->kind(), "CreateDhcpScope");
  EXPECT_TRUE(operation->name().empty());
  hub.source->validate_status = absl::InvalidArgumentError("scope: no such server");
  EXPECT_THAT(hub.Start(request), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(hub.service->counters().operations, 0u);
}

class SlowCheck : public ::testing::Test {
 protected:
  using Answer = Waiter<absl::StatusOr<v1::Operation>>;
  void StartSlowly(Hub& hub, Answer& answer) {
    v1::StartOperationRequest request;
    request.set_parameters_xml("<Slow/>");
    hub.service->StartOperation(request, Caller{}, answer.Callback());
  }
  TempDir dir_;
};

TEST_F(SlowCheck, HoldsUpNeitherItsCallerNorOthers) {
  Hub hub(dir_.File("j"));
  Answer slow;
  StartSlowly(hub, slow);  // comes back, though the check does not
  hub.slow_checks.AwaitWaiting(1);
  EXPECT_OK(hub.Start("<Scope/>"));
  EXPECT_EQ(hub.service->counters().operations, 1u);
  hub.slow_checks.Open();
  EXPECT_OK(slow.Get());
}

TEST_F(SlowCheck, RefusesMoreThanItsBound) {
  Hub hub(dir_.File("j"), [](Options& options) {
    options.check_threads = 1;
    options.max_checks_waiting = 1;
  });
  Answer running, waiting, beyond;
  StartSlowly(hub, running);
  hub.slow_checks.AwaitWaiting(1);
  StartSlowly(hub, waiting);
  StartSlowly(hub, beyond);
  EXPECT_THAT(beyond.Get(), StatusIs(absl::StatusCode::kResourceExhausted));
  hub.slow_checks.Open();
  EXPECT_OK(running.Get());
  EXPECT_OK(waiting.Get());
}

TEST_F(SlowCheck, RefusesMoreBytesThanItsBoundButNeverTheFirst) {
  Hub hub(dir_.File("j"), [](Options& options) { options.check_bytes = 1; });
  Answer first, second;
  StartSlowly(hub, first);
  hub.slow_checks.AwaitWaiting(1);
  StartSlowly(hub, second);
  EXPECT_THAT(second.Get(), StatusIs(absl::StatusCode::kResourceExhausted));
  hub.slow_checks.Open();
  EXPECT_OK(first.Get());
}

TEST_F(SlowCheck, AStopAnswersWhatWaits) {
  Hub hub(dir_.File("j"), [](Options& options) { options.check_threads = 1; });
  Answer running, waiting;
  StartSlowly(hub, running);
  hub.slow_checks.AwaitWaiting(1);
  StartSlowly(hub, waiting);
  std::thread stop([&] { hub.service->Stop(); });
  EXPECT_THAT(waiting.Get(), StatusIs(absl::StatusCode::kUnavailable));
  hub.slow_checks.Open();
  stop.join();
  EXPECT_THAT(running.Get(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(Cancel, IsTakenOnceAndAnEndKeepsItsState) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  v1::CancelOperationRequest request;
  request.set_name("operations/" + id);
  const auto cancel = [&] {
    Waiter<absl::StatusOr<v1::Operation>> waiter;
    hub.service->CancelOperation(request, Caller{}, waiter.Callback());
    return waiter.Get();
  };
  hub.source->cancel_status = absl::UnimplementedError("no cancel");
  EXPECT_THAT(cancel(), StatusIs(absl::StatusCode::kUnimplemented));
  hub.source->cancel_status = absl::OkStatus();
  EXPECT_TRUE(cancel()->has_cancel_time());
  EXPECT_EQ(cancel()->last_sequence(), 3u) << "again: OK, and no second event";
  const std::string other = hub.Run();
  request.set_name("operations/" + other);
  hub.source->cancel_status = absl::FailedPreconditionError("had ended");
  EXPECT_FALSE(cancel()->has_cancel_time()) << "the end won: nothing is recorded";
  EXPECT_EQ(cancel()->last_sequence(), 2u);
  hub.Succeed(other);
  hub.source->cancel_status = absl::OkStatus();
  request.set_name("operations/" + id);
  hub.source->SetState(event::SourceState::kDisconnected, "");
  EXPECT_THAT(cancel(), StatusIs(absl::StatusCode::kUnavailable));
  hub.Succeed(id);
  EXPECT_EQ(cancel()->state(), v1::OPERATION_STATE_SUCCEEDED);
  request.set_name("operations/none");
  EXPECT_THAT(cancel(), StatusIs(absl::StatusCode::kNotFound));
}

TEST(Lists, OperationsComeNewestFirstInStablePages) {
  TempDir dir;
  Hub hub(dir.File("j"));
  std::vector<std::string> names;
  for (int i = 0; i < 7; ++i) names.push_back("operations/" + hub.Run(i % 2 == 0 ? "<Scope/>" : "<Zone/>"));
  v1::ListOperationsRequest request;
  request.set_page_size(3);
  std::vector<std::string> listed;
  do {
    const auto page = hub.service->ListOperations(request);
    ASSERT_OK(page);
    for (const auto& operation : page->operations()) listed.push_back(operation.name());
    hub.Run();  // a new one does not move the pages
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, std::vector<std::string>(names.rbegin(), names.rend()));

  v1::ListOperationsRequest filtered;
  filtered.set_filter("kind = CreateDnsZone AND state = RUNNING");
  EXPECT_EQ(hub.service->ListOperations(filtered)->operations_size(), 3);
  filtered.set_page_token("nonsense");
  EXPECT_THAT(hub.service->ListOperations(filtered), StatusIs(absl::StatusCode::kInvalidArgument));
  filtered.clear_page_token();
  filtered.set_page_size(1);
  const std::string token = hub.service->ListOperations(filtered)->next_page_token();
  filtered.set_filter("");
  filtered.set_page_token(token);
  EXPECT_THAT(hub.service->ListOperations(filtered), StatusIs(absl::StatusCode::kInvalidArgument));
  filtered.set_page_size(-1);
  EXPECT_THAT(hub.service->ListOperations(filtered), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(Lists, EventsComeInPagesFromTheJournal) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  for (int i = 0; i < 20; ++i) ASSERT_OK(Send(*hub.service, id, event::PercentageChanged{i * 1.0}));
  v1::ListEventsRequest request;
  request.set_parent("operations/" + id);
  request.set_page_size(6);
  request.set_after_sequence(4);
  std::uint64_t next = 5;
  do {
    const auto page = hub.service->ListEvents(request);
    ASSERT_OK(page);
    EXPECT_LE(page->events_size(), 6);
    for (const auto& event : page->events()) EXPECT_EQ(event.sequence(), next++);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(next, 23u);
}

TEST(Lists, SubtasksByFilter) {
  TempDir dir;
  Hub hub(dir.File("j"));
  const std::string id = hub.Run();
  for (int i = 0; i < 4; ++i) ASSERT_OK(Send(*hub.service, id, event::SubtaskAdded{MakeSubtask(i)}));
  ASSERT_OK(Send(*hub.service, id, Changed(2, event::SubtaskStatus::kCompletedWithError, 100)));
  v1::ListSubtasksRequest request;
  request.set_parent("operations/" + id);
  request.set_filter("status = COMPLETED_WITH_ERROR");
  const auto page = hub.service->ListSubtasks(request);
  ASSERT_OK(page);
  ASSERT_EQ(page->subtasks_size(), 1);
  EXPECT_EQ(page->subtasks(0).instance_id(), 2);
}

}  // namespace
}  // namespace ipam::hub
