#include "dcom_bridge/ipam/engine.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <future>
#include <utility>

#include "absl/strings/str_format.h"
#include "harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

v1::OperationParameters Records(int count) {
  v1::OperationParameters parameters = Sample("CreateDnsResourceRecords");
  auto& create = *parameters.mutable_create_dns_resource_records();
  const v1::DnsResourceRecord a = create.resource_records(0);
  create.clear_resource_records();
  for (int i = 0; i < count; ++i) {
    v1::DnsResourceRecord& record = *create.add_resource_records();
    record = a;
    record.set_name(absl::StrFormat("host-%d", i));
  }
  return parameters;
}

TEST_F(EngineTest, AnnouncesAllSubtasksBeforeTheFirstStarts) {
  Open();
  const auto events = Run(Sample("CreateDnsResourceRecords"));
  EXPECT_THAT(Describe(events),
              ElementsAre("StartProgressCallback",                              //
                          "AddSubTask 1 CNAME historian.plant.ad.example.org",  //
                          "AddSubTask 2 SRV _opcua._tcp.plant.ad.example.org",  //
                          "AddSubTask 3 A plc-20.plant.ad.example.org",         //
                          "AddSubTask 4 AAAA plc-20.plant.ad.example.org",      //
                          "SetSubTaskStatus 1 InProgress 0",                    //
                          "SetSubTaskStatus 1 CompletedWithSuccess 100",        //
                          "SetCompletionPercentage 25",                         //
                          "SetSubTaskStatus 2 InProgress 0",                    //
                          "SetSubTaskStatus 2 CompletedWithSuccess 100",        //
                          "SetCompletionPercentage 50",                         //
                          "SetSubTaskStatus 3 InProgress 0",                    //
                          "SetSubTaskStatus 3 CompletedWithSuccess 100",        //
                          "SetCompletionPercentage 75",                         //
                          "SetSubTaskStatus 4 InProgress 0",                    //
                          "SetSubTaskStatus 4 CompletedWithSuccess 100",        //
                          "SetCompletionPercentage 100",                        //
                          "SetOverallStatus CompletedWithSuccess"));
  for (const event::ProgressEvent& event : events) EXPECT_EQ(event.event_time, clock_.Now());
}

TEST_F(EngineTest, RunsNothingBeforeTheCallbackIsAnswered) {
  Open();
  const base::Guid id = base::Guid::Random();
  ASSERT_OK(Start(id, Prepare(Sample("CreateDnsZone"))));
  EXPECT_THAT(Describe(Read(id)), ElementsAre("StartProgressCallback"));
  EXPECT_EQ(Query("SELECT count(*) FROM dns_server_zones"), "2");
  engine_->Proceed(id);
  engine_->Proceed(id);  // a repetition changes nothing
  EXPECT_EQ(FailureOf(AwaitEnd(id)), "");
  EXPECT_EQ(Query("SELECT count(*) FROM dns_server_zones"), "3");
}

TEST_F(EngineTest, AbandonedOperationEndsWithoutTouchingAnything) {
  Open();
  const base::Guid id = base::Guid::Random();
  ASSERT_OK(Start(id, Prepare(Sample("CreateDnsZone"))));
  engine_->Abandon(id, "E_FAIL");
  const auto events = AwaitEnd(id);
  EXPECT_THAT(Describe(events),
              ElementsAre("StartProgressCallback", "SetOverallStatus CompletedWithFailure"));
  EXPECT_EQ(FailureOf(events), "IpamClientCommunicationFailure");
  engine_->Proceed(id);  // too late
  EXPECT_EQ(FailureOf(Run(Sample("CreateDnsZone"))), "");
  EXPECT_THAT(Read(id), SizeIs(2));
}

TEST_F(EngineTest, OperationWithoutDelegateFailsInItsCompletionStatus) {
  Open();
  const base::Guid id = base::Guid::Random();
  v1::OperationParameters parameters;
  parameters.set_operation_id(static_cast<v1::IpamAdminOperationId>(49));  // one more than there are
  ASSERT_OK(
      Start(id, {.kind = "Other", .parameters = std::make_shared<v1::OperationParameters>(parameters)}));
  engine_->Proceed(id);
  const auto events = AwaitEnd(id);
  EXPECT_THAT(Describe(events),
              ElementsAre("StartProgressCallback", "SetOverallStatus CompletedWithFailure"));
  EXPECT_EQ(FailureOf(events), "IpamApiMethodNotImplemented");
}

TEST_F(EngineTest, RefusesXmlThatIsNotValid) {
  Open();
  EXPECT_THAT(engine_->Prepare("<a"), StatusIs(absl::StatusCode::kInvalidArgument));
  std::string xml = SampleXml("CreateDnsZone");
  xml.replace(xml.find("<ServerId>31"), 12, "<ServerId>x");
  EXPECT_THAT(engine_->Prepare(xml), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ServerId")));
  const auto prepared = engine_->Prepare(SampleXml("CreateDnsZone"));
  ASSERT_OK(prepared);
  EXPECT_EQ(prepared->kind, "CreateDnsZone");
}

TEST_F(EngineTest, RefusesAnIdThatIsInTheStore) {
  Open();
  const base::Guid id = base::Guid::Random();
  ASSERT_OK(Start(id, Prepare(Sample("CreateDnsZone"))));
  EXPECT_THAT(Start(id, Prepare(Sample("CreateDnsZone"))), StatusIs(absl::StatusCode::kAlreadyExists));
  engine_->Proceed(id);
  EXPECT_EQ(FailureOf(AwaitEnd(id)), "");
  EXPECT_THAT(Start(id, Prepare(Sample("CreateDnsZone"))), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(EngineTest, ReadsFromACursorAndByParts) {
  Open();
  const base::Guid id = base::Guid::Random();
  ASSERT_OK(Start(id, Prepare(Sample("CreateDnsZone"))));
  engine_->Proceed(id);
  const auto all = AwaitEnd(id);
  const auto part = Read(id, 2, 3);
  ASSERT_THAT(part, SizeIs(3));
  EXPECT_EQ(part[0].source_sequence, 3u);
  EXPECT_EQ(Describe(part[2]), Describe(all[4]));
  EXPECT_THAT(Read(id, all.size()), SizeIs(0));
  std::promise<absl::Status> unknown;
  engine_->ReadEvents(base::Guid::Random(), 0, 1, [&](auto events) { unknown.set_value(events.status()); });
  EXPECT_THAT(unknown.get_future().get(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(EngineTest, FailedEntityDoesNotStopTheOthers) {
  Open();
  v1::OperationParameters parameters = Records(3);
  parameters.mutable_create_dns_resource_records()->mutable_resource_records(1)->set_name("host-0");
  const auto events = Run(parameters);
  EXPECT_THAT(Describe(events), AllOf(::testing::Contains("SetSubTaskStatus 2 CompletedWithError 100"),
                                      ::testing::Contains("SetSubTaskStatus 3 CompletedWithSuccess 100"),
                                      ::testing::Contains("SetCompletionPercentage 100")));
  EXPECT_EQ(FailureOf(events), "IpamApiFailedToAddResourceRecord");
  EXPECT_EQ(Query("SELECT count(*) FROM dns_resource_records"), "2");

  v1::EntityStatusCollection entities;
  ASSERT_TRUE(CompletionOf(events).entity_status_collection_object().UnpackTo(&entities));
  ASSERT_EQ(entities.entity_status_list_size(), 3);
  EXPECT_FALSE(entities.entity_status_list(0).is_successful());  // what failed comes first
  EXPECT_TRUE(entities.entity_status_list(1).is_successful());
  EXPECT_NE(entities.entity_status_list(1).record_id(), 0);
  EXPECT_EQ(entities.entity_status_list(1).object_type(), v1::IPAM_OBJECT_TYPE_DNS_RESOURCE_RECORD);
  EXPECT_EQ(entities.entity_status_list(1).for_dns_resource_record().record_type(),
            v1::DNS_RESOURCE_RECORD_TYPE_A);
}

TEST_F(EngineTest, RunsAThousandEntitiesAndTheirEventsInOrder) {
  Open();
  const auto events = Run(Records(1'000));
  EXPECT_EQ(FailureOf(events), "");
  // 1 start, 1,000 announced, 2,000 changes, each whole percent once, the end.
  EXPECT_EQ(events.size(), 1 + 1'000 + 2'000 + 100 + 1u);
  EXPECT_EQ(Query("SELECT count(*) FROM dns_resource_records"), "1000");
  v1::EntityStatusCollection entities;
  ASSERT_TRUE(CompletionOf(events).entity_status_collection_object().UnpackTo(&entities));
  EXPECT_EQ(entities.entity_status_list_size(), 1'000);
}

TEST_F(EngineTest, RunsOperationsSideBySide) {
  options_.max_running = 4;
  Open();
  std::vector<base::Guid> ids;
  for (int i = 0; i < 12; ++i) {
    v1::OperationParameters parameters = Records(50);
    for (auto& record : *parameters.mutable_create_dns_resource_records()->mutable_resource_records()) {
      record.set_name(absl::StrFormat("%s-%d", record.name(), i));
    }
    ids.push_back(base::Guid::Random());
    ASSERT_OK(Start(ids.back(), Prepare(parameters)));
  }
  for (const base::Guid& id : ids) engine_->Proceed(id);
  for (const base::Guid& id : ids) EXPECT_EQ(FailureOf(AwaitEnd(id)), "");
  EXPECT_EQ(Query("SELECT count(*) FROM dns_resource_records"), "600");
}

TEST_F(EngineTest, TakesTurnsBetweenOperations) {
  options_.step_delay = absl::Milliseconds(5);
  Open();
  const base::Guid big = base::Guid::Random();
  ASSERT_OK(Start(big, Prepare(Records(200))));
  engine_->Proceed(big);
  EXPECT_EQ(FailureOf(Run(Sample("CreateDnsZone"))), "");  // does not wait for the end of the big one
  EXPECT_LT(Read(big).size(), 700u);
}

TEST_F(EngineTest, BoundsTheOperationsThatWait) {
  options_.max_running = 1;
  options_.max_queued = 1;
  Open();
  const base::Guid first = base::Guid::Random();
  ASSERT_OK(Start(first, Prepare(Sample("CreateDnsZone"))));
  ASSERT_OK(Start(base::Guid::Random(), Prepare(Sample("CreateDnsZone"))));
  EXPECT_THAT(Start(base::Guid::Random(), Prepare(Sample("CreateDnsZone"))),
              StatusIs(absl::StatusCode::kResourceExhausted));
  engine_->Abandon(first, "gone");
  EXPECT_EQ(FailureOf(AwaitEnd(first)), "IpamClientCommunicationFailure");
  EXPECT_OK(Start(base::Guid::Random(), Prepare(Sample("CreateDnsZone"))));  // there is room again
}

TEST_F(EngineTest, DoesATransactionThatFailedAgainAndLosesNothing) {
  Open();
  const base::Guid id = base::Guid::Random();
  ASSERT_OK(Start(id, Prepare(Records(20))));
  // The store throws each transaction away that comes to event 30, until the trigger is gone.
  Deny(options_.database, "INSERT", "operation_events", "NEW.sequence = 30");
  engine_->Proceed(id);
  const absl::Time limit = absl::Now() + absl::Milliseconds(400);  // several attempts
  while (absl::Now() < limit) ASSERT_LT(Read(id).size(), 30u);
  Allow(options_.database);
  const auto events = AwaitEnd(id);
  EXPECT_EQ(FailureOf(events), "");
  EXPECT_EQ(events.size(), 1 + 20 + 40 + 20 + 1u);
  EXPECT_EQ(Query("SELECT count(*) FROM dns_resource_records"), "20");
}

TEST_F(EngineTest, RemovesEventsAfterTheirTime) {
  options_.keep_events = absl::Hours(1);
  Open();
  EXPECT_EQ(FailureOf(Run(Sample("CreateDnsZone"))), "");
  Execute(absl::StrFormat("UPDATE operations SET ended = %d",
                          absl::ToUnixMicros(clock_.Now() - absl::Hours(1) - absl::Seconds(1))));
  Close();
  Open();
  const auto limit = absl::Now() + absl::Seconds(30);
  while (Query("SELECT count(*) FROM operation_events") != "0" && absl::Now() < limit) {
  }
  EXPECT_EQ(Query("SELECT count(*) FROM operations"), "0");
  EXPECT_EQ(Query("SELECT count(*) FROM operation_events"), "0");
}

TEST_F(EngineTest, DeniesWhoIsNeitherAdministratorNorNamedByAPolicy) {
  Open();
  EXPECT_THAT(Start(base::Guid::Random(), Prepare(Sample("CreateDnsZone")), {"mallory", "PLANT"}),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("CreateDnsZone")));
  EXPECT_EQ(Query("SELECT count(*) FROM operations"), "0");
  EXPECT_OK(Start(base::Guid::Random(), Prepare(Sample("CreateDnsZone")), {"ADMIN", "ANY"}));
}

TEST_F(EngineTest, AllowsWhatARoleOfAPolicyHas) {
  Open();
  // IPAM DNS Administrator, in the global access scope
  Execute(
      "INSERT INTO user_access_policies (record_id, user_name, details) VALUES (1, 'PLANT\\dora', '{}');"
      "INSERT INTO policy_maps (policy_id, role_id, access_scope_id) VALUES (1, 9, 1)");
  EXPECT_OK(Start(base::Guid::Random(), Prepare(Sample("CreateDnsZone")), {"Dora", "plant"}));
  EXPECT_THAT(Start(base::Guid::Random(), Prepare(Sample("CreateDhcpScope")), {"dora", "PLANT"}),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Start(base::Guid::Random(), Prepare(Sample("CreateDnsZone")), {"dora", "OFFICE"}),
              StatusIs(absl::StatusCode::kPermissionDenied));
  // The server belongs to another access scope from now on (21: DNSServer).
  Execute(
      "INSERT INTO access_scopes (record_id, parent_id, label, details) VALUES (2, 1, 'Plant', '{}');"
      "INSERT INTO access_scope_associations (object_type, object_id, access_scope_id, is_inheriting)"
      " VALUES (21, 31, 2, 0)");
  EXPECT_THAT(Start(base::Guid::Random(), Prepare(Sample("CreateDnsZone")), {"dora", "PLANT"}),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(EngineTest, RefusesTheStoreOfAnotherProgram) {
  import_network_ = false;
  Execute("CREATE TABLE t (a INTEGER)");
  EXPECT_THAT(Engine::Open(options_, clock_, listener_), StatusIs(absl::StatusCode::kFailedPrecondition));
  options_.database = OnPostgres() ? "postgresql://nobody@/store?host=/nowhere" : "/nowhere/store.db";
  EXPECT_THAT(Engine::Open(options_, clock_, listener_), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(EngineTest, SixSamplesSucceedInTheirOrder) {
  Open();
  for (const char* name : {"CreateDnsZone", "CreateDnsResourceRecords", "CreateDhcpScope",
                           "CreateDhcpReservation", "CreateIpamIPAddress", "CreateDhcpFailover"}) {
    EXPECT_EQ(FailureOf(Run(Sample(name))), "") << name;
  }
}

TEST_F(EngineTest, SixSamplesSucceedAtTheSameTime) {
  options_.step_delay = absl::Milliseconds(2);
  Open();
  std::vector<base::Guid> ids;
  for (const char* name : {"CreateDhcpFailover", "CreateIpamIPAddress", "CreateDhcpReservation",
                           "CreateDhcpScope", "CreateDnsResourceRecords", "CreateDnsZone"}) {
    ids.push_back(base::Guid::Random());
    ASSERT_OK(Start(ids.back(), Prepare(Sample(name))));
  }
  for (const base::Guid& id : ids) engine_->Proceed(id);
  for (const base::Guid& id : ids) EXPECT_EQ(FailureOf(AwaitEnd(id)), "");
}

TEST_F(EngineTest, ASecondRunOfEachSampleFailsAndSaysWhy) {
  Open();
  const std::pair<const char*, const char*> cases[] = {
      {"CreateDnsZone", "IpamApiForwardLookupZoneAlreadyExists"},
      {"CreateDnsResourceRecords", "IpamApiFailedToAddResourceRecord"},
      {"CreateDhcpScope", "IpamApiDhcpScopeFailedToAddInIpamDatabase"},
      {"CreateDhcpReservation", "IpamApiReservationFailedToCreateInDatabase"},
      {"CreateIpamIPAddress", "IpamApiInvalidIPAddressConflict"},
      {"CreateDhcpFailover", "IpamApiDhcpFailoverFailedToAddInIpamDatabase"}};
  for (const auto& [name, fault] : cases) {
    EXPECT_EQ(FailureOf(Run(Sample(name))), "") << name;
    EXPECT_EQ(FailureOf(Run(Sample(name))), fault) << name;
  }
}

}  // namespace
}  // namespace ipam::engine
