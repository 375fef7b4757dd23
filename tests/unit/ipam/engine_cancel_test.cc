// What another session may ask of an operation: where it stands, and to stop.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/ipam/schema_sql.h"
#include "harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

const Caller kAdmin{"admin", "PLANT"};
const Caller kStranger{"mallory", "PLANT"};

class EngineCancelTest : public EngineTest {
 protected:
  static v1::OperationParameters Records(int count) {
    v1::OperationParameters parameters = Sample("CreateDnsResourceRecords");
    auto& create = *parameters.mutable_create_dns_resource_records();
    const v1::DnsResourceRecord record = create.resource_records(0);
    create.clear_resource_records();
    for (int i = 0; i < count; ++i) {
      *create.add_resource_records() = record;
      create.mutable_resource_records(i)->set_name(absl::StrFormat("host-%d", i));
    }
    return parameters;
  }
  base::Guid Started(const v1::OperationParameters& parameters) {
    const base::Guid id = base::Guid::Random();
    EXPECT_OK(Start(id, Prepare(parameters)));
    return id;
  }
  absl::StatusOr<CancelResult> Cancel(const base::Guid& id, Caller caller = kAdmin) {
    std::promise<absl::StatusOr<CancelResult>> answered;
    engine_->Cancel(id, std::move(caller), [&](auto result) { answered.set_value(std::move(result)); });
    return answered.get_future().get();
  }
  absl::StatusOr<Standing> Find(const base::Guid& id, Caller caller = kAdmin) {
    std::promise<absl::StatusOr<Standing>> answered;
    engine_->Find(id, std::move(caller), [&](auto found) { answered.set_value(std::move(found)); });
    return answered.get_future().get();
  }
};

TEST_F(EngineCancelTest, CountsOperationsFromTheirStartToTheirEnd) {
  Open();
  const base::Guid cancelled = Started(Records(2));
  const base::Guid run = Started(Records(2));
  EXPECT_EQ(engine_->figures().waiting, 2u);  // for the answer of StartProgressCallback
  EXPECT_OK(Cancel(cancelled));
  engine_->Proceed(cancelled);
  AwaitEnd(cancelled);
  engine_->Proceed(run);
  AwaitEnd(run);
  const OperationFigures figures = engine_->figures();
  EXPECT_EQ(figures.running + figures.waiting, 0u);
  EXPECT_THAT(figures.ended, ElementsAre(Pair(Pair("CreateDnsResourceRecords", false), 1u),
                                         Pair(Pair("CreateDnsResourceRecords", true), 1u)));
}

TEST_F(EngineCancelTest, StopsBeforeTheNextSubtaskAndEndsTheRestAsNotRun) {
  options_.step_delay = absl::Milliseconds(20);
  Open();
  constexpr int kCount = 500;
  const base::Guid id = Started(Records(kCount));
  engine_->Proceed(id);
  while (Read(id, 0, kCount + 10).size() < kCount + 10) listener_.Await(id);
  EXPECT_EQ(Cancel(id).value(), CancelResult::kWillEnd);
  EXPECT_OK(Cancel(id));
  const auto events = AwaitEnd(id);
  EXPECT_EQ(Cancel(id).value(), CancelResult::kAlreadyEnded);
  EXPECT_EQ(Read(id).size(), events.size());

  const std::vector<std::string> all = Describe(events);
  const auto count = [&](const std::string& what) {
    return std::count_if(all.begin(), all.end(),
                         [&](const auto& text) { return absl::StrContains(text, what); });
  };
  const auto done = count("CompletedWithSuccess 100");
  EXPECT_GT(done, 0);
  EXPECT_EQ(count("InProgress"), done);  // what was reached was finished
  EXPECT_EQ(count("NotRun 0"), kCount - done);
  const auto first =
      std::find_if(all.begin(), all.end(), [](const auto& t) { return absl::StrContains(t, "NotRun"); });
  EXPECT_THAT(std::vector(first, all.end()), Not(Contains(StartsWith("SetCompletionPercentage"))));
  EXPECT_EQ(all.back(), "SetOverallStatus CompletedWithFailure");
  EXPECT_EQ(Query("SELECT count(*) FROM dns_resource_records"), absl::StrFormat("%d", done));
  const auto& end = std::get<event::OverallStatusSet>(events.back().change);
  EXPECT_THAT(*end.completion_status_xml, HasSubstr("cancelled by PLANT\\admin"));
}

TEST_F(EngineCancelTest, WhileTheLastSubtaskIsAtWorkNothingIsLeftToStop) {
  options_.step_delay = absl::Hours(1);
  Open();
  const auto first_in_progress = [&](int count) {
    const base::Guid id = Started(Records(count));
    engine_->Proceed(id);
    while (Read(id).size() < static_cast<std::size_t>(count) + 2) listener_.Await(id);
    return id;
  };
  EXPECT_EQ(Cancel(first_in_progress(1)).value(), CancelResult::kAlreadyEnded);
  const base::Guid two = first_in_progress(2);
  EXPECT_EQ(Cancel(two).value(), CancelResult::kWillEnd);
  EXPECT_EQ(Cancel(two).value(), CancelResult::kWillEnd);
}

TEST_F(EngineCancelTest, WhatWaitsForItsTurnEndsAtOnce) {
  options_.step_delay = absl::Hours(1);
  options_.max_running = 1;
  options_.max_queued = 1;
  Open();
  const base::Guid running = Started(Records(2));
  engine_->Proceed(running);
  while (Read(running).size() < 4) listener_.Await(running);
  const base::Guid waiting = Started(Records(2));
  engine_->Proceed(waiting);
  EXPECT_EQ(Cancel(waiting).value(), CancelResult::kWillEnd);
  EXPECT_THAT(Describe(AwaitEnd(waiting)),
              ElementsAre("StartProgressCallback", "SetOverallStatus CompletedWithFailure"));
  EXPECT_EQ(Cancel(waiting).value(), CancelResult::kAlreadyEnded);
  Started(Records(2));  // its place among those that wait is free again
}

TEST_F(EngineCancelTest, BeforeTheCallbackIsAnsweredItWaitsForThat) {
  Open();
  const base::Guid id = Started(Records(2));
  EXPECT_EQ(Cancel(id).value(), CancelResult::kWillEnd);
  EXPECT_THAT(Describe(Read(id)), ElementsAre("StartProgressCallback"));
  engine_->Proceed(id);
  EXPECT_THAT(Describe(AwaitEnd(id)),
              ElementsAre("StartProgressCallback", "SetOverallStatus CompletedWithFailure"));
  EXPECT_EQ(Query("SELECT count(*) FROM dns_resource_records"), "0");
}

TEST_F(EngineCancelTest, IsForTheStarterAndAdministrators) {
  Open();
  Execute(
      "INSERT INTO user_access_policies (record_id, user_name, details) VALUES (1, 'PLANT\\dora', '{}');"
      "INSERT INTO policy_maps (policy_id, role_id, access_scope_id) VALUES (1, 9, 1)");
  const base::Guid id = base::Guid::Random();
  ASSERT_OK(Start(id, Prepare(Records(2)), {"dora", "PLANT"}));
  for (const auto& status : {Find(id, kStranger).status(), Cancel(id, kStranger).status(),
                             Find(id, {"dora", "OFFICE"}).status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied));
  }
  EXPECT_OK(Find(id, {"Dora", "plant"}));
  EXPECT_OK(Find(id));
  EXPECT_OK(Cancel(id, {"DORA", "PLANT"}));
  const base::Guid unknown = base::Guid::Random();
  EXPECT_THAT(Find(unknown), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Cancel(unknown, kStranger), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(EngineCancelTest, IsForMembersOfTheGroupOfAdministratorsToo) {
  Open();
  const base::Guid id = Started(Records(2));
  const auto owns = [this](const Caller& caller) {
    std::promise<absl::Status> answered;
    engine_->CheckOwner("PLANT\\dora", caller, [&](absl::Status status) { answered.set_value(status); });
    return answered.get_future().get();
  };
  constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
  Execute("INSERT INTO security_groups VALUES (1, 'IPAM MSM Administrators'), (2, 'Operators')");
  Execute("INSERT INTO security_group_members VALUES (1, 'PLANT\\mallory'), (2, 'mallory')");
  EXPECT_THAT(Find(id, kStranger), StatusIs(kDenied)) << "who may do some of the operations";
  EXPECT_THAT(Cancel(id, kStranger), StatusIs(kDenied));
  EXPECT_THAT(owns(kStranger), StatusIs(kDenied));
  EXPECT_OK(owns({"Dora", "plant"}));
  // By a group that is in it.
  Execute(
      "INSERT INTO security_groups VALUES (3, 'ipam administrators');"
      "INSERT INTO security_group_members VALUES (3, 'Operators')");
  EXPECT_OK(owns(kStranger));
  EXPECT_OK(Find(id, kStranger));
  EXPECT_EQ(Cancel(id, kStranger).value(), CancelResult::kWillEnd);
}

TEST_F(EngineCancelTest, FindSeesWhatWasStartedBefore) {
  Open();
  const base::Guid id = base::Guid::Random();
  std::promise<absl::Status> started;
  engine_->Start(id, Prepare(Records(1)), {kAdmin}, [&](absl::Status status) { started.set_value(status); });
  const auto found = Find(id);  // not asked after the start was answered
  ASSERT_OK(found);
  EXPECT_EQ(found->last_sequence, 1u);
  EXPECT_FALSE(found->ended);
  EXPECT_OK(started.get_future().get());
  engine_->Proceed(id);
  const auto events = AwaitEnd(id);
  const auto ended = Find(id);
  ASSERT_OK(ended);
  EXPECT_EQ(ended->last_sequence, events.size());
  EXPECT_TRUE(ended->ended);
}

TEST_F(EngineCancelTest, AStoreThatFailsDelaysTheAnswerAndLosesNothing) {
  options_.max_running = 1;
  options_.step_delay = absl::Hours(1);
  Open();
  const base::Guid running = Started(Records(1));
  engine_->Proceed(running);
  const base::Guid waiting = Started(Records(1));
  engine_->Proceed(waiting);
  Deny(options_.database, "INSERT", "operation_events", "NEW.kind = 3");
  std::promise<absl::StatusOr<CancelResult>> promise;
  auto answered = promise.get_future();
  engine_->Cancel(waiting, kAdmin, [&](auto result) { promise.set_value(std::move(result)); });
  EXPECT_EQ(answered.wait_for(std::chrono::milliseconds(400)),
            std::future_status::timeout);  // several attempts
  Allow(options_.database);
  EXPECT_OK(answered.get());
  EXPECT_THAT(Describe(AwaitEnd(waiting)), Contains("SetOverallStatus CompletedWithFailure"));
}

TEST_F(EngineCancelTest, TheInitiatorIsAuthorizedInsteadOfTheAccountAndBothAreKept) {
  Open();
  const auto start = [&](Starter starter) {
    std::promise<absl::Status> answered;
    engine_->Start(base::Guid::Random(), Prepare(Records(1)), std::move(starter),
                   [&](absl::Status status) { answered.set_value(std::move(status)); });
    return answered.get_future().get();
  };
  EXPECT_THAT(start({.account = kAdmin, .initiator = kStranger}),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_OK(start({.account = kStranger, .initiator = kAdmin}));
  EXPECT_EQ(Query("SELECT account || ' for ' || initiator FROM operations"),
            "PLANT\\mallory for PLANT\\admin");
}

TEST_F(EngineCancelTest, AStoreOfTheFirstVersionKeepsItsOperations) {
  if (OnPostgres()) GTEST_SKIP() << "no store of PostgreSQL is that old";
  {
    auto old = Database::Open(options_.database);
    ASSERT_OK(old);
    ASSERT_OK((*old)->ExecuteScript(kSchemaSql));
    ASSERT_OK((*old)->ExecuteScript(kProvisionSql));
    ASSERT_OK((*old)->Execute(
        "ALTER TABLE operations DROP COLUMN initiator;"
        "PRAGMA application_id = 0x4950414d; PRAGMA user_version = 1;"
        "INSERT INTO operations VALUES (1, '{01234567-89AB-CDEF-0123-456789ABCDEF}', 'CreateDnsZone', "
        "'PLANT\\dora', 1, 1699999999000000)"));  // not long enough ago to be removed
  }
  Open();
  EXPECT_EQ(Query("SELECT account || coalesce(initiator, ' for itself') FROM operations"),
            "PLANT\\dora for itself");
  Started(Records(1));
}

}  // namespace
}  // namespace ipam::engine
